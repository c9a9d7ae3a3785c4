"""Slots: how many calls run at a time, and who waits for one to end.

A call that is let in at once costs a comparison and an addition; only one that waits
costs a future and a timer, and none costs a task.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from hxroute.errors import Overloaded
from hxroute.http import Handler, Request, Response
from hxroute.resilience import Concurrency

__all__ = ["Slots", "limited"]


class Slots:
    """The calls that run, and those that wait, first come first served.

    Limits are those of each call, not of the slots: after a reload the calls of the
    gateway before still count, and those that come have the new limits.
    """

    __slots__ = ("_waiting", "taken")

    def __init__(self) -> None:
        self.taken = 0
        self._waiting: OrderedDict[asyncio.Future[bool], int] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many calls wait."""
        return len(self._waiting)

    def take(self, most: int) -> bool:
        """Take a slot where one of so many is free and nobody waits for it."""
        if self.taken >= most or self._waiting:
            return False
        self.taken += 1
        return True

    async def wait(self, limit: Concurrency) -> bool:
        """Wait for a slot; False where the queue is full, or none comes in time."""
        if len(self._waiting) >= limit.queue:
            return False
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._waiting[turn] = limit.max
        timer = loop.call_later(limit.queue_timeout, self._give_up, turn)
        try:
            granted: bool = await turn
        except BaseException:  # the client has left, perhaps as its turn had come
            if turn.done() and not turn.cancelled() and turn.result():
                self.give_back()
            else:
                self._leave(turn)
            raise
        finally:
            timer.cancel()
        return granted

    def give_back(self) -> None:
        """Give a slot back; whoever waits longest has it."""
        self.taken -= 1
        self._grant()

    def _give_up(self, turn: asyncio.Future[bool]) -> None:
        if not turn.done():
            turn.set_result(False)
            self._leave(turn)

    def _leave(self, turn: asyncio.Future[bool]) -> None:
        self._waiting.pop(turn, None)
        self._grant()  # those behind it may have a higher limit

    def _grant(self) -> None:
        while self._waiting:
            turn, most = next(iter(self._waiting.items()))
            if not turn.done():
                if self.taken >= most:
                    return
                self.taken += 1
                turn.set_result(True)
            del self._waiting[turn]


def limited(next: Handler, limit: Concurrency, slots: Slots) -> Handler:
    """Let only so many calls of a handler run at a time.

    A call ends with its answer: where that is at hand, at once; else once it is closed.
    """
    most = limit.max
    retry_after = ((b"retry-after", b"%d" % math.ceil(limit.retry_after)),)

    async def limit_concurrency(request: Request) -> Response:
        if not slots.take(most) and not await slots.wait(limit):
            raise Overloaded(fields=retry_after)
        try:
            response = await next(request)
        except BaseException:
            slots.give_back()
            raise
        if isinstance(response.body, bytes) and response.on_close is None:
            slots.give_back()
        else:
            response.on_close = _giving_back(slots, response.on_close)
        return response

    return limit_concurrency


def _giving_back(
    slots: Slots, on_close: Callable[[], Awaitable[None]] | None
) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        try:
            if on_close is not None:
                await on_close()
        finally:
            slots.give_back()

    return close
