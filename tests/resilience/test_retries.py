"""Calls that are tried again over real sockets: what the client gets, what arrives."""

from __future__ import annotations

import asyncio
import email.utils
import socket
import time

import pytest

from hxroute.sandbox.scripted import Script
from tests.resilience.upstreams import Sequenced, answer, cases, gateway, get
from tests.runtime.serving import ask, client, served

pytestmark = pytest.mark.usefixtures("each_client")

QUICK = "backoff: 0s, max_backoff: 0s"
ONE = 'u: {url: "{{ settings.a }}", retry: {%s}}'
TWO = 'u: {targets: ["{{ settings.a }}", "{{ settings.b }}"], retry: {backoff: 0s%s}}'
BUSY = answer(503)


def nobody() -> str:
    """Return the URL of a port that refuses connections."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_one_target_refuses_another_takes(method: str) -> None:
    async def scenario() -> None:
        async with Sequenced() as up:
            environ = {"A": nobody(), "B": up.url}
            async with served(gateway(TWO % ""), environ) as port:
                answers = [await ask(port, get(method, body="{}")) for _ in range(4)]
            assert [it.status for it in answers] == [200] * 4
            assert [it.body for it in up.seen] == ["{}"] * 4

    asyncio.run(scenario())


def test_another_try_is_another_target_s() -> None:
    async def scenario() -> None:
        async with Sequenced(BUSY, BUSY) as a, Sequenced() as b:
            environ = {"A": a.url, "B": b.url}
            async with served(gateway(TWO % ""), environ) as port:
                answers = [await ask(port, get()) for _ in range(2)]
            assert [it.status for it in answers] == [200, 200]
            assert cases([a, b]) == [1, 2]

    asyncio.run(scenario())


def test_a_503_and_then_a_200() -> None:
    async def scenario() -> None:
        async with Sequenced(BUSY, BUSY) as up:
            routes = gateway(ONE % QUICK)
            async with served(routes, {"A": up.url, "B": up.url}) as port:
                got = await ask(port, get())
            assert (got.status, got.body) == (200, b'{"ok":true}')
            assert len(up.seen) == 3
            assert len(set(up.seen)) == 1  # each the same request

    asyncio.run(scenario())


def test_the_last_failure_is_passed_on_whole() -> None:
    async def scenario() -> None:
        last = answer(503, "x-try: last", body="very busy")
        async with Sequenced(BUSY, BUSY, last) as up:
            async with served(gateway(ONE % QUICK), {"A": up.url, "B": up.url}) as port:
                got = await ask(port, get())
            assert (got.status, got.body, got.get("x-try")) == (
                503,
                b"very busy",
                "last",
            )

    asyncio.run(scenario())


@pytest.mark.parametrize("is_date", [False, True])
def test_retry_after_that_is_too_long_is_the_client_s_to_wait(
    is_date: bool,
) -> None:
    date = email.utils.formatdate(time.time() + 3600, usegmt=True)
    asked = f"retry-after: {date if is_date else '6'}"
    body = "x" * 100_000

    async def scenario() -> None:
        async with (
            Sequenced(answer(503, asked, body=body)) as up,
            served(gateway(ONE % QUICK), {"A": up.url, "B": up.url}) as port,
        ):
            got = await ask(port, get())
            assert (got.status, len(got.body), len(up.seen)) == (503, 100_000, 1)
            assert (await ask(port, get())).status == 200
            assert up.accepted == 1  # the connection was given back

    asyncio.run(scenario())


def test_retry_after_of_now_is_honoured() -> None:
    now = email.utils.formatdate(time.time(), usegmt=True)

    async def scenario() -> None:
        scripts = answer(503, "retry-after: 0"), answer(503, f"retry-after: {now}")
        async with Sequenced(*scripts) as up:
            async with served(gateway(ONE % QUICK), {"A": up.url, "B": up.url}) as port:
                assert (await ask(port, get())).status == 200
            assert len(up.seen) == 3

    asyncio.run(scenario())


RESET: Script = [{"reset": True}]


@pytest.mark.parametrize(
    ("methods", "status", "arrived"), [("", 503, 1), (", methods: [POST]", 200, 2)]
)
def test_a_post_is_sent_again_only_where_it_is_listed(
    methods: str, status: int, arrived: int
) -> None:
    async def scenario() -> None:
        async with Sequenced(BUSY) as up:
            routes = gateway(ONE % (QUICK + methods))
            async with served(routes, {"A": up.url, "B": up.url}) as port:
                got = await ask(port, get("POST", body='{"n":1}'))
            assert (got.status, len(up.seen)) == (status, arrived)
            assert {it.body for it in up.seen} == {'{"n":1}'}

    asyncio.run(scenario())


@pytest.mark.parametrize("script", [BUSY, RESET], ids=["status", "reset"])
def test_a_body_that_streams_is_never_sent_again(script: Script) -> None:
    endpoint = "- {path: /x, upstream: u, request: {headers: safe, max_body: none}}"

    async def scenario() -> None:
        async with Sequenced(script) as up:
            retry = f"{QUICK}, methods: [POST]"
            routes = gateway(ONE % retry, endpoint)
            async with served(routes, {"A": up.url, "B": up.url}) as port:
                got = await ask(port, get("POST", body="x" * 500_000))
            assert (got.status, len(up.seen)) == (503 if script is BUSY else 502, 1)

    asyncio.run(scenario())


def test_an_answer_that_has_begun_is_cut_and_not_begun_anew() -> None:
    head = "HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\n" + "x" * 100_000
    script: Script = [head, {"sleep": 0.05}, {"reset": True}]

    async def scenario() -> None:
        async with Sequenced(script) as up:
            async with served(gateway(ONE % QUICK), {"A": up.url, "B": up.url}) as port:
                got = await ask(port, get())
            assert (got.status, got.complete, len(up.seen)) == (200, False, 1)

    asyncio.run(scenario())


def test_a_black_hole_costs_a_try_and_not_the_answer() -> None:
    async def scenario() -> None:
        async with Sequenced([{"sleep": 60}]) as a, Sequenced() as b:
            environ = {"A": a.url, "B": b.url}
            async with served(gateway(TWO % ", per_try: 300ms"), environ) as port:
                assert (await ask(port, get())).status == 200
                await a.closed("c")  # it was not waited for in the background
            assert cases([a, b]) == [1, 1]

    asyncio.run(scenario())


def test_a_total_ends_all_tries() -> None:
    limited = f"timeout: {{total: 300ms}}, retry: {{attempts: 10, {QUICK}}}"
    upstream = f'u: {{url: "{{{{ settings.a }}}}", {limited}}}'

    async def scenario() -> None:
        slow: Script = [{"sleep": 0.2}, *BUSY]
        async with Sequenced(*[slow] * 10) as up:
            async with served(gateway(upstream), {"A": up.url, "B": up.url}) as port:
                got = await ask(port, get())
            assert got.status == 504
            assert len(up.seen) <= 2

    asyncio.run(scenario())


def test_nothing_is_sent_twice_where_nothing_failed() -> None:
    async def scenario() -> None:
        async with Sequenced() as a, Sequenced() as b:
            environ = {"A": a.url, "B": b.url}
            async with served(gateway(TWO % ""), environ) as port:
                asked = [get("GET", f"X-Number: {n}") for n in range(200)]
                answers = await asyncio.gather(*(ask(port, it) for it in asked))
            assert {it.status for it in answers} == {200}
            arrived = [
                n for up in (a, b) for it in up.seen for n in it.values("x-number")
            ]
            assert sorted(map(int, arrived)) == list(range(200))
            assert cases([a, b]) == [100, 100]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("script", "retry"),
    [
        (answer(503, "retry-after: 60"), "max_retry_after: 2m"),
        ([{"sleep": 60}], "attempts: 3"),
    ],
    ids=["pause", "try"],
)
def test_a_client_that_leaves_ends_it_all(script: Script, retry: str) -> None:
    """The budget, of one retry, is whole again."""
    budget = f"{retry}, {QUICK}, budget: 0%, min_retries: 1"

    async def scenario() -> None:
        async with Sequenced(script, BUSY) as up:
            async with served(
                gateway(ONE % budget), {"A": up.url, "B": up.url}
            ) as port:
                async with client(port, get()):
                    await up.arrived("c")
                    await up.idle() if script != [{"sleep": 60}] else None
                while (await ask(port, get())).status == 503:
                    up.next.append(BUSY)
            assert up.seen

    asyncio.run(scenario())


def test_connections_of_tries_that_failed_are_not_lost() -> None:
    upstream = (
        'u: {url: "{{ settings.a }}", max_connections: 1, timeout: {pool: 30s}, '
        "retry: {attempts: 10, backoff: 0s}}"
    )
    head = "HTTP/1.1 503 X\r\ntransfer-encoding: chunked\r\n\r\n5\r\nnever\r\n"
    endless: Script = [head, {"sleep": 60}]

    async def scenario() -> None:
        async with Sequenced(*[endless] * 9) as up:
            async with served(gateway(upstream), {"A": up.url, "B": up.url}) as port:
                assert (await ask(port, get())).status == 200
            assert len(up.seen) == 10

    asyncio.run(scenario())
