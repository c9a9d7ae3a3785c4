"""How connections come to their ends, where several things happen at once."""

from __future__ import annotations

import asyncio
import os

import pytest

from hxroute.sandbox.scripted import ScriptedUpstream
from tests.runtime.serving import HEAD, ask, client, compiled, read_answer, served

pytestmark = pytest.mark.usefixtures("each_client")

GATEWAY = compiled("- {path: '/{rest:path}', upstream: u}")
OPEN = compiled("- {path: '/{rest:path}', respond: {text: x}}")
GET = b"GET /x HTTP/1.1\r\nHost: a\r\nx-hx-case: c\r\n\r\n"
PATIENCE = 20  # seconds in which whatever must happen has happened, on any machine


def descriptor(writer: asyncio.StreamWriter) -> int:
    found: int = writer.transport.get_extra_info("socket").fileno()
    return found


async def flood(writer: asyncio.StreamWriter) -> None:
    for _ in range(1000):
        writer.write(bytes(1 << 20))
        await writer.drain()


def test_connection_whose_last_chunk_was_never_sent_is_not_used_again() -> None:
    """The end of an upload and its refusal arrive in the same turn of the loop."""
    refusal = b"HTTP/1.1 422 No\r\ncontent-length: 0\r\n\r\n"
    upload = b"POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

    async def scenario() -> None:
        begun: asyncio.Queue[int] = asyncio.Queue()
        stray: list[bytes] = []

        async def handle(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"GET"):
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            else:
                await reader.readuntil(b"5\r\nhello\r\n")
                begun.put_nowait(descriptor(writer))
                while data := await reader.read(1 << 16):
                    stray.append(data)
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with (
            asyncio.timeout(PATIENCE),
            server,
            served(GATEWAY, {"URL": url}) as p,
        ):
            for _ in range(20):
                async with client(p, upload + b"5\r\nhello\r\n") as (reader, writer):
                    upstream = await begun.get()
                    os.write(descriptor(writer), b"0\r\n\r\n")
                    os.write(upstream, refusal)
                    assert (await read_answer(reader)).status == 422
                assert (await ask(p, GET)).body == b"ok"
        assert not any(b"GET" in data for data in stray)

    asyncio.run(scenario())


def test_pipeline_is_answered_whole_however_long() -> None:
    count = 2000

    async def scenario() -> None:
        async with (
            asyncio.timeout(PATIENCE),
            served(OPEN, {"URL": "http://u"}) as port,
            client(port, GET * count) as (reader, _),
        ):
            answers = [await read_answer(reader) for _ in range(count)]
        assert {(a.status, a.body) for a in answers} == {(200, b"x")}

    asyncio.run(scenario())


@pytest.mark.parametrize("count", [3, 40], ids=["short", "long"])
def test_client_that_leaves_a_pipeline_is_missed_without_a_line_in_the_log(
    count: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with (
            asyncio.timeout(PATIENCE),
            ScriptedUpstream({"c": [{"sleep": 60}]}) as upstream,
            served(GATEWAY, {"URL": upstream.url}) as port,
        ):
            async with client(port, GET * count) as (_, writer):
                await upstream.arrived("c")
                writer.transport.abort()
            await upstream.closed("c")

    asyncio.run(scenario())
    assert [r.message for r in caplog.records if r.levelname == "ERROR"] == []


def test_broken_body_of_a_last_request_is_refused_at_once() -> None:
    post = (
        b"POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )

    async def scenario() -> None:
        async with (
            asyncio.timeout(PATIENCE),
            ScriptedUpstream() as upstream,
            served(GATEWAY, {"URL": upstream.url}) as port,
            client(port, post) as (reader, writer),
        ):
            writer.write(b"ZZ\r\n")
            assert (await read_answer(reader)).status == 400

    asyncio.run(scenario())


def test_head_behind_an_upload_has_its_own_time() -> None:
    """The upload has earned hours; the head behind it has not."""
    limits = "limits: {head_timeout: 300ms, body_timeout: 1h, min_body_rate: 1B}\n"
    gateway = compiled(
        "- {path: /x, request: {max_body: 1MiB}, upstream: u}", HEAD + limits
    )
    head = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n"

    async def scenario() -> None:
        async with (
            asyncio.timeout(PATIENCE),
            ScriptedUpstream() as upstream,
            served(gateway, {"URL": upstream.url}) as port,
            client(port, head + bytes(1)) as (reader, writer),
        ):
            # Once another has its answer, this one's beginning has been read.
            assert (await ask(port, GET)).status == 200
            writer.write(bytes(59_999))
            assert (await read_answer(reader)).status == 200
            writer.write(b"GET /x HT")
            assert (await read_answer(reader)).status == 408

    asyncio.run(scenario())


def test_answer_cut_towards_http_1_0_is_reset() -> None:
    """Nothing else would tell this client that there was more."""
    begun = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"
    get = b"GET /x HTTP/1.0\r\nx-hx-case: c\r\n\r\n"

    async def scenario() -> None:
        async with (
            asyncio.timeout(PATIENCE),
            ScriptedUpstream({"c": [begun, {"close": True}]}) as upstream,
            served(GATEWAY, {"URL": upstream.url}) as port,
            client(port, get) as (reader, _),
        ):
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            with pytest.raises(ConnectionResetError):
                await reader.read()

    asyncio.run(scenario())


def test_bytes_behind_a_refusal_that_waits_are_bounded() -> None:
    async def scenario() -> None:
        async with (
            asyncio.timeout(PATIENCE),
            ScriptedUpstream({"c": [{"sleep": 60}]}) as upstream,
            served(GATEWAY, {"URL": upstream.url}) as port,
            client(port, GET + b"nonsense\r\n\r\n") as (_, writer),
        ):
            await upstream.arrived("c")
            with pytest.raises(ConnectionError):
                await flood(writer)
            await upstream.closed("c")

    asyncio.run(scenario())
