"""Attempts: a call that failed before its first byte is tried again, within a budget.

What failed is tried again where all of this holds: the file lists the failure; the
request can be replayed; a try is left, in its number, in the budget and in the time; and
the upstream does not ask for a longer pause than the file grants.
"""

from __future__ import annotations

import asyncio
import email.utils
import random
import time
from collections.abc import Callable
from typing import Final

from hxroute.errors import ProxyError, ReadTimeout
from hxroute.failures import Failures, is_unsent
from hxroute.http import Handler, Request, Response, Timeout, first
from hxroute.resilience import Retry

__all__ = ["Attempts", "Budget", "asked_pause"]

_Outcome = Response | ProxyError


class Budget:
    """How many calls of one upstream wait for their answer, and how many are retries."""

    __slots__ = ("calls", "retries")

    def __init__(self) -> None:
        self.calls = 0
        self.retries = 0

    def allows(self, retry: Retry) -> bool:
        """Tell whether one more retry fits."""
        return self.retries < max(retry.min_retries, self.calls * retry.budget)


class Attempts:
    """A call that is tried again: a handler.

    Args:
        call: one try, which ends in ReadTimeout where it takes longer than `per_try`.
        retry: what the file says.
        limits: those of the call; `total` goes for all tries together.
        budget: the upstream's.
        chance: gives numbers from 0 to 1, by which pauses are chosen.
    """

    def __init__(
        self,
        call: Handler,
        retry: Retry,
        limits: Timeout,
        budget: Budget,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._call = call
        self._retry = retry
        self._total = limits.total
        self._budget = budget
        self._chance = chance
        late = () if retry.per_try is None else (ReadTimeout.kind,)
        self._failures = Failures((*retry.when, *late))
        self._methods: Final = frozenset(retry.methods)

    async def __call__(self, request: Request) -> Response:
        """Return the first answer that is none of the failures, else the last one."""
        if self._total is not None:
            now = asyncio.get_running_loop().time()
            request.ends = min(request.ends, now + self._total)
        request.tried = []
        self._budget.calls += 1
        try:
            outcome = await self._last_of(request)
        finally:
            self._budget.calls -= 1
        if isinstance(outcome, Response):
            return outcome
        try:
            raise outcome
        finally:
            del outcome  # it holds this frame, and the frame would hold it

    async def _last_of(self, request: Request) -> _Outcome:
        outcome, tries = await self._once(request), 1
        while tries < self._retry.attempts and self._may_replay(request, outcome):
            pause = self._pause(outcome, tries)
            if pause is None or not self._has_time(request, pause):
                break
            self._budget.retries += 1
            try:
                if isinstance(outcome, Response):
                    await outcome.close()
                await asyncio.sleep(pause)
                outcome = await self._once(request)
            finally:
                self._budget.retries -= 1
            tries += 1
        return outcome

    async def _once(self, request: Request) -> _Outcome:
        """Return what one try comes to, up to the head of its answer."""
        try:
            return await self._call(request)
        except ProxyError as exc:
            return exc

    def _may_replay(self, request: Request, outcome: _Outcome) -> bool:
        """Tell whether a failure is listed, and the request may be sent again."""
        if isinstance(outcome, ProxyError):
            if not self._failures.has(outcome):
                return False
            if is_unsent(outcome):
                return True
        elif outcome.status not in self._failures.statuses:
            return False
        return request.method in self._methods and isinstance(request.body, bytes)

    def _pause(self, outcome: _Outcome, tries: int) -> float | None:
        """Return how many seconds to wait, None where that is too long."""
        retry = self._retry
        longest = min(retry.max_backoff, retry.backoff * 2.0 ** (tries - 1))
        asked = 0.0
        if isinstance(outcome, Response):
            asked = asked_pause(first(outcome.headers, b"retry-after"), time.time())
        if asked > retry.max_retry_after:
            return None
        return asked + self._chance() * longest

    def _has_time(self, request: Request, pause: float) -> bool:
        ends = asyncio.get_running_loop().time() + pause
        return ends < request.ends and self._budget.allows(self._retry)


def asked_pause(field: bytes | None, now: float) -> float:
    """Return the seconds that a Retry-After field asks for (RFC 9110 §10.2.3).

    Args:
        field: its value: seconds or a date; what is neither asks for nothing.
        now: the time since the epoch, in seconds.
    """
    text = (field or b"").decode("latin-1")
    if text.isascii() and text.isdigit():
        return float(text)
    asked = email.utils.parsedate_tz(text)
    try:
        return 0.0 if asked is None else max(0.0, email.utils.mktime_tz(asked) - now)
    except (OverflowError, ValueError):  # a date that no calendar has
        return 0.0
