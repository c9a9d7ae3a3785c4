"""A raw upstream: a function answers each request, byte by byte as it likes.

Requests are noted as their heads arrive, with the connection that they came on.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from types import TracebackType
from typing import Self

_LIMIT = 1 << 20
_RESET = struct.pack("ii", 1, 0)
_ENDS = (asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError)
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Call:
    """One request, and the way to answer it.

    `link` counts the connections: two calls with one number shared theirs.
    """

    def __init__(
        self,
        head: str,
        link: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        start, *lines = head.split("\r\n")
        self.method, self.target, self.version = start.split(" ", 2)
        fields = (line.partition(":") for line in lines)
        self.fields = [(name.lower(), value.strip(" \t")) for name, _, value in fields]
        self.link = link
        self.body = b""
        self.is_whole = False
        self.gone = asyncio.Event()
        self.reader, self.writer = reader, writer

    @property
    def names(self) -> list[str]:
        """The names of its fields, in order."""
        return [name for name, _ in self.fields]

    def values(self, name: str) -> list[str]:
        """Return the values of a field, in order."""
        return [value for key, value in self.fields if key == name]

    async def read(self) -> bytes:
        """Read the body to its end."""
        async for _ in self.pieces():
            pass
        return self.body

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives."""
        if self.values("transfer-encoding"):
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                data = await self.reader.readexactly(size + 2)
                self.body += data[:-2]
                yield data[:-2]
            await self.reader.readexactly(2)
        else:
            left = sum(int(value) for value in self.values("content-length"))
            while left:
                data = await self.reader.read(min(left, 1 << 16))
                if not data:
                    raise asyncio.IncompleteReadError(self.body, left)
                left -= len(data)
                self.body += data
                yield data
        self.is_whole = True

    async def write(self, data: bytes) -> None:
        """Write a part of the answer."""
        self.writer.write(data)
        await self.writer.drain()

    async def left(self) -> None:
        """Wait until the peer has closed the connection."""
        while await self.reader.read(1 << 16):
            pass
        self.gone.set()
        raise ConnectionResetError

    def close(self) -> None:
        """Close the connection behind what is written."""
        self.writer.close()

    def reset(self) -> None:
        """Close the connection by RST."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.writer.transport.abort()


Script = Callable[[Call], Awaitable[None]]


def sized(body: bytes, *lines: str, status: str = "200 OK") -> bytes:
    """Return an answer with that body and its length."""
    head = [f"HTTP/1.1 {status}", *lines, f"content-length: {len(body)}", "", ""]
    return "\r\n".join(head).encode() + body


def reply(*parts: bytes, close: bool = False) -> Script:
    """Return the script that reads a request and answers with those bytes."""

    async def script(call: Call) -> None:
        await call.read()
        for part in parts:
            await call.write(part)
            await asyncio.sleep(0)
        if close:
            call.close()

    return script


def stall(begin: bytes = b"") -> Script:
    """Return the script that begins an answer and waits until the peer leaves."""

    async def script(call: Call) -> None:
        await call.read()
        await call.write(begin)
        await call.left()

    return script


class Origin:
    """Serve scripts, by path, on a port of 127.0.0.1; every other path is OK.

    Port 0 takes a free one.
    """

    def __init__(
        self, scripts: Mapping[str, Script] | None = None, port: int = 0
    ) -> None:
        self.scripts = dict(scripts or {})
        self._port = port
        self.calls: list[Call] = []
        self.links = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._change = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self._port, limit=_LIMIT
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """The port it listens on."""
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def of(self, path: str) -> list[Call]:
        """Return the calls of a path, in the order of arrival."""
        return [call for call in self.calls if _path(call) == path]

    async def arrived(self, path: str, times: int = 1) -> Call:
        """Wait until a path was asked for so many times; return the last of them."""
        while len(self.of(path)) < times:
            await self._change.wait()
        return self.of(path)[times - 1]

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.links += 1
        link, call = self.links, None
        try:
            with contextlib.suppress(*_ENDS):
                while not writer.is_closing():
                    head = (await reader.readuntil(b"\r\n\r\n"))[:-4]
                    call = Call(head.decode("latin-1"), link, reader, writer)
                    self.calls.append(call)
                    self._change.set()
                    self._change = asyncio.Event()
                    await self.scripts.get(_path(call), reply(OK))(call)
        finally:
            writer.close()
            if call is not None:
                call.gone.set()
            self._tasks.discard(task)


def _path(call: Call) -> str:
    return call.target.partition("?")[0]


@contextlib.contextmanager
def deaf() -> Iterator[int]:
    """Listen with a full queue on a port: nobody who connects is answered."""
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            queued = stack.enter_context(socket.socket())
            queued.setblocking(False)
            queued.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
