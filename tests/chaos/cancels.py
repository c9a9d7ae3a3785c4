"""Clients that leave: what is open upstream after them, and what the pool is good for."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator

from tests.chaos import gateways
from tests.chaos.client import Line, close, request
from tests.chaos.engine import Report, Sizes, shoot
from tests.chaos.faults import reset
from tests.chaos.gateways import Place
from tests.chaos.judge import verdict
from tests.chaos.mixes import CANCELS, Mix
from tests.chaos.plan import Plan, Shot
from tests.chaos.upstream import Upstream

__all__ = ["LIMIT", "gone", "settled", "storm"]

LIMIT = 0.5
"""Seconds from the clients' leaving to the last upstream call's end."""

_CONNECTIONS = 20
_AFTER = 60
"""Calls that must go well after a storm: three for each connection of the pool."""

_SETTLE_SECONDS = 10
_WAITING = Mix(
    kinds={"get": 2, "post": 1, "upload": 1}, faults=frozenset({"black_hole"})
)
_READING = Mix(kinds={"get": 2, "events": 1}, faults=frozenset({"stalled"}))


@contextlib.asynccontextmanager
async def _served(
    plan: Plan, *, connections: int, process: bool
) -> AsyncIterator[tuple[Upstream, Place]]:
    text = gateways.routes(connections=connections, read="60s")
    async with Upstream(plan) as upstream:
        environ = {"URL": upstream.url, "WAVE": upstream.wave_url}
        async with gateways.gateway(text, environ, process=process) as place:
            yield upstream, place


async def gone(sizes: Sizes, *, reading: bool) -> tuple[int, float]:
    """Let clients leave, all at once, before or after the first byte of their answers.

    Returns:
        How many upstream calls are left after the limit, and how long the last took.
    """
    mix = _READING if reading else _WAITING
    plan = Plan(sizes.seed, mix)
    async with _served(
        plan, connections=sizes.requests + 10, process=sizes.process
    ) as (upstream, place):
        opened = [
            await asyncio.open_connection("127.0.0.1", place.port)
            for _ in range(sizes.requests)
        ]
        shots = _streamed(plan) if reading else map(plan.shot, itertools.count())
        for shot, (_, writer) in zip(shots, opened, strict=False):
            writer.write(b"".join(request(shot)))
        await upstream.until(lambda: upstream.begun >= sizes.requests)
        if reading:
            for reader, _ in opened:
                await reader.readuntil(b"\r\n\r\n")
        began = time.perf_counter()
        for number, (_, writer) in enumerate(opened):
            if number % 2:
                reset(writer)
            writer.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LIMIT):
                await upstream.idle()
        took, left = time.perf_counter() - began, upstream.open
        for _, writer in opened:
            await close(writer)
    return left, took


def _streamed(plan: Plan) -> Iterator[Shot]:
    """Yield requests whose clients get a first byte before the answer is whole."""
    shots = map(plan.shot, itertools.count())
    return (shot for shot in shots if not shot.is_gathered)


async def storm(sizes: Sizes) -> Report:
    """Let every client leave at a moment of its own; then use the pool."""
    report = Report(sizes.seed)
    plan = Plan(sizes.seed, CANCELS)
    async with _served(plan, connections=_CONNECTIONS, process=sizes.process) as (
        upstream,
        place,
    ):
        await _is_up(place)
        before = _held(place, upstream)
        await shoot(sizes, place, upstream, report)
        await _calls(place, upstream, report, sizes.requests)
        if not await settled(lambda: _held(place, upstream) <= before):
            now = _held(place, upstream)
            report.complaints.append(f"files and tasks: {now}, {before} before")
        if upstream.connections > _CONNECTIONS or upstream.open:
            report.complaints.append(
                f"{upstream.connections} upstream connections, {upstream.open} calls"
            )
    report.complaints += upstream.complaints
    return report


async def _is_up(place: Place) -> None:
    """Wait for one answer, and for the gateway's closing of that connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
    await close(writer)


def _held(place: Place, upstream: Upstream) -> tuple[int, int]:
    """Count files and tasks, without those of the connections that the pool keeps."""
    ends = 2 if place.pid == os.getpid() else 1
    files = place.fds() - ends * upstream.connections
    return files, len(asyncio.all_tasks()) - upstream.connections


async def _calls(place: Place, upstream: Upstream, report: Report, first: int) -> None:
    """Make as many calls as the pool must carry, none of which is given up."""
    patient = Plan(upstream.plan.seed, Mix(faults=CANCELS.faults, aborts=0))
    lines = [Line(place.port) for _ in range(_AFTER)]
    before, upstream.plan = upstream.plan, patient
    shots = [patient.shot(first + number) for number in range(_AFTER)]
    async with asyncio.timeout(_SETTLE_SECONDS):
        found = await asyncio.gather(
            *(line.ask(shot) for line, shot in zip(lines, shots, strict=True))
        )
    for line, shot, answer in zip(lines, shots, found, strict=True):
        await line.close()
        end, wrong = verdict(shot, answer, upstream.arrivals[shot.id])
        report.ends[f"{end} when nobody leaves"] += 1
        if wrong:
            report.complaints.append(f"{shot}: {end}: {wrong}")
    upstream.plan = before


async def settled(true: Callable[[], bool]) -> bool:
    """Wait until a number that tells nobody when it changes is as it should be."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while not true():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.02)
    return True
