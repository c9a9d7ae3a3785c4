"""Written: what upstreams are to survive, in the words of the file."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Final

from hxroute import units
from hxroute.ir import Upstream
from hxroute.resilience import Balance, HealthCheck, OutlierDetection, Retry

__all__ = ["balance", "survival", "words"]

_SHARES: Final = frozenset({"budget", "failure_percentage", "max_ejected"})
_PLAIN: Final = frozenset({"success_rate_stdev"})

_Policy = HealthCheck | OutlierDetection | Retry


def words(policy: _Policy) -> Iterator[tuple[str, str]]:
    """Yield each key of a policy with its value as the file would state it."""
    for field in dataclasses.fields(policy):
        value = getattr(policy, field.name)
        if field.compare and value is not None:
            yield field.name, _written(field.name, value)


def survival(upstream: Upstream, retry: Retry | None) -> Iterator[tuple[str, str]]:
    """Yield what is declared of an upstream's targets and tries, each in a line.

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
    stated = {
        "health": upstream.health,
        "outlier_detection": upstream.outlier_detection,
        "retry": retry or upstream.retry,
    }
    for name, policy in stated.items():
        if policy is not None:
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
