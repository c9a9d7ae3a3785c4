"""Behaviours of undici, an HTTP client: its connections, and how long it waits."""

from __future__ import annotations

import asyncio

import pytest

from tests.behaviours.origin import OK, Call, Origin, deaf, reply, sized, stall
from tests.behaviours.registry import Peer, Play, run
from tests.behaviours.stage import gateway, logged, request, stage
from tests.processes import free_port
from tests.runtime.serving import ask, client, served

undici = Peer("undici")
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
LONG = bytes(1 << 18)


@undici("client-abort-while-connecting")
async def a_client_that_leaves_ends_the_connecting() -> None:
    """Its place in the pool is free again: the next one waits for nobody."""
    configured = gateway(
        "- {path: /x, errors: e, upstream: u}\n- {path: /own, respond: {text: own}}",
        upstream="max_connections: 1, timeout: {connect: 1s, pool: 100ms}",
        more="errors: {e: {pool_timeout: {status: 503, text: no place}}}\n",
    )
    with deaf() as port:
        url = f"http://127.0.0.1:{port}"
        with logged("hxroute.access") as lines:
            async with served(configured, {"URL": url}) as own:
                async with client(own, request()):
                    assert (await ask(own, request("GET", "/own"))).status == 200
                    assert " GET /own 200 " in await lines.get()
                assert " GET /x 499 " in await lines.get()
                assert (await ask(own, request())).status == 504


@undici("client-body-idle-timeout-stalled")
async def a_body_that_stalls_is_cut() -> None:
    script = stall(CHUNKED + b"1\r\na\r\n")
    async with stage(script, upstream="timeout: {read: 200ms}") as s:
        answer = await s.get()
        assert (answer.status, answer.body, answer.complete) == (200, b"a", False)


@undici("client-body-idle-timeout-paused")
async def a_client_that_takes_nothing_is_left() -> None:
    async def flood(call: Call) -> None:
        await call.write(CHUNKED)
        while True:
            await call.write(b"10000\r\n" + bytes(1 << 16) + b"\r\n")

    limits = "limits: {send_timeout: 200ms}\n"
    async with stage(flood, more=limits) as s, s.client(request()) as (_, writer):
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await (await s.origin.arrived("/x")).gone.wait()


@undici("client-body-idle-timeout-progressing")
async def a_body_that_is_slow_is_not_cut() -> None:
    """Together the pieces take longer than the read timeout; none of them does."""

    async def script(call: Call) -> None:
        await call.write(CHUNKED)
        for _ in range(6):
            await asyncio.sleep(0.1)  # the pace that is tried
            await call.write(b"1\r\na\r\n")
        await call.write(b"0\r\n\r\n")

    async with stage(script, upstream="timeout: {read: 400ms}") as s:
        answer = await s.get()
        assert (answer.body, answer.complete) == (b"aaaaaa", True)


@undici(
    "client-keep-alive",
    {
        "connection close": (sized(b"", "Connection: close"), [1, 2, 3]),
        "keep alive": (sized(b"", "Connection: keep-alive"), [1, 1, 1]),
        "version 1.0": (b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n", [1, 2, 3]),
    },
)
async def a_connection_is_kept_where_the_upstream_keeps_it(
    raw: bytes, links: list[int]
) -> None:
    async with stage(reply(raw)) as s:
        for _ in links:
            answer = await s.get()
            assert answer.status == 200
            assert answer.get("connection") is None
        assert [call.link for call in s.origin.of("/x")] == links


@undici("client-reconnect")
async def an_upstream_that_comes_back_is_found() -> None:
    port = free_port()
    async with served(gateway(), {"URL": f"http://127.0.0.1:{port}"}) as own:
        for _ in range(2):
            assert (await ask(own, request())).status == 502
        async with Origin(port=port):
            assert (await ask(own, request())).status == 200


@undici("client-head-reset-override")
async def answers_to_head_leave_the_connection_usable() -> None:
    async def script(call: Call) -> None:
        await call.write(OK[:-2] if call.method == "HEAD" else OK)

    async with stage(script) as s:
        for method, body in (("HEAD", b""), ("HEAD", b""), ("GET", b"ok")):
            answer = await s.ask(request(method))
            assert (answer.status, answer.body) == (200, body)
        assert [call.link for call in s.origin.of("/x")] == [1, 1, 1]


@undici("client-retry-resume-backpressure")
async def a_body_that_breaks_off_is_never_resumed() -> None:
    """A client that reads slowly sees the break, and the upstream one call."""

    async def script(call: Call) -> None:
        await call.write(sized(LONG * 16)[: len(LONG) * 8])
        call.reset()

    async with stage(script) as s, s.client(request()) as (reader, _):
        size = 0
        try:
            while data := await reader.read(8192):
                size += len(data)
                await asyncio.sleep(0)
        except ConnectionError:
            pass
        assert size < len(LONG) * 16
        assert len(s.origin.of("/x")) == 1


@pytest.mark.parametrize("play", undici.params())
def test_undici(play: Play, runner: asyncio.Runner) -> None:
    run(play, runner)
