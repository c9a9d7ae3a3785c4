"""Limits on how many calls run at a time, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable

import pytest

from hxroute.ir import Gateway
from hxroute.sandbox.scripted import Script, ScriptedUpstream
from tests.runtime.serving import Answer, ask, client, compiled, read_answer, served

pytestmark = pytest.mark.usefixtures("each_client")

HEAD = """\
version: 1
settings: {url: {env: URL}}
headers: {safe: {drop: [authorization, cookie]}}
"""
SLOW: Script = [{"sleep": 600}]
HEAD_OF_EVENTS = (
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    "transfer-encoding: chunked\r\n\r\n"
)
EVENTS: Script = [HEAD_OF_EVENTS, "9\r\ndata: a\n\n\r\n", {"sleep": 600}]


def get(path: str, case: str = "ok") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: a\r\nx-hx-case: {case}\r\n\r\n".encode()


def limiting_endpoint(limit: str) -> Gateway:
    """Return a gateway whose endpoint /x has a limit."""
    return compiled(
        f"""\
        - {{path: /healthz, respond: {{text: ok}}}}
        - {{path: /x, concurrency: {limit}, upstream: u}}
        - {{path: /other, upstream: u}}
        """,
        HEAD
        + 'upstreams: {u: {url: "{{ settings.url }}"}}\n'
        + "defaults: {auth: none, request: {headers: safe}}\n",
    )


def limiting_upstream(limit: str) -> Gateway:
    """Return a gateway in which the endpoints /x and /y call an upstream with a limit."""
    return compiled(
        """\
        - {path: /healthz, respond: {text: ok}}
        - {path: /x, upstream: u}
        - {path: /y, upstream: u}
        - {path: /other, upstream: v}
        """,
        HEAD
        + f'upstreams: {{u: {{url: "{{{{ settings.url }}}}", concurrency: {limit}}}, '
        + 'v: {url: "{{ settings.url }}"}}\n'
        + "defaults: {auth: none, request: {headers: safe}}\n",
    )


Limiting = Callable[[str], Gateway]
BOTH = pytest.mark.parametrize("limiting", [limiting_endpoint, limiting_upstream])


@BOTH
def test_one_too_many_is_refused_and_told_when_to_come_again(
    limiting: Limiting,
) -> None:
    async def scenario() -> None:
        async with (
            ScriptedUpstream({"slow": SLOW}) as upstream,
            served(
                limiting("{max: 1, retry_after: 7s}"), {"URL": upstream.url}
            ) as port,
            client(port, get("/x", "slow")),
        ):
            await upstream.arrived("slow")
            refused = await ask(port, get("/x"))
            assert (refused.status, refused.get("retry-after")) == (503, "7")
            assert refused.get("content-type") == "application/problem+json"
            assert (await ask(port, get("/healthz"))).status == 200
            assert (await ask(port, get("/other"))).status == 200
            assert len(upstream.seen_of("ok")) == 1

    asyncio.run(scenario())


@BOTH
def test_one_that_waits_gets_in_once_the_first_has_ended(limiting: Limiting) -> None:
    """Of two that come while one is in, one has a place in the queue."""

    async def scenario() -> None:
        async with (
            ScriptedUpstream({"slow": SLOW}) as upstream,
            served(
                limiting("{max: 1, queue: 1, queue_timeout: 1h}"),
                {"URL": upstream.url},
            ) as port,
        ):
            async with client(port, get("/x", "slow")):
                await upstream.arrived("slow")
                waiting = {asyncio.create_task(ask(port, get("/x"))) for _ in range(2)}
                done, waiting = await asyncio.wait(
                    waiting, return_when=asyncio.FIRST_COMPLETED
                )
                assert [task.result().status for task in done] == [503]
                assert upstream.seen_of("ok") == []
            assert [(await task).status for task in waiting] == [200]

    asyncio.run(scenario())


@BOTH
def test_one_that_waits_too_long_is_refused(limiting: Limiting) -> None:
    async def scenario() -> None:
        async with (
            ScriptedUpstream({"slow": SLOW}) as upstream,
            served(
                limiting("{max: 1, queue: 5, queue_timeout: 1ms}"),
                {"URL": upstream.url},
            ) as port,
            client(port, get("/x", "slow")),
        ):
            await upstream.arrived("slow")
            refused = await ask(port, get("/x"))
            assert (refused.status, refused.get("retry-after")) == (503, "1")
            assert upstream.seen_of("ok") == []

    asyncio.run(scenario())


@BOTH
def test_one_that_leaves_the_queue_makes_room_in_it(limiting: Limiting) -> None:
    async def scenario() -> None:
        async with (
            ScriptedUpstream({"slow": SLOW, "gone": SLOW}) as upstream,
            served(
                limiting("{max: 1, queue: 1, queue_timeout: 1h}"),
                {"URL": upstream.url},
            ) as port,
        ):
            async with client(port, get("/x", "slow")):
                await upstream.arrived("slow")
                async with client(port, get("/x", "gone")):
                    await until_refused(port)
                await until_waiting(port)
            await upstream.idle()
            assert upstream.seen_of("gone") == []

    async def until_refused(port: int) -> None:
        """Ask until the queue is full; those who get into it leave it again."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.05):
                    if (await ask(port, get("/x"))).status == 503:
                        return

    async def until_waiting(port: int) -> None:
        """Ask until one is not refused at once."""
        with contextlib.suppress(TimeoutError):
            while True:
                async with asyncio.timeout(0.05):
                    await ask(port, get("/x"))

    asyncio.run(scenario())


