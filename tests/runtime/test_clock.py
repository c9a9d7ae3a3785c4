"""The clock, on a loop whose time stands still until it is moved."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from hxroute.runtime.clock import Clock


class Timer:
    def __init__(self, when: float, callback: Callable[[], object]) -> None:
        self.when, self.callback, self.cancelled = when, callback, False

    def cancel(self) -> None:
        self.cancelled = True


class Loop:
    """As much of an event loop as a clock needs; `set_timers` counts."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[Timer] = []
        self.set_timers = 0

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        timer = Timer(when, callback)
        self.timers.append(timer)
        self.set_timers += 1
        return timer

    def move_to(self, now: float) -> None:
        while True:
            due = [t for t in self.timers if not t.cancelled and t.when <= now]
            if not due:
                self.now = now
                return
            first = min(due, key=lambda timer: timer.when)
            self.timers.remove(first)
            self.now = max(self.now, first.when)
            first.callback()


def clock(period: float = 3.0) -> tuple[Loop, Clock, list[float]]:
    loop, rung = Loop(), list[float]()
    as_loop = cast("asyncio.AbstractEventLoop", cast("Any", loop))
    return loop, Clock(as_loop, period, lambda: rung.append(loop.now)), rung


def test_clock_rings_once_when_it_is_due_and_not_before() -> None:
    loop, it, rung = clock()
    it.wait(10)
    loop.move_to(9.9)
    assert rung == []
    loop.move_to(100)
    assert rung == [10.0]


def test_clock_that_rests_does_not_ring() -> None:
    loop, it, rung = clock()
    it.wait(10)
    it.rest()
    loop.move_to(100)
    assert rung == []


def test_clock_that_rests_still_rings_at_its_end() -> None:
    loop, it, rung = clock()
    it.ends = 7.0
    it.rest()
    loop.move_to(6.9)
    assert rung == []
    assert not it.has_ended()
    loop.move_to(7)
    assert rung == [7.0]
    assert it.has_ended()


def test_clock_that_is_stopped_leaves_no_timer() -> None:
    loop, it, _ = clock()
    it.wait(10)
    it.stop()
    assert all(timer.cancelled for timer in loop.timers)


def test_waiting_again_and_again_sets_a_timer_once_a_period() -> None:
    loop, it, rung = clock()
    for step in range(1000):
        it.wait(60)
        it.rest()
        it.wait(3)
        loop.move_to(step / 100)
    assert loop.set_timers <= 10
    assert rung == []


WAITS = st.one_of(st.floats(0.001, 100), st.none())


@given(
    period=st.floats(0.1, 50),
    steps=st.lists(st.tuples(WAITS, st.floats(0, 30)), max_size=20),
    ends=st.one_of(st.just(math.inf), st.floats(0, 200)),
)
def test_clock_rings_as_one_would_whose_timer_is_set_each_time(
    period: float, steps: list[tuple[float | None, float]], ends: float
) -> None:
    loop, it, rung = clock(period)
    it.ends = ends
    expected: list[float] = []
    due = math.inf
    for seconds, passing in steps:
        if seconds is None:
            it.rest()
            due = ends
        else:
            it.wait(seconds)
            due = min(loop.now + seconds, ends)
        after = loop.now + passing
        if due <= after:
            expected.append(max(due, loop.now))
            due = math.inf
        loop.move_to(after)
    assert rung == expected
