"""The upstream of a chaos run: plays the fault of each request and keeps a ledger."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from random import Random
from types import TracebackType
from typing import Self

from hxroute.sandbox.seen import Seen
from tests.chaos import answers
from tests.chaos.faults import PLAYS, Call, reset
from tests.chaos.mixes import FAULTS
from tests.chaos.plan import Plan, Shot

__all__ = ["Upstream"]

_STALE_SECONDS = 0.004
"""The longest that a stale connection stays open behind its answer."""


class Upstream:
    """Answers every request of a plan; `wave` is a second door, which can be shut.

    `arrivals` counts how often a request's head has come; `complaints` is what came
    that its client never sent.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.arrivals: Counter[int] = Counter()
        self.complaints: list[str] = []
        self.open = 0
        self.begun = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._door_writers: set[asyncio.StreamWriter] = set()
        self._change = asyncio.Event()
        self._listening: asyncio.Server | None = None
        self._door: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._listening = await asyncio.start_server(
            self._serve, "127.0.0.1", 0, backlog=2048
        )
        # Bound, never listening: it keeps the port of the door while that is shut.
        self._place = _bound(0)
        await self.open_door()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._listening is not None
        self._listening.close()
        await self.shut_door()
        self._place.close()
        for writer in tuple(self._writers):
            writer.transport.abort()
        await self.until(lambda: not self._writers)

    @property
    def url(self) -> str:
        """The address that is always there."""
        assert self._listening is not None
        return f"http://127.0.0.1:{self._listening.sockets[0].getsockname()[1]}"

    @property
    def wave_url(self) -> str:
        """The address that comes and goes."""
        return f"http://127.0.0.1:{self._place.getsockname()[1]}"

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._writers)

    async def open_door(self) -> None:
        """Listen at the second address, unless that is done already."""
        if self._door is None:
            port = self._place.getsockname()[1]
            self._door = await asyncio.start_server(self._serve_door, sock=_bound(port))

    async def shut_door(self) -> None:
        """Refuse at the second address, and reset what was connected there."""
        if self._door is not None:
            self._door.close()
            self._door = None
        for writer in tuple(self._door_writers):
            reset(writer)
        await self.until(lambda: not self._door_writers)

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is so; it is looked at whenever a call or a peer goes."""
        while not true():
            await self._change.wait()

    async def idle(self) -> None:
        """Wait until no call is open."""
        await self.until(lambda: not self.open)

    def _changed(self) -> None:
        self._change.set()
        self._change = asyncio.Event()

    async def _serve_door(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._door_writers.add(writer)
        try:
            await self._serve(reader, writer)
        finally:
            self._door_writers.discard(writer)
            self._changed()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._writers.add(writer)
        writer.transport.set_write_buffer_limits(high=0)
        idle: float | None = None
        try:
            while True:
                async with asyncio.timeout(idle):
                    head = await reader.readuntil(b"\r\n\r\n")
                shot = self._arrived(head)
                if shot is None or not await self._exchange(shot, head, reader, writer):
                    return
                idle = _patience(shot)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            pass
        finally:
            writer.close()
            self._writers.discard(writer)
            self._changed()

    def _arrived(self, head: bytes) -> Shot | None:
        """Note a request and return it; None where no such request was made."""
        seen = _seen(head)
        numbers = seen.values("x-shot")
        if len(numbers) != 1 or not numbers[0].isdigit():
            self.complaints.append(f"the upstream got x-shot {numbers}")
            return None
        shot = self.plan.shot(int(numbers[0]))
        self.arrivals[shot.id] += 1
        told = (seen.method, seen.target, seen.values("cookie"))
        sent = (shot.method, shot.target, [shot.cookie] if shot.cookie else [])
        fields = (seen.values("authorization"), seen.values("expect"))
        if told != sent or fields != ([shot.key], []):
            self.complaints.append(f"{shot}: the upstream got {seen}")
        return shot

    async def _exchange(
        self,
        shot: Shot,
        head: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        self.open += 1
        self.begun += 1
        self._changed()
        try:
            body = b""
            if FAULTS[shot.fault].stage != "upload":
                body = await _body(_seen(head), reader)
                if body != shot.body:
                    self.complaints.append(f"{shot}: the upstream got {len(body)} B")
            got = answers.digest(shot.key, shot.cookie, body)
            return await PLAYS[shot.fault](Call(shot, got, reader, writer))
        finally:
            self.open -= 1
            self._changed()


def _patience(shot: Shot) -> float | None:
    """Return how long a connection stays open behind an answer; None is for ever."""
    if shot.fault != "stale":
        return None
    return Random(f"{shot.seed}:{shot.id}:idle").uniform(0, _STALE_SECONDS)


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(("127.0.0.1", port))
    return bound


def _seen(head: bytes) -> Seen:
    first, *lines = head[:-4].decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    fields = (line.partition(":") for line in lines)
    return Seen(method, target, tuple((n, v.strip(" \t")) for n, _, v in fields))


async def _body(seen: Seen, reader: asyncio.StreamReader) -> bytes:
    if seen.values("transfer-encoding"):
        whole = bytearray()
        while size := int(await reader.readuntil(b"\r\n"), 16):
            whole += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)
        return bytes(whole)
    length = next(iter(seen.values("content-length")), "0")
    return await reader.readexactly(int(length))
