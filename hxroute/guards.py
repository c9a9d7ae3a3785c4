"""What keeps too many calls from an endpoint or an upstream, as data.

Durations are seconds. Standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Concurrency"]


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
