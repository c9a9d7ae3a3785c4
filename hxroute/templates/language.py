"""Reading templates: their literal text, their expressions, and what these name."""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from jinja2 import TemplateSyntaxError, nodes

from hxroute.errors import BadRequest, InvalidJson, ProxyError
from hxroute.templates.environment import ENVIRONMENT

__all__ = [
    "MAX_LENGTH",
    "Part",
    "is_constant",
    "is_simple",
    "is_template",
    "literals",
    "names",
    "outline",
    "parse",
    "raised",
    "read",
    "references",
    "root_and_key",
    "roots",
    "shown_names",
    "strings",
    "texts",
]

_RETURN: Final = "\ue00d"
"""Stands for a carriage return, which Jinja2 would make a line feed of."""

_MARKS: Final = ("{{", "{%", "{#")
"""What makes a template of a text."""

_REFERENCE: Final = re.compile(
    r"\{\{ *(body|client|error|headers|path|query|settings)\.([a-z_][a-z0-9_]*) *\}\}"
)
_PLAIN: Final = re.compile(rf"[^{{}}]*(?:{_REFERENCE.pattern}[^{{}}]*){{1,100}}")
_MAX_DEPTH: Final = 40
MAX_LENGTH: Final = 32768
"""Characters of a template."""

Part = str | nodes.Expr


def is_template(source: str) -> bool:
    """Tell whether a text is more than a constant."""
    return "{" in source and any(mark in source for mark in _MARKS)


def is_simple(source: str) -> bool:
    """Tell whether a template is text and `{{ variable.key }}`, which takes no parser."""
    return _PLAIN.fullmatch(source) is not None


def parse(source: str) -> tuple[Part, ...]:
    """Split a template into literal text and expressions.

    Raises:
        TemplateSyntaxError: where the text is no template.
    """
    if not is_template(source):
        return (source,) if source else ()
    if is_simple(source):
        return tuple(map(_part, references(source)))
    parts: list[Part] = []
    for node in _parsed(source).body:
        if not isinstance(node, nodes.Output):
            raise TemplateSyntaxError("statements are not allowed in a template", 1)
        parts += [
            item.data.replace(_RETURN, "\r")
            if isinstance(item, nodes.TemplateData)
            else item
            for item in node.nodes
        ]
    return tuple(parts)


def references(source: str) -> Iterator[str | tuple[str, str]]:
    """Read what most templates are, text and `{{ variable.key }}`, without a parser."""
    end = 0
    for match in _REFERENCE.finditer(source):
        if match.start() > end:
            yield source[end : match.start()]
        yield match[1], match[2]
        end = match.end()
    if end < len(source):
        yield source[end:]


def _part(piece: str | tuple[str, str]) -> Part:
    if isinstance(piece, str):
        return piece
    root, key = piece
    reference = nodes.Getattr(nodes.Name(root, "load"), key, "load")
    reference.set_lineno(1).set_environment(ENVIRONMENT)
    return reference


@functools.lru_cache(1024)
def read(source: str) -> tuple[Part, ...]:
    """Parse a template for those who only look: a start folds what `parse` returns in place."""
    return parse(source)


def _parsed(source: str) -> nodes.Template:
    if len(source) > MAX_LENGTH:
        message = f"a template has {MAX_LENGTH} characters at most"
        raise TemplateSyntaxError(message, 1)
    try:
        template = ENVIRONMENT.parse(source.replace("\r", _RETURN))
        if _depth(template) <= _MAX_DEPTH:
            return template
    except RecursionError:
        pass
    except (ValueError, SyntaxError) as exc:  # or of digits that Python does not take
        raise TemplateSyntaxError("a number is too long", 1) from exc
    raise TemplateSyntaxError("the expression is nested too deeply", 1)


def _depth(node: nodes.Node) -> int:
    return 1 + max(map(_depth, node.iter_child_nodes()), default=0)


def root_and_key(node: nodes.Node) -> tuple[str | None, str | None]:
    """Return `("settings", "url")` for `settings.url` and `settings["url"]`."""
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
        return node.node.name, node.attr
    if isinstance(node, nodes.Getitem) and isinstance(node.node, nodes.Name):
        key = node.arg.value if isinstance(node.arg, nodes.Const) else None
        return node.node.name, key if isinstance(key, str) else None
    return None, None


