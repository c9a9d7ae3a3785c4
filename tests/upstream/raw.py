"""A raw upstream: each request target names the script that it is answered with.

Targets without a script are canaries: their answer says what was asked for. What arrived
is kept for each connection, so that a test can tell which requests shared one.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from tests.upstream.script import Act, Drip, Endless, Script, Step, Take, Until

_LINGER = struct.pack("ii", 1, 0)
_TURNS = 8
_MANY = 1 << 26


@dataclass(slots=True)
class Seen:
    """One request as it arrived; the body as far as it was read."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytearray = field(default_factory=bytearray)

    def get(self, name: str) -> str | None:
        """Return the first value of a field."""
        return next((v for k, v in self.headers if k == name), None)


@dataclass(eq=False)
class Link:
    """One connection, with what came on it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    seen: list[Seen] = field(default_factory=list)
    written: int = 0
    reads: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def targets(self) -> list[str]:
        """What was asked for on it."""
        return [seen.target for seen in self.seen]

    async def write(self, data: bytes) -> None:
        """Write, as fast as the peer takes it.

        Raises:
            ConnectionResetError: where the peer has left.
        """
        if self.writer.is_closing():
            raise ConnectionResetError
        self.writer.write(data)
        await self.writer.drain()
        self.written += len(data)
        if self.reader.at_eof():
            raise ConnectionResetError

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the body of the last request as it arrives."""
        async for piece in body_of(self.seen[-1], self.reader):
            yield piece


async def turns() -> None:
    """Let the loop read what every socket holds, and act on it."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


class RawUpstream:
    """Serve scripts on a free port of 127.0.0.1."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.scripts: dict[str, Script] = {}
        self.links: list[Link] = []
        self.arrived: set[str] = set()
        self.played: dict[str, int] = {}
        self.canary: Callable[[Link], bytes] = answer_canary
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()
        self._change = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._connection, "127.0.0.1", 0, ssl=self._tls, limit=1 << 20, backlog=1000
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
    def url(self) -> str:
        """The address to call."""
        scheme = "https" if self._tls else "http"
        return f"{scheme}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    @property
    def open(self) -> int:
        """How many connections are open."""
        return sum(not link.closed.is_set() for link in self.links)

    def links_of(self, prefix: str) -> list[Link]:
        """Return the connections that saw a target with that beginning."""
        links = self.links
        return [k for k in links if any(t.startswith(prefix) for t in k.targets)]

    def seen(self, target: str) -> list[Seen]:
        """Return the requests for a target."""
        return [s for link in self.links for s in link.seen if s.target == target]

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something holds of what arrived or was played."""
        while not true():
            await self._change.wait()

    async def played_out(self, target: str) -> None:
        """Wait until the script of a target has come to its end."""
        await self.until(lambda: bool(self.played.get(target)))

    def _changed(self) -> None:
        self._change.set()
        self._change = asyncio.Event()

    async def _connection(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        link = Link(reader, writer)
        self.links.append(link)
        self._changed()
        try:
            with contextlib.suppress(
                asyncio.IncompleteReadError, OSError, asyncio.CancelledError
            ):
                while await self._exchange(link):
                    pass
        finally:
            writer.close()
            link.closed.set()
            self._tasks.discard(task)
            self._changed()

    async def _exchange(self, link: Link) -> bool:
        """Answer one request; say whether the connection stays."""
        seen = await read_head(link.reader)
        link.seen.append(seen)
        self.arrived.add(seen.target)
        self._changed()
        script = self.scripts.get(seen.target)
        if script is None or Act.EARLY not in script:
            async for piece in body_of(seen, link.reader):
                seen.body += piece
            self._changed()
        if script is None:
            link.writer.write(self.canary(link))
            return True
        try:
            for step in script:
                await self._play(step, link)
        finally:
            self.played[seen.target] = self.played.get(seen.target, 0) + 1
            self._changed()
        return Act.EARLY not in script and not link.writer.is_closing()

    async def _play(self, step: Step, link: Link) -> None:
        match step:
            case bytes():
                await link.write(step)
            case Drip(data):
                for place in range(len(data)):
                    await link.write(data[place : place + 1])
                    await turns()
            case Endless(data):
                while True:
                    await link.write(data)
            case Take(size):
                await link.reader.readexactly(size)
            case Until(event):
                await event.wait()
            case Act.EARLY:
                pass  # a mark only
            case Act():
                await _ACTS[step](link)


def answer_canary(link: Link) -> bytes:
    """Say in the answer what was asked for."""
    seen = link.seen[-1]
    body = canary_body(seen.method, seen.target, bytes(seen.body))
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


def canary_body(method: str, target: str, body: bytes = b"") -> bytes:
    """Return what a canary is answered with."""
    return f"canary {method} {target} ".encode() + body


async def read_head(reader: asyncio.StreamReader) -> Seen:
    """Read the head of one request."""
    head = (await reader.readuntil(b"\r\n\r\n"))[:-4].decode("latin-1")
    start, *lines = head.split("\r\n")
    method, target, _ = start.split(" ")
    fields = (line.partition(":") for line in lines)
    return Seen(method, target, [(k.lower(), v.strip()) for k, _, v in fields])


async def body_of(seen: Seen, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield the body of one request as it arrives."""
    if seen.get("transfer-encoding") is None:
        left = int(seen.get("content-length") or 0)
        while left:
            piece = await reader.read(min(left, 1 << 16))
            if not piece:
                raise asyncio.IncompleteReadError(b"", left)
            left -= len(piece)
            yield piece
        return
    while size := int(await reader.readuntil(b"\r\n"), 16):
        data = await reader.readexactly(size + 2)
        yield data[:-2]
    await reader.readexactly(2)


async def _body(link: Link) -> None:
    async for piece in link.body():
        link.seen[-1].body += piece


async def _echo(link: Link) -> None:
    async for piece in link.body():
        await link.write(b"%x\r\n%b\r\n" % (len(piece), piece))


async def _pause(link: Link) -> None:
    await turns()


async def _fin(link: Link) -> None:
    link.writer.write_eof()


async def _close(link: Link) -> None:
    link.writer.close()
    await link.writer.wait_closed()


async def _reset(link: Link) -> None:
    """Close by RST: what the peer has not yet read may be lost."""
    raw = link.writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
    link.writer.transport.abort()
    await turns()


async def _stall(link: Link) -> None:
    while await link.reader.read(_MANY):
        pass
    raise ConnectionResetError


async def _hang(link: Link) -> None:
    await link.reads.wait()
    await _stall(link)


_ACTS: Final[dict[Act, Callable[[Link], Awaitable[None]]]] = {
    Act.BODY: _body,
    Act.ECHO: _echo,
    Act.PAUSE: _pause,
    Act.FIN: _fin,
    Act.CLOSE: _close,
    Act.RESET: _reset,
    Act.STALL: _stall,
    Act.HANG: _hang,
}
