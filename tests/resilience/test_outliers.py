"""Targets that answer worse than others, by a clock of the test's own.

Each rule is Envoy's: "Outlier detection" in the architecture overview and in the
reference of config.cluster.v3.OutlierDetection.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import pytest

from hxroute.errors import (
    CircuitOpen,
    ConnectFailed,
    Overloaded,
    PoolTimeout,
    ProxyError,
    ReadTimeout,
)
from hxroute.http import Handler, Request, Response
from hxroute.resilience import OutlierDetection
from hxroute.runtime.upstreams.balance import POLICIES
from hxroute.runtime.upstreams.cluster import Cluster
from hxroute.runtime.upstreams.members import State
from hxroute.runtime.upstreams.outliers import Outliers
from tests.resilience.members import member

RATES = OutlierDetection(
    consecutive_5xx=0, max_ejected=1.0, minimum_targets=1, minimum_requests=10
)


@dataclass
class Clock:
    """A time that the test sets."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


class Watched:
    """Some states, what watches them, and the clock that they go by."""

    def __init__(self, declared: OutlierDetection, count: int = 1) -> None:
        self.clock = Clock()
        self.states = [State() for _ in range(count)]
        self.outliers = Outliers(declared, self.states, self.clock)

    def answer(self, place: int, *statuses: int) -> None:
        for status in statuses:
            self.outliers.answered(self.states[place], status)

    def rate(self, *successes: int, of: int = 100) -> None:
        for place, count in enumerate(successes):
            self.answer(place, *[200] * count, *[500] * (of - count))

    @property
    def ejected(self) -> list[int]:
        now = self.clock.now
        return [n for n, s in enumerate(self.states) if not s.is_available(now)]

    def back(self, place: int) -> float:
        """Return in how many seconds a target comes back."""
        return self.states[place].ejected_until - self.clock.now


def test_five_5xx_in_a_row_eject() -> None:
    watched = Watched(OutlierDetection())
    watched.answer(0, 500, 502, 503, 504)
    assert watched.ejected == []
    watched.answer(0, 599)
    assert (watched.ejected, watched.back(0)) == ([0], 30.0)


def test_any_other_answer_ends_the_row() -> None:
    watched = Watched(OutlierDetection(consecutive_5xx=2))
    watched.answer(0, 500, 499, 500, 200, 500)
    assert watched.ejected == []


def test_gateway_failures_in_a_row_eject() -> None:
    declared = OutlierDetection(consecutive_5xx=0, consecutive_gateway_failure=2)
    watched = Watched(declared)
    watched.answer(0, 503, 500, 502, 501, 504)
    assert watched.ejected == []
    watched.answer(0, 502)
    assert watched.ejected == [0]


def test_what_gives_no_answer_is_a_gateway_failure() -> None:
    watched = Watched(OutlierDetection(consecutive_gateway_failure=2))
    watched.outliers.failed(watched.states[0])
    watched.outliers.failed(watched.states[0])
    assert watched.ejected == [0]


def test_zero_leaves_a_detector_out() -> None:
    watched = Watched(OutlierDetection(consecutive_5xx=0))
    watched.answer(0, *[503] * 1000)
    watched.outliers.sweep()
    assert watched.ejected == []


@pytest.mark.parametrize(
    ("share", "most"), [(0.1, 1), (0.29, 2), (0.3, 3), (0.5, 5), (1.0, 10), (0.0, 1)]
)
def test_no_more_are_ejected_than_may_be_and_one_always_may(
    share: float, most: int
) -> None:
    watched = Watched(OutlierDetection(consecutive_5xx=1, max_ejected=share), 10)
    for place in range(10):
        watched.answer(place, 500)
    assert watched.ejected == list(range(most))


def test_who_could_not_be_ejected_is_at_the_next_failure_with_room() -> None:
    watched = Watched(OutlierDetection(consecutive_5xx=2, max_ejected=0.5), 2)
    watched.answer(0, 500, 500)
    watched.answer(1, 500, 500)
    watched.clock.now += 31
    watched.answer(1, 500)
    assert watched.ejected == [1]


def test_an_ejection_takes_longer_each_time_up_to_the_longest() -> None:
    declared = OutlierDetection(
        consecutive_5xx=1, ejection_time=10, max_ejection_time=25
    )
    watched = Watched(declared)
    taken = []
    for _ in range(4):
        watched.answer(0, 500)
        taken.append(watched.back(0))
        watched.clock.now += watched.back(0)
        assert watched.ejected == []
    assert taken == [10, 20, 25, 25]


def test_the_longest_ejection_is_never_shorter_than_the_first() -> None:
    declared = OutlierDetection(
        consecutive_5xx=1, ejection_time=10, max_ejection_time=1
    )
    watched = Watched(declared)
    watched.answer(0, 500)
    assert watched.back(0) == 10


def test_an_ejection_is_shorter_again_after_intervals_without_one() -> None:
    declared = OutlierDetection(consecutive_5xx=1, ejection_time=10, interval=5)
    watched = Watched(declared)
    for _ in range(3):
        watched.answer(0, 500)
        watched.clock.now += watched.back(0)
    assert watched.states[0].ejections == 3
    for expected in (3, 2, 1, 0, 0):
        watched.outliers.sweep()
        assert watched.states[0].ejections == expected
        watched.clock.now += 5
    watched.answer(0, 500)
    assert watched.back(0) == 10


def test_who_comes_back_begins_anew() -> None:
    watched = Watched(OutlierDetection(consecutive_5xx=3))
    watched.answer(0, 500, 500, 500)
    watched.answer(0, 500, 500, 500, 500)  # were under way, or everyone is ejected
    watched.clock.now += 30
    watched.answer(0, 500, 500)
    assert watched.ejected == []
    watched.answer(0, 500)
    assert watched.back(0) == 60


