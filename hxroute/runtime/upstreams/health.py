"""Health: ask each member now and then whether it is well (Envoy's health checking)."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Sequence
from typing import Final

from hxroute.errors import ProxyError
from hxroute.failures import statuses
from hxroute.http import Body, Handler, Request, Timeout
from hxroute.resilience import HealthCheck
from hxroute.runtime.upstreams.members import Member, State

__all__ = ["Checks", "judge"]

_SPREAD: Final = 0.1
"""The share of an interval by which checks differ, so that not all come at once."""

_SMALL: Final = 64 * 1024
"""Up to how many bytes an answer is read; of a longer one the connection is closed."""


def judge(declared: HealthCheck, state: State, status: int | None, now: float) -> bool:
    """Take what a check has found, and tell whether that changed anything.

    Args:
        declared: what the file says.
        state: of the member.
        status: what it answered, None where it gave no answer in time.
        now: the time of the clock that ejections go by.
    """
    before = state.well
    succeeded = status in statuses(declared.statuses)
    if before is None or (status is not None and not succeeded):
        state.well = succeeded
    if succeeded == state.well:
        state.run = 0
    else:
        state.run += 1
        limit = declared.healthy if succeeded else declared.unhealthy
        if state.run >= limit:
            state.well, state.run = succeeded, 0
    if succeeded and state.well:
        # As Envoy has it: who is well by a check gets calls again.
        state.ejected_until = min(state.ejected_until, now)
    return before is not state.well


class Checks:
    """The checks of one upstream's members.

    Args:
        declared: what the file says.
        members: whom to ask.
        tell: is called with a member whose state has changed.
    """

    def __init__(
        self,
        declared: HealthCheck,
        members: Sequence[Member],
        tell: Callable[[Member], object] = lambda _: None,
    ) -> None:
        self._declared = declared
        self._members = members
        self._tell = tell

    async def run(self) -> None:
        """Check until cancelled."""
        async with asyncio.TaskGroup() as group:
            for member in self._members:
                member.state.checked_by = self
                group.create_task(self._check(member))

    async def _check(self, member: Member) -> None:
        declared, state = self._declared, member.state
        limits = Timeout(*(declared.timeout,) * 4, total=declared.timeout)
        ask = member.probe.handler(limits)
        while state.checked_by is self:
            if self._judged(state, await self._status(ask)):
                self._tell(member)
            spread = random.uniform(1 - _SPREAD, 1 + _SPREAD)  # noqa: S311  no secret
            await asyncio.sleep(declared.interval * spread)

    def _judged(self, state: State, status: int | None) -> bool:
        now = asyncio.get_running_loop().time()
        return state.checked_by is self and judge(self._declared, state, status, now)

    async def _status(self, ask: Handler) -> int | None:
        path, _, query = self._declared.path.encode().partition(b"?")
        try:
            response = await ask(Request("GET", path, query))
            try:
                await _read_some(response.body)
            finally:
                await response.close()
        except ProxyError:
            return None
        return response.status


async def _read_some(body: Body) -> None:
    """Read a body so that its connection can be used again, unless it is a long one."""
    if isinstance(body, bytes):
        return
    async with contextlib.aclosing(body):
        left = _SMALL
        async for chunk in body:
            left -= len(chunk)
            if left < 0:
                return
