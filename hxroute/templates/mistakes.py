"""The template language, and what is a mistake in it.

A small, total part of Jinja2's: no statements, no calls, no loops, no arithmetic that
multiplies, filters and tests from a list; so a template ends, and its output is linear
in its input. `.` and `[]` read keys and indexes, never attributes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from jinja2 import TemplateSyntaxError, nodes

from hxroute.templates.environment import ENVIRONMENT
from hxroute.templates.language import parse, read, root_and_key

__all__ = ["FILTERS", "TESTS", "Mistake", "find", "mistakes"]

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
_EXPRESSION: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)

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


Kind = Literal["syntax", "variable", "operation"]


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a template; `near` is the source text it is about.

    An unknown `name` is that of a variable, or of a filter or test; `root` is the
    variable whose key it is.
    """

    message: str
    near: str = ""
    kind: Kind = "syntax"
    name: str = ""
    known: tuple[str, ...] = ()
    root: str = ""


def mistakes(
    source: str, variables: Mapping[str, frozenset[str] | None]
) -> list[Mistake]:
    """Check a template against the variables of its place.

    Args:
        source: the template.
        variables: each variable with its keys, None where any key may be asked for.
    """
    try:
        parts = read(source)
    except TemplateSyntaxError as exc:
        message = f"template syntax: {(exc.message or '').rstrip('.')}"
        return [Mistake(message, _unreadable(source))]
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
            message = f"unknown variable `{near}`"
            names = tuple(sorted(known))
            yield Mistake(message, near, "variable", key, names, root)
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
        message = f"unknown test `{node.name}`"
        yield Mistake(message, node.name, "operation", node.name, known)
    elif isinstance(node, nodes.Name) and node.name not in variables:
        known = tuple(sorted(variables))
        message = f"unknown variable `{node.name}`"
        yield Mistake(message, node.name, "variable", node.name, known)
    elif isinstance(node, nodes.Name) and variables[node.name] is not None:
        message = f"`{node.name}` needs a key, as in `{node.name}.NAME`"
        yield Mistake(message, node.name)


def _mistakes_of_filter(node: nodes.Filter) -> Iterator[Mistake]:
    if node.name not in FILTERS:
        known = tuple(sorted(FILTERS))
        message = f"unknown filter `{node.name}`"
        yield Mistake(message, node.name, "operation", node.name, known)
    elif node.kwargs or not all(isinstance(item, nodes.Const) for item in node.args):
        yield Mistake(f"filter `{node.name}` takes literal values only", node.name)


def _unreadable(source: str) -> str:
    """Return the first `{{ … }}` that does not parse by itself, or nothing."""
    for match in _EXPRESSION.finditer(source):
        try:
            parse(match[0])
        except TemplateSyntaxError:
            return match[0]
    return ""


def find(source: str, near: str) -> tuple[int, int] | None:
    """Return where a template holds what a mistake is about, as offsets."""
    if not re.fullmatch(r"\w+(\.\w+)*", near):
        start = source.find(near) if near else -1
        return (start, start + len(near)) if start >= 0 else None
    try:
        tokens = list(_tokens(source))
    except TemplateSyntaxError:
        return None
    wanted = re.findall(r"\w+|\.", near)
    for here in range(len(tokens)):
        texts = [text for _, text in tokens[here : here + len(wanted)]]
        before = tokens[here - 1][1] if here else ""
        if texts == wanted and before != ".":
            last, text = tokens[here + len(wanted) - 1]
            return tokens[here][0], last + len(text)
    return None


def _tokens(source: str) -> Iterator[tuple[int, str]]:
    """Yield the names and operators of a template's expressions with their offsets."""
    offset = 0
    for _, kind, text in ENVIRONMENT.lexer.tokeniter(source.replace("\r", " "), None):
        if kind in ("name", "operator"):
            yield offset, text
        offset += len(text)
