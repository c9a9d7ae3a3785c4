"""Targets that are asked whether they are well."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from hxroute.errors import ConnectFailed
from hxroute.http import Request, Response
from hxroute.resilience import HealthCheck
from hxroute.runtime.upstreams.health import Checks, judge
from hxroute.runtime.upstreams.members import Member, State
from hxroute.sandbox.scripted import OK, Script, ScriptedUpstream
from tests.resilience.members import member
from tests.resilience.upstreams import answer, gateway, get
from tests.runtime.serving import ask, client, served

CHECK = HealthCheck("/health")
SOON = HealthCheck("/health?quick=1", interval=0.001)


def told(*found: int | None, state: State | None = None) -> list[bool | None]:
    """Return what is thought of a target after each check."""
    state = state or State()
    seen = []
    for status in found:
        judge(CHECK, state, status, 100.0)
        seen.append(state.well)
    return seen


@pytest.mark.parametrize(("status", "well"), [(200, True), (503, False), (None, False)])
def test_the_first_answer_decides(status: int | None, well: bool) -> None:
    assert told(status) == [well]


def test_three_without_an_answer_in_a_row_are_unwell() -> None:
    assert told(200, None, None, 200, None, None, None) == [True] * 6 + [False]


def test_a_status_that_is_not_expected_is_unwell_at_once() -> None:
    assert told(200, 500) == [True, False]
    assert told(200, 302) == [True, False]


def test_two_good_ones_in_a_row_are_well_again() -> None:
    assert told(500, 200, 500, 200, 200) == [False, False, False, False, True]
    assert told(500, 200, None, 200, 200) == [False, False, False, False, True]


def test_a_change_is_told_once() -> None:
    state = State()
    assert [judge(CHECK, state, it, 0.0) for it in (200, 200, 500, 500, 200, 200)] == [
        True,
        False,
        True,
        False,
        False,
        True,
    ]


def test_who_is_well_by_a_check_is_no_longer_ejected() -> None:
    state = State()
    state.ejected_until = 130.0
    told(None, None, state=state)
    assert state.ejected_until == 130.0
    told(200, 200, state=state)
    assert state.ejected_until == 100.0
    assert state.is_available(100.0)


class Asked:
    """A target whose answers are known; tells when they are at their end."""

    def __init__(self, *outcomes: int | Exception) -> None:
        self.outcomes = list(outcomes)
        self.requests: list[Request] = []
        self.done = asyncio.Event()

    async def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        if not self.outcomes:
            self.done.set()
            return await asyncio.Future()
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return Response(outcome)


async def checked(asked: Asked, checks: Checks) -> None:
    task = asyncio.create_task(checks.run())
    await asked.done.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("outcomes", "well"),
    [
        ([200, *[ConnectFailed()] * 3], False),
        ([200, *[ConnectFailed()] * 2], True),
    ],
)
def test_a_target_that_nobody_reaches_is_unwell_after_so_many_checks(
    outcomes: list[int | Exception], well: bool
) -> None:
    async def scenario() -> Member:
        asked = Asked(*outcomes)
        target = member("t", answer=asked)
        await checked(asked, Checks(SOON, [target]))
        assert {(r.method, r.path, r.query) for r in asked.requests} == {
            ("GET", b"/health", b"quick=1")
        }
        return target

    assert asyncio.run(scenario()).state.well is well


def test_after_a_reload_only_the_new_checks_count() -> None:
    async def scenario() -> None:
        state = State()
        before, after = Asked(*[500] * 1000), Asked(*[200] * 20)
        old, new = member("t", answer=before), member("t", answer=after)
        old.state = new.state = state
        stopped = asyncio.create_task(Checks(SOON, [old]).run())
        await asyncio.sleep(0)
        await checked(after, Checks(SOON, [new]))
        await stopped  # by itself, while its gateway may still have requests
        assert state.well is True
        assert before.outcomes

    asyncio.run(scenario())


UPSTREAM = (
    'u: {targets: ["{{ settings.a }}", "{{ settings.b }}"], '
    "health: {path: /health?q=1, interval: 5ms, timeout: 10s, unhealthy: 1}}"
)


STREAM: Script = [
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n",
    "data: 1\n\n",
    {"sleep": 600},
]


class Ill(ScriptedUpstream):
    """Answers health checks, which name no case, by another script."""

    def __init__(self) -> None:
        super().__init__({"stream": STREAM})
        self.state: Script = OK

    def script(self, case: str) -> Script:
        return super().script(case) if case else self.state


@contextlib.asynccontextmanager
async def pair(upstream: str = UPSTREAM) -> AsyncIterator[tuple[Ill, Ill, int]]:
    async with Ill() as a, Ill() as b:
        environ = {"A": a.url, "B": b.url}
        async with served(gateway(upstream), environ) as port:
            yield a, b, port


async def until_only(port: int, one: Ill, other: Ill) -> None:
    """Ask until three in a row go to one of two."""
    while True:
        before = len(other.seen_of("c")), len(one.seen_of("c"))
        for _ in range(3):
            assert (await ask(port, get())).status == 200
        if (len(other.seen_of("c")), len(one.seen_of("c"))) == (
            before[0],
            before[1] + 3,
        ):
            return


@pytest.mark.usefixtures("each_client")
@pytest.mark.parametrize(
    "state", [answer(503), [{"reset": True}]], ids=["503", "reset"]
)
def test_a_target_that_falls_ill_gets_no_calls_until_it_is_well(state: Script) -> None:
    async def scenario() -> None:
        async with pair() as (a, b, port):
            await a.arrived("")
            a.state = state
            await until_only(port, b, a)
            a.state = OK
            b.state = state
            await until_only(port, a, b)

    asyncio.run(scenario())


@pytest.mark.usefixtures("each_client")
def test_a_target_whose_connections_are_all_streams_is_judged_all_the_same() -> None:
    upstream = UPSTREAM.replace("{targets", "{max_connections: 1, targets")

    async def scenario() -> None:
        async with pair(upstream) as (a, b, port):
            streaming = get().replace(b": c\r\n", b": stream\r\n")
            async with client(port, streaming) as (reader, _):
                await reader.readuntil(b"data: 1\n\n")
                full, other = (a, b) if a.seen_of("stream") else (b, a)
                before = len(full.seen_of(""))
                full.state = answer(503)
                await full.arrived("", before + 2)
                assert [(await ask(port, get())).status for _ in range(4)] == [200] * 4
                assert (len(full.seen_of("c")), len(other.seen_of("c"))) == (0, 4)

    asyncio.run(scenario())


@pytest.mark.usefixtures("each_client")
def test_where_no_target_is_well_all_are_called() -> None:
    async def scenario() -> None:
        async with pair() as (a, b, port):
            a.state = b.state = answer(500)
            await asyncio.gather(*(it.arrived("", 20) for it in (a, b)))
            assert [(await ask(port, get())).status for _ in range(4)] == [200] * 4

    asyncio.run(scenario())


@pytest.mark.usefixtures("each_client")
def test_checks_name_their_target_and_end_with_the_gateway() -> None:
    async def scenario() -> None:
        async with Ill() as a, Ill() as b:
            environ = {"A": a.url, "B": b.url}
            async with served(gateway(UPSTREAM), environ):
                for it in (a, b):
                    seen = await it.arrived("", 3)
                    assert (seen.method, seen.target) == ("GET", "/health?q=1")
                    assert seen.values("host") == [f"127.0.0.1:{it.port}"]
                    assert seen.body == ""
                    assert it.accepted == 1  # the connection is used again
            left = [repr(task.get_coro()) for task in asyncio.all_tasks()]
            assert not [task for task in left if "Checks" in task]

    asyncio.run(scenario())
