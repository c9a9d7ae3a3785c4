"""Answers that come before the request has ended reach the client."""

from __future__ import annotations

import asyncio

import pytest

from hxroute.sandbox.scripted import ScriptedUpstream
from tests.runtime.serving import (
    HEAD,
    KEYED_AUTH,
    client,
    compiled,
    read_answer,
    served,
)

LIMITED = compiled("- {path: /x, request: {max_body: 1KiB}, upstream: u}")
KEYED = compiled("- {path: /x, auth: k, upstream: u}", HEAD + KEYED_AUTH)
BIG = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 6000000\r\n\r\n"


@pytest.mark.parametrize("front", [True, False], ids=["front", "foreign-server"])
def test_a_refused_upload_gets_its_answer(*, front: bool) -> None:
    """20 of 20 clients that send 6 MB before they read still read their 413."""

    async def upload(port: int) -> tuple[int, str | None]:
        async with client(port, BIG) as (reader, writer):
            writer.write(bytes(6_000_000))
            await writer.drain()
            answer = await read_answer(reader)
        return answer.status, answer.get("connection")

    async def scenario() -> None:
        async with (
            ScriptedUpstream() as upstream,
            served(LIMITED, {"URL": upstream.url}, front=front) as port,
        ):
            answers = await asyncio.gather(*(upload(port) for _ in range(20)))
            assert answers == [(413, "close")] * 20
            assert upstream.seen == []

    asyncio.run(scenario())


def test_a_body_that_never_ends_is_left_after_two_seconds() -> None:
    async def scenario() -> None:
        async with (
            ScriptedUpstream() as upstream,
            served(LIMITED, {"URL": upstream.url}) as port,
            client(port, BIG) as (reader, _),
        ):
            answer = await read_answer(reader)
            assert answer.status == 413
            async with asyncio.timeout(4):
                assert await reader.read() == b""

    asyncio.run(scenario())


async def flood(writer: asyncio.StreamWriter) -> None:
    for _ in range(900):
        writer.write(bytes(1_000_000))
        await writer.drain()


@pytest.mark.usefixtures("each_client")
def test_a_body_without_end_is_left_after_eight_mebibytes() -> None:
    async def scenario() -> None:
        async with (
            ScriptedUpstream() as upstream,
            served(LIMITED, {"URL": upstream.url}) as port,
            client(port, BIG.replace(b"6000000", b"900000000")) as (reader, writer),
        ):
            answer = asyncio.create_task(read_answer(reader))
            with pytest.raises(ConnectionError):
                await flood(writer)
            assert (await answer).status == 413

    asyncio.run(scenario())


@pytest.mark.usefixtures("each_client")
@pytest.mark.parametrize("front", [True, False], ids=["front", "foreign-server"])
def test_a_client_that_waits_for_100_is_not_waited_for(*, front: bool) -> None:
    request = (
        b"POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
        b"Content-Length: 9\r\n\r\n"
    )

    async def scenario() -> None:
        async with (
            ScriptedUpstream() as upstream,
            served(KEYED, {"URL": upstream.url}, front=front) as port,
            client(port, request) as (reader, _),
        ):
            async with asyncio.timeout(1):
                answer = await read_answer(reader)
                assert (answer.status, answer.get("connection")) == (401, "close")
                assert await reader.read() == b""

    asyncio.run(scenario())


@pytest.mark.usefixtures("each_client")
def test_a_client_that_waits_for_100_gets_it_where_the_body_is_wanted() -> None:
    request = (
        b"POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
        b"Content-Length: 2\r\n\r\n"
    )

    async def scenario() -> None:
        async with (
            ScriptedUpstream() as upstream,
            served(LIMITED, {"URL": upstream.url}) as port,
            client(port, request) as (reader, writer),
        ):
            assert (
                await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            )
            writer.write(b"{}")
            assert (await read_answer(reader)).status == 200
            assert upstream.seen[0].values("expect") == []

    asyncio.run(scenario())


def test_a_refused_small_request_keeps_its_connection() -> None:
    """Nothing more will come, so there is nothing to wait for and no need to close."""
    wrong = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
    right = wrong.replace(b"Host: a", b"Host: a\r\nAuthorization: Bearer right")

    async def scenario() -> None:
        async with (
            ScriptedUpstream() as upstream,
            served(KEYED, {"URL": upstream.url}) as port,
            client(port, wrong) as (reader, writer),
        ):
            assert (await read_answer(reader)).status == 401
            writer.write(right)
            assert (await read_answer(reader)).status == 200

    asyncio.run(scenario())
