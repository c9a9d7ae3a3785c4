"""What is tried again, when, and how often: with calls and chances of the test's own."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hxroute.errors import (
    KINDS,
    BadResponse,
    CircuitOpen,
    ConnectFailed,
    ConnectTimeout,
    Disconnected,
    Overloaded,
    PoolTimeout,
    ProxyError,
    ReadTimeout,
)
from hxroute.http import Request, Response, Timeout
from hxroute.resilience import Retry
from hxroute.runtime.prompt import prompt
from hxroute.runtime.upstreams.attempts import Attempts, Budget, asked_pause
from tests.nodes.fakes import pieces

AT_ONCE = Retry(backoff=0.0, max_backoff=0.0)
NOON = 1445412480.0
"""Wed, 21 Oct 2015 07:28:00 GMT."""

Outcome = int | ProxyError | Response


class Script:
    """A call whose outcomes are known, and what it was asked."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.asked: list[Request] = []
        self.closed = 0

    async def __call__(self, request: Request) -> Response:
        self.asked.append(request)
        outcome = self.outcomes.pop(0) if self.outcomes else 200
        if isinstance(outcome, ProxyError):
            raise outcome
        response = Response(outcome) if isinstance(outcome, int) else outcome
        response.on_close = self.close
        return response

    async def close(self) -> None:
        self.closed += 1


async def ended(attempts: Attempts, request: Request) -> int | str:
    try:
        return (await attempts(request)).status
    except ProxyError as exc:
        return exc.kind


def tried(
    outcomes: Sequence[Outcome],
    retry: Retry = AT_ONCE,
    request: Request | None = None,
) -> tuple[int | str, int]:
    """Return how a call ended, and after how many tries."""
    script, budget = Script(*outcomes), Budget()
    attempts = Attempts(script, retry, Timeout(), budget)
    end = asyncio.run(ended(attempts, request or Request("GET", b"/")))
    assert (budget.calls, budget.retries) == (0, 0)
    return end, len(script.asked)


@pytest.mark.parametrize(
    ("outcomes", "end"),
    [
        ([503, 200], (200, 2)),
        ([502, 504, 200], (200, 3)),
        ([503, 503, 502, 200], (502, 3)),
        ([ConnectFailed(), Disconnected(), 201], (201, 3)),
        ([BadResponse(), ConnectTimeout(), BadResponse()], ("bad_response", 3)),
        ([500, 200], (500, 1)),
        ([429, 200], (429, 1)),
        ([404, 200], (404, 1)),
        ([ReadTimeout(), 200], ("read_timeout", 1)),
        ([CircuitOpen(), 200], ("circuit_open", 1)),
        ([200], (200, 1)),
    ],
    ids=repr,
)
def test_default_is_what_failed_for_a_moment(
    outcomes: list[Outcome], end: tuple[int | str, int]
) -> None:
    assert tried(outcomes) == end


@pytest.mark.parametrize(
    ("when", "outcomes", "end"),
    [
        (("5xx",), [500, 599, 200], (200, 3)),
        (("429",), [429, 503, 200], (503, 2)),
        (("timeout",), [ReadTimeout(), PoolTimeout(), 200], (200, 3)),
        (("overloaded",), [CircuitOpen(), Overloaded(), 200], (200, 3)),
        (("disconnected",), [Disconnected(), BadResponse()], ("bad_response", 2)),
    ],
)
def test_the_file_says_after_what(
    when: tuple[str, ...], outcomes: list[Outcome], end: tuple[int | str, int]
) -> None:
    assert tried(outcomes, replace(AT_ONCE, when=when)) == end


@pytest.mark.parametrize("attempts", [1, 2, 10])
def test_tries_are_as_many_as_the_file_says(attempts: int) -> None:
    retry = replace(AT_ONCE, attempts=attempts)
    assert tried([503] * 20, retry) == (503, attempts)