def test_the_rate_of_success_is_compared_with_the_mean() -> None:
    watched = Watched(replace(RATES, success_rate_stdev=1.9), 6)
    watched.rate(100, 100, 100, 100, 100, 80)
    watched.outliers.sweep()
    assert watched.ejected == [5]


def test_a_rate_within_the_deviation_is_no_outlier() -> None:
    watched = Watched(replace(RATES, success_rate_stdev=1.9), 6)
    watched.rate(100, 90, 95, 85, 100, 80)
    watched.outliers.sweep()
    assert watched.ejected == []


@pytest.mark.parametrize("count", [3, 5, 6, 7, 10, 11])
def test_equal_rates_are_never_outliers(count: int) -> None:
    for of in range(10, 60):
        for successes in range(1, of):
            watched = Watched(replace(RATES, success_rate_stdev=1.9), count)
            for state in watched.states:
                state.requests, state.successes = of, successes
            watched.outliers.sweep()
            assert watched.ejected == [], (successes, of)


@pytest.mark.parametrize("percent", range(1, 101))
def test_a_share_of_failures_ejects_from_exactly_there_on(percent: int) -> None:
    watched = Watched(replace(RATES, failure_percentage=percent / 100), 2)
    watched.rate(100 - percent, 101 - percent)
    watched.outliers.sweep()
    assert watched.ejected == [0]


def test_rates_are_compared_of_enough_targets_with_enough_answers() -> None:
    declared = replace(RATES, failure_percentage=0.5, minimum_targets=3)
    watched = Watched(declared, 3)
    watched.rate(0, 10, of=10)
    watched.answer(2, *[200] * 9)
    watched.outliers.sweep()
    assert watched.ejected == []
    watched.rate(0, 10, 10, of=10)
    watched.outliers.sweep()
    assert watched.ejected == [0]


def test_rates_are_those_of_the_last_interval() -> None:
    watched = Watched(replace(RATES, failure_percentage=0.5, max_ejected=0.0))
    watched.rate(100)
    watched.outliers.sweep()
    watched.rate(0)
    watched.outliers.sweep()
    assert watched.ejected == [0]


def calling(*answers: Handler, declared: OutlierDetection) -> tuple[Cluster, Watched]:
    watched = Watched(declared, len(answers))
    those = [member(f"t{n}", answer=answer) for n, answer in enumerate(answers)]
    for one, state in zip(those, watched.states, strict=True):
        one.state = state
    cluster = Cluster(those, POLICIES["round_robin"], None, watched.outliers)
    return cluster, watched


def failing(error: BaseException) -> Handler:
    async def fail(request: Request) -> Response:
        raise error

    return fail


def answering(status: int, asked: list[int] | None = None) -> Handler:
    async def answer(request: Request) -> Response:
        if asked is not None:
            asked.append(status)
        return Response(status)

    return answer


@pytest.mark.parametrize(
    ("error", "counts"),
    [
        (ConnectFailed(), True),
        (ReadTimeout(), True),
        (PoolTimeout(), False),
        (Overloaded(), False),
        (CircuitOpen(), False),
        (asyncio.CancelledError(), False),
        (ValueError(), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_counts_is_the_target_s_own_failure(
    error: BaseException, counts: bool
) -> None:
    declared = OutlierDetection(consecutive_5xx=1)
    cluster, watched = calling(failing(error), declared=declared)

    async def scenario() -> None:
        watched.clock.now = asyncio.get_running_loop().time()
        with pytest.raises(type(error)):
            await cluster.handler(None)(Request("GET", b"/"))

    asyncio.run(scenario())
    state = watched.states[0]
    assert (state.requests, state.ejections, state.active) == (counts, counts, 0)


def test_an_answer_that_does_not_begin_in_time_counts() -> None:
    async def black_hole(request: Request) -> Response:
        return await asyncio.Future()

    cluster, watched = calling(black_hole, declared=OutlierDetection(consecutive_5xx=1))

    async def scenario() -> ProxyError:
        with pytest.raises(ReadTimeout) as raised:
            await cluster.handler(None, 0.001)(Request("GET", b"/"))
        return raised.value

    assert asyncio.run(scenario()).detail == "No answer of the upstream within 0.001 s."
    assert watched.states[0].ejections == 1


def test_where_all_are_ejected_all_are_called() -> None:
    asked: list[int] = []
    declared = OutlierDetection(consecutive_5xx=1, max_ejected=1.0)
    cluster, watched = calling(
        answering(500, asked), answering(503, asked), declared=declared
    )

    async def scenario() -> None:
        watched.clock.now = asyncio.get_running_loop().time()
        call = cluster.handler(None)
        for _ in range(6):
            await (await call(Request("GET", b"/"))).close()

    asyncio.run(scenario())
    assert watched.ejected == [0, 1]
    assert sorted(asked) == [500] * 3 + [503] * 3


def test_after_a_reload_only_the_new_sweeps_count() -> None:
    declared = replace(RATES, interval=0.001)

    def never() -> float:
        raise AssertionError("the old gateway's rates are compared")

    async def scenario() -> None:
        states, swept = [State()], asyncio.Semaphore(0)

        def now() -> float:
            swept.release()
            return 0.0

        old, new = (Outliers(declared, states, clock) for clock in (never, now))
        async with asyncio.TaskGroup() as group:
            jobs = [group.create_task(old.run()), group.create_task(new.run())]
            for _ in range(20):
                await swept.acquire()
            for job in jobs:
                job.cancel()

    asyncio.run(scenario())
