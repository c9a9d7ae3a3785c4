"""Resolve: names to what they name, and defaults merged into endpoints.

Defaults merge node by node: an endpoint's key replaces the default's whole, `none`
removes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hxroute.compiler.tree import Hole, Mapping, Node, Scalar, Sequence
from hxroute.diagnostics import Report, did_you_mean, nearest

__all__ = [
    "ENDS",
    "FORMATS",
    "NONE",
    "Entry",
    "Program",
    "Unit",
    "references",
    "resolve",
]

NONE: Final = "none"
ENDS: Final = ("upstream", "respond", "health")
"""What an endpoint answers with: one of them."""
FORMATS: Final = ("openai", "problem")
"""Error mappings that are there without being defined."""

_TABLES: Final = ("settings", "upstreams", "stores", "auth", "headers", "errors")
_NODE_KEYS: Final = (
    ("auth",),
    ("cors",),
    ("errors",),
    ("observe",),
    ("rate_limit",),
    ("concurrency",),
    ("request", "headers"),
    ("request", "max_body"),
    ("request", "json"),
    ("response", "headers"),
    ("response", "stream_error"),
)
_OPTIONAL: Final = ("auth", "headers", "errors")
"""Tables to whose names an endpoint may prefer `none`."""

_OF_A_CALL: Final = ("concurrency", "request", "response")


@dataclass(frozen=True, slots=True)
class Unit:
    """An endpoint, or the defaults, with the value of each node's key in effect."""

    node: Mapping
    effective: dict[tuple[str, ...], Node]

    def get(self, *path: str) -> Node | None:
        """Return what is in effect under a key; `none` means nothing."""
        node = self.effective.get(path)
        if isinstance(node, Scalar) and node.value == NONE:
            return None
        return node

    def fallbacks(self) -> tuple[Unit, ...]:
        """Return the calls that are made in the place of the endpoint's, as endpoints."""
        return tuple(
            Unit(item, {**self.effective, **_ruled_by(item)})
            for item in _calls(self.node.get("fallback"))
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """A named thing: its name where it is defined, and what it is."""

    key: Scalar
    node: Mapping

    @property
    def name(self) -> str:
        """The name."""
        return str(self.key.value)

    @property
    def at(self) -> int:
        """The line of the name."""
        return self.key.span.line


@dataclass(frozen=True, slots=True)
class Program:
    """The file with its names resolved.

    `names` are those that each table defines, also of things that were refused; None
    where the table itself was. `meant` are names of a table that misspelt references
    seem to mean.
    """

    document: Mapping
    tables: dict[str, dict[str, Entry]]
    names: dict[str, frozenset[str] | None]
    meant: frozenset[tuple[str, str]]
    defaults: Unit
    endpoints: tuple[Unit, ...]


def resolve(document: Mapping, report: Report) -> Program:
    """Resolve every name; unknown ones are reported where they stand."""
    tables = {name: _table(document, name, report) for name in _TABLES}
    names = {name: _names_of(document.get(name), name) for name in _TABLES}
    empty = Mapping((), document.span, 1)
    defaults = document.get("defaults") or empty
    base = defaults if isinstance(defaults, Mapping) else empty
    stated = _stated(defaults)
    endpoints = document.get("endpoints")
    items = endpoints.items if isinstance(endpoints, Sequence) else ()
    units = [_unit(item, stated) for item in items if isinstance(item, Mapping)]
    meant: set[tuple[str, str]] = set()
    for node in (base, *(unit.node for unit in units)):
        meant.update(_check_names(node, names, report))
    return Program(
        document, tables, names, frozenset(meant), Unit(base, stated), tuple(units)
    )


def _table(document: Mapping, name: str, report: Report) -> dict[str, Entry]:
    node = document.get(name)
    entries = node.items if isinstance(node, Mapping) else ()
    reserved = {NONE, *(FORMATS if name == "errors" else ())}
    for key, _ in entries:
        if key.value in reserved:
            message = f"the name `{key.value}` is reserved"
            report.add("HX205", message, key.span, help="give it another name")
    found = (Entry(key, node) for key, node in entries if isinstance(node, Mapping))
    return {entry.name: entry for entry in found}


def _names_of(node: Node | None, table: str) -> frozenset[str] | None:
    if node is not None and not isinstance(node, Mapping):
        return None
    stated = (str(key.value) for key, _ in node.items) if node is not None else ()
    return frozenset(stated).union(FORMATS if table == "errors" else ())


def _stated(node: Node) -> dict[tuple[str, ...], Node]:
    found = ((path, _at(node, path)) for path in _NODE_KEYS)
    return {path: value for path, value in found if value is not None}


def _at(node: Node, path: tuple[str, ...]) -> Node | None:
    value: Node | None = node
    for name in path:
        if isinstance(value, Hole):
            return value
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _unit(node: Mapping, defaults: dict[tuple[str, ...], Node]) -> Unit:
    if node.get("upstream") is None:
        defaults = {p: v for p, v in defaults.items() if p[0] not in _OF_A_CALL}
    return Unit(node, {**defaults, **_stated(node)})


def _calls(fallback: Node | None) -> list[Mapping]:
    """Return the calls that a fallback states."""
    listed = fallback.get("to") if isinstance(fallback, Mapping) else None
    items = listed.items if isinstance(listed, Sequence) else ()
    return [item for item in items if isinstance(item, Mapping)]


def _ruled_by(call: Mapping) -> dict[tuple[str, ...], Node]:
    """Return the header rules of a call in the place where an endpoint has them."""
    sets = call.get("headers")
    return {} if sets is None else {("request", "headers"): sets}


def _check_names(
    node: Mapping, names: dict[str, frozenset[str] | None], report: Report
) -> Iterator[tuple[str, str]]:
    """Report unknown names; yield what they seem to mean."""
    for code, what, table, reference in references(node):
        name, known = str(reference.value), names[table]
        if known is None or name in known or report.full:
            continue
        report.add(
            code,
            f"unknown {what} `{name}`",
            reference.span,
            label=f"not defined under `{table}`",
            help=_nearest_name(name, table, known),
        )
        for meant in nearest(name, known) or known:
            yield table, meant


def _nearest_name(name: str, table: str, known: frozenset[str]) -> str:
    """Suggest a name; what need not be there may be `none`."""
    if name.lower() in ("no", "null", "false", "off", NONE) and table in _OPTIONAL:
        return f"write `{NONE}`"
    return did_you_mean(name, known)


def references(node: Mapping) -> Iterator[tuple[str, str, str, Scalar]]:
    """Yield the code, the kind of thing, the table and the name of each reference."""
    fallbacks = _calls(node.get("fallback"))
    for call in (node, *fallbacks):
        upstream = call.get("upstream")
        if isinstance(upstream, Mapping):
            upstream = upstream.get("name")
        yield from _names("HX201", "upstream", "upstreams", upstream)
    optional = (
        ("HX202", "auth", "auth", ("auth",)),
        ("HX204", "error mapping", "errors", ("errors",)),
        ("HX203", "header rule set", "headers", ("request", "headers")),
        ("HX203", "header rule set", "headers", ("response", "headers")),
    )
    stated = [(*item[:3], _at(node, item[3])) for item in optional]
    stated += [(*optional[2][:3], call.get("headers")) for call in fallbacks]
    for code, what, table, value in stated:
        if not (isinstance(value, Scalar) and value.value == NONE):
            yield from _names(code, what, table, value)
    limits = node.get("rate_limit")
    for item in limits.items if isinstance(limits, Sequence) else (limits,):
        named = item.get("store") if isinstance(item, Mapping) else None
        yield from _names("HX209", "store", "stores", named)


def _names(
    code: str, what: str, table: str, node: Node | None
) -> Iterator[tuple[str, str, str, Scalar]]:
    items = node.items if isinstance(node, Sequence) else (node,)
    for item in items:
        if isinstance(item, Scalar):
            yield code, what, table, item