ALL = replace(AT_ONCE, when=tuple(KINDS), attempts=2)
UNSENT = {"connect_failed", "connect_timeout", "pool_timeout"}
UNSENT |= {"overloaded", "circuit_open"}


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_was_sent_of_other_methods_is_not_sent_again(
    kind: str, method: str
) -> None:
    tries = 2 if kind in UNSENT else 1
    request = Request(method, b"/", body=b"{}")
    assert tried([KINDS[kind]()] * 2, ALL, request) == (kind, tries)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_body_that_streams_is_sent_again_only_where_none_of_it_was(kind: str) -> None:
    tries = 2 if kind in UNSENT else 1
    request = Request("PUT", b"/", body=pieces(b"a"))
    assert tried([KINDS[kind]()] * 2, ALL, request) == (kind, tries)


def test_a_status_is_an_answer_to_what_was_sent() -> None:
    assert tried([503], request=Request("POST", b"/")) == (503, 1)
    assert tried([503], request=Request("PUT", b"/", body=pieces(b"a"))) == (503, 1)
    listed = replace(AT_ONCE, methods=("POST",))
    assert tried([503], listed, Request("POST", b"/", body=b"{}")) == (200, 2)
    assert tried([503], listed) == (503, 1)


def test_every_answer_but_the_last_is_given_back() -> None:
    script = Script(503, 503, 503)
    attempts = Attempts(script, AT_ONCE, Timeout(), Budget())
    response = asyncio.run(attempts(Request("GET", b"/")))
    assert (response.status, script.closed) == (503, 2)
    asyncio.run(response.close())
    assert script.closed == 3


def pauses(retry: Retry, chance: float, outcome: Outcome = 503) -> list[float | None]:
    attempts = Attempts(Script(), retry, Timeout(), Budget(), lambda: chance)
    made = Response(outcome) if isinstance(outcome, int) else outcome
    return [attempts._pause(made, tries) for tries in range(1, 6)]


def test_jitter_is_full_and_doubles_up_to_its_most() -> None:
    assert pauses(Retry(), 1.0) == [0.025, 0.05, 0.1, 0.2, 0.25]
    assert pauses(Retry(), 0.0) == [0.0] * 5
    assert pauses(Retry(backoff=1.0, max_backoff=0.5), 0.5) == [0.25] * 5


@given(st.floats(0, 1), st.floats(0, 60), st.floats(0, 60))
def test_a_pause_is_never_longer_than_its_most(
    chance: float, backoff: float, most: float
) -> None:
    retry = Retry(backoff=backoff, max_backoff=most)
    assert all(p is not None and 0 <= p <= most for p in pauses(retry, chance))


def test_what_the_upstream_asks_for_is_waited_for_in_full() -> None:
    asked = Response(503, [(b"retry-after", b"2")])
    assert pauses(Retry(), 0.0, asked) == [2.0] * 5
    assert pauses(Retry(), 1.0, asked)[0] == 2.025
    assert pauses(Retry(max_retry_after=1.9), 0.0, asked) == [None] * 5


