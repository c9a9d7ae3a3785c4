"""Replay: recorded exchanges through a new gateway, one by one, as a test asks for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Final, Self

from hxroute.compiler import Compiled
from hxroute.proof import httptext
from hxroute.proof.corpus import Corpus
from hxroute.proof.escapes import escaped
from hxroute.proof.exchange import Case, Exchange, Facts
from hxroute.proof.ledger import Ledger
from hxroute.proof.play import Lane, is_long, lane
from hxroute.proof.prove import names_of, verdict_of, way_of, with_blame
from hxroute.proof.targets import NotStarted
from hxroute.proof.targets import compiled as targets
from hxroute.proof.verdict import Difference, Verdict, apply

__all__ = ["Gateway", "Replayed"]

_AT_ONCE: Final = 8
"""Gateways that such cases have at a time."""


class Replayed(str):
    """An exchange as its file holds it, with what the new gateway did.

    Where a difference is sanctioned it shows what was recorded: what the ledger pins
    was found. It is the text of the recorded exchange just where nothing is unexplained.
    `verdict` says all of it.
    """

    __slots__ = ("verdict",)

    verdict: Verdict

    @classmethod
    def of(cls, verdict: Verdict) -> Replayed:
        """Return a verdict as text."""
        old = {
            item.fact: item.old for item in verdict.differences if item.is_sanctioned
        }
        others = [item for item in verdict.differences if not item.is_sanctioned]
        new = {item.fact: item.new for item in others}
        facts = apply(verdict.recorded.facts, old | new)
        if new.get("start.error"):
            facts = {"start.error": new["start.error"]}
        text = httptext.rendered(Exchange(verdict.recorded.case, facts))
        if others and text == httptext.rendered(verdict.recorded):
            # By what no file shows: a pin that was not found, a fact without its message.
            text += "".join(map(_told, others))
        found = cls(text)
        found.verdict = verdict
        return found


def _told(item: Difference) -> str:
    said = "it is" if item.pinned is None else "the ledger pins"
    values = item.new if item.pinned is None else item.pinned
    shown = "\n".join(map(escaped, values)) or "(absent)"
    return f"\n--- {item.fact}: {said}\n{shown}\n"


class Gateway:
    """The gateway of a routes file, started in each environment that is asked for.

    Args:
        compiled: the routes file, without errors.
        corpus: what is replayed.
        ledger: the intended differences.
    """

    def __init__(self, compiled: Compiled, corpus: Corpus, ledger: Ledger) -> None:
        assert compiled.gateway is not None
        self._compiled = compiled
        self._corpus = corpus
        self._ledger = ledger
        names = names_of(corpus, compiled)
        file = compiled.report.file
        self._target = targets.Compiled(compiled.gateway, file, names)
        self._way = way_of(corpus, 1)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._lanes: dict[str, asyncio.Task[Lane]] = {}
        self._stack = AsyncExitStack()
        self._begun: dict[str, Future[Facts]] = {}
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._under_way: set[asyncio.Task[Any]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._submit(self._end()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def environments(self) -> Mapping[str, Mapping[str, str]]:
        """The variables of each environment."""
        return self._way.environments

    def begin(self, exchanges: Iterable[Exchange]) -> None:
        """Play those that take long of their own will, beside all others."""
        for exchange in exchanges:
            if is_long(exchange.case) and exchange.name not in self._begun:
                self._begun[exchange.name] = self._submit(self._alone(exchange.case))

    def play(self, case: Case) -> Facts:
        """Play a case; return what became of it."""
        begun = self._begun.get(case.name)
        facts: Facts = (begun or self._submit(self._play(case))).result()
        return facts

    def replay(self, exchange: Exchange) -> Replayed:
        """Play an exchange; return it as text, to be compared with its file."""
        verdict = verdict_of(exchange, self.play(exchange.case), self._ledger)
        if verdict.outcome == "unexplained":
            verdict = with_blame(self._compiled, verdict, self.environments)
        return Replayed.of(verdict)

    def _submit(self, work: Any) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(self._noted(work), self._loop)

    async def _noted(self, work: Any) -> Any:
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        try:
            return await work
        finally:
            self._under_way.discard(task)

    async def _play(self, case: Case) -> Facts:
        name = case.environment
        if name not in self._lanes:
            self._lanes[name] = self._loop.create_task(self._started(name))
        try:
            running = await asyncio.shield(self._lanes[name])
        except NotStarted as exc:
            return {"start.error": (str(exc),)}
        return await running.play(case)

    async def _started(self, environment: str) -> Lane:
        variables = self.environments[environment]
        return await self._stack.enter_async_context(
            lane(self._target, variables, self._way)
        )

    async def _alone(self, case: Case) -> Facts:
        try:
            variables = self.environments[case.environment]
            async with self._free, lane(self._target, variables, self._way) as running:
                return await running.play(case)
        except NotStarted as exc:
            return {"start.error": (str(exc),)}

    async def _end(self) -> None:
        """End what is under way; what was started for it is then ended by itself."""
        others = self._under_way - {asyncio.current_task()}
        for task in others:
            task.cancel()
        lanes = self._lanes.values()
        await asyncio.gather(*others, *lanes, return_exceptions=True)
        await self._stack.aclose()
