"""Rate limits as data, and the one arithmetic that every counter of them follows.

A limit is a token bucket, counted as the generic cell rate algorithm does (GCRA, ITU-T
I.371): of a bucket only its debt is known, the time that it takes to be full again. A
request adds one interval to the debt, and is refused where that is more than the whole
bucket takes to fill. Times are whole microseconds, so that a bucket in this process and
one in a shared store agree to the request. Standard library only.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

__all__ = ["MAX_FILL", "MIN_INTERVAL", "Buckets", "Limit", "Rate", "Room", "Store"]

MIN_INTERVAL: Final = 0.0001
"""Seconds between requests that can be counted; rounding then costs 1 % at most."""

MAX_FILL: Final = 366 * 86400.0
"""Seconds that a bucket may take to fill: what doubles of a store's script hold."""

_MOST: Final = 131_072
"""Buckets of this process, over all limits; with their values about 30 MB."""

_LEAST: Final = 1_024
"""Buckets that each limit may have, however many limits there are."""

_SWEPT: Final = 2
"""Buckets that are looked at for each new one: more than come, so full ones go."""

_MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Store:
    """A Valkey or Redis that several processes count in; `url` is a template.

    `timeout` is how long it may take to answer, in seconds.
    """

    name: str
    url: str
    timeout: float = 0.05
    prefix: str = "hxroute"
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in so many seconds, for each value of `by`.

    `name` is what clients are told; it is unique on an endpoint. `endpoint` is whose
    buckets they are, empty where endpoints share them under that name. `burst` is the
    size of a bucket, by default `requests`.
    """

    name: str
    requests: int
    per: float
    by: str
    burst: int | None = None
    endpoint: str = ""
    store: Store | None = None
    when_store_down: Literal["open", "closed"] = "open"
    fields: bool = True
    at: int = field(default=0, compare=False)

    @property
    def rate(self) -> Rate:
        """The limit as its buckets count."""
        interval = -(-round(self.per * _MICROSECONDS) // self.requests)
        return Rate(interval, interval * (self.burst or self.requests))

    @property
    def policy(self) -> bytes:
        """The limit as an item of RateLimit-Policy, whose windows are whole seconds."""
        window = math.ceil(self.per)
        per = round(self.per * _MICROSECONDS)
        quota = self.requests * window * _MICROSECONDS // per
        burst = self.burst or self.requests
        more = f";hxroute-burst={burst}" if burst != self.requests else ""
        return f'"{self.name}";q={quota};w={window}{more}'.encode()


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast debt is paid, and how much of it there may be: microseconds.

    Args:
        interval: what a request adds to the debt.
        size: the debt of an empty bucket.
    """

    interval: int
    size: int

    def allows(self, debt: int) -> bool:
        """Tell whether a bucket with this debt has a token left."""
        return debt + self.interval <= self.size

    def left(self, debt: int) -> tuple[int, int]:
        """Return how many tokens a bucket has, and in how many seconds one more."""
        tokens, part = divmod(self.size - debt, self.interval)
        return tokens, -((part - self.interval) // _MICROSECONDS)


class Room:
    """How many buckets each limit of a gateway may have: an equal share."""

    def __init__(self, most: int = _MOST, least: int = _LEAST) -> None:
        self.limits = 0
        self._most, self._least = most, least

    @property
    def share(self) -> int:
        """The share of one limit."""
        return max(self._least, self._most // max(1, self.limits))


def _now() -> int:
    return time.monotonic_ns() // 1000


class Buckets:
    """The buckets of one limit in this process, by the value that they count for.

    A full bucket is as good as none, and is dropped when others come. Where a value more
    finds no room, the bucket goes that was drawn from the longest ago: it is the
    nearest to full, so that whoever makes values up wins the least by it.

    Args:
        clock: microseconds, from whenever on.
    """

    def __init__(self, clock: Callable[[], int] = _now) -> None:
        self.clock = clock
        self.room = Room()
        self._full_at: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._full_at)

    def debt(self, value: str, rate: Rate, now: int) -> int:
        """Return a bucket's debt; a rate that has changed since forgives what is over."""
        full_at = self._full_at.get(value, now)
        return 0 if full_at <= now else min(full_at - now, rate.size)

    def owe(self, value: str, debt: int, now: int) -> None:
        """Give a bucket a debt; it is then the one drawn from last."""
        if self._full_at.pop(value, None) is None:
            self._make_room(now)
        self._full_at[value] = now + debt

    def give_back(self, value: str, interval: int) -> None:
        """Take a request off a bucket again, as it was not let through after all."""
        if value in self._full_at:
            self._full_at[value] -= interval

    def _make_room(self, now: int) -> None:
        oldest = iter(self._full_at.items())
        first = [item for item, _ in zip(oldest, range(_SWEPT), strict=False)]
        for value, full_at in first:
            if full_at <= now or len(self._full_at) >= self.room.share:
                del self._full_at[value]
