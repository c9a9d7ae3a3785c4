"""Slow clients are sent away by their limits, and nobody else notices."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping

from tests.chaos import gateways
from tests.chaos.plan import Plan
from tests.chaos.slow import GOOD, Attacker, Style, Traffic, besiege, traffic
from tests.chaos.upstream import Upstream

COUNTS: Mapping[Style, int] = {"head": 30, "body": 30, "idle": 30, "kept": 30}
LIMITS = "{head_timeout: 1s, body_timeout: 1s, idle_timeout: 1s}"
WATCH = 20


async def besieged() -> tuple[list[Attacker], Traffic]:
    plan = Plan(1, GOOD)
    async with Upstream(plan) as upstream:
        environ = {"URL": upstream.url, "WAVE": upstream.wave_url}
        text = gateways.routes(connections=100, limits=LIMITS)
        async with gateways.in_loop(text, environ) as place:
            siege = besiege(place.port, plan, COUNTS, every=0.1, watch=WATCH)
            found, attackers = await traffic(
                place.port, upstream, itertools.count(), siege, clients=5, every=0.02
            )
            async with asyncio.timeout(5):
                await upstream.idle()
            assert upstream.complaints == []
    return attackers, found


def test_slow_clients_are_sent_away_and_nobody_else_notices() -> None:
    attackers, found = asyncio.run(besieged())
    ends = {
        style: {(a.status, a.lasted is not None) for a in attackers if a.style == style}
        for style in COUNTS
    }
    assert ends == {
        "head": {(408, True)},
        "body": {(408, True)},
        "idle": {(0, True)},
        "kept": {(200, True)},
    }
    assert found.report.complaints == []
    assert len(found.times) > 50
