"""Answers and uploads without end: what is taken of them is bounded (E11, E15, F8, F9)."""

from __future__ import annotations

import asyncio
import gzip
import json
import tracemalloc
from collections.abc import Iterator
from typing import Final

import pytest

from tests.upstream.cases import (
    ABC,
    REFUSED,
    STREAM,
    Case,
    Cut,
    Expected,
    Whole,
    head,
    sized,
)
from tests.upstream.gateway import Bench, gateway_of, shared, tell
from tests.upstream.script import Act, Drip, Endless, Script
from tests.upstream.wire import connected, framed

BUFFERS: Final = 16 << 20
"""What kernels and queues on the way may hold, in bytes."""

PLAIN: Final = Case("plain", (), (), upstream="timeout: {read: 3s}")
LIMITED: Final = Case("limited", (), (), endpoint="request: {max_body: 1KiB}")
MAPPED: Final = Case("mapped", (), (), endpoint="errors: mapped")
GATEWAY = gateway_of([PLAIN, LIMITED, MAPPED])


@pytest.fixture(scope="module")
def served(runner: asyncio.Runner) -> Iterator[Bench]:
    with shared(runner, GATEWAY) as served:
        yield served


BEGUN: Final = b"HTTP/1.1 200 OK\r\n"
ABC_CHUNK: Final = b"3\r\nabc\r\n"
PIECE: Final = 1 << 16
ENDLESS: Final[dict[str, tuple[Script, tuple[Expected, ...]]]] = {
    "status-line": ((b"HTTP/1.1 200 ", Endless(b"x" * PIECE)), (REFUSED,)),
    "garbage": ((Endless(b"x" * PIECE),), (REFUSED,)),
    "empty-lines": ((Endless(b"\r\n" * PIECE),), (REFUSED,)),
    "name": ((BEGUN, Endless(b"x" * PIECE)), (REFUSED,)),
    "value": ((BEGUN + b"x: ", Endless(b"x" * PIECE)), (REFUSED,)),
    "folded-value": ((BEGUN + b"x: a\r\n", Endless(b" a\r\n" * PIECE)), (REFUSED,)),
    "fields": ((BEGUN, Endless(b"x: 1\r\n" * PIECE)), (REFUSED,)),
    "interim": ((Endless(head(status="103 x") * 1000),), (REFUSED,)),
    "large-interim": (
        (Endless(head("x: " + "x" * 60_000, status="103 x")),),
        (REFUSED,),
    ),
    "chunk-size": ((STREAM + ABC_CHUNK, Endless(b"0" * PIECE)), (REFUSED, Cut(b"abc"))),
    "chunk-extension": (
        (STREAM + ABC_CHUNK + b"3;", Endless(b"x" * PIECE)),
        (REFUSED, Cut(b"abc")),
    ),
    "trailer": (
        (STREAM + ABC_CHUNK + b"0\r\nx: ", Endless(b"x" * PIECE)),
        (REFUSED, Cut(b"abc"), Whole(b"abc")),
    ),
    "trailers": (
        (STREAM + ABC_CHUNK + b"0\r\n", Endless(b"x: 1\r\n" * PIECE)),
        (REFUSED, Cut(b"abc"), Whole(b"abc")),
    ),
    "behind-a-length": ((ABC, Endless(b"x" * PIECE)), (Whole(b"abc"),)),
    "behind-a-204": ((head(status="204 x"), Endless(b"x" * PIECE)), (Whole(b"", 204),)),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_endless_answer_is_left(
    name: str, served: Bench, runner: asyncio.Runner
) -> None:
    """E11: the connection is closed before much of it was taken."""
    script, expected = ENDLESS[name]
    target = f"/plain/{name}"

    async def scenario() -> None:
        served.upstream.scripts[target] = script
        async with asyncio.timeout(10), connected(served.port) as client:
            tell(Case("x", (), expected), await client.ask("GET", target))
            (link,) = served.upstream.links_of(target)
            await link.closed.wait()
            assert link.written < BUFFERS
        await served.canaries(f"plain/{name}", None)

    runner.run(scenario())


def test_one_byte_chunks_down_are_no_burden(
    served: Bench, runner: asyncio.Runner
) -> None:
    """F9, in small: they arrive whole, in one packet or in many."""

    async def scenario() -> None:
        many = STREAM + b"1\r\nx\r\n" * 20_000 + b"0\r\n\r\n"
        served.upstream.scripts["/plain/down"] = (many,)
        served.upstream.scripts["/plain/drip"] = (Drip(many[:600]), many[600:])
        for target in ("/plain/down", "/plain/drip"):
            async with asyncio.timeout(10), connected(served.port) as client:
                answer = await client.ask("GET", target)
            assert Whole(b"x" * 20_000).mistake(answer) is None

    runner.run(scenario())


@pytest.mark.parametrize("pool", ["plain", "limited"])
def test_one_byte_chunks_up_are_no_burden(
    pool: str, served: Bench, runner: asyncio.Runner
) -> None:
    """F9, in small: 20,000 where they are streamed, a thousand where they are kept."""
    count = 20_000 if pool == "plain" else 1000

    async def scenario() -> None:
        target = f"/{pool}/up"
        async with asyncio.timeout(10), connected(served.port) as client:
            client.writer.write(
                b"POST %b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                % target.encode()
            )
            client.writer.write(b"1\r\nx\r\n" * count + b"0\r\n\r\n")
            answer = await client.read()
        assert answer.status == 200
        (seen,) = served.upstream.seen(target)
        assert seen.body == b"x" * count

    runner.run(scenario())


TOO_LARGE: Final = {
    "length": b"Content-Length: 1025\r\n\r\n",
    "chunks": b"Transfer-Encoding: chunked\r\n\r\n"
    + b"100\r\n%b\r\n" % (b"x" * 256) * 4
    + b"1\r\nx\r\n",
}
"""One byte over the limit; of the first not one has been sent."""


@pytest.mark.parametrize("way", TOO_LARGE)
def test_body_over_the_limit_never_reaches_the_upstream(
    way: str, served: Bench, runner: asyncio.Runner
) -> None:
    """F8."""

    async def scenario() -> None:
        target = f"/limited/over-{way}"
        async with asyncio.timeout(5), connected(served.port) as client:
            client.writer.write(b"POST %b HTTP/1.1\r\nHost: a\r\n" % target.encode())
            client.writer.write(TOO_LARGE[way])
            answer = await client.read()
        assert answer.status == 413
        assert served.upstream.seen(target) == []

    runner.run(scenario())


def test_body_at_the_limit_reaches_the_upstream(
    served: Bench, runner: asyncio.Runner
) -> None:
    async def scenario() -> None:
        async with connected(served.port) as client:
            client.writer.write(framed("POST", "/limited/at", bytes(1024)))
            assert (await client.read()).status == 200
        (seen,) = served.upstream.seen("/limited/at")
        assert seen.body == bytes(1024)

    runner.run(scenario())


def bomb(size: int) -> bytes:
    """Return a JSON error in gzip that decodes to so many bytes."""
    document = json.dumps({"error": "x", "more": "y" * size}).encode()
    return gzip.compress(document, 9, mtime=0)


@pytest.mark.parametrize(
    ("size", "coding"),
    [(50 << 20, "gzip"), (50 << 20, "x-gzip"), (70 << 20, "gzip")],
    ids=["E15-bomb-gathered", "E15-bomb-x-gzip", "E15-bomb-streamed"],
)
def test_bomb_is_never_decoded_whole(
    size: int, coding: str, served: Bench, runner: asyncio.Runner
) -> None:
    """E15: where a mapping looks into a body, it looks at its first 64 KiB."""
    raw = bomb(size)
    script = (sized(raw, f"content-encoding: {coding}", status="500 x"),)

    async def scenario() -> int:
        target = f"/mapped/{size}-{coding}"
        served.upstream.scripts[target] = script
        async with asyncio.timeout(10), connected(served.port) as client:
            tracemalloc.start()
            answer = await client.ask("GET", target)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        fields = {"content-encoding": [coding]}
        tell(Case("x", (), Whole(raw, 500, fields)), answer)
        return peak

    assert runner.run(scenario()) < 4 << 20


def test_upload_that_nobody_takes_is_held_back(
    served: Bench, runner: asyncio.Runner
) -> None:
    """F6, the other way: a slow upstream slows the client, not the memory."""

    async def scenario() -> None:
        served.upstream.scripts["/plain/held"] = (Act.EARLY, Act.HANG)
        sent, stuck = 0, asyncio.Event()
        async with connected(served.port) as client:
            client.writer.write(
                b"POST /plain/held HTTP/1.1\r\nHost: a\r\n"
                b"Content-Length: 500000000\r\n\r\n"
            )
            while sent < 500_000_000 and not stuck.is_set():
                client.writer.write(bytes(PIECE))
                sent += PIECE
                try:
                    async with asyncio.timeout(1):
                        await client.writer.drain()
                except TimeoutError:
                    stuck.set()
            assert sent < 2 * BUFFERS
            client.writer.transport.abort()
        (link,) = served.upstream.links_of("/plain/held")
        link.reads.set()
        async with asyncio.timeout(5):
            await link.closed.wait()

    runner.run(scenario())
