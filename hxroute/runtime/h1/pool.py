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
        self._dialling = 0
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
        while not self._has_room():
            given = await self._wait()
            if given is None or given.is_closing:
                continue
            if not fresh:
                return given
            given.abort()
        dialling()
        self._dialling += 1
        try:
            connection = await self._dial()
        except BaseException:
            self._dialling -= 1
            self._invite()
            raise
        self._dialling -= 1
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
        """Close every connection."""
        for connection in tuple(self._open):
            connection.abort()

    def _has_room(self) -> bool:
        return len(self._open) + self._dialling < self._most

    async def _wait(self) -> Connection | None:
        """Wait for a connection, or for the room to make one."""
        waiter: asyncio.Future[Connection | None]
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._pass_on(waiter.result())
            raise
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)

    def _pass_on(self, connection: Connection | None) -> None:
        """Give to the next what came for one that has left."""
        if connection is None:
            self._invite()
        elif not connection.is_closing:
            self.release(connection)

    def _invite(self) -> None:
        """Tell the call that waits longest that there is room."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
