"""The template language, and what is a mistake in it.

A small, total part of Jinja2's: no statements, no calls, no loops, no arithmetic that
multiplies, filters and tests from a list; so a template ends. What it makes until then
is bounded by its allowance: a chain of filters alone could multiply it at each link.
`.` and `[]` read keys and indexes, never attributes.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from jinja2 import TemplateSyntaxError, nodes

from hxroute.templates.environment import ENVIRONMENT
from hxroute.templates.language import MAX_LENGTH, parse, read, root_and_key

__all__ = ["FILTERS", "TESTS", "Mistake", "expressions", "find", "mistakes"]

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
_KEYED: Final = frozenset({"headers"})
"""What is read by constant keys only: whole, it would hold the client's credentials."""

_WORDS: Final = ("name", "operator")
"""The kinds of tokens that a mistake is about."""

_BLOCK: Final = re.compile(
    r"""
    \{%-?\s*raw\s*-?%\} .*? \{%-?\s*endraw\s*-?%\} | \{\#.*?\#\}
    | (?P<statement> \{%.*?%\} )
    | (?P<expression>
        \{\{ (?: "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | (?!\{\{)[^"'] )*? \}\} )
    """,
    re.DOTALL | re.VERBOSE,
)
_LARGE: Final = 10**18
"""What numbers stay below, so that no sum of them is too long to be written."""

_LOOKED_AT: Final = 4096
"""Characters of a template that does not parse in which the reason is looked for."""

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
    known: frozenset[str] = frozenset()
    root: str = ""

    def at(self, near: str) -> Mistake:
        """Return the mistake with the text that it is about, unless it has one."""
        return self if self.near else dataclasses.replace(self, near=near)


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
        return [_unreadable(source, exc)]
    read_from = (part for part in parts if not isinstance(part, str))
    found = [
        (place, item)
        for place, part in enumerate(read_from)
        for item in _mistakes_of(part, variables)
    ]
    written = list(expressions(source)) if found else []
    return list(dict.fromkeys(item.at(written[place]) for place, item in found))


def _mistakes_of(
    node: nodes.Node, variables: Mapping[str, frozenset[str] | None]
) -> Iterator[Mistake]:
    root, key = root_and_key(node)
    if root is not None and key is not None and root in variables:
        known = variables[root]
        if known is not None and key not in known:
            near = f"{root}.{key}"
            message = f"unknown variable `{near}`"
            yield Mistake(message, near, "variable", key, known, root)
        return
    if isinstance(node, nodes.Getattr | nodes.Getitem):
        root, key = root_and_key(node.node)
        if root is not None and variables.get(root) is not None:
            near = f"{root}.{key}"
            yield Mistake(f"`{near}` is a single value without keys", near)
            return
    yield from _mistakes_at(node, variables)
    for child in _parts(node):
        yield from _mistakes_of(child, variables)


def _parts(node: nodes.Node) -> Iterable[nodes.Node]:
    """Return what is in a node, without what makes a call or a mapping one."""
    if isinstance(node, nodes.Call):
        return node.args
    if isinstance(node, nodes.Dict):
        return [part for pair in node.items for part in (pair.key, pair.value)]
    return node.iter_child_nodes()


def _mistakes_at(
    node: nodes.Node, variables: Mapping[str, frozenset[str] | None]
) -> Iterator[Mistake]:
    if not isinstance(node, _ALLOWED):
        yield Mistake(f"`{type(node).__name__.lower()}` is not allowed in a template")
    elif isinstance(node, nodes.Const) and _is_too_large(node.value):
        yield Mistake("a number is too large for a template")
    elif isinstance(node, nodes.Filter):
        yield from _mistakes_of_filter(node)
    elif isinstance(node, nodes.Test) and node.name not in TESTS:
        message = f"unknown test `{node.name}`"
        yield Mistake(message, node.name, "operation", node.name, TESTS)
    elif isinstance(node, nodes.Name) and node.name not in variables:
        known = frozenset(variables)
        message = f"unknown variable `{node.name}`"
        yield Mistake(message, node.name, "variable", node.name, known)
    elif isinstance(node, nodes.Name) and (
        variables[node.name] is not None or node.name in _KEYED
    ):
        message = f"`{node.name}` needs a key, as in `{node.name}.NAME`"
        yield Mistake(message, node.name)


def _is_too_large(value: object) -> bool:
    return isinstance(value, int | float) and not abs(value) < _LARGE


def _mistakes_of_filter(node: nodes.Filter) -> Iterator[Mistake]:
    if node.name not in FILTERS:
        message = f"unknown filter `{node.name}`"
        yield Mistake(message, node.name, "operation", node.name, FILTERS)
    elif node.kwargs or not all(isinstance(item, nodes.Const) for item in node.args):
        yield Mistake(f"filter `{node.name}` takes literal values only", node.name)


def _unreadable(source: str, exc: TemplateSyntaxError) -> Mistake:
    """Say why a template does not parse, near what does not parse by itself."""
    if len(source) > MAX_LENGTH:
        return _syntax(exc, "")
    for match in _BLOCK.finditer(source[:_LOOKED_AT]):
        if match["statement"] is not None:
            message = "template syntax: statements are not allowed in a template"
            return Mistake(message, match[0])
        if match["expression"] is not None and not _parses(match[0]):
            return _syntax(exc, match[0])
    return _syntax(exc, "")


def _parses(source: str) -> bool:
    try:
        parse(source)
    except TemplateSyntaxError:
        return False
    return True


def _syntax(exc: TemplateSyntaxError, near: str) -> Mistake:
    return Mistake(f"template syntax: {(exc.message or '').rstrip('.')}", near)


def find(source: str, near: str) -> tuple[int, int] | None:
    """Return where a template holds what a mistake is about, as offsets."""
    if not re.fullmatch(r"\w+(\.\w+)*", near):
        start = source.find(near) if near else -1
        return (start, start + len(near)) if start >= 0 else None
    try:
        tokens = [(at, text) for at, kind, text in _tokens(source) if kind in _WORDS]
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


def expressions(source: str) -> Iterator[str]:
    """Yield each `{{ … }}` of a template, as it is written."""
    start = 0
    for offset, kind, text in _tokens(source):
        if kind == "variable_begin":
            start = offset
        elif kind == "variable_end":
            yield source[start : offset + len(text.rstrip())]


@functools.lru_cache(1)
def _tokens(source: str) -> tuple[tuple[int, str, str], ...]:
    """Return the tokens of a template with their offsets and kinds."""
    found = []
    source, offset = source.replace("\r", " "), 0
    for _, kind, text in ENVIRONMENT.lexer.tokeniter(source, None):
        offset = source.index(text, offset)  # `{{-` takes away what is before it
        found.append((offset, kind, text))
        offset += len(text)
    return tuple(found)
