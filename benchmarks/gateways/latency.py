"""How long one request takes at a fixed low rate, and until the first event of a stream.

Requests leave at times set beforehand, whether or not those before are answered: each
takes an idle connection, or a new one where there is none.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.gateways.client import LoadError, Once, request
from benchmarks.gateways.peers import MODEL

__all__ = ["RATE", "first_events", "latencies", "quantile"]

RATE: Final = 200
"""Requests in a second."""

_FIRST_RATE: Final = 20
_WARM: Final = 20
_PATIENCE: Final = 3.0
_KEPT: Final = 0.98
"""The share that must be answered in time for a figure to mean something."""


@dataclass(slots=True)
class _Run:
    port: int
    data: bytes
    idle: list[Once]
    streamed: bool

    async def one(self) -> float:
        """Send one request; return the seconds to its end, or to its first event."""
        if self.idle:
            connection = self.idle.pop()
        else:
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_connection(Once, "127.0.0.1", self.port)
        began = time.perf_counter()
        answer = await connection.send(self.data)
        ended = connection.first if self.streamed else connection.ended
        if not answer.startswith(b"HTTP/1.1 200"):
            raise LoadError(f"answered {answer[9:12].decode(errors='replace')}")
        if not connection.transport.is_closing():
            self.idle.append(connection)
        return ended - began


async def latencies(
    port: int, fields: Mapping[str, str], seconds: float
) -> Sequence[float]:
    """Return the seconds that each request took.

    Raises:
        LoadError: where too many failed or were not answered in time.
    """
    run = _Run(port, request(port, MODEL, fields), [], streamed=False)
    return await _paced(run, RATE, seconds)


async def first_events(
    port: int, fields: Mapping[str, str], seconds: float
) -> Sequence[float]:
    """Return the seconds until the first event of each stream.

    Raises:
        LoadError: where too many failed or were not answered in time.
    """
    run = _Run(port, request(port, "hx-first", fields), [], streamed=True)
    return await _paced(run, _FIRST_RATE, seconds)


async def _paced(run: _Run, rate: float, seconds: float) -> Sequence[float]:
    for _ in range(_WARM):
        await run.one()
    count, began = max(1, round(rate * seconds)), time.monotonic()
    tasks = []
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        tasks.append(asyncio.create_task(run.one()))
    _, late = await asyncio.wait(tasks, timeout=_PATIENCE)
    for task in late:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    for connection in run.idle:
        connection.transport.close()
    taken = [took for took in ended if isinstance(took, float)]
    if len(taken) < _KEPT * count:
        why = next((str(e) for e in ended if isinstance(e, LoadError)), "no answer")
        raise LoadError(f"{len(taken)} of {count} answered at {rate:g}/s: {why}")
    return sorted(taken)


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which this share of the ordered values lies."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
