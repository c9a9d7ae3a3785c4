"""Lower what keeps too many calls from an endpoint or an upstream."""

from __future__ import annotations

from typing import Final

from hxroute import units
from hxroute.compiler.tree import Mapping, Node, plain
from hxroute.diagnostics import Report
from hxroute.resilience import CircuitBreaker, Concurrency

__all__ = ["circuit_breaker", "concurrency"]

_AS_STATED: Final = ("failures", "minimum", "half_open")
_LEAST: Final = 0.001
"""Seconds that something may be waited for."""


def concurrency(node: Node | None, report: Report) -> Concurrency | None:
    """Lower `concurrency`; None where there is no limit."""
    if not isinstance(node, Mapping):
        return None
    data, queue = plain(node), node.get("queue")
    waits = node.key("queue_timeout")
    if waits is not None and (queue is None or plain(queue) == 0):
        message = "`queue_timeout` without a `queue`: nothing waits"
        help_text = "add `queue: 50`, or remove `queue_timeout`"
        report.add("HX107", message, waits.span, help=help_text)
    stated = {key: data[key] for key in ("max", "queue") if key in data}
    stated |= _durations(node, ("queue_timeout", "retry_after"), report)
    return Concurrency(**{"max": 1, **stated})


def circuit_breaker(node: Node | None, report: Report) -> CircuitBreaker | None:
    """Lower `circuit_breaker`; None where there is none."""
    if not isinstance(node, Mapping):
        return None
    data = plain(node)
    measured = [key for name in ("minimum", "window") if (key := node.key(name))]
    if measured and node.get("ratio") is None:
        named = " and ".join(f"`{key.value}`" for key in measured)
        message = f"{named} without a `ratio`: nothing is measured"
        help_text = f"add `ratio: 50%`, or remove {named}"
        report.add("HX107", message, measured[0].span, help=help_text)
    stated = {key: data[key] for key in _AS_STATED if key in data}
    if "ratio" in data:
        stated["ratio"] = float(data["ratio"].removesuffix("%")) / 100
        stated.setdefault("failures", None)
    if "when" in data:
        stated["when"] = tuple(str(item) for item in data["when"])
    stated |= _durations(node, ("window", "open"), report)
    return CircuitBreaker(**stated)


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
