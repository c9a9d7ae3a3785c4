"""What keeps too many calls from an endpoint or an upstream, as data.

Durations are seconds, shares are of one. Standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["COUNTS", "CircuitBreaker", "Concurrency"]

COUNTS: Final = (
    "unreachable",
    "connect_timeout",
    "read_timeout",
    "total_timeout",
    "write_timeout",
    "502",
    "503",
    "504",
)
"""The failures that open a circuit, unless the file says it."""


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
    when: tuple[str, ...] = COUNTS
