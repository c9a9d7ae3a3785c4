"""Recorded exchanges, played through a gateway to the scripted upstream."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

from hxroute.sandbox.scripted import ScriptedUpstream
from tests import processes
from tests.compat.exchange import Exchange, Facts, client_facts, upstream_facts
from tests.compat.wire import send

AT_ONCE = 8
DOWN = "down"


async def play(exchange: Exchange, port: int, upstream: ScriptedUpstream) -> Facts:
    """Play one exchange; return the facts, or what went wrong in their place."""
    try:
        client = client_facts(await send(exchange.request, port))
    except (OSError, EOFError, TimeoutError) as exc:
        client = {"client.failure": (repr(exc),)}
    seen = upstream.seen_of(exchange.request.case)
    return client | upstream_facts(exchange.request, seen)


async def play_all(
    exchanges: Iterable[Exchange], port: int, upstream: ScriptedUpstream
) -> dict[str, Facts]:
    """Play exchanges, a few at once; those with the longest pauses first."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(exchange: Exchange) -> tuple[str, Facts]:
        async with free:
            return exchange.name, await play(exchange, port, upstream)

    ordered = sorted(exchanges, key=_pause, reverse=True)
    return dict(await asyncio.gather(*map(one, ordered)))


def replay(
    profile: str, exchanges: Iterable[Exchange], env: Mapping[str, str], folder: Path
) -> dict[str, Facts]:
    """Start a gateway in the environment of a profile and play its exchanges.

    Where the gateway refuses to start, that is what each exchange shows.
    """
    exchanges = list(exchanges)
    log = folder / f"{profile}.log"

    async def run() -> dict[str, Facts]:
        scripts = {one.name: one.script for one in exchanges}
        async with ScriptedUpstream(scripts) as upstream:
            url = upstream.url
            if profile == DOWN:
                url = f"http://127.0.0.1:{processes.free_port()}"
            environment = processes.environment(HX_LITELLM_UPSTREAM=url, **env)
            with processes.gateway(folder, environment, log) as port:
                return await play_all(exchanges, port, upstream)

    try:
        return asyncio.run(run())
    except processes.StartError as exc:
        return {one.name: {"start.error": (str(exc),)} for one in exchanges}


def _pause(exchange: Exchange) -> float:
    return sum(
        float(step["sleep"])
        for step in exchange.script
        if not isinstance(step, str) and "sleep" in step
    )
