"""Behaviours by the name of the test that they were learnt from."""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import pytest
from _pytest.mark import ParameterSet

Scenario = Callable[..., Coroutine[Any, Any, None]]
Play = Callable[[], Coroutine[Any, Any, None]]

HANG_SECONDS = 10.0
_NO_WORD = re.compile(r"[\W_]+")


class Peer:
    """Collects the behaviours of one peer, whose name each pytest id begins with.

    go = Peer("go")

    @go("TestNilBody")
    async def nil_body() -> None: ...

    @go("TestReverseProxyQuery", none=("", ""), user=("?us=er", "us=er"))
    async def query(asked: str, seen: str) -> None: ...
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._plays: dict[str, Play] = {}

    def __call__(
        self,
        behaviour: str,
        cases: Mapping[str, tuple[object, ...]] | None = None,
        **named: tuple[object, ...],
    ) -> Callable[[Scenario], Scenario]:
        """Note a scenario, once for each of its cases."""

        def note(scenario: Scenario) -> Scenario:
            found = {**(cases or {}), **named}
            for case, values in found.items():
                self._add(behaviour, case, functools.partial(scenario, *values))
            if not found:
                self._add(behaviour, "", scenario)
            return scenario

        return note

    def params(self) -> list[ParameterSet]:
        """Return the behaviours as parameters of a test."""
        return [pytest.param(play, id=name) for name, play in self._plays.items()]

    def _add(self, behaviour: str, case: str, play: Play) -> None:
        words = _NO_WORD.sub("-", case)
        name = "-".join(filter(None, (self._name, behaviour, words)))
        assert name not in self._plays, name
        self._plays[name] = play


def run(play: Play, runner: asyncio.Runner) -> None:
    """Play a behaviour; one that hangs fails."""

    async def bounded() -> None:
        async with asyncio.timeout(HANG_SECONDS):
            await play()

    runner.run(bounded())
