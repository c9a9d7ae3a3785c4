"""The race for the first connection, and names that are slow to resolve."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from hxroute.runtime.race import first_of
from hxroute.runtime.resolve import Resolver

Attempt = Callable[[], Coroutine[Any, Any, str]]
FIRST = ["192.0.2.1"]


def giving(result: str, when: Awaitable[object] | None = None) -> Attempt:
    async def attempt() -> str:
        if when is not None:
            await when
        return result

    return attempt


def failing(message: str) -> Attempt:
    async def attempt() -> str:
        raise OSError(message)

    return attempt


def test_first_success_wins_and_the_others_are_given_up() -> None:
    async def scenario() -> None:
        never = asyncio.Event()
        attempts = [failing("a"), giving("slow", never.wait()), giving("quick")]
        assert await first_of(attempts, 0.01, print) == "quick"

    asyncio.run(scenario())


def test_next_attempt_begins_at_once_where_one_has_failed() -> None:
    async def scenario() -> None:
        async with asyncio.timeout(5):
            attempts = [failing("a"), failing("b"), giving("last")]
            assert await first_of(attempts, 60, print) == "last"

    asyncio.run(scenario())


def test_last_failure_is_told_where_all_fail() -> None:
    with pytest.raises(OSError, match="second"):
        asyncio.run(first_of([failing("first"), failing("second")], 0.01, print))


def test_what_a_later_attempt_gives_is_discarded() -> None:
    async def scenario() -> None:
        discarded: list[str] = []
        meeting = asyncio.Barrier(2)
        attempts = [giving("one", meeting.wait()), giving("two", meeting.wait())]
        won = await first_of(attempts, 0, discarded.append)
        assert {won, *discarded} == {"one", "two"}

    asyncio.run(scenario())


def test_address_is_not_looked_up() -> None:
    def lookup(host: str, port: int) -> list[str]:
        raise AssertionError(host)

    async def scenario() -> None:
        resolver = Resolver(lookup)
        assert await resolver.addresses("127.0.0.1", 80) == ["127.0.0.1"]
        assert await resolver.addresses("::1", 80) == ["::1"]

    asyncio.run(scenario())


def test_calls_at_once_share_one_look_up() -> None:
    asked: list[str] = []

    def lookup(host: str, port: int) -> list[str]:
        asked.append(host)
        return FIRST

    async def scenario() -> None:
        resolver = Resolver(lookup)
        calls = [resolver.addresses("up.example", 80) for _ in range(20)]
        assert await asyncio.gather(*calls) == [FIRST] * 20
        assert await resolver.addresses("up.example", 80) == FIRST
        assert asked == ["up.example"]

    asyncio.run(scenario())


def test_name_without_an_address_is_an_error_each_time() -> None:
    def lookup(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    async def scenario() -> None:
        resolver = Resolver(lookup)
        for _ in range(2):
            with pytest.raises(OSError, match="no such name"):
                await resolver.addresses("up.example", 80)

    asyncio.run(scenario())


def test_last_good_answer_outlives_a_look_up_that_fails_or_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hxroute.runtime.resolve._FRESH_SECONDS", -1.0)
    monkeypatch.setattr("hxroute.runtime.resolve._PATIENCE_SECONDS", 0.05)
    hangs = threading.Event()
    turns = iter(["answers", "fails", "hangs"])

    def lookup(host: str, port: int) -> list[str]:
        turn = next(turns)
        if turn == "hangs":
            hangs.wait(30)
        if turn == "fails":
            raise OSError
        return FIRST

    async def scenario() -> None:
        resolver = Resolver(lookup)
        for _ in range(3):
            assert await resolver.addresses("up.example", 80) == FIRST
        hangs.set()

    asyncio.run(scenario())
