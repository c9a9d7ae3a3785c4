"""What the guards of an endpoint or an upstream say of themselves."""

from __future__ import annotations

from hxroute.guards import CircuitBreaker, Concurrency
from hxroute.ir import Upstream
from hxroute.units import written_duration

__all__ = ["concurrency", "guards"]


def guards(upstream: Upstream) -> tuple[str, ...]:
    """Return a line for each guard of an upstream, outermost first."""
    breaker, limit = upstream.circuit_breaker, upstream.concurrency
    return (
        *(() if breaker is None else (_circuit_breaker(breaker),)),
        *(() if limit is None else (f"lets through {concurrency(limit)}",)),
    )


def concurrency(limit: Concurrency) -> str:
    """Say how many are let in, and what becomes of more."""
    wait = written_duration(limit.queue_timeout)
    more = f"; {limit.queue} more wait, {wait} at most" if limit.queue else ""
    return f"{limit.max} at a time in each process{more}"


def _circuit_breaker(breaker: CircuitBreaker) -> str:
    opens = []
    if breaker.failures is not None:
        opens.append(f"{breaker.failures} failures in a row")
    if breaker.ratio is not None:
        window = written_duration(breaker.window)
        of = f"of at least {breaker.minimum} calls in {window}"
        opens.append(f"failures of {breaker.ratio * 100:g}% {of}")
    time, when = written_duration(breaker.open), " or ".join(opens)
    return f"circuit breaker: opens for {time} after {when} ({', '.join(breaker.when)})"
