"""Answers that come while 50 MB are still on their way reach the client (E16, E17)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Final

import pytest

from tests.upstream.cases import (
    ABC,
    EVIL,
    REFUSED,
    STREAM,
    Case,
    Cut,
    Expected,
    Refused,
    Whole,
    chunked,
    head,
    sized,
)
from tests.upstream.gateway import Bench, gateway_of, shared, tell
from tests.upstream.raw import Link, turns
from tests.upstream.script import Act, Script, Take
from tests.upstream.wire import Answer, Client, connected

PIECE: Final = bytes(range(256)) * 1000
PIECES: Final = 200
WHOLE: Final = PIECE * PIECES

STREAMED: Final = Case("streamed", (), ())
BUFFERED: Final = Case("buffered", (), (), endpoint="request: {max_body: 100MiB}")
GATEWAY = gateway_of([STREAMED, BUFFERED])
WAYS: Final = {
    "length": (STREAMED, b"Content-Length: %d" % len(WHOLE)),
    "chunks": (STREAMED, b"Transfer-Encoding: chunked"),
    "buffered": (BUFFERED, b"Content-Length: %d" % len(WHOLE)),
}

_413: Final = sized(b"too large", status="413 Content Too Large")
_TOO_LARGE: Final = Whole(b"too large", 413)
_COUNTED: Final = head("content-type: text/event-stream", "transfer-encoding: chunked")

EARLY: Final[dict[str, tuple[Script, Expected | tuple[Expected, ...]]]] = {
    "E16-early413": ((_413, Act.CLOSE), _TOO_LARGE),
    "E16-early413rst": ((_413, Act.RESET), _TOO_LARGE),
    "E16-early413-and-half-close": ((_413, Act.FIN, Act.HANG), _TOO_LARGE),
    "E16-early413-that-reads-on": ((_413, Act.STALL), _TOO_LARGE),
    "E16-early413-says-close": (
        (sized(b"too large", "connection: close", status="413 x"), Act.HANG),
        _TOO_LARGE,
    ),
    "E16-early413-after-a-megabyte": ((Take(1 << 20), _413, Act.CLOSE), _TOO_LARGE),
    "E16-early413-in-two-packets": (
        (_413[:30], Act.PAUSE, _413[30:], Act.CLOSE),
        _TOO_LARGE,
    ),
    "E16-early413-and-more": ((_413 + EVIL, Act.HANG), _TOO_LARGE),
    "E16-early401-chunked": (
        (chunked(b"no").replace(b"200 OK", b"401 No"), Act.CLOSE),
        Whole(b"no", 401),
    ),
    "E16-early503-to-the-end": (
        (head(status="503 Busy") + b"no", Act.FIN, Act.HANG),
        Whole(b"no", 503),
    ),
    "E16-early413-short": (
        (head("content-length: 9", status="413 x") + b"abc", Act.CLOSE),
        REFUSED,
    ),
    "E16-early-garbage": ((b"garbage\r\n\r\n", Act.CLOSE), REFUSED),
    "E16-early-close": ((Act.CLOSE,), Refused(("disconnected",))),
    "E16-early-reset": ((Act.RESET,), Refused(("disconnected",))),
    "E16-early-half-a-head": ((b"HTTP/1.1 413 x\r\n", Act.CLOSE), REFUSED),
    "E17-early200hang": ((sized(b"done"), Act.HANG), Whole(b"done")),
    "E17-early200hang-chunked": ((chunked(b"done"), Act.HANG), Whole(b"done")),
    "E17-early204hang": ((head(status="204 None"), Act.HANG), Whole(b"", 204)),
    "E17-early200-close": ((sized(b"done"), Act.CLOSE), Whole(b"done")),
    "E17-early200-cut": (
        (STREAM + b"3\r\nabc\r\n", Act.PAUSE, Act.FIN, Act.HANG),
        Cut(b"abc", b"abc"),
    ),
}
"""The connection is not used again: what was on its way there has no end."""

READ_ON: Final[dict[str, tuple[Script, Whole]]] = {
    "E16-100-first": ((head(status="100 Continue"), Act.BODY, ABC), Whole(b"abc")),
    "E16-103-first": ((head(status="103 Hints"), Act.BODY, ABC), Whole(b"abc")),
    "E17-200-first-and-last": (
        (head("content-length: 3"), Act.BODY, b"abc"),
        Whole(b"abc"),
    ),
    "E17-echo": ((STREAM, Act.ECHO, b"0\r\n\r\n"), Whole(WHOLE)),
    "E17-200-begun": (
        (
            _COUNTED + b"9\r\ndata: a\n\n\r\n",
            Act.BODY,
            b"9\r\ndata: b\n\n\r\n0\r\n\r\n",
        ),
        Whole(b"data: a\n\ndata: b\n\n"),
    ),
}
"""Answers that begin early and end late: the upload goes on to its end."""


@contextlib.asynccontextmanager
async def uploading(served: Bench, way: str, target: str) -> AsyncIterator[Client]:
    """Send 50 MB in the background, for as long as they are taken."""
    framing = WAYS[way][1]
    async with connected(served.port) as client:
        client.writer.write(b"POST %b HTTP/1.1\r\nHost: a\r\n" % target.encode())
        client.writer.write(framing + b"\r\n\r\n")
        task = asyncio.create_task(send(client, in_chunks=b"chunked" in framing))
        try:
            yield client
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def send(client: Client, *, in_chunks: bool) -> None:
    with contextlib.suppress(ConnectionError):
        for _ in range(PIECES):
            framed = b"%x\r\n%b\r\n" % (len(PIECE), PIECE) if in_chunks else PIECE
            client.writer.write(framed)
            await client.writer.drain()
        if in_chunks:
            client.writer.write(b"0\r\n\r\n")


@pytest.fixture(scope="module")
def served(runner: asyncio.Runner) -> Iterator[Bench]:
    with shared(runner, GATEWAY) as served:
        yield served


async def upload(
    served: Bench, way: str, target: str, script: Script
) -> tuple[Answer, Link]:
    """Return the answer to an upload, and the connection where it went."""
    served.upstream.scripts[target] = (Act.EARLY, *script)
    async with asyncio.timeout(10), uploading(served, way, target) as client:
        answer = await client.read()
        (link,) = served.upstream.links_of(target)
        return answer, link


def in_every_way(
    runner: asyncio.Runner, scenario: Callable[[str, str], Coroutine[None, None, None]]
) -> None:
    """Run a scenario for each way to upload, with the pool that it uses."""

    async def one(way: str) -> None:
        try:
            await scenario(way, WAYS[way][0].id)
        except BaseException as exc:
            exc.add_note(f"upload: {way}")
            raise

    async def all_ways() -> None:
        async with asyncio.TaskGroup() as group:
            for way in WAYS:
                group.create_task(one(way))

    runner.run(all_ways())


@pytest.mark.parametrize("name", EARLY)
def test_early_answer_is_passed_on(
    name: str, served: Bench, runner: asyncio.Runner
) -> None:
    script, expected = EARLY[name]

    async def scenario(way: str, pool: str) -> None:
        target = f"/{pool}/{name}-{way}"
        answer, link = await upload(served, way, target, script)
        tell(Case(pool, script, expected), answer)
        await served.canaries(f"{pool}/{name}-{way}", None)
        assert link.targets[-1] == target
        link.reads.set()
        async with asyncio.timeout(5):
            await link.closed.wait()

    in_every_way(runner, scenario)


@pytest.mark.parametrize("name", READ_ON)
def test_answer_that_begins_early_lets_the_upload_end(
    name: str, served: Bench, runner: asyncio.Runner
) -> None:
    script, expected = READ_ON[name]

    async def scenario(way: str, pool: str) -> None:
        target = f"/{pool}/{name}-{way}"
        answer, _ = await upload(served, way, target, script)
        tell(Case(pool, script, expected), answer)
        if Act.BODY in script:
            (seen,) = served.upstream.seen(target)
            assert seen.body == WHOLE
        await served.canaries(f"{pool}/{name}-{way}", None)

    in_every_way(runner, scenario)


def test_upload_that_breaks_off_is_never_whole(
    served: Bench, runner: asyncio.Runner
) -> None:
    """A22: the upstream sees a request without its end, or none, and a close."""

    async def scenario(way: str, pool: str) -> None:
        target = f"/{pool}/broken-{way}"
        served.upstream.scripts[target] = (Act.EARLY, Act.BODY, ABC)
        async with connected(served.port) as client:
            client.writer.write(b"POST %b HTTP/1.1\r\n" % target.encode())
            client.writer.write(b"Host: a\r\n%b\r\n\r\n" % WAYS[way][1])
            client.writer.write(b"5\r\nabcde\r\n")
            if way != "buffered":
                await served.upstream.until(
                    lambda: bool(served.upstream.links_of(target))
                )
        async with asyncio.timeout(5):
            for link in served.upstream.links_of(target):
                await link.closed.wait()
                assert link.written == 0  # the body never came to an end
        await served.canaries(f"{pool}/broken-{way}", None)

    in_every_way(runner, scenario)


def test_dialogue_goes_both_ways_at_once(served: Bench, runner: asyncio.Runner) -> None:
    """The client sends a piece only once it has the one before it back."""
    target = "/streamed/dialogue"

    async def scenario() -> None:
        served.upstream.scripts[target] = (Act.EARLY, STREAM, Act.ECHO, b"0\r\n\r\n")
        async with asyncio.timeout(10), connected(served.port) as client:
            client.writer.write(b"POST %b HTTP/1.1\r\nHost: a\r\n" % target.encode())
            client.writer.write(b"Content-Length: 50\r\n\r\n0123456789")
            answer, got = Answer(), b""
            await client.read_head(answer)
            async for piece in client.pieces(answer, "POST"):
                got += piece
                if len(got) < 50 and not len(got) % 10:
                    client.writer.write(b"0123456789")
        assert got == b"0123456789" * 5
        await served.canaries("streamed/dialogue", None)

    runner.run(scenario())


def test_client_that_leaves_a_dialogue_leaves_nothing(
    served: Bench, runner: asyncio.Runner
) -> None:
    """Its upload and its answer end together, by a close that says so."""
    target = "/streamed/left"

    async def scenario() -> None:
        tasks = len(asyncio.all_tasks())
        script = (Act.EARLY, STREAM, Act.ECHO, b"0\r\n\r\n")
        served.upstream.scripts[target] = script
        async with connected(served.port) as client:
            client.writer.write(b"POST %b HTTP/1.1\r\nHost: a\r\n" % target.encode())
            client.writer.write(b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            await client.reader.readuntil(b"abc")
            client.writer.transport.abort()
        (link,) = served.upstream.links_of(target)
        async with asyncio.timeout(5):
            await link.closed.wait()
        await turns()
        assert len(asyncio.all_tasks()) <= tasks
        await served.canaries("streamed/left", None)

    runner.run(scenario())
