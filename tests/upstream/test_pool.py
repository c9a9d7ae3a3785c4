"""The pool: connections that are given up, poisoned, or all in use (F11-F13)."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import random
from pathlib import Path
from typing import Final

from hxroute.http import Request, Timeout, read_whole
from hxroute.ir import Upstream
from hxroute.runtime.connectors import Connector
from tests.clients import open_connector
from tests.runtime.serving import compiled, served
from tests.upstream.cases import ABC, Case, Whole, head, sized
from tests.upstream.gateway import HEAD, Bench, bench, gateway_of, tell
from tests.upstream.raw import RawUpstream, canary_body
from tests.upstream.script import Act, Script, Until
from tests.upstream.wire import connected, framed

CANCELS: Final = int(os.environ.get("HX_CANCELS", "300"))
"""10,000 by hand."""

POOL: Final = Case("pool", (), (), upstream="max_connections: 5, timeout: {pool: 20s}")
GATEWAY = gateway_of([POOL])


SLOW_EVENTS: Final[Script] = (
    head("content-type: text/event-stream", "transfer-encoding: chunked"),
    b"9\r\ndata: a\n\n\r\n",
    Act.PAUSE,
    b"0\r\n\r\n",
)
UPLOAD: Final = framed("POST", "/pool/upload", bytes(300_000))
CHUNKED_UPLOAD: Final = (
    b"POST /pool/upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nabc\r\n"
)
KINDS: Final = (
    framed("GET", "/pool/brief"),
    framed("GET", "/pool/events"),
    framed("POST", "/pool/brief", b"abc"),
    UPLOAD,
    CHUNKED_UPLOAD,
)


async def leave_at_random(port: int, chance: random.Random) -> None:
    """Ask for something, and leave at any moment; some leave by RST."""
    async with connected(port) as client:
        client.writer.write(chance.choice(KINDS))
        await asyncio.sleep(chance.uniform(0, 0.02))  # what is tried is any moment
        if chance.random() < 0.5:
            client.writer.transport.abort()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def storm(served: Bench) -> None:
    chance = random.Random(2)
    scripts = served.upstream.scripts
    scripts["/pool/events"] = SLOW_EVENTS
    scripts["/pool/upload"] = (Act.EARLY, Act.BODY, ABC)
    for _ in range(CANCELS // 20):
        async with asyncio.timeout(20):
            await asyncio.gather(
                *(leave_at_random(served.port, chance) for _ in range(20))
            )


def test_pool_is_whole_after_any_cancellations() -> None:
    """F11: on five connections; what comes next is fine, and nothing is left over."""

    async def scenario() -> None:
        tasks = len(asyncio.all_tasks())
        async with bench(GATEWAY) as served:
            await storm(served)
            async with asyncio.timeout(10):
                await asyncio.gather(
                    *(served.canary(f"/pool/after-{n}", "POST") for n in range(60))
                )
            assert served.upstream.open <= 5
        assert len(asyncio.all_tasks()) == tasks

    before = open_files()
    asyncio.run(scenario())
    gc.collect()
    assert open_files() <= before


async def call(connector: Connector, target: bytes) -> bytes:
    answer = await connector.handler(None)(Request("GET", target))
    try:
        return await read_whole(answer.body)
    finally:
        await answer.close()


async def cancelled_twice(connector: Connector, chance: random.Random) -> None:
    """Cancel a call at some turn of the loop, and again while it gives up."""
    task = asyncio.create_task(call(connector, b"/pool/events"))
    for _ in range(2):
        for _ in range(chance.randrange(12)):
            await asyncio.sleep(0)
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def test_pool_is_whole_after_calls_are_cancelled_twice() -> None:
    """F11: what a server does that waits no longer."""

    async def scenario() -> None:
        chance = random.Random(3)
        limits = Upstream("pool", "x", Timeout(pool=5), max_connections=5)
        async with RawUpstream() as upstream:
            upstream.scripts["/pool/events"] = SLOW_EVENTS
            connector = open_connector(limits, upstream.url)
            for _ in range(CANCELS // 20):
                await asyncio.gather(
                    *(cancelled_twice(connector, chance) for _ in range(20))
                )
            async with asyncio.timeout(10):
                after = await asyncio.gather(
                    *(call(connector, b"/pool/%d" % number) for number in range(60))
                )
            assert after == [canary_body("GET", f"/pool/{n}") for n in range(60)]
            await connector.close()
            async with asyncio.timeout(5):
                await upstream.until(lambda: not upstream.open)

    before = open_files()
    asyncio.run(scenario())
    gc.collect()
    assert open_files() <= before


def test_shutdown_in_a_storm_leaves_nothing() -> None:
    """F11: the gateway ends while clients come and go."""

    async def scenario() -> None:
        async with RawUpstream() as upstream:
            url = {"URL": upstream.url}
            async with served(GATEWAY, url, grace=1) as port:
                running = asyncio.create_task(storm(Bench(upstream, port)))
                await upstream.until(lambda: len(upstream.links) > 2)
                running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            async with asyncio.timeout(5):
                await upstream.until(lambda: not upstream.open)

    before = open_files()
    asyncio.run(scenario())
    gc.collect()
    assert open_files() <= before


FULL = """\
errors:
  full:
    pool_timeout: {status: 503, headers: {retry-after: "1"}, json: {busy: true}}
    other: {json: {kind: "{{ error.kind }}"}}
