"""A gateway that is told to end lets its streams end first (F14)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path

from tests.upstream.cases import Case, Whole, chunked, head
from tests.upstream.gateway import tell
from tests.upstream.process import gateway
from tests.upstream.raw import RawUpstream
from tests.upstream.script import Until
from tests.upstream.wire import connected

STREAMS = 20
FIRST, LAST = b"data: 1\n\n", b"data: [DONE]\n\n"


async def refused(port: int) -> bool:
    """Tell whether nobody listens any more."""
    try:
        async with connected(port):
            return False
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        return False  # it was in the queue of a listener that closed


async def end(upstream: RawUpstream, port: int, pid: int) -> None:
    go_on = asyncio.Event()
    events = "content-type: text/event-stream"
    begin = head(events, "transfer-encoding: chunked")
    one = chunked(FIRST, end=b"").removeprefix(chunked(end=b""))
    rest = chunked(LAST).removeprefix(chunked(end=b""))
    upstream.scripts["/stream"] = (begin, one, Until(go_on), rest)
    async with contextlib.AsyncExitStack() as stack:
        idle = await stack.enter_async_context(connected(port))
        assert (await idle.ask("GET", "/before")).status == 200
        clients = [
            await stack.enter_async_context(connected(port)) for _ in range(STREAMS)
        ]
        asking = [
            asyncio.create_task(client.ask("GET", "/stream")) for client in clients
        ]
        await upstream.until(lambda: len(upstream.seen("/stream")) == STREAMS)
        os.kill(pid, signal.SIGTERM)
        async with asyncio.timeout(5):
            while not await refused(port):
                pass
            assert await idle.reader.read() == b""
        assert not any(task.done() for task in asking)
        go_on.set()
        for answer in await asyncio.gather(*asking):
            tell(Case("x", (), Whole(FIRST + LAST)), answer)


def test_streams_end_before_the_gateway_does(tmp_path: Path) -> None:
    """Nobody new is let in, who is idle is let go, and twenty streams come to an end."""

    async def scenario() -> None:
        async with RawUpstream() as upstream:
            with gateway(tmp_path, upstream.url) as (port, pid):
                async with asyncio.timeout(20):
                    await end(upstream, port, pid)
                    await upstream.until(lambda: not upstream.open)

    asyncio.run(scenario())
    assert "Traceback" not in (tmp_path / "log").read_text()
