"""The endpoints of a gateway at a glance: as a tree, as JSON, as a Mermaid graph."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final

from rich.text import Text
from rich.tree import Tree

from hxroute.ir import Endpoint, Gateway
from hxroute.nodes import Authenticate, Execute, Respond

__all__ = ["Row", "as_json", "as_mermaid", "as_tree", "rows"]

ANY: Final = "ANY"
"""Stands for the methods of an endpoint that lists none."""


@dataclass(frozen=True, slots=True)
class Row:
    """An endpoint in a line; `auth` is empty where it is open to everyone.

    `upstream` is empty where the gateway answers by itself, with `status`.
    """

    name: str
    line: int
    path: str
    methods: tuple[str, ...]
    auth: str
    upstream: str
    status: int
    nodes: tuple[str, ...]


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
    return Row(
        endpoint.name,
        endpoint.at,
        endpoint.path,
        endpoint.methods or (ANY,),
        auth,
        upstream,
        status,
        tuple(type(node).__name__ for node in endpoint.pipeline),
    )


def as_json(gateway: Gateway) -> str:
    """Render the endpoints as JSON."""
    data = {"version": 1, "endpoints": [asdict(row) for row in rows(gateway)]}
    return json.dumps(data, indent=2) + "\n"


def as_tree(gateway: Gateway, title: str) -> Tree:
    """Return the endpoints as a tree over the segments of their paths."""
    tree = Tree(Text(title, "bold"), guide_style="dim")
    folders: dict[tuple[str, ...], Tree] = {(): tree}
    for row in rows(gateway):
        *parents, last = row.path.removeprefix("/").split("/")
        branch = tree
        for depth in range(1, len(parents) + 1):
            known = tuple(parents[:depth])
            if known not in folders:
                folders[known] = branch.add(Text(f"/{known[-1]}"))
            branch = folders[known]
        branch.add(_leaf(row, last))
    return tree


def _leaf(row: Row, last: str) -> Text:
    target = f"-> {row.upstream}" if row.upstream else f"answers {row.status}"
    access = Text(f"auth {row.auth}", "green") if row.auth else Text("open", "yellow")
    gap = Text("  ")
    return gap.join(
        [
            Text(f"/{last}", "bold"),
            Text(",".join(row.methods), "cyan"),
            Text(target),
            access,
            Text(f"line {row.line}", "dim"),
        ]
    )


def as_mermaid(gateway: Gateway) -> str:
    """Render who is sent where as a Mermaid flowchart."""
    return "\n".join(_mermaid(gateway)) + "\n"


def _mermaid(gateway: Gateway) -> Iterator[str]:
    yield "flowchart LR"
    yield "  client([client])"
    numbers = {upstream.name: n for n, upstream in enumerate(gateway.upstreams)}
    for place, row in enumerate(rows(gateway)):
        label = _quoted(f"{','.join(row.methods)} {row.path}")
        yield f"  e{place}[{label}]"
        way = _quoted(f"auth {row.auth}" if row.auth else "open")
        yield f"  client -->|{way}| e{place}"
        if row.upstream:
            yield f"  e{place} --> u{numbers[row.upstream]}"
    for name, number in numbers.items():
        yield f"  u{number}[({_quoted(name)})]"


def _quoted(text: str) -> str:
    """Write a label in which nothing is Mermaid's, by the codes of its characters."""
    safe = "".join(
        item if item.isalnum() or item in " /-_.,:*" else f"#{ord(item)};"
        for item in text
    )
    return f'"{safe}"'
