"""What the guards of an endpoint or an upstream say of themselves."""

from __future__ import annotations

from hxroute.guards import Concurrency
from hxroute.ir import Upstream
from hxroute.units import written_duration

__all__ = ["concurrency", "guards"]


def guards(upstream: Upstream) -> tuple[str, ...]:
    """Return a line for each guard of an upstream, outermost first."""
    limit = upstream.concurrency
    return () if limit is None else (f"lets through {concurrency(limit)}",)


def concurrency(limit: Concurrency) -> str:
    """Say how many are let in, and what becomes of more."""
    wait = written_duration(limit.queue_timeout)
    more = f"; {limit.queue} more wait, {wait} at most" if limit.queue else ""
    return f"{limit.max} at a time in each process{more}"
