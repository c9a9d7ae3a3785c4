"""The phases of a round: what is asked of a gateway, and what is counted of it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from hxroute.errors import StartError
from hxroute.sandbox.bench.client import NONE, Answer, Client

__all__ = ["RATE", "Load", "at_a_rate", "in_turns", "once", "under_load"]

RATE: Final = 200
"""Requests a second at which waiting for one another takes no part in a latency."""

_PATIENCE: Final = 15.0
"""Seconds after which a phase should have come to its end."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a load got: how long it took in seconds, and how many answers of a status."""

    seconds: float
    tally: Counter[int] = field(default_factory=Counter)


async def once(client: Client, request: bytes) -> Answer:
    """Ask once.

    Raises:
        StartError: where no answer comes.
    """
    async with _in_time(0):
        return await client.ask(request)


async def under_load(
    client: Client, request: bytes, connections: int, seconds: float
) -> Load:
    """Ask on many connections, on each as soon as it has its answer.

    Every request that was sent gets its answer and is counted.
    """
    tally: Counter[int] = Counter()
    began = time.perf_counter()

    async def ask() -> None:
        while time.perf_counter() - began < seconds:
            answer = await client.ask(request)
            tally[answer.status] += 1
            if answer.status == NONE:  # a gateway that refuses must not be run down
                await asyncio.sleep(0.01)

    async with _in_time(seconds):
        await asyncio.gather(*(ask() for _ in range(connections)))
    return Load(time.perf_counter() - began, tally)


async def at_a_rate(
    clients: Sequence[Client], request: bytes, seconds: float
) -> list[list[Answer]]:
    """Ask each of several servers at a fixed rate, whatever its answers take.

    They are asked alternately, so that what disturbs one disturbs all.
    """
    count = max(1, round(RATE * seconds))
    asked: list[list[asyncio.Task[Answer]]] = [[] for _ in clients]
    began = time.perf_counter()
    async with _in_time(seconds):
        for turn in range(count):
            for place, client in enumerate(clients):
                due = began + (turn + place / len(clients)) / RATE
                await asyncio.sleep(due - time.perf_counter())
                asked[place].append(asyncio.create_task(client.ask(request)))
        return [list(await asyncio.gather(*tasks)) for tasks in asked]


async def in_turns(
    clients: Sequence[Client], request: bytes, seconds: float
) -> list[list[Answer]]:
    """Ask several servers in turns, one at a time."""
    answers: list[list[Answer]] = [[] for _ in clients]
    began = time.perf_counter()
    async with _in_time(seconds):
        while not answers[0] or time.perf_counter() - began < seconds:
            for place, client in enumerate(clients):
                answers[place].append(await client.ask(request))
    return answers


@asynccontextmanager
async def _in_time(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds + _PATIENCE):
            yield
    except TimeoutError as exc:
        raise StartError(
            f"an answer took more than {_PATIENCE:g} s; nothing can be measured so"
        ) from exc
