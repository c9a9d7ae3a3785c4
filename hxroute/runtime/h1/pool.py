"""The pool: one upstream's connections, as many as it may have at most."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from hxroute.runtime.h1.connection import Connection

__all__ = ["Pool"]


class Pool:
    """Connections that are open, and the calls that wait for one, in their order.

    Args:
        dial: what makes another connection.
        most: how many there may be, those that are being made included.
        idle_timeout: seconds after which one that nobody uses is closed.
    """

    def __init__(
        self,
        dial: Callable[[], Awaitable[Connection]],
        most: int,
        idle_timeout: float,
    ) -> None:
        self.idle_timeout = idle_timeout
        self._dial = dial
        self._most = most
        self._open: set[Connection] = set()
        self._places = 0
        self._is_closed = False
        self._idle: list[Connection] = []
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()

    def take(self) -> Connection | None:
        """Return a connection that is free, the one that was used last."""
        return self._idle.pop() if self._idle else None

    async def acquire(
        self, dialling: Callable[[], object], *, fresh: bool = False
    ) -> Connection:
        """Return a connection, once there is one or there may be another.

        Args:
            dialling: what is called once there is room, before one is made.
            fresh: whether it must not have been used before.

        Raises:
            OSError: where none can be made.
        """
        if fresh and self._idle and not self._has_room():
            self._idle[0].abort()
        given = await self._turn(fresh=fresh)
        if given is not None:
            return given
        dialling()
        try:
            connection = await self._dial()
        except BaseException:
            self._give_up_place()
            raise
        self._places -= 1
        self._open.add(connection)
        if connection.is_closing:  # already
            self.closed(connection)
        return connection

    def release(self, connection: Connection) -> None:
        """Give a connection to the call that waits longest, or keep it."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        self._idle.append(connection)
        connection.rest()

    def forget(self, connection: Connection) -> None:
        """Give no call to a connection that is closing."""
        if connection in self._idle:
            self._idle.remove(connection)

    def closed(self, connection: Connection) -> None:
        """Let another connection take the place of one that is closed."""
        if connection in self._open:
            self._open.remove(connection)
            self._invite()

    def close(self) -> None:
        """Close every connection, and make no other."""
        self._is_closed = True
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(ConnectionError("the pool is closed"))
        for connection in tuple(self._open):
            connection.abort()

    def _has_room(self) -> bool:
        return len(self._open) + self._places < self._most

    async def _turn(self, *, fresh: bool) -> Connection | None:
        """Wait for a connection, or for a place to make one; None is such a place.

        Nobody who comes later gets it first.
        """
        is_first = False
        while True:
            if self._is_closed:
                raise ConnectionError("the pool is closed")
            if self._has_room() and (is_first or not self._waiting):
                self._places += 1
                return None
            given = await self._wait(is_first=is_first)
            if given is None:
                return None
            if not fresh and not given.is_closing:
                return given
            given.abort()
            is_first = True

    async def _wait(self, *, is_first: bool) -> Connection | None:
        waiter: asyncio.Future[Connection | None]
        waiter = asyncio.get_running_loop().create_future()
        if is_first:
            self._waiting.appendleft(waiter)
        else:
            self._waiting.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and not waiter.exception():
                self._pass_on(waiter.result())
            raise
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)

    def _pass_on(self, connection: Connection | None) -> None:
        """Give to the next what came for one that has left."""
        if connection is None:
            self._give_up_place()
        elif not connection.is_closing:
            self.release(connection)

    def _give_up_place(self) -> None:
        self._places -= 1
        self._invite()

    def _invite(self) -> None:
        """Keep a place for the call that waits longest, and tell it."""
        while self._waiting and self._has_room():
            waiter = self._waiting.popleft()
            if not waiter.done():
                self._places += 1
                waiter.set_result(None)
