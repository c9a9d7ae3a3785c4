"""The limits of a client's connection, as the file declares them, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from hxroute.sandbox.scripted import Script, ScriptedUpstream
from tests.runtime.serving import HEAD, ask, client, compiled, read_answer, served

pytestmark = pytest.mark.usefixtures("each_client")

SHORT = "limits: {body_timeout: 300ms, min_body_rate: 1MiB, send_timeout: 300ms}\n"
TIGHT = "limits: {max_head: 1KiB, max_fields: 9, max_target: 64}\n"
PATIENCE = 20  # seconds in which whatever must happen has happened, on any machine


@contextlib.asynccontextmanager
async def deaf_upstream(
    gone: asyncio.Event,
) -> AsyncIterator[tuple[str, asyncio.Event, asyncio.Event]]:
    """An upstream that reads nothing before it is told to; then up to the end."""
    connected, reads = asyncio.Event(), asyncio.Event()

    async def handle(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        connected.set()
        await reads.wait()
        with contextlib.suppress(ConnectionError):
            while await reader.read(1 << 20):
                pass
        writer.close()
        gone.set()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", connected, reads


async def fill(writer: asyncio.StreamWriter) -> None:
    """Write until nobody takes any more."""
    with contextlib.suppress(TimeoutError, ConnectionError):
        while True:
            writer.write(bytes(1 << 20))
            await asyncio.wait_for(writer.drain(), 1)


def test_client_that_the_upstream_holds_back_is_not_too_slow_and_may_leave() -> None:
    """Its leaving is noticed though nothing of it is read any more."""
    gateway = compiled("- {path: /x, upstream: u}", HEAD + SHORT)
    upload = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 900000000\r\n\r\n"

    async def scenario() -> None:
        gone = asyncio.Event()
        async with (
            asyncio.timeout(PATIENCE),
            deaf_upstream(gone) as (url, connected, reads),
            served(gateway, {"URL": url}) as port,
        ):
            async with client(port, upload) as (reader, writer):
                await connected.wait()
                await fill(writer)
                assert not reader.at_eof()
                writer.transport.abort()
            # Only once the gateway has let go of it does the upstream see an end.
            reads.set()
            await gone.wait()

    asyncio.run(scenario())


def test_client_that_takes_nothing_of_its_answer_is_left() -> None:
    body = "HTTP/1.1 200 OK\r\ncontent-length: 300000000\r\n\r\n"
    gateway = compiled("- {path: /x, upstream: u}", HEAD + SHORT)
    get = b"GET /x HTTP/1.1\r\nHost: a\r\nx-hx-case: c\r\n\r\n"

    async def scenario() -> None:
        script: Script = [body, {"repeat": ["x" * 65536, 5000]}]
        async with (
            asyncio.timeout(PATIENCE),
            ScriptedUpstream({"c": script}) as upstream,
            served(gateway, {"URL": upstream.url}) as port,
            client(port, get) as (reader, writer),
        ):
            await reader.readuntil(b"\r\n\r\n")
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            await upstream.closed("c")

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % (b"a" * 63), 200),
        (b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % (b"a" * 64), 414),
        (b"GET /a HTTP/1.1\r\nHost: a\r\n%b\r\n" % (b"X: 1\r\n" * 8), 200),
        (b"GET /a HTTP/1.1\r\nHost: a\r\n%b\r\n" % (b"X: 1\r\n" * 9), 431),
        (b"GET /a HTTP/1.1\r\nHost: a\r\nX: %b\r\n\r\n" % (b"x" * 1010), 200),
        (b"GET /a HTTP/1.1\r\nHost: a\r\nX: %b\r\n\r\n" % (b"x" * 1011), 431),
    ],
    ids=["target", "target+1", "fields", "fields+1", "head", "head+1"],
)
def test_caps_are_met_to_the_byte(request_bytes: bytes, status: int) -> None:
    gateway = compiled("- {path: '/{x:path}', respond: {text: x}}", HEAD + TIGHT)

    async def scenario() -> None:
        async with served(gateway, {"URL": "http://u"}) as port:
            assert (await ask(port, request_bytes)).status == status

    asyncio.run(scenario())


@pytest.mark.parametrize("host", [b"", b"Host: a\r\n"], ids=["no-host", "host"])
def test_client_of_http_1_0_gets_an_answer_that_ends_with_the_connection(
    host: bytes,
) -> None:
    chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    gateway = compiled("- {path: /x, upstream: u}")
    get = b"GET /x HTTP/1.0\r\n%bx-hx-case: c\r\n\r\n" % host

    async def scenario() -> None:
        script = [chunked, "3\r\nabc\r\n", "0\r\n\r\n"]
        async with (
            ScriptedUpstream({"c": script}) as upstream,
            served(gateway, {"URL": upstream.url}) as port,
            client(port, get) as (reader, _),
        ):
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"transfer-encoding" not in head
            assert b"connection: close" in head
            assert await reader.read() == b"abc"

    asyncio.run(scenario())


def test_refusal_waits_for_the_answers_to_earlier_requests() -> None:
    gateway = compiled("- {path: /x, upstream: u}")
    get = b"GET /x HTTP/1.1\r\nHost: a\r\nx-hx-case: c\r\n\r\n"
    begun = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nabc"

    async def scenario() -> None:
        async with (
            ScriptedUpstream({"c": [begun, {"sleep": 0.2}, "def"]}) as upstream,
            served(gateway, {"URL": upstream.url}) as port,
            client(port, get + get + b"GET / HTTP/2.0\r\n\r\n") as (reader, _),
        ):
            answers = [await read_answer(reader) for _ in range(3)]
            assert [(a.status, a.body[:6]) for a in answers] == [
                (200, b"abcdef"),
                (200, b"abcdef"),
                (505, b"This v"),
            ]
            assert await reader.read() == b""

    asyncio.run(scenario())


def test_request_whose_head_began_early_is_not_idle() -> None:
    """It begins while another is answered, and is under way longer than one is idle."""
    gateway = compiled(
        '- {path: "/{name}", upstream: u}', HEAD + "limits: {idle_timeout: 100ms}\n"
    )
    first, second = (
        b"GET /%d HTTP/1.1\r\nHost: a\r\nx-hx-case: %d\r\n\r\n" % (n, n) for n in (1, 2)
    )
    answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    scripts: dict[str, Script] = {
        "1": [answer],
        "2": [{"sleep": 0.5}, answer],  # five times as long as a connection is idle
    }

    async def scenario() -> None:
        async with (
            asyncio.timeout(PATIENCE),
            ScriptedUpstream(scripts) as upstream,
            served(gateway, {"URL": upstream.url}) as port,
            client(port, first + second[:9]) as (reader, writer),
        ):
            assert (await read_answer(reader)).body == b"ok"
            writer.write(second[9:])
            assert (await read_answer(reader)).body == b"ok"

    asyncio.run(scenario())