@BOTH
def test_a_stream_holds_its_place_until_it_ends(limiting: Limiting) -> None:
    async def scenario() -> None:
        async with (
            ScriptedUpstream({"events": EVENTS}) as upstream,
            served(limiting("{max: 1}"), {"URL": upstream.url}) as port,
        ):
            async with client(port, get("/x", "events")) as (reader, _):
                await reader.readuntil(b"data: a\n\n")
                assert (await ask(port, get("/x"))).status == 503
            await upstream.closed("events")
            assert (await ask(port, get("/x"))).status == 200

    asyncio.run(scenario())


def test_an_upstream_s_limit_is_one_for_all_its_endpoints() -> None:
    async def scenario() -> None:
        async with (
            ScriptedUpstream({"slow": SLOW}) as upstream,
            served(limiting_upstream("{max: 1}"), {"URL": upstream.url}) as port,
            client(port, get("/x", "slow")),
        ):
            await upstream.arrived("slow")
            assert (await ask(port, get("/y"))).status == 503

    asyncio.run(scenario())


def test_a_refusal_is_answered_as_the_file_says() -> None:
    gateway = compiled(
        "- {path: /x, concurrency: {max: 1, retry_after: 3s}, upstream: u}\n",
        HEAD
        + 'upstreams: {u: {url: "{{ settings.url }}"}}\n'
        + "errors: {e: {other: {text: no}, overloaded: {status: 429, headers: "
        + '{retry-after: "60"}, json: {kind: "{{ error.kind }}"}}}}\n'
        + "defaults: {auth: none, errors: e, request: {headers: safe}}\n",
    )

    async def scenario() -> None:
        async with (
            ScriptedUpstream({"slow": SLOW}) as upstream,
            served(gateway, {"URL": upstream.url}) as port,
            client(port, get("/x", "slow")),
        ):
            await upstream.arrived("slow")
            refused = await ask(port, get("/x"))
            assert (refused.status, refused.body) == (429, b'{"kind":"overloaded"}')
            fields = [value for name, value in refused.headers if name == "retry-after"]
            assert fields == ["3"]

    asyncio.run(scenario())


@BOTH
def test_after_a_storm_of_clients_that_leave_every_place_is_free(
    limiting: Limiting,
) -> None:
    """Some leave while they wait, some in the middle of an answer, some never."""
    chance = random.Random(7)
    calls = 150

    async def scenario() -> None:
        async with (
            ScriptedUpstream({"events": EVENTS, "slow": SLOW}) as upstream,
            served(
                limiting("{max: 4, queue: 20, queue_timeout: 20ms}"),
                {"URL": upstream.url},
            ) as port,
        ):
            await asyncio.gather(*(storm(port) for _ in range(calls)))
            await upstream.idle()
            before = len(upstream.seen_of("slow"))
            async with contextlib.AsyncExitStack() as stack:
                for _ in range(4):
                    await stack.enter_async_context(client(port, get("/x", "slow")))
                await upstream.arrived("slow", before + 4)
                assert (await ask(port, get("/x"))).status == 503

    async def storm(port: int) -> Answer | None:
        case = chance.choice(["ok", "ok", "events", "slow"])
        await asyncio.sleep(chance.random() / 10)
        try:
            async with asyncio.timeout(chance.random() / 20):
                return await ask(port, get("/x", case))
        except (TimeoutError, asyncio.IncompleteReadError):
            return None

    asyncio.run(scenario())


def test_what_is_refused_may_still_be_sending() -> None:
    """The refusal comes before the body, which nobody waits for."""

    async def scenario() -> None:
        upload = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"
        async with (
            ScriptedUpstream({"slow": SLOW}) as upstream,
            served(limiting_endpoint("{max: 1}"), {"URL": upstream.url}) as port,
            client(port, get("/x", "slow")),
        ):
            await upstream.arrived("slow")
            async with client(port, upload) as (reader, _):
                assert (await read_answer(reader)).status == 503

    asyncio.run(scenario())
