"""An upstream that records the bytes of each connection and answers what it can read."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self, cast

from tests.front.reader import Message, read

__all__ = ["Record", "Recorder"]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass(frozen=True, slots=True)
class Record:
    """What arrived: whole requests in order, and bytes that are none."""

    messages: tuple[Message, ...]
    strays: tuple[bytes, ...]


class Recorder:
    """Listen on a free port of 127.0.0.1.

    Each request is answered with 200, or with the bytes that `answers` has for its
    target. Bytes that are no request end their connection.
    """

    def __init__(self, answers: Mapping[bytes, bytes] | None = None) -> None:
        self.answers = dict(answers or {})
        self.accepted = 0
        self._connections: set[_Connection] = set()
        self._messages: list[Message] = []
        self._strays: list[bytes] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self), "127.0.0.1", 0
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for connection in tuple(self._connections):
            connection.abort()
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._server is not None, "not started"
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def take(self) -> Record:
        """Return what has arrived since the last time."""
        for connection in self._connections:
            connection.give_up()
        record = Record(tuple(self._messages), tuple(self._strays))
        self._messages.clear()
        self._strays.clear()
        return record

    def opened(self, connection: _Connection) -> None:
        """Note a new connection."""
        self.accepted += 1
        self._connections.add(connection)

    def lost(self, connection: _Connection) -> None:
        """Note the end of a connection."""
        self._connections.discard(connection)

    def came(self, message: Message) -> bytes:
        """Note a request, and return its answer."""
        self._messages.append(message)
        return self.answers.get(message.target, OK)

    def strayed(self, data: bytes) -> None:
        """Note bytes that make no request."""
        self._strays.append(data)


class _Connection(asyncio.Protocol):
    """One connection of a gateway."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._recorder.opened(self)

    def data_received(self, data: bytes) -> None:
        reading = read(self._unread + data)
        self._unread = reading.rest
        for message in reading.messages:
            self._transport.write(self._recorder.came(message))
        if reading.end == "malformed":
            self.give_up()
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.give_up()
        self._recorder.lost(self)

    def give_up(self) -> None:
        """Count what has come so far and makes no request."""
        if self._unread:
            self._recorder.strayed(self._unread)
            self._unread = b""

    def abort(self) -> None:
        """End the connection at once."""
        self._transport.abort()
