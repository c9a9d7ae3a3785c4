"""A gateway and an upstream that take many requests at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from hxroute.proof.exchange import Case, Facts, client_facts, upstream_facts
from hxroute.proof.wire import send
from hxroute.sandbox.scripted import ScriptedUpstream
from hxroute.sandbox.seen import CASE_FIELD
from tests import processes
from tests.compat.handed import HOST

PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Pair:
    """The two, and the loop that asks; a field tells the upstream which case it is."""

    runner: asyncio.Runner
    upstream: ScriptedUpstream
    port: int

    def play(self, case: Case) -> Facts:
        """Play one case."""
        return self.play_together([case])[0]

    def play_together(self, cases: Iterable[Case]) -> list[Facts]:
        """Play cases at the same time."""
        return self.runner.run(self._play_all(list(cases)))

    async def _play_all(self, cases: list[Case]) -> list[Facts]:
        for case in cases:
            self.upstream.reply(case.name, case.script)
        return await asyncio.gather(*map(self._play, cases))

    async def _play(self, case: Case) -> Facts:
        told = (*case.request.headers, (CASE_FIELD, case.name))
        request = replace(case.request, headers=told)
        answer = await send(request, ("127.0.0.1", self.port), HOST, PATIENCE)
        seen = [("litellm", one) for one in self.upstream.seen_of(case.name)]
        return client_facts(answer, case.script) | upstream_facts(request, seen)


@contextmanager
def started(compiled: Path) -> Iterator[Pair]:
    """Start the upstream, and the gateway of a compiled folder."""
    upstream = ScriptedUpstream()
    with asyncio.Runner() as runner:
        runner.run(upstream.__aenter__())
        try:
            environ = processes.environment(HX_LITELLM_UPSTREAM=upstream.url)
            with processes.gateway(compiled, environ, compiled / "log") as port:
                yield Pair(runner, upstream, port)
        finally:
            runner.run(upstream.__aexit__(None, None, None))
