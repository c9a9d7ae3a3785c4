"""Preparing and rendering: what a starting gateway makes of its templates.

What only settings decide is folded at the start; what is left is a function of the
values of one request.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from jinja2 import TemplateSyntaxError, Undefined, UndefinedError, nodes
from jinja2.environment import TemplateExpression
from jinja2.visitor import NodeTransformer

from hxroute import jsontext
from hxroute.errors import BadRequest
from hxroute.templates.environment import ENVIRONMENT, shown
from hxroute.templates.language import parse, root_and_key
from hxroute.templates.values import PathParameter, Values

__all__ = [
    "Render",
    "content",
    "decided",
    "document",
    "folds",
    "path",
    "text",
    "to_bytes",
]

Render = Callable[[Values], str]

_COMPILED: Final[dict[str, Callable[[Values], object]]] = {}
"""Expressions by what they say: a thousand endpoints share the few of their file."""


class _Fold(NodeTransformer):
    """Put the settings' values in, and choose the branch that they decide."""

    def __init__(self, settings: Values) -> None:
        self.settings = settings

    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Node:  # noqa: N802  jinja2's name
        return self._value(node)

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802  jinja2's name
        return self._value(node)

    def _value(self, node: nodes.Node) -> nodes.Node:
        root, key = root_and_key(node)
        if root == "settings" and key is not None:
            return nodes.Const(self.settings[key], lineno=node.lineno)
        return self.generic_visit(node)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802  jinja2's name
        """Show each value as mixed text shows it, not as Python does."""
        self.generic_visit(node)
        node.nodes = [
            nodes.Filter(item, "string", [], [], None, None, lineno=node.lineno)
            for item in node.nodes
        ]
        return node

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802  jinja2's name
        """Refuse undefined members: a list of them would look defined itself."""
        self.generic_visit(node)
        node.items = [_present(item) for item in node.items]
        return node

    visit_Tuple = visit_List  # noqa: N815  jinja2's name

    def visit_And(self, node: nodes.And) -> nodes.Node:  # noqa: N802  jinja2's name
        """Refuse an undefined side here: Jinja2's own folding would not catch it."""
        self.generic_visit(node)
        node.left = _present(node.left)
        return node

    visit_Or = visit_And  # noqa: N815  jinja2's name

    def visit_CondExpr(self, node: nodes.CondExpr) -> nodes.Node:  # noqa: N802  jinja2's name
        self.generic_visit(node)
        if node.expr2 is None:  # without an `else` it is none
            node.expr2 = nodes.Const(None, lineno=node.lineno)
        test = _constant(node.test)
        if test is None:
            return node
        return node.expr1 if test.value else node.expr2


def _present(node: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, "present", [], [], None, None, lineno=node.lineno)


def _constant(node: nodes.Expr) -> nodes.Const | None:
    if isinstance(node, nodes.Const):
        return node
    try:
        value = node.as_const(nodes.EvalContext(ENVIRONMENT))
    except nodes.Impossible:
        return None
    if isinstance(value, Undefined):
        raise BadRequest
    return nodes.Const(value, lineno=node.lineno)


def _evaluator(expression: nodes.Expr, settings: Values) -> Any:
    """Return a constant node, or a function from the request's values to a value."""
    folded = _Fold(settings).visit(expression)
    constant = _constant(folded)
    if constant is not None:
        return constant
    key = repr(folded)
    if key not in _COMPILED:
        _COMPILED[key] = _guarded(_compiled(folded))
    return _COMPILED[key]


def _compiled(expression: nodes.Expr) -> TemplateExpression:
    result = nodes.Assign(nodes.Name("result", "store"), expression, lineno=1)
    body = nodes.Template([result])
    body.set_lineno(1, override=True).set_environment(ENVIRONMENT)
    template = ENVIRONMENT.template_class.from_code(
        ENVIRONMENT, ENVIRONMENT.compile(body), {}
    )
    return TemplateExpression(template, undefined_to_none=False)