def literals(source: str) -> tuple[str, ...]:
    """Return the pieces of a template that are no expressions."""
    try:
        return tuple(part for part in read(source) if isinstance(part, str))
    except TemplateSyntaxError:
        return ()  # `mistakes` says so


def outline(source: str) -> str:
    """Return a template with an `x` in the place of each expression."""
    try:
        parts = read(source)
    except TemplateSyntaxError:
        return ""  # `mistakes` says so
    return "".join(part if isinstance(part, str) else "x" for part in parts)


def is_constant(source: str) -> bool:
    """Tell whether a template can give a text that stands in it whole."""
    if not is_template(source):
        return bool(source.strip())
    try:
        parts = read(source)
    except TemplateSyntaxError:
        return False
    if len(parts) == 1:
        return any(map(_is_text, _outcomes(parts[0])))
    return all(isinstance(part, str) or _is_text(part) for part in parts)


def texts(source: str) -> Iterator[str]:
    """Yield the texts that stand in the expressions of a template."""
    for part in read(source):
        if isinstance(part, nodes.Expr):
            for node in (part, *part.find_all(nodes.Const)):
                if isinstance(node, nodes.Const) and isinstance(node.value, str):
                    yield node.value


def shown_names(source: str) -> frozenset[tuple[str, str | None]]:
    """Return the variables that a template shows, not those that only decide."""
    try:
        parts = [part for part in read(source) if not isinstance(part, str)]
    except TemplateSyntaxError:
        return frozenset()
    found = (node for part in parts for node in _outcomes(part))
    return frozenset(
        name for node in found if isinstance(node, nodes.Node) for name in _names(node)
    )


def _outcomes(node: object) -> Iterator[object]:
    """Yield what an expression may come to: the branches, not what chooses one."""
    if isinstance(node, nodes.CondExpr):
        branches: tuple[object, ...] = (node.expr1, node.expr2)
    elif isinstance(node, nodes.And | nodes.Or):
        branches = (node.left, node.right)
    elif isinstance(node, nodes.Filter):
        branches = (node.node, *node.args)
    else:
        yield node
        return
    for branch in branches:
        yield from _outcomes(branch)


def _is_text(node: object) -> bool:
    if isinstance(node, nodes.Concat):
        return all(map(_is_text, node.nodes))
    if isinstance(node, nodes.Add):
        return _is_text(node.left) and _is_text(node.right)
    return (
        isinstance(node, nodes.Const)
        and isinstance(node.value, str)
        and bool(node.value.strip())
    )


@functools.lru_cache(1 << 16)
def names(source: str) -> tuple[tuple[str, str | None], ...]:
    """Return each variable of a template with the key it is asked for, where known."""
    if is_simple(source):
        return tuple(part for part in references(source) if not isinstance(part, str))
    try:
        parts = read(source)
    except TemplateSyntaxError:
        return ()  # `mistakes` says so
    found = (_names(part) for part in parts if not isinstance(part, str))
    return tuple(itertools.chain.from_iterable(found))


def _names(node: nodes.Node) -> Iterator[tuple[str, str | None]]:
    root, key = root_and_key(node)
    if root is not None and key is not None:
        yield root, key
        return
    if isinstance(node, nodes.Name):
        yield node.name, None
    for child in node.iter_child_nodes():
        yield from _names(child)


def roots(sources: Iterable[str]) -> frozenset[str]:
    """Return the variables that any of the templates reads."""
    return frozenset(root for source in sources for root, _ in names(source))


def raised(sources: Iterable[str]) -> tuple[type[ProxyError], ...]:
    """Return the errors in which rendering any of the templates can end a request."""
    read = roots(sources)
    if "body" in read:
        return (BadRequest, InvalidJson)
    return (BadRequest,) if read - {"settings"} else ()


def strings(document_text: str) -> Iterator[str]:
    """Yield the strings of a JSON template, keys aside."""
    yield from _strings(json.loads(document_text))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
