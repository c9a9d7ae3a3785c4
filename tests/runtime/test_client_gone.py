"""A client that leaves takes its upstream call with it."""

from __future__ import annotations

import asyncio
import contextlib
import random

import pytest

from hxroute.ir import Gateway
from hxroute.sandbox.scripted import Script, ScriptedUpstream
from tests.runtime.serving import HEAD, ask, client, compiled, read_answer, served

pytestmark = pytest.mark.usefixtures("each_client")

LIMIT = 0.5  # seconds, from the client's leaving to the upstream's noticing
GATEWAY = compiled("- {path: '/{rest:path}', upstream: u}")
READING = compiled("- {path: '/{rest:path}', request: {max_body: 1MiB}, upstream: u}")
MUTE: Script = [{"sleep": 60}]
BEGUN = (
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    "transfer-encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\n"
)
STALLED: Script = [BEGUN, {"sleep": 60}]
BRIEF: Script = [{"sleep": 0.01}, BEGUN, {"sleep": 0.01}]
GET = b"GET /x HTTP/1.1\r\nHost: a\r\nx-hx-case: c\r\n\r\n"
LARGE = (
    b"PUT /x HTTP/1.1\r\nHost: a\r\nx-hx-case: c\r\nContent-Length: 200000\r\n\r\n"
    + bytes(200_000)
)
POST = b"POST /x HTTP/1.1\r\nHost: a\r\nx-hx-case: c\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize("front", [True, False], ids=["front", "foreign-server"])
@pytest.mark.parametrize("gateway", [GATEWAY, READING], ids=["streaming", "reading"])
@pytest.mark.parametrize(
    "request_bytes", [GET, POST, LARGE], ids=["GET", "POST", "large"]
)
def test_leaving_before_the_first_byte_cancels_the_call(
    request_bytes: bytes, gateway: Gateway, *, front: bool
) -> None:
    async def scenario() -> None:
        async with (
            ScriptedUpstream({"c": MUTE}) as upstream,
            served(gateway, {"URL": upstream.url}, front=front) as port,
            contextlib.AsyncExitStack() as stack,
        ):
            opened = [
                await stack.enter_async_context(client(port, request_bytes))
                for _ in range(20)
            ]
            await upstream.arrived("c", 20)
            for _, writer in opened:
                writer.close()
            async with asyncio.timeout(LIMIT):
                await upstream.closed("c", 20)

    asyncio.run(scenario())


@pytest.mark.parametrize("front", [True, False], ids=["front", "foreign-server"])
def test_leaving_in_mid_stream_cancels_the_call(*, front: bool) -> None:
    async def scenario() -> None:
        async with (
            ScriptedUpstream({"c": STALLED}) as upstream,
            served(GATEWAY, {"URL": upstream.url}, front=front) as port,
            contextlib.AsyncExitStack() as stack,
        ):
            opened = [
                await stack.enter_async_context(client(port, GET)) for _ in range(20)
            ]
            for reader, _ in opened:
                await reader.readuntil(b"data: a\n\n")
            for _, writer in opened:
                writer.close()
            async with asyncio.timeout(LIMIT):
                await upstream.closed("c", 20)

    asyncio.run(scenario())


@pytest.mark.parametrize("front", [True, False], ids=["front", "foreign-server"])
def test_leaving_in_mid_upload_cancels_the_call(*, front: bool) -> None:
    head = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{}"

    async def scenario() -> None:
        heard, cut = asyncio.Event(), asyncio.Event()

        async def listen(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            await reader.readuntil(b"\r\n\r\n{}")
            heard.set()
            assert await reader.read() == b""
            writer.close()
            cut.set()

        upstream = await asyncio.start_server(listen, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{upstream.sockets[0].getsockname()[1]}"
        async with (
            upstream,
            served(GATEWAY, {"URL": url}, front=front) as port,
            client(port, head) as (_, writer),
        ):
            await heard.wait()
            writer.close()
            async with asyncio.timeout(LIMIT):
                await cut.wait()

    asyncio.run(scenario())


def test_three_thousand_cancellations_leave_the_pool_whole() -> None:
    """Each client leaves at a moment of its own: while connecting, waiting, reading."""
    gateway = compiled(
        "- {path: '/{rest:path}', upstream: u}",
        HEAD.replace('settings.url }}"', 'settings.url }}", max_connections: 20'),
    )
    chance = random.Random(1)

    async def leave_after(port: int, after: float) -> None:
        async with client(port, GET) as (_, writer):
            await asyncio.sleep(after)  # leaving at any moment is what is tried
            writer.transport.abort()

    async def scenario() -> None:
        async with (
            ScriptedUpstream({"c": BRIEF}) as upstream,
            served(gateway, {"URL": upstream.url}) as port,
        ):
            for _ in range(60):
                moments = [chance.uniform(0, 0.04) for _ in range(50)]
                await asyncio.gather(*(leave_after(port, moment) for moment in moments))
            async with asyncio.timeout(10):
                answers = await asyncio.gather(
                    *(
                        ask(port, GET.replace(b"case: c", b"case: ok"))
                        for _ in range(60)
                    )
                )
            assert [answer.status for answer in answers] == [200] * 60

    asyncio.run(scenario())


def test_half_a_pipeline_is_answered_before_the_client_leaves() -> None:
    async def scenario() -> None:
        async with (
            ScriptedUpstream() as upstream,
            served(GATEWAY, {"URL": upstream.url}) as port,
            client(port, GET + GET) as (reader, _),
        ):
            first, second = await read_answer(reader), await read_answer(reader)
            assert (first.status, second.status) == (200, 200)

    asyncio.run(scenario())


def test_leaving_with_a_request_in_the_pipeline_cancels_the_call() -> None:
    async def scenario() -> None:
        async with (
            ScriptedUpstream({"c": MUTE}) as upstream,
            served(GATEWAY, {"URL": upstream.url}) as port,
            client(port, GET + GET) as (_, writer),
        ):
            await upstream.arrived("c")
            writer.close()
            async with asyncio.timeout(LIMIT):
                await upstream.closed("c")
            assert len(upstream.seen) == 1

    asyncio.run(scenario())


def test_a_long_pipeline_is_answered_in_order() -> None:
    async def scenario() -> None:
        async with (
            ScriptedUpstream() as upstream,
            served(GATEWAY, {"URL": upstream.url}) as port,
            client(port, b"") as (reader, writer),
        ):
            for number in range(100):
                writer.write(GET.replace(b"/x", b"/%d" % number))
            answers = [await read_answer(reader) for _ in range(100)]
            assert [answer.status for answer in answers] == [200] * 100
            assert [seen.target for seen in upstream.seen] == [
                f"/{n}" for n in range(100)
            ]

    asyncio.run(scenario())