def _guarded(evaluate: TemplateExpression) -> Callable[[Values], object]:
    def value(values: Values) -> object:
        try:
            result = evaluate(values)
        except (UndefinedError, TypeError, ValueError, ArithmeticError) as exc:
            raise BadRequest from exc
        if isinstance(result, Undefined):
            raise BadRequest
        return result

    return value


def folds(source: str, settings: Values) -> None:
    """Try what a start would do with a template.

    Raises:
        BadRequest: where it gives no value under these settings, whatever the request.
    """
    for part in parse(source):
        if isinstance(part, str):
            continue
        folded = _Fold(settings).visit(part)
        if _constant(folded) is None and not _reads(folded):
            _guarded(_compiled(folded))({})


def _reads(expression: nodes.Expr) -> bool:
    names = expression.find(nodes.Name)  # below it
    return isinstance(expression, nodes.Name) or names is not None


def text(source: str, settings: Values) -> str | Render:
    """Prepare a template whose output is text: a constant where settings decide it."""
    return _joined(source, settings, shown)


def decided(source: str, settings: Values) -> str | None:
    """Return what settings alone make of a text template; None where they do not."""
    try:
        shown = text(source, settings)
    except (BadRequest, TemplateSyntaxError):
        return None
    return shown if isinstance(shown, str) else None


def path(source: str, settings: Values) -> str | Render:
    """Prepare a template whose output is a URL path.

    A path parameter goes in as its raw bytes, any other value percent-encoded.
    """
    return _joined(source, settings, _as_path)


def _joined(
    source: str, settings: Values, show: Callable[[object], str]
) -> str | Render:
    pieces: list[Any] = []
    for part in parse(source):
        piece = part if isinstance(part, str) else _evaluator(part, settings)
        pieces.append(show(piece.value) if isinstance(piece, nodes.Const) else piece)
    if all(isinstance(piece, str) for piece in pieces):
        return "".join(pieces)

    def render(values: Values) -> str:
        return "".join([p if isinstance(p, str) else show(p(values)) for p in pieces])

    return render


def _as_path(value: object) -> str:
    if isinstance(value, PathParameter):
        return value.raw.decode("latin-1")
    return quote(to_bytes(shown(value)), safe="")


def document(source: str, settings: Values) -> bytes | Callable[[Values], bytes]:
    """Prepare a JSON template: bytes where settings decide it, else a function.

    A string that is exactly one expression keeps the expression's type.
    """
    prepared = _prepared(json.loads(source), settings)
    if not callable(prepared):
        return jsontext.encode(prepared)
    return lambda values: jsontext.encode(prepared(values))


def to_bytes(text: str) -> bytes:
    """Encode rendered text; bytes that came as surrogates go as they came.

    Raises:
        BadRequest: for the lone surrogates that a JSON body may hold.
    """
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError as exc:
        raise BadRequest from exc


def _prepared(value: object, settings: Values) -> Any:
    if isinstance(value, str):
        return _prepared_leaf(value, settings)
    if isinstance(value, dict):
        members = [(key, _prepared(item, settings)) for key, item in value.items()]
        if not any(callable(item) for _, item in members):
            return dict(members)
        return lambda values: {key: _now(item, values) for key, item in members}
    if isinstance(value, list):
        items = [_prepared(item, settings) for item in value]
        if not any(callable(item) for item in items):
            return items
        return lambda values: [_now(item, values) for item in items]
    return value


def _prepared_leaf(source: str, settings: Values) -> Any:
    parts = parse(source)
    if len(parts) != 1 or isinstance(parts[0], str):
        return text(source, settings)
    value = _evaluator(parts[0], settings)
    return value.value if isinstance(value, nodes.Const) else value


def _now(item: Any, values: Values) -> object:
    return item(values) if callable(item) else item


def content(
    json_source: str | None, text_source: str | None, settings: Values
) -> tuple[bytes, bytes | Callable[[Values], bytes]]:
    """Prepare a body stated as `json` or as `text`: its content type, and itself."""
    if json_source is not None:
        return b"application/json", document(json_source, settings)
    rendered = text(text_source or "", settings)
    content_type = b"text/plain; charset=utf-8"
    if isinstance(rendered, str):
        return content_type, to_bytes(rendered)
    return content_type, lambda values: to_bytes(rendered(values))
