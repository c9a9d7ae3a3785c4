"""Playing: cases go through a gateway to scripted upstreams, and facts come of it.

A gateway in one environment, with upstreams of its own, plays one case after the other.
Several of them play beside each other where each can be given upstreams of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

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

__all__ = ["Environments", "Lane", "Played", "lane", "play"]

Environments = Mapping[str, Mapping[str, str]]
Played = Callable[[Case, Facts], None]

_PATIENCE: Final = 60.0
"""Seconds that an answer may take, besides the pauses of its script."""

_START: Final = 25.0
"""Cases that take as long as the start of a gateway: fewer get none of their own."""


@dataclass(slots=True)
class Lane:
    """A gateway in one environment, and the upstreams that it calls."""

    stage: Stage
    address: Address
    host: str
    invents: bool
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def play(self, case: Case) -> Facts:
        """Play a case; return the facts, or what went wrong in their place."""
        patience = _PATIENCE + pause(case)
        async with self._turn:
            async with self.stage.plays(case.script) as seen:
                try:
                    answer = await send(case.request, self.address, self.host, patience)
                    client = client_facts(answer)
                except NoAnswer as exc:
                    client = {"client.failure": (str(exc),)}
            named = len(self.stage.ports) > 1
            facts = client | upstream_facts(case.request, seen, named=named)
        return without_invented(case.request, facts) if self.invents else facts


@contextlib.asynccontextmanager
async def lane(
    target: Target, environment: Mapping[str, str], host: str
) -> AsyncIterator[Lane]:
    """Start a gateway in an environment, in front of upstreams of its own.

    Raises:
        NotStarted: where it refuses.
    """
    async with Stage(target.ports) as stage:
        started = target.started(environment, stage.ports)
        address = await asyncio.to_thread(started.__enter__)
        try:
            yield Lane(stage, address, host, target.invents)
        finally:
            await asyncio.to_thread(started.__exit__, None, None, None)


async def play(
    cases: Iterable[Case],
    target: Target,
    environments: Environments,
    host: str,
    played: Played,
    jobs: int = 1,
) -> None:
    """Play cases, and hand on what comes of each as soon as it is known.

    A gateway that does not start in an environment shows that in each of its cases.

    Args:
        cases: what is played.
        target: the gateway.
        environments: the variables of each environment that a case names.
        host: what the field `Host` says where a request has none.
        played: gets each case with its facts.
        jobs: how many gateways run at a time; one where its upstreams have fixed ports.
    """
    at_once = 1 if any(target.ports.values()) else jobs
    free = asyncio.Semaphore(at_once)

    async def one(environment: str, share: Sequence[Case]) -> None:
        async with free:
            try:
                async with lane(target, environments[environment], host) as running:
                    for case in share:
                        played(case, await running.play(case))
            except NotStarted as exc:
                for case in share:
                    played(case, {"start.error": (str(exc),)})

    async with asyncio.TaskGroup() as group:
        for environment, share in _shares(cases, at_once):
            group.create_task(one(environment, share))


def pause(case: Case) -> float:
    """Return the seconds that the upstream takes, of its own will."""
    return sum(
        float(step["sleep"])
        for step in case.script
        if not isinstance(step, str) and "sleep" in step
    )


def _shares(cases: Iterable[Case], jobs: int) -> list[tuple[str, list[Case]]]:
    """Divide the cases of each environment among gateways, the longest share first."""
    by_environment: dict[str, list[Case]] = {}
    for case in cases:
        by_environment.setdefault(case.environment, []).append(case)
    shares = []
    for environment, own in by_environment.items():
        shares += [(environment, share) for share in _divided(own, jobs)]
    return sorted(shares, key=lambda item: -sum(map(_weight, item[1])))


def _divided(cases: Sequence[Case], most: int) -> list[list[Case]]:
    weight = sum(map(_weight, cases))
    wanted = min(most, max(1, round(weight / _START)))
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
