"""Bodies go out as they arrive, both ways, and hold each other back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from hxroute.sandbox.scripted import ScriptedUpstream
from tests.runtime.serving import (
    ask,
    chunks,
    client,
    compiled,
    read_answer,
    served,
)

pytestmark = pytest.mark.usefixtures("each_client")

GATEWAY = compiled("- {path: '/{rest:path}', upstream: u}")
GET = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
CASE = b"GET /x HTTP/1.1\r\nHost: a\r\nx-hx-case: c\r\n\r\n"
BUFFERS = 24 << 20  # what kernels and queues on the way may hold, in bytes

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def upstream_that(serve: Serve) -> AsyncIterator[str]:
    """Serve each connection by a function, and close it afterwards."""

    async def connection(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(ConnectionError):
            await serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(connection, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def test_events_arrive_one_by_one() -> None:
    """The upstream sends an event only once the client has the one before."""

    async def scenario() -> None:
        received = asyncio.Event()

        async def events(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n")
            writer.write(b"transfer-encoding: chunked\r\n\r\n")
            for number in range(5):
                writer.write(b"9\r\ndata: %d\n\n\r\n" % number)
                await received.wait()
                received.clear()
            writer.write(b"0\r\n\r\n")
            await writer.drain()

        async with (
            upstream_that(events) as url,
            served(GATEWAY, {"URL": url}) as port,
            client(port, GET) as (reader, _),
        ):
            await reader.readuntil(b"\r\n\r\n")
            got = []
            async for chunk in chunks(reader):
                got.append(chunk)
                received.set()
            assert got == [b"data: %d\n\n" % number for number in range(5)]

    asyncio.run(scenario())


def test_a_slow_client_holds_the_upstream_back() -> None:
    async def scenario() -> None:
        sent, stuck = 0, asyncio.Event()

        async def flood(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            nonlocal sent
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 500000000\r\n\r\n")
            while sent < 500_000_000:
                writer.write(bytes(1 << 16))
                sent += 1 << 16
                try:
                    async with asyncio.timeout(1):
                        await writer.drain()
                except TimeoutError:
                    stuck.set()
                    await writer.drain()

        async with (
            upstream_that(flood) as url,
            served(GATEWAY, {"URL": url}) as port,
            client(port, GET) as (_, writer),
        ):
            await stuck.wait()
            assert sent < BUFFERS
            writer.transport.abort()

    asyncio.run(scenario())


def test_an_upload_streams_where_no_limit_reads_it() -> None:
    """The upstream has the first half before the client has sent the second."""

    async def scenario() -> None:
        half = asyncio.Event()

        async def echo(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"transfer-encoding: chunked" in head.lower()
            body = b""
            async for chunk in chunks(reader):
                body += chunk
                half.set()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body))
            writer.write(body)
            await writer.drain()

        async with (
            upstream_that(echo) as url,
            served(GATEWAY, {"URL": url}) as port,
            client(
                port,
                b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"3\r\none\r\n",
            ) as (reader, writer),
        ):
            await half.wait()
            writer.write(b"3\r\ntwo\r\n0\r\n\r\n")
            answer = await read_answer(reader)
            assert answer.body == b"onetwo"

    asyncio.run(scenario())


def test_a_stream_that_breaks_off_is_cut() -> None:
    begun = (
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
        "transfer-encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\n"
    )

    async def scenario() -> None:
        for front in (True, False):
            async with (
                ScriptedUpstream({"c": [begun, {"reset": True}]}) as upstream,
                served(GATEWAY, {"URL": upstream.url}, front=front) as port,
            ):
                answer = await ask(port, CASE)
                assert (answer.status, answer.body) == (200, b"data: a\n\n")
                assert not answer.complete

    asyncio.run(scenario())


def test_a_long_body_that_breaks_off_is_cut() -> None:
    begun = "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\nshort"

    async def scenario() -> None:
        async with (
            ScriptedUpstream({"c": [begun, {"close": True}]}) as upstream,
            served(GATEWAY, {"URL": upstream.url}) as port,
        ):
            answer = await ask(port, CASE)
            assert (answer.status, answer.complete) == (200, False)

    asyncio.run(scenario())


def test_a_short_body_that_breaks_off_is_a_502() -> None:
    begun = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort"

    async def scenario() -> None:
        async with (
            ScriptedUpstream({"c": [begun, {"close": True}]}) as upstream,
            served(GATEWAY, {"URL": upstream.url}) as port,
        ):
            answer = await ask(port, CASE)
            assert (answer.status, answer.complete) == (502, True)
            assert answer.get("content-type") == "application/problem+json"

    asyncio.run(scenario())
