"""The template language: what parses, and what is a mistake.

A small, total part of Jinja2's: no statements, no calls, no loops, no arithmetic that
multiplies, filters and tests from a list; so a template ends, and its output is linear
in its input. `.` and `[]` read keys and indexes, never attributes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from jinja2 import TemplateSyntaxError, nodes

from hxroute.templates.environment import ENVIRONMENT

__all__ = [
    "FILTERS",
    "MARKS",
    "TESTS",
    "Mistake",
    "Part",
    "literals",
    "mistakes",
    "names",
    "parse",
    "root_and_key",
    "roots",
    "strings",
]

FILTERS: Final = frozenset(
    [
        "abs",
        "d",
        "default",
        "first",
        "float",
        "int",
        "join",
        "last",
        "length",
        "lower",
        "string",
        "tojson",
        "trim",
        "upper",
    ]
)
TESTS: Final = frozenset(
    [
        "boolean",
        "defined",
        "eq",
        "ge",
        "gt",
        "in",
        "integer",
        "le",
        "lt",
        "mapping",
        "ne",
        "none",
        "number",
        "sequence",
        "string",
        "undefined",
    ]
)
_RETURN: Final = "\ue00d"
"""Stands for a carriage return, which Jinja2 would make a line feed of."""

MARKS: Final = ("{{", "{%", "{#")
"""What makes a template of a text."""

_MAX_DEPTH: Final = 40
_ALLOWED: Final = (
    nodes.Add,
    nodes.And,
    nodes.Compare,
    nodes.Concat,
    nodes.CondExpr,
    nodes.Const,
    nodes.Filter,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Keyword,
    nodes.List,
    nodes.Name,
    nodes.Neg,
    nodes.Not,
    nodes.Operand,
    nodes.Or,
    nodes.Sub,
    nodes.Test,
    nodes.Tuple,
)


Part = str | nodes.Expr


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a template; `near` is the source text it is about."""

    message: str
    near: str = ""
    name: str = ""
    known: tuple[str, ...] = ()


def parse(source: str) -> tuple[Part, ...]:
    """Split a template into literal text and expressions.

    Raises:
        TemplateSyntaxError: where the text is no template.
    """
    if not any(mark in source for mark in MARKS):
        return (source,) if source else ()
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


def _parsed(source: str) -> nodes.Template:
    try:
        template = ENVIRONMENT.parse(source.replace("\r", _RETURN))
        if _depth(template) <= _MAX_DEPTH:
            return template
    except RecursionError:
        pass
    except ValueError as exc:
        raise TemplateSyntaxError("a number is too long", 1) from exc
    raise TemplateSyntaxError("the expression is nested too deeply", 1)


def _depth(node: nodes.Node) -> int:
    return 1 + max(map(_depth, node.iter_child_nodes()), default=0)


def mistakes(
    source: str, variables: Mapping[str, frozenset[str] | None]
) -> list[Mistake]:
    """Check a template against the variables of its place.

    Args:
        source: the template.
        variables: each variable with its keys, None where any key may be asked for.
    """
    try:
        parts = parse(source)
    except TemplateSyntaxError as exc:
        return [Mistake(f"template syntax: {(exc.message or '').rstrip('.')}")]
    found: list[Mistake] = []
    for part in parts:
        if not isinstance(part, str):
            found += _mistakes_of(part, variables)
    return list(dict.fromkeys(found))


def _mistakes_of(
    node: nodes.Node, variables: Mapping[str, frozenset[str] | None]
) -> Iterator[Mistake]:
    root, key = root_and_key(node)
    if root is not None and key is not None and root in variables:
        known = variables[root]
        if known is not None and key not in known:
            near = f"{root}.{key}"
            yield Mistake(f"unknown variable `{near}`", near, key, tuple(sorted(known)))
        return
    if isinstance(node, nodes.Getattr | nodes.Getitem):
        root, key = root_and_key(node.node)
        if root is not None and variables.get(root) is not None:
            near = f"{root}.{key}"
            yield Mistake(f"`{near}` is a single value without keys", near)
            return
    yield from _mistakes_at(node, variables)
    for child in node.iter_child_nodes():
        yield from _mistakes_of(child, variables)


def _mistakes_at(
    node: nodes.Node, variables: Mapping[str, frozenset[str] | None]
) -> Iterator[Mistake]:
    if not isinstance(node, _ALLOWED):
        yield Mistake(f"`{type(node).__name__.lower()}` is not allowed in a template")
    elif isinstance(node, nodes.Filter):
        yield from _mistakes_of_filter(node)
    elif isinstance(node, nodes.Test) and node.name not in TESTS:
        known = tuple(sorted(TESTS))
        yield Mistake(f"unknown test `{node.name}`", node.name, node.name, known)
    elif isinstance(node, nodes.Name) and node.name not in variables:
        known = tuple(sorted(variables))
        yield Mistake(f"unknown variable `{node.name}`", node.name, node.name, known)
    elif isinstance(node, nodes.Name) and variables[node.name] is not None:
        message = f"`{node.name}` needs a key, as in `{node.name}.NAME`"
        yield Mistake(message, node.name)


def _mistakes_of_filter(node: nodes.Filter) -> Iterator[Mistake]:
    if node.name not in FILTERS:
        known = tuple(sorted(FILTERS))
        yield Mistake(f"unknown filter `{node.name}`", node.name, node.name, known)
    elif node.kwargs or not all(isinstance(item, nodes.Const) for item in node.args):
        yield Mistake(f"filter `{node.name}` takes literal values only", node.name)


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
        return tuple(part for part in parse(source) if isinstance(part, str))
    except TemplateSyntaxError:
        return ()  # `mistakes` says so


def names(source: str) -> Iterator[tuple[str, str | None]]:
    """Yield each variable of a template with the key it is asked for, where known."""
    try:
        parts = parse(source)
    except TemplateSyntaxError:
        return  # `mistakes` says so
    for part in parts:
        if not isinstance(part, str):
            yield from _names(part)


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