@pytest.mark.parametrize(
    ("field", "seconds"),
    [
        (None, 0),
        (b"", 0),
        (b"0", 0),
        (b"120", 120),
        (b"0000000000000120", 120),
        (b"9" * 400, math.inf),
        (b"-1", 0),
        (b"1.5", 0),
        (b"soon", 0),
        ("²".encode("latin-1"), 0),
        (b"Wed, 21 Oct 2015 07:28:30 GMT", 30),
        (b"Wednesday, 21-Oct-15 07:28:30 GMT", 30),
        (b"Wed Oct 21 07:28:30 2015", 30),
        (b"Wed, 21 Oct 2015 07:28:30 -0000", 30),
        (b"Wed, 21 Oct 2015 07:27:00 GMT", 0),
        (b"Wed, 21 Oct 99999 07:28:30 GMT", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(field: bytes | None, seconds: float) -> None:
    assert asked_pause(field, NOON) == seconds


@given(st.binary(max_size=60) | st.from_regex(rb"[A-Z][a-z]{2}, [\w :+-]{0,40}"))
def test_retry_after_may_be_anything(field: bytes) -> None:
    assert asked_pause(field, NOON) >= 0


def test_all_tries_have_the_total_together() -> None:
    ends: list[float] = []

    async def call(request: Request) -> Response:
        ends.append(request.ends)
        return Response(503)

    async def scenario() -> float:
        limits = Timeout(total=50.0)
        began = asyncio.get_running_loop().time()
        await Attempts(call, AT_ONCE, limits, Budget())(Request("GET", b"/"))
        return began

    began = asyncio.run(scenario())
    assert len(ends) == 3
    assert len(set(ends)) == 1
    assert 50 <= ends[0] - began < 60


def test_a_pause_longer_than_the_time_left_is_not_begun() -> None:
    retry = Retry(max_retry_after=100.0)
    script = Script(Response(503, [(b"retry-after", b"60")]))
    attempts = Attempts(script, retry, Timeout(total=50.0), Budget())
    response = asyncio.run(attempts(Request("GET", b"/")))
    assert (response.status, len(script.asked), script.closed) == (503, 1, 0)


@pytest.mark.parametrize(
    ("calls", "retries", "declared", "allowed"),
    [
        (1, 0, Retry(min_retries=0, budget=0.2), True),
        (10, 2, Retry(min_retries=0, budget=0.2), False),
        (11, 2, Retry(min_retries=0, budget=0.2), True),
        (1, 2, Retry(min_retries=3), True),
        (1, 3, Retry(min_retries=3), False),
        (100, 19, Retry(min_retries=3), True),
        (100, 20, Retry(min_retries=3), False),
        (100, 0, Retry(min_retries=0, budget=0.0), False),
    ],
)
def test_budget_is_a_share_of_the_calls_under_way(
    calls: int, retries: int, declared: Retry, allowed: bool
) -> None:
    budget = Budget()
    budget.calls, budget.retries = calls, retries
    assert budget.allows(declared) is allowed


def test_no_more_are_tried_again_at_a_time_than_the_budget_has() -> None:
    budget, most = Budget(), 0

    async def call(request: Request) -> Response:
        nonlocal most
        most = max(most, budget.retries)
        await asyncio.sleep(0)
        return Response(503)

    async def scenario() -> None:
        attempts = Attempts(call, AT_ONCE, Timeout(), budget)
        requests = [Request("GET", b"/") for _ in range(100)]
        await asyncio.gather(*map(attempts, requests))

    asyncio.run(scenario())
    assert (most, budget.calls, budget.retries) == (20, 0, 0)


def test_a_late_try_is_made_again_whatever_is_listed() -> None:
    retry = replace(AT_ONCE, when=("503",), per_try=0.001, attempts=2)
    asked = []

    async def late(request: Request) -> Response:
        asked.append(request)
        return await asyncio.Future()

    attempts = Attempts(prompt(late, retry.per_try), retry, Timeout(), Budget())
    assert asyncio.run(ended(attempts, Request("GET", b"/"))) == "read_timeout"
    assert len(asked) == 2
    assert asyncio.run(ended(attempts, Request("POST", b"/"))) == "read_timeout"
    assert len(asked) == 3


def test_clients_that_leave_take_their_calls_and_pauses_along() -> None:
    budget, chance, under_way = Budget(), random.Random(7), 0

    async def call(request: Request) -> Response:
        nonlocal under_way
        under_way += 1
        try:
            await asyncio.sleep(chance.random() / 100)
        finally:
            under_way -= 1
        if chance.random() < 0.3:
            raise Disconnected
        return Response(503 if chance.random() < 0.8 else 200)

    async def scenario() -> None:
        retry = Retry(attempts=5, backoff=0.01, budget=1.0)
        attempts = Attempts(call, retry, Timeout(), budget)
        tasks = [
            asyncio.create_task(attempts(Request("GET", b"/"))) for _ in range(500)
        ]
        while any(not task.done() for task in tasks):
            chance.choice([t for t in tasks if not t.done()]).cancel()
            await asyncio.sleep(chance.choice((0, 0, 0, 0.001)))
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert any(isinstance(end, asyncio.CancelledError) for end in ends)

    asyncio.run(scenario())
    assert (under_way, budget.calls, budget.retries) == (0, 0, 0)
