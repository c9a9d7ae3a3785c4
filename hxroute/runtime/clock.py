"""A clock: when a connection has waited long enough.

What is waited for changes several times in a call, and nearly always comes. So the
event loop's timer is not set anew each time: it looks when it rings whether it is late.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

__all__ = ["Clock"]


class Clock:
    """Calls back once what is waited for is late.

    Args:
        period: seconds after which the timer looks at the latest.
        late: what is called.
    """

    __slots__ = ("_due", "_late", "_loop", "_period", "_rings", "_timer", "ends")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        period: float,
        late: Callable[[], object],
    ) -> None:
        self._loop = loop
        self._period = period
        self._late = late
        self._timer: asyncio.TimerHandle | None = None
        self._due = self._rings = self.ends = math.inf

    def wait(self, seconds: float) -> None:
        """Wait so long from now on, though not beyond `ends`."""
        now = self._loop.time()
        due = now + seconds
        if due > self.ends:
            due = self.ends
        self._due = due
        if due < self._rings:
            self._set(now)

    def rest(self) -> None:
        """Wait for nothing, but still not beyond `ends`."""
        self._due = self.ends
        if self._due < self._rings:
            self._set(self._loop.time())

    def stop(self) -> None:
        """Ring no more."""
        self._due, self._rings = math.inf, math.inf
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def end(self) -> None:
        """Ring never again, and hold on to nobody who would be called."""
        self.stop()
        self._late = _nobody

    def has_ended(self) -> bool:
        """Tell whether the time is over that no waiting goes beyond."""
        return self._loop.time() >= self.ends

    def _set(self, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings = min(self._due, now + self._period)
        self._timer = self._loop.call_at(self._rings, self._ring)

    def _ring(self) -> None:
        self._timer, self._rings = None, math.inf
        now = self._loop.time()
        if now >= self._due:
            self._due = math.inf
            self._late()
        elif self._due < math.inf:
            self._set(now)


def _nobody() -> None:
    """Stand where somebody was called."""
