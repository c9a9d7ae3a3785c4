"""The endpoints of a gateway at a glance: as a tree, as JSON, as a Mermaid graph."""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final

from rich.text import Text
from rich.tree import Tree

from hxroute.diagnostics.shown import as_json as document
from hxroute.diagnostics.shown import printable
from hxroute.ir import Endpoint, Gateway
from hxroute.nodes import Authenticate, Execute, Health, Respond

__all__ = ["Row", "as_json", "as_mermaid", "as_tree", "rows"]

_PLAIN: Final = frozenset(string.ascii_letters + string.digits + " /-_.,*")
"""What means nothing to Mermaid in a label; a colon behind `style` does."""

_ANY: Final = "ANY"
"""Stands for the methods of an endpoint that lists none, as in its name."""


@dataclass(frozen=True, slots=True)
class Row:
    """An endpoint in a line.

    No `methods` are all but CONNECT and TRACE; `auth` is empty where it is open to
    everyone, `upstream` where the gateway answers by itself, with `status`.
    """

    name: str
    line: int
    path: str
    methods: tuple[str, ...]
    auth: str
    upstream: str
    status: int
    nodes: tuple[str, ...]

    @property
    def method(self) -> str:
        """The methods in a word."""
        return ",".join(self.methods) or _ANY


def rows(gateway: Gateway) -> tuple[Row, ...]:
    """Return the endpoints in the order of the file."""
    return tuple(_row(endpoint) for endpoint in gateway.endpoints)


def _row(endpoint: Endpoint) -> Row:
    auth, upstream, status = "", "", 0
    for node in endpoint.pipeline:
        if isinstance(node, Authenticate):
            auth = node.auth.name
        elif isinstance(node, Execute):
            upstream = node.upstream
        elif isinstance(node, Respond):
            status = node.status
        elif isinstance(node, Health):
            status = 200
    return Row(
        endpoint.name,
        endpoint.at,
        endpoint.path,
        endpoint.methods,
        auth,
        upstream,
        status,
        tuple(type(node).__name__ for node in endpoint.pipeline),
    )


def as_json(gateway: Gateway) -> str:
    """Render the endpoints as JSON, in visible ASCII."""
    return document({"version": 1, "endpoints": [asdict(row) for row in rows(gateway)]})


def as_tree(gateway: Gateway, title: str) -> Tree:
    """Return the endpoints as a tree over the segments of their paths.

    Branches stand in the order in which the file comes to them.
    """
    tree = Tree(_text(title, "bold"), guide_style="dim")
    branches: dict[tuple[str, ...], Tree] = {(): tree}
    found: dict[str, list[Row]] = {}
    for row in rows(gateway):
        found.setdefault(row.path, []).append(row)
    for path, those in found.items():
        segments = tuple(path.removeprefix("/").split("/"))
        branch = _branch(branches, segments)
        branch.label = _leaf(segments[-1], those)
    return tree


def _branch(branches: dict[tuple[str, ...], Tree], segments: tuple[str, ...]) -> Tree:
    """Return the branch of a path, grown where it is not there."""
    for depth, segment in enumerate(segments):
        known = segments[: depth + 1]
        if known not in branches:
            branches[known] = branches[segments[:depth]].add(_text(f"/{segment}"))
    return branches[segments]


def _leaf(segment: str, those: list[Row]) -> Text:
    """Return the line of each endpoint of a path, under one another."""
    name = _text(f"/{segment}", "bold")
    names = [name, *(Text(" " * name.cell_len) for _ in those[1:])]
    ends = (
        head + Text("  ") + _line(row) for head, row in zip(names, those, strict=True)
    )
    return Text("\n").join(ends)


def _line(row: Row) -> Text:
    parts = (
        _text(row.method, "cyan"),
        _text(f"-> {row.upstream}" if row.upstream else f"answers {row.status}"),
        _text(f"auth {row.auth}", "green") if row.auth else _text("open", "yellow"),
        _text(f"line {row.line}", "dim"),
    )
    return Text("  ").join(parts)


def _text(text: str, style: str = "") -> Text:
    """Return a text in which nothing is left that a terminal would obey."""
    return Text(printable(text), style)


def as_mermaid(gateway: Gateway) -> str:
    """Render who is sent where as a Mermaid flowchart."""
    return "\n".join(_mermaid(gateway)) + "\n"


def _mermaid(gateway: Gateway) -> Iterator[str]:
    """Yield the lines: a box for each auth, so that a line is drawn to it only once."""
    yield "flowchart LR"
    yield "  client([client])"
    boxes: dict[str, list[int]] = {}
    found = rows(gateway)
    for place, row in enumerate(found):
        boxes.setdefault(row.auth, []).append(place)
    for number, (auth, places) in enumerate(boxes.items()):
        yield f"  subgraph a{number}[{_quoted(f'auth {auth}' if auth else 'open')}]"
        for place in places:
            row = found[place]
            yield f"    e{place}[{_quoted(f'{row.method} {row.path}')}]"
        yield "  end"
        yield f"  client --> a{number}"
    upstreams = {upstream.name: n for n, upstream in enumerate(gateway.upstreams)}
    for place, row in enumerate(found):
        if row.upstream:
            yield f"  e{place} --> u{upstreams[row.upstream]}"
    for name, number in upstreams.items():
        yield f"  u{number}[({_quoted(name)})]"


def _quoted(text: str) -> str:
    """Write a label in ASCII, by the codes of what Mermaid might take for its own."""
    safe = "".join(item if item in _PLAIN else f"#{ord(item)};" for item in text)
    return f'"{safe}"'
