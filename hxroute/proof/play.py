"""Playing: cases go through a gateway to scripted upstreams, and facts come of it.

A gateway in one environment, with upstreams of its own, plays one case after the other.
Several of them play beside each other where each can be given upstreams of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final

from hxroute.proof import oddities
from hxroute.proof.exchange import (
    Case,
    Facts,
    client_facts,
    upstream_facts,
    without_invented,
)
from hxroute.proof.stage import Stage
from hxroute.proof.targets import Address, NotStarted, Target
from hxroute.proof.wire import NoAnswer, send

__all__ = ["Environments", "Lane", "Played", "Way", "is_long", "lane", "pause", "play"]

Environments = Mapping[str, Mapping[str, str]]
Played = Callable[[Case, Sequence[Facts]], None]

_PATIENCE: Final = 60.0
"""Seconds that an answer may take, besides the pauses of its script."""

_LONG: Final = 1.0
"""Seconds from which on nobody waits for a case a second time."""

_SHARE: Final = 60
"""Cases of a recording that a gateway is started for."""

_START: Final = 25.0
"""Cases that take as long as the start of a gateway: fewer get none of their own."""


@dataclass(frozen=True, slots=True)
class Way:
    """How cases are played.

    `environments` are the variables of each environment that a case names; `host` is
    what the field `Host` says where a request has none; `usual` is the upstream whose
    name is no fact, None where no name is. Each case is played so many `times`. At most
    `jobs` gateways run at a time; one, where its upstreams have ports of their own.
    """

    environments: Environments
    host: str
    usual: str | None = None
    times: int = 1
    jobs: int = 1


@dataclass(slots=True)
class Lane:
    """A gateway in one environment, and the upstreams that it calls."""

    stage: Stage
    address: Address
    host: str
    invents: bool
    usual: str | None
    hosts: Mapping[str, frozenset[str]]
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def play(self, case: Case) -> Facts:
        """Play a case; return the facts, or what went wrong in their place."""
        patience = _PATIENCE + pause(case)
        async with self._turn:
            async with self.stage.plays(case.script) as seen:
                try:
                    answer = await send(case.request, self.address, self.host, patience)
                    client = client_facts(answer, case.script)
                except NoAnswer as exc:
                    client = {"client.failure": (str(exc),)}
            facts = client | upstream_facts(
                case.request, seen, usual=self.usual, hosts=self.hosts
            )
            facts |= oddities.of_torn(seen.torn)
        return without_invented(case.request, facts) if self.invents else facts


@contextlib.asynccontextmanager
async def lane(
    target: Target, environment: Mapping[str, str], way: Way, turn: int = 0
) -> AsyncIterator[Lane]:
    """Start a gateway in an environment, in front of upstreams of its own.

    Raises:
        NotStarted: where it refuses.
    """
    async with Stage(target.ports) as stage:
        started = target.started(environment, stage.ports, turn)
        async with _aside(started) as address:
            hosts = {
                name: target.hosts | {f"127.0.0.1:{port}", f"localhost:{port}"}
                for name, port in stage.ports.items()
            }
            yield Lane(stage, address, way.host, target.invents, way.usual, hosts)


@contextlib.asynccontextmanager
async def _aside(
    manager: AbstractContextManager[Address],
) -> AsyncIterator[Address]:
    """Enter and leave a context manager in threads: it waits for a process."""
    entering = asyncio.ensure_future(asyncio.to_thread(manager.__enter__))
    try:
        yield await asyncio.shield(entering)
    finally:
        # What was started is ended, also where nobody waited for it to the end.
        await asyncio.wait([entering])
        if entering.exception() is None:
            await asyncio.to_thread(manager.__exit__, None, None, None)


async def play(cases: Iterable[Case], target: Target, way: Way, played: Played) -> None:
    """Play cases, and hand on what comes of each as soon as it is known.

    A gateway that does not start in an environment shows that in each of its cases.

    Args:
        cases: what is played.
        target: the gateway.
        way: how.
        played: gets each case with its facts, those of each time.
    """
    at_once = 1 if any(target.ports.values()) else way.jobs
    free = asyncio.Semaphore(at_once)

    async def one(environment: str, share: Sequence[Case]) -> None:
        async with free:
            try:
                await _share(environment, share, target, way, played)
            except NotStarted as exc:
                for case in share:
                    played(case, [{"start.error": (str(exc),)}])

    try:
        async with asyncio.TaskGroup() as group:
            for environment, share in _shares(cases, at_once, way.times):
                group.create_task(one(environment, share))
    except BaseExceptionGroup as exc:
        raise _first(exc) from None


def _first(exc: BaseException) -> BaseException:
    """Return what went wrong first, of several things at a time."""
    return _first(exc.exceptions[0]) if isinstance(exc, BaseExceptionGroup) else exc


async def _share(
    environment: str, share: Sequence[Case], target: Target, way: Way, played: Played
) -> None:
    """Play cases on a gateway, and again on a new one in the other order.

    What a gateway remembers from one request to another shows as what differs.
    """
    found: dict[str, list[Facts]] = {case.name: [] for case in share}
    for turn in range(way.times):
        async with lane(target, way.environments[environment], way, turn) as running:
            for case in reversed(share) if turn % 2 else share:
                times = found[case.name]
                if not times or not is_long(case):
                    times.append(await running.play(case))
                if turn == way.times - 1:
                    played(case, times)


def pause(case: Case) -> float:
    """Return the seconds that the upstream takes, of its own will."""
    return sum(
        float(step["sleep"])
        for step in case.script
        if not isinstance(step, str) and "sleep" in step
    )


def is_long(case: Case) -> bool:
    """Tell whether a case takes so long that nobody waits for it a second time."""
    return pause(case) >= _LONG


def _shares(
    cases: Iterable[Case], jobs: int, times: int
) -> list[tuple[str, list[Case]]]:
    """Divide the cases of each environment among gateways, the longest share first."""
    by_environment: dict[str, list[Case]] = {}
    for case in cases:
        by_environment.setdefault(case.environment, []).append(case)
    shares = []
    for environment, own in by_environment.items():
        shares += [(environment, share) for share in _divided(own, jobs, times)]
    return sorted(shares, key=lambda item: -sum(map(_weight, item[1])))


def _divided(cases: Sequence[Case], jobs: int, times: int) -> list[list[Case]]:
    weight = sum(map(_weight, cases))
    wanted = min(jobs, max(1, round(weight / _START)))
    if times > 1:  # what is done is kept share by share
        wanted = max(wanted, math.ceil(len(cases) / _SHARE))
    shares: list[list[Case]] = [[] for _ in range(wanted)]
    weights = [0.0] * wanted
    for case in sorted(cases, key=_weight, reverse=True):  # a stable order
        lightest = weights.index(min(weights))
        shares[lightest].append(case)
        weights[lightest] += _weight(case)
    return shares


def _weight(case: Case) -> float:
    """Return what a case takes, in cases that take no time of their own."""
    return 1 + pause(case) * 100
