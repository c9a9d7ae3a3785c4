"""What a gateway is to survive, as data: targets, health, retries, circuits, load.

Durations are seconds, shares are of one. Standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

__all__ = [
    "FALLS_BACK_ON",
    "OPENS_ON",
    "RETRIED_ON",
    "Balance",
    "CircuitBreaker",
    "Concurrency",
    "HealthCheck",
    "OutlierDetection",
    "Policy",
    "Retry",
    "Target",
]

Policy = Literal["round_robin", "least_requests", "hash"]

RETRIED_ON: Final = ("unreachable", "connect_timeout", "502", "503", "504")
"""What another try is made of, unless the file says it."""

FALLS_BACK_ON: Final = ("unreachable", "timeout", "overloaded", "502", "503", "504")
"""What another upstream is asked after, unless the file says it."""

OPENS_ON: Final = (
    "unreachable",
    "connect_timeout",
    "read_timeout",
    "total_timeout",
    "write_timeout",
    "502",
    "503",
    "504",
)
"""What opens a circuit, unless the file says it."""


@dataclass(frozen=True, slots=True)
class Target:
    """One of several places that an upstream is at; `url` is a template over settings."""

    url: str
    weight: int = 1
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Balance:
    """Which target takes a call; `key` is what `hash` is made of, a template."""

    policy: Policy = "round_robin"
    key: str | None = None
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """Ask each target now and then whether it is well (Envoy's health checking).

    The first answer counts at once; from then on `unhealthy` failures in a row make a
    target unwell and `healthy` successes well again. A status that is not expected
    makes it unwell at once.
    """

    path: str
    interval: float = 5.0
    timeout: float = 1.0
    healthy: int = 2
    unhealthy: int = 3
    statuses: tuple[str, ...] = ("2xx",)
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class OutlierDetection:
    """Keep calls from targets that answer worse than others (Envoy's outlier detection).

    Zero leaves a detector out. An ejection takes `ejection_time` for each time that a
    target was ejected, `max_ejection_time` at most.
    """

    consecutive_5xx: int = 5
    consecutive_gateway_failure: int = 0
    success_rate_stdev: float = 0.0
    failure_percentage: float = 0.0
    interval: float = 10.0
    ejection_time: float = 30.0
    max_ejection_time: float = 300.0
    max_ejected: float = 0.1
    minimum_targets: int = 5
    minimum_requests: int = 100
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Retry:
    """Try a call again that failed before its first byte, where it can be replayed.

    `attempts` are all tries. Between two there is a pause, random up to `backoff`
    doubled for each try, `max_backoff` at most (full jitter), or what `Retry-After`
    asks for, where that is no more than `max_retry_after`. Retries under way are at
    most the share `budget` of the upstream's calls under way, or `min_retries`. A try
    whose answer does not begin within `per_try` has failed in any case.
    """

    attempts: int = 3
    when: tuple[str, ...] = RETRIED_ON
    methods: tuple[str, ...] = ("DELETE", "GET", "HEAD", "OPTIONS", "PUT", "TRACE")
    per_try: float | None = None
    backoff: float = 0.025
    max_backoff: float = 0.25
    max_retry_after: float = 5.0
    budget: float = 0.2
    min_retries: int = 3
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class CircuitBreaker:
    """Stop calling an upstream that fails, and try it again after `open`.

    It opens after so many `failures` in a row, or once the share `ratio` of the calls of
    the last `window`, at least `minimum` of them, has failed; None leaves either out.
    Then `half_open` calls are let through, which must all succeed to close it.
    """

    failures: int | None = 5
    ratio: float | None = None
    minimum: int = 20
    window: float = 10.0
    open: float = 30.0
    half_open: int = 1
    when: tuple[str, ...] = OPENS_ON


@dataclass(frozen=True, slots=True)
class Concurrency:
    """Let `max` calls run at a time, each from its start to the end of its answer.

    `queue` more wait, `queue_timeout` at most, in the order in which they came. What
    finds no place is refused with `Retry-After: retry_after`.
    """

    max: int
    queue: int = 0
    queue_timeout: float = 1.0
    retry_after: float = 1.0
