"""The measures: what each does with a running gateway, and which upstream it needs."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

import uvloop

from benchmarks.gateways.client import LoadError
from benchmarks.gateways.latency import first_events, latencies, quantile
from benchmarks.gateways.load import throughput
from benchmarks.gateways.results import Row
from benchmarks.gateways.servers import Server
from benchmarks.gateways.streams import stalls, weight

__all__ = ["MEASURES", "Measure", "Size"]

T = TypeVar("T")

_MB: Final = 1024
_SLOW: Final = 200
"""Requests a second up to which the throughput is measured for longer."""

_LONGER: Final = 3


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    seconds: float
    streams: int
    folder: Path = Path()
    """Where scripts may be written."""


Taker: TypeAlias = Callable[[Server, Size], Row]


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of a running gateway."""

    name: str
    told: str
    take: Taker
    streams: bool = False
    """Whether it needs the upstream of the streams."""
    added: tuple[str, ...] = ()
    """Figures from which those of the bare upstream are taken off."""


def _run(work: Coroutine[Any, Any, T]) -> T:
    gc.collect()
    gc.disable()  # its own pauses are not the gateway's
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)
    finally:
        gc.enable()


def _start(server: Server, size: Size) -> Row:
    return {"start": server.started}


def _memory(server: Server, size: Size) -> Row:
    resident, proportional = server.memory()
    return {"resident": resident / _MB, "proportional": proportional / _MB}


def _throughput(server: Server, size: Size) -> Row:
    warm = 0.0
    with contextlib.suppress(LoadError):
        warm = throughput(server, 1, size.folder).per_second
    # Requests cut off at the end count for the CPU time, and weigh where few are answered.
    times = 1 if warm > _SLOW else _LONGER
    seen = throughput(server, times * size.seconds, size.folder)
    return {"throughput": seen.per_second, "cpu": seen.cpu}


def _latency(server: Server, size: Size) -> Row:
    taken = _run(latencies(server.port, server.fields, size.seconds))
    return {"p50": 1e3 * quantile(taken, 0.5), "p99": 1e3 * quantile(taken, 0.99)}


def _first(server: Server, size: Size) -> Row:
    taken = _run(first_events(server.port, server.fields, size.seconds))
    return {"first": 1e3 * quantile(taken, 0.5)}


def _streams(server: Server, size: Size) -> Row:
    seen = _run(stalls(server, size.streams, size.seconds))
    return {
        "flowing": seen.streams,
        "worst": 1e3 * seen.worst,
        "p999": 1e3 * seen.p999,
        "streaming": 100 * seen.cpu,
    }


def _idle(server: Server, size: Size) -> Row:
    return {"stream_memory": _run(weight(server, size.streams))}


MEASURES: Final = (
    Measure("start", "seconds from the command to the first answer", _start),
    Measure("memory", "memory after the first answer", _memory),
    Measure(
        "throughput",
        "requests a second over 32 connections, and CPU time for each",
        _throughput,
    ),
    Measure(
        "latency",
        "p50 and p99 at 200 requests a second, less those of the bare upstream",
        _latency,
        added=("p50", "p99"),
    ),
    Measure(
        "first",
        "time to the first event of a stream, less that of the bare upstream",
        _first,
        streams=True,
        added=("first",),
    ),
    Measure("idle", "memory of an idle stream", _idle, streams=True),
    Measure(
        "streams",
        "streams at once with ten events a second: those that never stall over 100 ms, "
        "the gaps beyond the upstream's own, and the gateway's CPU",
        _streams,
        streams=True,
    ),
)
"""In the order in which they are taken: what overloads a slow gateway comes late."""