"""
SMALL = compiled(
    """\
- {path: "/pool/{rest:path}", upstream: small, errors: full}
- {path: "/other/{rest:path}", upstream: other}
- {path: /healthz, respond: {json: {ok: true}}}
""",
    HEAD.replace("errors:\n", FULL)
    + """\
upstreams:
  small: {url: "{{ settings.url }}", max_connections: 3, timeout: {pool: 300ms}}
  other: {url: "{{ settings.url }}"}
""",
)


def test_full_pool_refuses_in_time_and_recovers() -> None:
    """F12: eight streams on three connections; all else goes on."""
    busy = Whole(b'{"busy":true}', 503, {"retry-after": ["1"]})

    async def scenario() -> None:
        async with (
            RawUpstream() as upstream,
            served(SMALL, {"URL": upstream.url}) as port,
            contextlib.AsyncExitStack() as stack,
        ):
            bench, end = Bench(upstream, port), asyncio.Event()
            upstream.scripts["/pool/x"] = (
                *SLOW_EVENTS[:2],
                Until(end),
                *SLOW_EVENTS[3:],
            )
            clients = [
                await stack.enter_async_context(connected(port)) for _ in range(8)
            ]
            asking = [
                asyncio.create_task(client.ask("GET", "/pool/x")) for client in clients
            ]
            await upstream.until(lambda: len(upstream.seen("/pool/x")) == 3)
            await bench.canary("/other/canary", "POST")
            async with connected(port) as client:
                assert (await client.ask("GET", "/healthz")).body == b'{"ok":true}'
            async with asyncio.timeout(5):
                while sum(task.done() for task in asking) < 5:
                    waiting = [task for task in asking if not task.done()]
                    await asyncio.wait(waiting, return_when="FIRST_COMPLETED")
            end.set()
            for answer in await asyncio.gather(*asking):
                tell(Case("x", (), (Whole(b"data: a\n\n"), busy)), answer)
            assert len(upstream.seen("/pool/x")) == 3
            for number in range(6):
                await bench.canary(f"/pool/{number}", "POST")

    asyncio.run(scenario())


def test_herd_gets_no_more_connections_than_the_pool_has() -> None:
    """F13: two hundred calls at once on a cold pool of five, each sent once."""

    async def scenario() -> None:
        async with bench(GATEWAY) as served:
            async with asyncio.timeout(20):
                await asyncio.gather(
                    *(served.canary(f"/pool/{number}") for number in range(200))
                )
            assert len(served.upstream.links) <= 5
            assert all(len(served.upstream.seen(f"/pool/{n}")) == 1 for n in range(200))

    asyncio.run(scenario())


def test_connection_that_was_poisoned_serves_no_other_client() -> None:
    """E1, with many clients at once on few connections."""
    evil = sized(b"evil", "set-cookie: user=a")

    async def one(served: Bench, number: int) -> None:
        if number % 2:
            await served.canary(f"/pool/{number}", "POST")
            return
        async with connected(served.port) as client:
            answer = await client.ask("GET", "/pool/evil")
            tell(Case("x", (), Whole(b"abc")), answer)

    async def scenario() -> None:
        async with bench(GATEWAY) as served:
            served.upstream.scripts["/pool/evil"] = (ABC + evil,)
            async with asyncio.timeout(20):
                await asyncio.gather(*(one(served, n) for n in range(200)))
            for link in served.upstream.links:
                assert "/pool/evil" not in link.targets[:-1]

    asyncio.run(scenario())


def test_client_that_leaves_in_mid_stream_poisons_nothing() -> None:
    """What it did not read is no answer to the next (9112 §9.3)."""
    long = head("content-length: 2000000") + b"x" * 1_000_000

    async def scenario() -> None:
        async with bench(GATEWAY) as served:
            go_on = asyncio.Event()
            served.upstream.scripts["/pool/x"] = (long, Until(go_on), b"x" * 1_000_000)
            for _ in range(8):
                async with connected(served.port) as client:
                    client.writer.write(framed("GET", "/pool/x"))
                    await client.reader.readexactly(10_000)
                    client.writer.transport.abort()
            go_on.set()
            await served.canaries("pool", None)
            for link in served.upstream.links_of("/pool/x"):
                assert link.targets == ["/pool/x"]

    asyncio.run(scenario())
