"""Written: what upstreams are to survive, in the words of the file."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Final

from hxroute import units
from hxroute.ir import Upstream
from hxroute.resilience import (
    Balance,
    CircuitBreaker,
    Concurrency,
    HealthCheck,
    OutlierDetection,
    Retry,
)

__all__ = ["balance", "policies", "survival", "words"]

_POLICIES: Final = (
    "health",
    "outlier_detection",
    "retry",
    "circuit_breaker",
    "concurrency",
)
"""What an upstream may declare; the last three stand around a call in this order."""

_SHARES: Final = frozenset({"budget", "failure_percentage", "max_ejected", "ratio"})
_PLAIN: Final = frozenset({"success_rate_stdev"})

_Policy = CircuitBreaker | Concurrency | HealthCheck | OutlierDetection | Retry


def words(policy: _Policy) -> Iterator[tuple[str, str]]:
    """Yield each key of a policy with its value as the file would state it."""
    for field in dataclasses.fields(policy):
        value = getattr(policy, field.name)
        if field.compare and value is not None:
            yield field.name, _written(field.name, value)


def policies(upstream: Upstream) -> Iterator[tuple[str, _Policy]]:
    """Yield what an upstream declares, under its keys."""
    for name in _POLICIES:
        policy = getattr(upstream, name)
        if policy is not None:
            yield name, policy


def survival(upstream: Upstream, retry: Retry | None) -> Iterator[tuple[str, str]]:
    """Yield what is declared of an upstream's targets, tries and calls, each in a line.

    Args:
        upstream: the upstream.
        retry: that of the call, where it has its own.
    """
    if upstream.targets:
        places = (
            f"{target.url} (weight {target.weight})" for target in upstream.targets
        )
        yield "targets", ", ".join(places)
        yield "balance", balance(upstream.balance)
    called = dataclasses.replace(upstream, retry=retry or upstream.retry)
    for name, policy in policies(called):
        yield name, ", ".join(" ".join(pair) for pair in words(policy))


def balance(declared: Balance) -> str:
    """Return a way of balancing as the file would state it."""
    return f"hash {declared.key}" if declared.key is not None else declared.policy


def _written(name: str, value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(value)
    if not isinstance(value, float) or name in _PLAIN:
        return f"{value}"
    return f"{value * 100:g}%" if name in _SHARES else units.written_duration(value)
