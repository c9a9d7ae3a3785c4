"""Connections that give as little as they can, and the traffic that must not mind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeVar

from tests.chaos.client import Line, request
from tests.chaos.engine import Report
from tests.chaos.judge import verdict
from tests.chaos.mixes import Mix
from tests.chaos.plan import Plan, Shot
from tests.chaos.upstream import Upstream

__all__ = ["GOOD", "Attacker", "Style", "Traffic", "besiege", "traffic"]

Style = Literal["head", "body", "idle", "kept"]

GOOD: Final = Mix(
    kinds={"get": 4, "head": 1, "post": 2, "put": 1, "upload": 1},
    faults=frozenset({"none"}),
    aborts=0,
    fresh=0.2,
    largest=20_000,
)
T = TypeVar("T")
_FIRST = 1_000_000
"""The id from which on attackers take theirs: above those of the good traffic."""

_AT_ONCE = 200
_SLICES = 20
"""Into how many parts a round of drops is divided, so that none stops the loop."""


class Attacker(asyncio.Protocol):
    """One connection that sends a byte now and then.

    `head` is slow before the head ends, `body` behind it, `idle` sends nothing at all,
    `kept` nothing behind a request that was answered. `lasted` is after how many seconds
    the gateway closed it.
    """

    def __init__(self, style: Style, shot: Shot) -> None:
        self.style = style
        self.said = bytearray()
        self.lasted: float | None = None
        self.given_up = False
        self._data = b"".join(request(shot)) if style != "idle" else b""
        end = self._data.find(b"\r\n\r\n") + 4
        self._at = {"head": 30, "body": end, "idle": 0, "kept": len(self._data)}[style]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._opened = time.monotonic()
        transport.write(self._data[: self._at])

    def data_received(self, data: bytes) -> None:
        self.said += data

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.given_up:
            self.lasted = time.monotonic() - self._opened

    @property
    def status(self) -> int:
        """The last answer's status; 0 where there was none."""
        *_, last = [b"", *self.said.split(b"HTTP/1.1 ")]
        return int(last[:3]) if last[:3].isdigit() else 0

    def drop(self) -> None:
        """Send one byte more."""
        if self.lasted is None and self._at < len(self._data) - 1:
            self.transport.write(self._data[self._at : self._at + 1])
            self._at += 1


@dataclass
class Traffic:
    """What good clients lived through: their times in seconds, and their complaints."""

    times: list[float] = field(default_factory=list)
    report: Report = field(default_factory=lambda: Report(0))

    def quantile(self, share: float) -> float:
        """Return the time within which a share of the requests was answered."""
        return sorted(self.times)[int(share * (len(self.times) - 1))]


async def besiege(
    port: int, plan: Plan, counts: Mapping[Style, int], *, every: float, watch: float
) -> list[Attacker]:
    """Open connections of each style and drip, until the last is closed.

    Args:
        port: where the gateway is.
        plan: what the attackers would ask for, had they the time.
        counts: how many of each style.
        every: seconds between two bytes of a connection.
        watch: seconds after which those that are still open are given up.
    """
    styles = [style for style, count in counts.items() for _ in range(count)]
    shots = _large(plan, len(styles))
    loop = asyncio.get_running_loop()
    attackers = [Attacker(s, shot) for s, shot in zip(styles, shots, strict=True)]
    for first in range(0, len(attackers), _AT_ONCE):
        some = attackers[first : first + _AT_ONCE]
        await asyncio.gather(*(_connect(attacker, port) for attacker in some))
    deadline = loop.time() + watch
    while any(a.lasted is None for a in attackers) and loop.time() < deadline:
        for slice in range(_SLICES):
            for attacker in attackers[slice::_SLICES]:
                attacker.drop()
            await asyncio.sleep(every / _SLICES)
    for attacker in attackers:
        if attacker.lasted is None:
            attacker.given_up = True
            attacker.transport.abort()
    return attackers


async def _connect(attacker: Attacker, port: int) -> None:
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: attacker, "127.0.0.1", port)


def _large(plan: Plan, count: int) -> Sequence[Shot]:
    """Return requests whose bodies last, read by the gateway or passed on."""
    shots: list[Shot] = []
    number = _FIRST
    while len(shots) < count:
        shot = plan.shot(number)
        if len(shot.body) > 1000:
            shots.append(shot)
        number += 1
    return shots


async def traffic(
    port: int,
    upstream: Upstream,
    numbers: Iterator[int],
    work: Awaitable[T],
    *,
    clients: int,
    every: float,
) -> tuple[Traffic, T]:
    """Send good requests while some work is done, each client one in a while."""
    found, stop = Traffic(), asyncio.Event()

    async def client() -> None:
        line = Line(port)
        while not stop.is_set():
            began = time.perf_counter()
            await _good(line, next(numbers), upstream, found)
            left = every - (time.perf_counter() - began)
            await asyncio.sleep(max(0, left))
        await line.close()

    sending = asyncio.gather(*(client() for _ in range(clients)))
    done = await work
    stop.set()
    await sending
    return found, done


async def _good(line: Line, number: int, upstream: Upstream, found: Traffic) -> None:
    shot = upstream.plan.shot(number)
    began = time.perf_counter()
    try:
        async with asyncio.timeout(30):
            answer = await line.ask(shot)
    except (OSError, TimeoutError) as exc:
        end, wrong = type(exc).__name__, "no answer"
    else:
        end, wrong = verdict(shot, answer, upstream.arrivals[number])
    found.times.append(time.perf_counter() - began)
    found.report.ends[end] += 1
    if wrong:
        found.report.complaints.append(f"{shot}: {end}: {wrong}")
