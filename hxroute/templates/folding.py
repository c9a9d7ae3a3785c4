"""Folding: what settings decide of an expression, and a function for what they do not."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

from jinja2 import Undefined, UndefinedError, nodes
from jinja2.environment import TemplateExpression
from jinja2.visitor import NodeTransformer

from hxroute.errors import BadRequest
from hxroute.templates.allowance import begin
from hxroute.templates.environment import ENVIRONMENT
from hxroute.templates.language import is_simple, parse, references, root_and_key
from hxroute.templates.values import Values

__all__ = ["folds", "pieces"]

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
        self.generic_visit(node)
        items = nodes.List(node.nodes, lineno=node.lineno)
        return _filter(items, "concat")

    def visit_Add(self, node: nodes.Add) -> nodes.Node:  # noqa: N802  jinja2's name
        self.generic_visit(node)
        return _filter(node.left, "plus", node.right)

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
    return _filter(node, "present")


def _filter(node: nodes.Expr, name: str, *arguments: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, list(arguments), [], None, None, lineno=node.lineno)


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


def pieces(source: str, settings: Values) -> list[Any]:
    """Split a template into literal text, constant nodes, and functions.

    A function makes a value of a request's values.
    """
    if is_simple(source):
        return [
            part if isinstance(part, str) else _referred(*part, settings)
            for part in references(source)
        ]
    return [
        part if isinstance(part, str) else _evaluator(part, settings)
        for part in parse(source)
    ]


def _referred(root: str, key: str, settings: Values) -> Any:
    return nodes.Const(settings[key]) if root == "settings" else _reader(root, key)


def _evaluator(expression: nodes.Expr, settings: Values) -> Any:
    folded = _Fold(settings).visit(expression)
    constant = _constant(folded)
    if constant is not None:
        return constant
    root, name = root_and_key(folded)
    if root is not None and name is not None:
        return _reader(root, name)
    key = repr(folded)
    if key not in _COMPILED:
        _COMPILED[key] = _guarded(_compiled(folded))
    return _COMPILED[key]


@functools.cache
def _reader(root: str, key: str) -> Callable[[Values], object]:
    """Return what reads `variable.key`, as most expressions do, without Jinja2's code."""

    def value(values: Values) -> object:
        result = ENVIRONMENT.getitem(values.get(root), key)
        if isinstance(result, Undefined):
            raise BadRequest
        return result

    return value


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
    begin()
    for part in parse(source):
        if isinstance(part, str):
            continue
        folded = _Fold(settings).visit(part)
        if _constant(folded) is None and not _reads(folded):
            _guarded(_compiled(folded))({})


def _reads(expression: nodes.Expr) -> bool:
    names = expression.find(nodes.Name)  # below it
    return isinstance(expression, nodes.Name) or names is not None
