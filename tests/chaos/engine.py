"""A chaos run: many clients at once, each answer judged, and a ledger of complaints."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.chaos import gateways
from tests.chaos.client import Line
from tests.chaos.gateways import Place
from tests.chaos.judge import verdict
from tests.chaos.mixes import CHAOS, Mix
from tests.chaos.plan import ROUND, Plan, Shot, is_down
from tests.chaos.upstream import Upstream

__all__ = ["Report", "Sizes", "chaos", "shoot"]

_HANG_SECONDS = 30
"""No request takes as long as this, whatever befalls it."""

_IDLE_SECONDS = 5
"""How long the upstream may have calls open once every client is gone."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large a run is."""

    requests: int
    clients: int = 40
    seed: int = 1
    process: bool = False


@dataclass
class Report:
    """How a run went."""

    seed: int
    ends: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        lines = [f"seed {self.seed}: {sum(self.ends.values())} requests, ends:"]
        lines += [f"  {count:7} {end}" for end, count in self.ends.most_common()]
        lines.append(f"  in {self.seconds:.1f} s, {len(self.complaints)} complaints")
        lines += [f"  - {complaint}" for complaint in self.complaints[:30]]
        return "\n".join(lines)


async def chaos(sizes: Sizes, mix: Mix = CHAOS) -> Report:
    """Run a plan through a gateway of its own."""
    plan = Plan(sizes.seed, mix)
    report = Report(sizes.seed)
    async with Upstream(plan) as upstream:
        environ = {"URL": upstream.url, "WAVE": upstream.wave_url}
        text = gateways.routes()
        async with gateways.gateway(text, environ, process=sizes.process) as place:
            await shoot(sizes, place, upstream, report)
            await _rest(upstream, report)
            _look_for_secrets(place, plan, report)
    report.complaints += upstream.complaints
    return report


async def shoot(sizes: Sizes, place: Place, upstream: Upstream, report: Report) -> None:
    """Send every request of a run, a round after the other."""
    began = time.perf_counter()
    lines = [Line(place.port) for _ in range(sizes.clients)]
    for first in range(0, sizes.requests, ROUND):
        if is_down(first):
            await upstream.shut_door()
        else:
            await upstream.open_door()
        numbers = iter(range(first, min(first + ROUND, sizes.requests)))
        await asyncio.gather(
            *(_client(line, numbers, upstream, report) for line in lines)
        )
    for line in lines:
        await line.close()
    report.seconds = time.perf_counter() - began


async def _client(
    line: Line, numbers: Iterator[int], upstream: Upstream, report: Report
) -> None:
    for number in numbers:
        shot = upstream.plan.shot(number)
        try:
            async with asyncio.timeout(_HANG_SECONDS):
                answer = await line.ask(shot)
        except TimeoutError:
            end, wrong = "hang", f"no end within {_HANG_SECONDS} s"
        else:
            end, wrong = verdict(shot, answer, upstream.arrivals[number])
        report.ends[end] += 1
        if wrong:
            report.complaints.append(f"{_told(shot)}: {end}: {wrong}")


def _told(shot: Shot) -> str:
    what = f"{shot.id} {shot.method} {shot.kind} {shot.shape} {shot.size}"
    return (
        f"{what} {shot.fault}, {shot.abort}" if shot.abort else f"{what} {shot.fault}"
    )


async def _rest(upstream: Upstream, report: Report) -> None:
    """See that every call has ended, and that none came twice after its verdict."""
    try:
        async with asyncio.timeout(_IDLE_SECONDS):
            await upstream.idle()
    except TimeoutError:
        report.complaints.append(f"{upstream.open} upstream calls left")
    for number, times in upstream.arrivals.items():
        shot = upstream.plan.shot(number)
        if times > (2 if shot.replayable else 1):
            report.complaints.append(f"{_told(shot)}: came {times} times")


def _look_for_secrets(place: Place, plan: Plan, report: Report) -> None:
    """See that no key and no session stands in the gateway's log."""
    if place.log is not None and plan.mark in place.log.read_text(errors="replace"):
        report.complaints.append("the log holds a key or a cookie")
