"""When a circuit opens, whom it lets through, and when it closes: by a clock of ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from hxroute.errors import (
    CircuitOpen,
    ClientGone,
    ConnectFailed,
    Overloaded,
    PoolTimeout,
    ProxyError,
    ReadTimeout,
)
from hxroute.http import Request, Response
from hxroute.resilience import CircuitBreaker
from hxroute.runtime.breaker import Breaker, Window, breaking

Answer = int | BaseException | Response


class Upstream:
    """An upstream behind a breaker, and the clock of that."""

    def __init__(self, declared: CircuitBreaker) -> None:
        self.now = 0.0
        self.calls = 0
        self.answer: Answer = 200
        self.breaker = Breaker(lambda: self.now)
        self.call = breaking(self.take, declared, self.breaker)

    async def take(self, request: Request) -> Response:
        self.calls += 1
        if isinstance(self.answer, BaseException):
            raise self.answer
        if isinstance(self.answer, Response):
            return self.answer
        return Response(self.answer)

    async def ask(self, *answers: Answer) -> list[int]:
        """Return the statuses that the calls come to, one for each answer."""
        return [await self._once(answer) for answer in answers]

    async def _once(self, answer: Answer) -> int:
        self.answer = answer
        try:
            response = await self.call(Request("GET", b"/"))
            if not isinstance(response.body, bytes):
                async for _ in response.body:
                    pass
        except ProxyError as exc:
            return exc.status
        except asyncio.CancelledError:
            return 0
        return response.status

    def refused(self) -> int | None:
        """Return the seconds that a call is told to wait, None where it goes through."""
        self.answer = 200
        try:
            asyncio.run(self.call(Request("GET", b"/")))
        except CircuitOpen as exc:
            ((name, value),) = exc.fields
            assert name == b"retry-after"
            return int(value)
        return None


def closed(upstream: Upstream) -> bool:
    return upstream.breaker.is_closed


def asked(upstream: Upstream, *answers: Answer) -> list[int]:
    return asyncio.run(upstream.ask(*answers))


async def pieces(error: BaseException | None = None) -> AsyncGenerator[bytes, None]:
    yield b"a"
    if error is not None:
        raise error


FAILURES: list[Answer] = [502, 503, 504, ConnectFailed(), ReadTimeout()]
NEITHER: list[Answer] = [
    Overloaded(),
    PoolTimeout(),
    ClientGone(),
    asyncio.CancelledError(),
]


def test_failures_in_a_row_open_it() -> None:
    upstream = Upstream(CircuitBreaker(failures=5))
    asked(upstream, *FAILURES[:4])
    assert closed(upstream)
    asked(upstream, FAILURES[4])
    assert not closed(upstream)
    assert asked(upstream, 200) == [503]
    assert upstream.calls == 5


def test_a_success_between_failures_keeps_it_closed() -> None:
    upstream = Upstream(CircuitBreaker(failures=2))
    asked(upstream, *([502, 200] * 5), 502)
    assert closed(upstream)


@pytest.mark.parametrize("answer", [200, 302, 404, 429, 500, 501])
def test_what_is_not_listed_is_a_success(answer: int) -> None:
    upstream = Upstream(CircuitBreaker(failures=2))
    asked(upstream, 502, answer, 502)
    assert closed(upstream)


@pytest.mark.parametrize("answer", NEITHER, ids=lambda exc: type(exc).__name__)
def test_what_says_nothing_of_the_upstream_is_neither(answer: Answer) -> None:
    upstream = Upstream(CircuitBreaker(failures=2))
    asked(upstream, answer, answer, 502, answer)
    assert closed(upstream)
    asked(upstream, 502)
    assert not closed(upstream)


def test_the_file_says_what_a_failure_is() -> None:
    upstream = Upstream(CircuitBreaker(failures=1, when=("429", "read_timeout")))
    asked(upstream, 503, ConnectFailed())
    assert closed(upstream)
    asked(upstream, 429)
    assert not closed(upstream)


def test_a_share_of_enough_calls_opens_it() -> None:
    declared = CircuitBreaker(failures=None, ratio=0.5, minimum=10, window=10.0)
    upstream = Upstream(declared)
    asked(upstream, *[502] * 4, *[200] * 5)
    assert closed(upstream)
    asked(upstream, 502)
    assert not closed(upstream)


def test_a_share_is_that_of_the_last_window() -> None:
    declared = CircuitBreaker(failures=None, ratio=0.5, minimum=4, window=10.0)
    upstream = Upstream(declared)
    asked(upstream, 200, *[502] * 2)
    upstream.now = 10.0
    asked(upstream, *[502] * 3)
    assert closed(upstream)
    asked(upstream, 502)
    assert not closed(upstream)


def test_a_window_slides_in_few_parts() -> None:
    window = Window()
    counts = [window.add(n % 2, n / 100, 1.0) for n in range(1000)]
    calls, failures = counts[-1]
    assert 90 <= calls <= 110
    assert abs(failures - calls / 2) <= 1
    assert len(window._parts) <= 11


def test_while_it_is_open_a_call_is_told_how_long() -> None:
    upstream = Upstream(CircuitBreaker(failures=1, open=30.0))
    asked(upstream, 502)
    assert upstream.refused() == 30
    upstream.now = 12.5
    assert upstream.refused() == 18
    upstream.now = 29.9
    assert upstream.refused() == 1
    upstream.now = 30.0
    assert upstream.refused() is None
    assert closed(upstream)


def test_a_probe_that_fails_opens_it_anew() -> None:
    upstream = Upstream(CircuitBreaker(failures=5, open=30.0))
    asked(upstream, *[502] * 5)
    upstream.now = 30.0
    assert asked(upstream, 502, 200) == [502, 503]
    assert upstream.refused() == 30


def test_it_closes_once_all_probes_have_succeeded() -> None:
    upstream = Upstream(CircuitBreaker(failures=1, open=30.0, half_open=3))
    asked(upstream, 502)
    upstream.now = 30.0
    assert asked(upstream, 200, 200) == [200, 200]
    assert not closed(upstream)
    asked(upstream, 200)
    assert closed(upstream)


@pytest.mark.parametrize("answer", NEITHER, ids=lambda exc: type(exc).__name__)
def test_a_probe_that_says_nothing_makes_room_for_another(answer: Answer) -> None:
    upstream = Upstream(CircuitBreaker(failures=1, open=30.0))
    asked(upstream, 502)
    upstream.now = 30.0
    asked(upstream, answer)
    assert not closed(upstream)
    assert asked(upstream, 200) == [200]
    assert closed(upstream)


def test_only_so_many_probes_are_under_way() -> None:
    declared = CircuitBreaker(failures=1, open=30.0, half_open=2)
    now = 0.0
    breaker = Breaker(lambda: now)
    breaker.failed(breaker.admit(declared), declared)
    now = 31.0
    probes = [breaker.admit(declared) for _ in range(2)]
    with pytest.raises(CircuitOpen) as caught:
        breaker.admit(declared)
    assert caught.value.fields == ((b"retry-after", b"1"),)
    for probe in probes:
        breaker.succeeded(probe, declared)
    assert breaker.is_closed


def test_what_began_before_it_opened_counts_no_more() -> None:
    declared = CircuitBreaker(failures=1, open=30.0)
    now = 0.0
    breaker = Breaker(lambda: now)
    old = [breaker.admit(declared) for _ in range(4)]
    breaker.failed(old[0], declared)
    now = 30.0
    probe = breaker.admit(declared)
    breaker.failed(old[1], declared)
    breaker.succeeded(old[2], declared)
    breaker.forget(old[3])
    with pytest.raises(CircuitOpen):
        breaker.admit(declared)
    breaker.succeeded(probe, declared)
    assert breaker.is_closed


def test_an_answer_that_breaks_off_is_a_failure() -> None:
    upstream = Upstream(CircuitBreaker(failures=2))
    broken = [Response(200, [], pieces(ReadTimeout())) for _ in range(2)]
    assert asked(upstream, *broken) == [504, 504]
    assert not closed(upstream)


def test_an_answer_that_ends_is_a_success() -> None:
    upstream = Upstream(CircuitBreaker(failures=2))
    asked(upstream, 502, Response(200, [], pieces()), 502)
    assert closed(upstream)


def test_an_answer_whose_client_leaves_is_neither() -> None:
    upstream = Upstream(CircuitBreaker(failures=2))
    left = Response(200, [], pieces(asyncio.CancelledError()))
    assert asked(upstream, 502, left, 502) == [502, 0, 502]
    assert not closed(upstream)


def test_a_probe_counts_once_its_answer_begins() -> None:
    """A stream may take minutes, in which everyone else would be refused."""
    upstream = Upstream(CircuitBreaker(failures=1, open=30.0))
    asked(upstream, 502)
    upstream.now = 30.0
    upstream.answer = Response(200, [], pieces())
    asyncio.run(upstream.call(Request("GET", b"/")))
    assert closed(upstream)


def test_a_reload_changes_what_opens_it() -> None:
    breaker = Breaker(lambda: 0.0)
    before, after = CircuitBreaker(failures=9), CircuitBreaker(failures=2)
    breaker.failed(breaker.admit(before), before)
    breaker.failed(breaker.admit(after), after)
    assert not breaker.is_closed
