"""The client: keeps connections open, asks on each one thing at a time, and times it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Final, Self, cast

import httptools

__all__ = ["NONE", "Answer", "Client"]

NONE: Final = 0
"""The status of an answer that did not come whole."""

_HOST: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, and the seconds to the first byte of its body and to its end."""

    status: int
    first: float = 0.0
    whole: float = 0.0


class Client:
    """One server, asked on as many connections as requests are under way."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[_Connection] = []
        self.asked = 0

    async def ask(self, request: bytes) -> Answer:
        """Send a request, and return its answer once it is whole."""
        self.asked += 1
        try:
            connection = await self._connection()
        except OSError:
            return Answer(NONE)
        answer = await connection.ask(request)
        if connection.open:
            self._idle.append(connection)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        while self._idle:
            self._idle.pop().close()

    async def _connection(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.open:
                return connection
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(_Connection, _HOST, self._port))[1]


class _Connection(asyncio.Protocol):
    """One connection, and the answer that is under way on it."""

    _waiter: asyncio.Future[Answer]

    def __init__(self) -> None:
        self.open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # No assertion: uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._loop = asyncio.get_running_loop()
        self._waiter = self._loop.create_future()
        self._waiter.cancel()  # nothing is asked yet
        self.open = True

    def ask(self, request: bytes) -> asyncio.Future[Answer]:
        """Send a request; the one before has its answer."""
        self._parser = httptools.HttpResponseParser(self)
        self._waiter = self._loop.create_future()
        self._first = 0.0
        self._began = time.perf_counter()
        self._transport.write(request)
        return self._waiter

    def close(self) -> None:
        """End the connection."""
        self.open = False
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._waiter.done():  # what nobody asked for
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.close()

    def on_body(self, body: bytes) -> None:
        if not self._first:
            self._first = time.perf_counter() - self._began

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200 or self._waiter.done():
            return
        if not self._parser.should_keep_alive():
            self.close()
        whole = time.perf_counter() - self._began
        self._waiter.set_result(Answer(status, self._first or whole, whole))

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        if not self._waiter.done():
            self._waiter.set_result(Answer(NONE))
