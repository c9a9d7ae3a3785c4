"""Lower what keeps too many calls from an endpoint or an upstream."""

from __future__ import annotations

from typing import Final

from hxroute import units
from hxroute.compiler.tree import Mapping, Node, plain
from hxroute.diagnostics import Report
from hxroute.guards import Concurrency

__all__ = ["concurrency"]

_LEAST: Final = 0.001
"""Seconds that something may be waited for."""


def concurrency(node: Node | None, report: Report) -> Concurrency | None:
    """Lower `concurrency`; None where there is no limit."""
    if not isinstance(node, Mapping):
        return None
    data = plain(node)
    waits = node.key("queue_timeout")
    if waits is not None and not data.get("queue"):
        message = "`queue_timeout` without a `queue`: nothing waits"
        help_text = "add `queue: 50`, or remove `queue_timeout`"
        report.add("HX107", message, waits.span, help=help_text)
    stated = {key: data[key] for key in ("max", "queue") if key in data}
    stated |= _durations(node, ("queue_timeout", "retry_after"), report)
    return Concurrency(**{"max": 1, **stated})


def _durations(
    node: Mapping, names: tuple[str, ...], report: Report
) -> dict[str, float]:
    """Return the durations that a mapping states."""
    found: dict[str, float] = {}
    for name in names:
        value = node.get(name)
        seconds = None if value is None else units.duration(str(plain(value)))
        if value is None or seconds is None:
            continue
        if seconds < _LEAST:
            message = f"`{name}` must be at least 1ms"
            help_text = "leave it out for the default"
            report.add("HX109", message, value.span.head, help=help_text)
        found[name] = seconds
    return found
