"""Two gateways in front of one upstream, kept running for many exchanges."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hxroute.sandbox.scripted import ScriptedUpstream
from tests import processes
from tests.compat.exchange import Exchange, Facts
from tests.compat.replay import play
from tests.compat.strategies import ENVIRONMENTS


@dataclass(frozen=True, slots=True)
class Pair:
    """A gateway for each environment, by its port."""

    runner: asyncio.Runner
    upstream: ScriptedUpstream
    ports: dict[str, int]

    def play(self, exchange: Exchange) -> Facts:
        """Play one exchange."""
        return self.play_together([exchange])[0]

    def play_together(self, exchanges: Iterable[Exchange]) -> list[Facts]:
        """Play exchanges at the same time."""
        return self.runner.run(self._play(list(exchanges)))

    async def _play(self, exchanges: list[Exchange]) -> list[Facts]:
        for exchange in exchanges:
            self.upstream.reply(exchange.name, exchange.script)
        playing = [
            play(exchange, self.ports[exchange.profile], self.upstream)
            for exchange in exchanges
        ]
        return await asyncio.gather(*playing)


@contextmanager
def started(compiled: Path, logs: Path) -> Iterator[Pair]:
    """Start the upstream and a gateway for each environment."""
    upstream = ScriptedUpstream()
    with asyncio.Runner() as runner, ExitStack() as stack:
        runner.run(upstream.__aenter__())
        stack.callback(lambda: runner.run(upstream.__aexit__(None, None, None)))
        ports = {}
        for name, env in ENVIRONMENTS.items():
            variables = processes.environment(HX_LITELLM_UPSTREAM=upstream.url, **env)
            running = processes.gateway(compiled, variables, logs / name)
            ports[name] = stack.enter_context(running)
        yield Pair(runner, upstream, ports)
