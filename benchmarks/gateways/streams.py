"""Streams held open at the same time: how late their events come, and what they weigh."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.gateways.client import LoadError, request
from benchmarks.gateways.latency import quantile
from benchmarks.gateways.servers import Server

__all__ = ["STALL", "Stalls", "Stream", "held", "stalls", "weight"]

STALL: Final = 0.1
"""Seconds beyond its time by which an event counts as stalled."""

_EVENT: Final = re.compile(rb"<(\d+\.\d+)>")
_AT_ONCE: Final = 25
"""Streams that are opened at the same time."""

_OPEN_SECONDS: Final = 20.0


@dataclass(slots=True)
class Stalls:
    """How far the gaps between events were beyond those of the upstream, in seconds."""

    worst: float
    p999: float
    streams: int
    """How many had no gap beyond the limit."""
    cpu: float
    """The share of a core that the gateway used."""


@dataclass(slots=True, eq=False)
class Stream(asyncio.Protocol):
    """One stream; it notes when events were written and when they came."""

    data: bytes
    opened: asyncio.Future[None] = field(init=False)
    transport: asyncio.Transport = field(init=False)
    last: tuple[float, float] | None = None
    gaps: list[float] = field(default_factory=list)
    _read: bytes = b""

    def connection_made(self, transport: Any) -> None:
        """Ask for the stream."""
        self.transport = transport
        self.opened = asyncio.get_running_loop().create_future()
        transport.write(self.data)

    def data_received(self, data: bytes) -> None:
        """Note each event."""
        now, end = time.monotonic(), 0
        self._read += data
        for event in _EVENT.finditer(self._read):
            self._note(float(event[1]), now)
            end = event.end()
        self._read = self._read[end:]
        if end and not self.opened.done():
            self.opened.set_result(None)

    def _note(self, written: float, now: float) -> None:
        if self.last:
            self.gaps.append((now - self.last[1]) - (written - self.last[0]))
        self.last = written, now

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whom waits for it to open."""
        if not self.opened.done():
            self.opened.set_exception(LoadError("a stream was refused"))
            self.opened.exception()  # many may be refused, and one is told

    def silent(self, now: float) -> float:
        """Return how long nothing has come."""
        return now - self.last[1] if self.last else float("inf")


@asynccontextmanager
async def held(
    port: int, fields: Mapping[str, str], model: str, count: int
) -> AsyncIterator[list[Stream]]:
    """Hold streams open while in here, from the first event of the last on.

    Raises:
        LoadError: where not all could be opened in time.
    """
    data = request(port, model, fields)
    streams: list[Stream] = []
    try:
        async with asyncio.timeout(_OPEN_SECONDS):
            while len(streams) < count:
                wanted = min(_AT_ONCE, count - len(streams))
                made = await asyncio.gather(*(_open(port, data) for _ in range(wanted)))
                streams += made
                await asyncio.gather(*(stream.opened for stream in made))
    except TimeoutError as exc:
        opened = sum(stream.last is not None for stream in streams)
        raise LoadError(f"{opened} of {count} streams after 20 s") from exc
    else:
        yield streams
    finally:
        for stream in streams:
            stream.transport.abort()


async def _open(port: int, data: bytes) -> Stream:
    loop = asyncio.get_running_loop()
    _, stream = await loop.create_connection(lambda: Stream(data), "127.0.0.1", port)
    return stream


async def stalls(server: Server, count: int, seconds: float) -> Stalls:
    """Hold streams of ten events a second and say how late their events came."""
    async with held(server.port, server.fields, "hx-stream", count) as streams:
        for stream in streams:
            stream.gaps.clear()
        before, began = server.cpu(), time.monotonic()
        await asyncio.sleep(seconds)
        took = time.monotonic() - began
        cpu = (server.cpu() - before) / took
        now = time.monotonic()
        worst = [
            max(*stream.gaps, 0.0, stream.silent(now) - STALL) for stream in streams
        ]
        gaps = sorted(gap for stream in streams for gap in stream.gaps)
    if not gaps:
        raise LoadError("no event came")
    good = sum(gap <= STALL for gap in worst)
    return Stalls(max(worst), max(0.0, quantile(gaps, 0.999)), good, cpu)


async def weight(server: Server, count: int) -> float:
    """Return the KiB of memory that each of many idle streams takes."""
    async with held(server.port, server.fields, "hx-idle", 20):
        pass
    before, _ = server.memory()
    async with held(server.port, server.fields, "hx-idle", count):
        after, _ = server.memory()
    return (after - before) / count
