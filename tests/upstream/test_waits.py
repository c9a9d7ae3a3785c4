"""What a call waits for, and what it does not: each limit is about its own phase."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncGenerator, AsyncIterator

import pytest

from hxroute.errors import ReadTimeout, TotalTimeout
from hxroute.http import Handler, Request, Timeout, read_whole
from hxroute.ir import Upstream
from tests.clients import open_connector
from tests.upstream.cases import ABC, STREAM, head, sized
from tests.upstream.raw import RawUpstream, canary_body, turns
from tests.upstream.script import Act, Take, Until
from tests.upstream.tls import SELF_SIGNED, server_context

SECONDS = 20


async def ask(call: Handler, request: Request) -> bytes:
    response = await call(request)
    try:
        return await read_whole(response.body)
    finally:
        await response.close()


async def until(event: asyncio.Event) -> AsyncGenerator[bytes, None]:
    yield b"begun "
    await event.wait()
    yield b"ended"


@pytest.mark.parametrize("limits", [Timeout(), Timeout(total=60)], ids=["", "total"])
def test_slow_upload_on_a_kept_connection_is_no_idle_connection(
    limits: Timeout,
) -> None:
    """It goes on while another connection is closed because nobody uses it."""

    async def scenario() -> None:
        end = asyncio.Event()
        async with RawUpstream() as upstream:
            quick = Upstream("u", "x", limits, max_connections=2, idle_timeout=0.1)
            connector = open_connector(quick, upstream.url)
            call = connector.handler(None)
            await ask(call, Request("GET", b"/first"))
            upload = Request("POST", b"/up", body=until(end), length=None)
            sending = asyncio.create_task(ask(call, upload))
            await upstream.until(lambda: "/up" in upstream.arrived)
            (link,) = upstream.links
            assert link.targets == ["/first", "/up"]
            for number in range(2):
                await ask(call, Request("GET", b"/%d" % number))
                await asyncio.sleep(0.2)  # twice as long as a connection is kept
            assert not sending.done()
            end.set()
            body = canary_body("POST", "/up", b"begun ended")
            assert await sending == body
            assert link.targets == ["/first", "/up"]
            await connector.close()

    asyncio.run(asyncio.wait_for(scenario(), SECONDS))


@pytest.mark.parametrize("kept", [False, True], ids=["new", "kept"])
def test_call_takes_no_longer_than_its_total_while_its_body_comes(
    *, kept: bool
) -> None:
    """Whoever sends the body may stop in the middle of it."""

    async def scenario() -> None:
        async with RawUpstream() as upstream:
            limited = Upstream("u", "x", Timeout(total=0.3), max_connections=1)
            connector = open_connector(limited, upstream.url)
            call = connector.handler(None)
            if kept:
                await ask(call, Request("GET", b"/first"))
            never = until(asyncio.Event())
            with pytest.raises(TotalTimeout):
                await ask(call, Request("POST", b"/up", body=never, length=None))
            await ask(call, Request("GET", b"/last"))
            await connector.close()

    asyncio.run(asyncio.wait_for(scenario(), SECONDS))


async def large(count: int) -> AsyncGenerator[bytes, None]:
    for _ in range(count):
        yield bytes(1 << 16)


def test_body_that_stops_is_not_waited_for_because_the_upload_goes_on() -> None:
    """The upstream begins its answer, takes the rest of the upload, and falls silent."""

    async def scenario() -> None:
        go_on = asyncio.Event()
        async with RawUpstream() as upstream:
            begin = STREAM + b"3\r\nabc\r\n"
            script = (Act.EARLY, begin, Until(go_on), Act.BODY, Act.STALL)
            upstream.scripts["/up"] = script
            limited = Upstream("u", "x", Timeout(read=0.3))
            connector = open_connector(limited, upstream.url)
            upload = Request("POST", b"/up", body=large(400), length=None)
            response = await connector.handler(None)(upload)
            assert not isinstance(response.body, bytes)
            assert await anext(response.body) == b"abc"
            reading = asyncio.ensure_future(anext(response.body))
            await turns()
            go_on.set()
            with pytest.raises(ReadTimeout):
                await reading
            await response.close()
            await connector.close()

    asyncio.run(asyncio.wait_for(scenario(), SECONDS))


@pytest.mark.parametrize("first", [b"", head(status="100 x")], ids=["", "interim"])
def test_upload_that_is_taken_slowly_is_not_ended(first: bytes) -> None:
    """Together the pieces take longer than the write timeout; none of them does."""
    size, piece, count = 20_000_000, 1_500_000, 6

    async def scenario() -> None:
        async with RawUpstream() as upstream:
            pauses = [asyncio.Event() for _ in range(count)]
            slow = [step for pause in pauses for step in (Until(pause), Take(piece))]
            rest = Take(size - count * piece)
            upstream.scripts["/up"] = (Act.EARLY, first, *slow, rest, ABC)
            limited = Upstream("u", "x", Timeout(write=0.5))
            connector = open_connector(limited, upstream.url)
            request = Request("POST", b"/up", body=bytes(size), length=size)
            asking = asyncio.create_task(ask(connector.handler(None), request))
            for pause in pauses:
                await asyncio.sleep(0.2)  # the pace that is tried
                pause.set()
            assert await asking == b"abc"
            await connector.close()

    asyncio.run(asyncio.wait_for(scenario(), SECONDS))


@pytest.mark.parametrize("places", [1, 5])
def test_calls_get_their_places_in_their_order(places: int) -> None:
    """Also where every connection is closed behind its answer, and others come."""
    users, each = 30, 10
    numbers = itertools.count()

    async def user(call: Handler) -> None:
        for _ in range(each):
            await ask(call, Request("GET", b"/%d" % next(numbers)))

    async def scenario() -> list[int]:
        async with RawUpstream() as upstream:
            upstream.canary = lambda _: sized(b"", "connection: close")
            limited = Upstream("u", "x", max_connections=places)
            connector = open_connector(limited, upstream.url)
            call = connector.handler(None)
            await asyncio.gather(*(user(call) for _ in range(users)))
            await connector.close()
            return [int(link.targets[0][1:]) for link in upstream.links]

    came = asyncio.run(asyncio.wait_for(scenario(), SECONDS))
    assert len(came) == users * each
    late = [place - number for place, number in enumerate(came)]
    assert max(late) < places, "a call was overtaken"


@contextlib.asynccontextmanager
async def relay(port: int, mute: asyncio.Event) -> AsyncIterator[int]:
    """Pass bytes on to a port; nothing at all on connections made before `mute`."""
    tasks: set[asyncio.Task[None]] = set()

    async def carry(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_old: bool
    ) -> None:
        while data := await reader.read(1 << 16):
            if not (is_old and mute.is_set()):
                writer.write(data)

    async def connected(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        is_old = not mute.is_set()
        both = (
            asyncio.create_task(carry(reader, back, is_old=is_old)),
            asyncio.create_task(carry(there, writer, is_old=is_old)),
        )
        tasks.update(both)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(*both)
        back.close()
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        for task in tasks:
            task.cancel()


def test_connection_over_tls_that_is_not_kept_leaves_its_place_at_once() -> None:
    """Its peer is gone without a word, and answers no closing alert."""

    async def scenario() -> None:
        mute = asyncio.Event()
        async with RawUpstream(server_context()) as upstream:
            port = int(upstream.url.rpartition(":")[2])
            async with relay(port, mute) as between:
                patience = Timeout(pool=2)
                one = Upstream("u", "x", patience, 1, 0.1, str(SELF_SIGNED))
                url = f"https://127.0.0.1:{between}"
                connector = open_connector(one, url)
                call = connector.handler(None)
                await ask(call, Request("GET", b"/first"))
                mute.set()
                await asyncio.sleep(0.3)  # longer than a connection is kept
                got = await ask(call, Request("GET", b"/second"))
                assert got == canary_body("GET", "/second")
                await connector.close()

    asyncio.run(asyncio.wait_for(scenario(), SECONDS))
