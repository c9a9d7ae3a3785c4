"""A circuit breaker: what fails again and again is left alone for a while.

             failures in a row, or their share
      closed -----------------------------------> open <--------+
        ^                                           | time      | one fails
        |        all probes succeed                 v           |
        +------------------------------------- half-open -------+

A call counts when it is over: failed where the file lists its error or status, or its
answer breaks off with such an error; succeeded once its answer has ended, or, of a
probe, has begun. One that the client ends, or that the gateway refuses, counts as
neither. What began before the circuit last changed counts no more.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final

from hxroute.errors import CircuitOpen, ProxyError
from hxroute.failures import Failures
from hxroute.http import Handler, Request, Response
from hxroute.resilience import CircuitBreaker

__all__ = ["Breaker", "Window", "breaking"]

_PARTS: Final = 10
"""In how many parts a window slides."""


class Window:
    """How many calls there were of late, and how many of them failed."""

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: deque[tuple[float, int, int]] = deque()

    def add(self, failures: int, now: float, seconds: float) -> tuple[int, int]:
        """Count a call, which is a failure or none; return those of the last seconds."""
        parts = self._parts
        while parts and parts[0][0] <= now - seconds:
            parts.popleft()
        if parts and now - parts[-1][0] < seconds / _PARTS:
            began, calls, before = parts.pop()
            parts.append((began, calls + 1, before + failures))
        else:
            parts.append((now, 1, failures))
        return sum(part[1] for part in parts), sum(part[2] for part in parts)

    def clear(self) -> None:
        """Forget every call."""
        self._parts.clear()


class Breaker:
    """The state of one circuit.

    What is declared comes with each call, so that a reload changes it at once.

    Args:
        clock: what tells the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._era = 0
        self._in_a_row = 0
        self._window = Window()
        self._until: float | None = None
        self._probes = self._passed = 0

    @property
    def is_closed(self) -> bool:
        """Whether calls go through as if there were no breaker."""
        return self._until is None

    def admit(self, declared: CircuitBreaker) -> int:
        """Let a call through; return the era that it belongs to.

        Raises:
            CircuitOpen: where none is let through now.
        """
        if self._until is not None:
            left = self._until - self._clock()
            if left > 0 or self._probes + self._passed >= declared.half_open:
                seconds = b"%d" % max(1, math.ceil(left))
                raise CircuitOpen(fields=((b"retry-after", seconds),))
            self._probes += 1
        return self._era

    def succeeded(self, era: int, declared: CircuitBreaker) -> None:
        """Count a call that went well."""
        if era != self._era:
            return
        if self._until is None:
            self._in_a_row = 0
            if declared.ratio is not None:
                self._window.add(0, self._clock(), declared.window)
            return
        self._probes -= 1
        self._passed += 1
        if self._passed >= declared.half_open:
            self._change(None)

    def failed(self, era: int, declared: CircuitBreaker) -> None:
        """Count a call that failed."""
        if era != self._era:
            return
        if self._until is not None or self._is_enough(declared):
            self._change(self._clock() + declared.open)

    def forget(self, era: int) -> None:
        """Count a call as neither."""
        if era == self._era and self._until is not None:
            self._probes -= 1

    def _is_enough(self, declared: CircuitBreaker) -> bool:
        self._in_a_row += 1
        if declared.failures is not None and self._in_a_row >= declared.failures:
            return True
        if declared.ratio is None:
            return False
        calls, failures = self._window.add(1, self._clock(), declared.window)
        return calls >= declared.minimum and failures >= declared.ratio * calls

    def _change(self, until: float | None) -> None:
        self._until = until
        self._era += 1
        self._in_a_row = self._probes = self._passed = 0
        self._window.clear()


def breaking(next: Handler, declared: CircuitBreaker, breaker: Breaker) -> Handler:
    """Call a handler through a circuit breaker."""
    failures = Failures(declared.when)

    async def break_circuit(request: Request) -> Response:
        era = breaker.admit(declared)
        try:
            response = await next(request)
        except BaseException as exc:
            count(exc, era)
            raise
        if response.status in failures.statuses:
            breaker.failed(era, declared)
        elif isinstance(response.body, bytes) or not breaker.is_closed:
            breaker.succeeded(era, declared)
        else:
            response.body = watched(response.body, era)
        return response

    async def watched(
        body: AsyncGenerator[bytes, None], era: int
    ) -> AsyncGenerator[bytes, None]:
        try:
            async with aclosing(body):
                async for chunk in body:
                    yield chunk
        except ProxyError as exc:
            count(exc, era)
            raise
        breaker.succeeded(era, declared)

    def count(exc: BaseException, era: int) -> None:
        if isinstance(exc, ProxyError) and failures.has(exc):
            breaker.failed(era, declared)
        else:
            breaker.forget(era)

    return break_circuit
