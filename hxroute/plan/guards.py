"""What keeps too many calls from an endpoint or an upstream, as values to compare."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterator
from typing import Any, Final

from hxroute.guards import CircuitBreaker, Concurrency
from hxroute.ir import Upstream
from hxroute.plan.wording import Shown, duration

__all__ = ["concurrency", "guards"]

_DURATIONS: Final = frozenset({"open", "queue_timeout", "retry_after", "window"})

_Values = Iterator[tuple[str, Hashable, Shown]]


def guards(upstream: Upstream) -> _Values:
    """Yield the guards of an upstream: the words for each value, and how it is shown."""
    if upstream.concurrency is not None:
        yield from concurrency(upstream.concurrency)
    if upstream.circuit_breaker is not None:
        yield from _values("circuit_breaker", upstream.circuit_breaker)


def concurrency(limit: Concurrency) -> _Values:
    """Yield what a limit says."""
    yield from _values("concurrency", limit)


def _values(name: str, guard: CircuitBreaker | Concurrency) -> _Values:
    for field in dataclasses.fields(guard):
        value = getattr(guard, field.name)
        yield f"{name}.{field.name}", value, _shown(field.name, value)


def _shown(name: str, value: Any) -> Shown:
    if name in _DURATIONS:
        return duration(value)
    if name == "ratio" and value is not None:
        return Shown(f"{value * 100:g}%")
    if isinstance(value, tuple):
        return Shown(", ".join(value))
    return Shown("none" if value is None else str(value))
