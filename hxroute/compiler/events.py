"""Lower the events that the gateway itself puts into a stream."""

from __future__ import annotations

from collections.abc import Iterator

from hxroute import nodes
from hxroute.compiler import expressions
from hxroute.compiler.expressions import Place
from hxroute.compiler.tree import Mapping, Node, plain
from hxroute.diagnostics import Report

__all__ = ["stream_error"]


def stream_error(
    node: Node | None, place: Place, report: Report
) -> Iterator[nodes.StreamError]:
    """Lower `stream_error`, where it is stated."""
    if not isinstance(node, Mapping):
        return
    data, event = node.get("json"), node.get("event")
    yield nodes.StreamError(
        "null" if data is None else expressions.document(data, place, report),
        "" if event is None else str(plain(event)),
        at=node.span.line,
    )
