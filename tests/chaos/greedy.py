"""Clients that take memory: heads without an end, many streams, answers left unread."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.chaos.client import close, request
from tests.chaos.gateways import Place
from tests.chaos.mixes import Mix
from tests.chaos.plan import Plan
from tests.runtime.serving import Connection

__all__ = ["STREAMS", "Peak", "Spring", "hold", "pour", "unread", "warm"]

STREAMS = Mix(kinds={"events": 1}, faults=frozenset({"stalled"}), aborts=0)
"""Event streams that begin and then say nothing for ever."""

_BLOCK = 1 << 16
_WARM = 20
_QUIET_SECONDS = 1


class Peak:
    """How much more memory a process has held than when the watch began."""

    def __init__(self, place: Place) -> None:
        self._status = Path(f"/proc/{place.pid}/status")
        Path(f"/proc/{place.pid}/clear_refs").write_text("5")  # the peak begins anew
        self._before = self._read("VmRSS")

    def grown(self) -> float:
        """Return the growth to the highest point, in MiB."""
        return (self._read("VmHWM") - self._before) / 1024

    def _read(self, name: str) -> int:
        lines = self._status.read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(name))


async def warm(place: Place) -> None:
    """Have a server open and close some connections, so that it holds what it needs."""
    for _ in range(_WARM):
        reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
        writer.write(b"NONSENSE\r\n\r\n")
        with contextlib.suppress(OSError):
            await reader.read()
        await close(writer)


async def pour(place: Place, block: bytes, size: int) -> tuple[float, int, str]:
    """Send a head that does not end.

    Returns:
        How the server grew in MiB, how many bytes it took, and what it answered.
    """
    await warm(place)
    peak = Peak(place)
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    answer = asyncio.create_task(reader.read(_BLOCK))
    writer.write(b"GET /pass/0 HTTP/1.1\r\nhost: a\r\nx-a: ")
    sent = 0
    with contextlib.suppress(OSError):
        while sent < size:
            writer.write(block)
            await writer.drain()
            sent += len(block)
            await asyncio.sleep(0)  # an answer is read as soon as it is there
    said = b""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_QUIET_SECONDS):
            said = await answer
    grown = peak.grown()
    await close(writer)
    return grown, sent, said[9:12].decode() or "no answer"


async def hold(place: Place, plan: Plan, count: int) -> list[Connection]:
    """Open streams and read the head of each answer."""
    opened = []
    for number in range(count):
        reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
        writer.write(b"".join(request(plan.shot(number))))
        await reader.readuntil(b"\r\n\r\n")
        opened.append((reader, writer))
    return opened


class Spring:
    """An upstream whose one answer is large; `sent` is how much of it has left."""

    def __init__(self, size: int) -> None:
        self.sent = 0
        self._size = size
        self._ended = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._ended.wait()
        self._server.close()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % self._size)
        with contextlib.suppress(OSError):
            while self.sent < self._size:
                writer.write(bytes(_BLOCK))
                await writer.drain()
                self.sent += _BLOCK
        writer.close()
        self._ended.set()

    async def dry(self) -> None:
        """Wait until nothing has left for a while."""
        seen = -1
        while seen != self.sent or not self.sent:
            seen = self.sent
            await asyncio.sleep(_QUIET_SECONDS)


async def unread(place: Place, spring: Spring) -> float:
    """Ask for the large answer, read none of it; return how the server grew in MiB."""
    await warm(place)
    peak = Peak(place)
    with socket.create_connection(("127.0.0.1", place.port)) as client:
        client.sendall(b"GET /pass/0 HTTP/1.1\r\nhost: a\r\n\r\n")
        await spring.dry()
        return peak.grown()
