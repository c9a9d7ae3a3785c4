"""Memory that is looked at: over its limit, and well below it again."""

from __future__ import annotations

import asyncio
import logging
import sys

import pytest

from hxroute.memory import Memory, give_back, resident

LIMIT = 100 << 20


def test_memory_is_over_until_it_is_well_below() -> None:
    mebibytes = iter([100, 101, 100, 95, 94, 100])
    memory = Memory(LIMIT, lambda: next(mebibytes) << 20)
    seen = [memory.look() and memory.over for _ in range(6)]
    assert seen == [False, True, True, True, False, False]


def test_memory_tells_both_ways_once(caplog: pytest.LogCaptureFixture) -> None:
    mebibytes = iter([101, 102, 10, 11])
    memory = Memory(LIMIT, lambda: next(mebibytes) << 20)
    with caplog.at_level(logging.WARNING, "hxroute.memory"):
        for _ in range(4):
            memory.look()
    assert caplog.messages == [
        "101 MiB are resident, `max_memory` is 100 MiB: requests are refused",
        "10 MiB are resident: requests are let in again",
    ]


def test_memory_that_nobody_tells_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    memory = Memory(LIMIT, lambda: None)
    with caplog.at_level(logging.WARNING, "hxroute.memory"):
        asyncio.run(memory.watch())
    assert not memory.over
    (line,) = caplog.messages
    assert "does nothing here" in line


def test_watch_goes_on_while_the_process_is_over() -> None:
    sizes = iter([LIMIT + 1, 0, None])
    memory = Memory(LIMIT, lambda: next(sizes))
    asyncio.run(memory.watch())
    assert not memory.over


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_resident_memory_grows_with_what_is_held() -> None:
    before = resident()
    held = b"x" * (32 << 20)
    after = resident()
    assert before is not None
    assert after is not None
    assert after - before > len(held) // 2


def test_giving_back_takes_nothing_that_is_in_use() -> None:
    held = [bytes(1000) for _ in range(1000)]
    give_back()
    assert held == [bytes(1000)] * 1000
