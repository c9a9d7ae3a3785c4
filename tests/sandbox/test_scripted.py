from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hxroute.sandbox.scripted import ScriptedUpstream
from hxroute.sandbox.seen import Seen

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
NO_CONTENT = "HTTP/1.1 204 No Content\r\n\r\n"


def get(case: str) -> bytes:
    return f"GET /x HTTP/1.1\r\nHost: a\r\nX-HX-Case: {case}\r\n\r\n".encode()


def play(act: Callable[[ScriptedUpstream], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(10), ScriptedUpstream() as upstream:
            await act(upstream)

    asyncio.run(run())


async def call(upstream: ScriptedUpstream, request: bytes) -> Streams:
    reader, writer = await asyncio.open_connection("127.0.0.1", upstream.port)
    writer.write(request)
    return reader, writer


def test_default_reply() -> None:
    async def act(upstream: ScriptedUpstream) -> None:
        reader, writer = await call(upstream, get("unknown"))
        assert (await reader.readuntil(b"}")).endswith(b'\r\n\r\n{"ok":true}')
        writer.close()

    play(act)


def test_texts_and_repeats_are_written_in_order() -> None:
    async def act(upstream: ScriptedUpstream) -> None:
        upstream.reply("a", ["caf\xe9 ", {"repeat": ["yz", 3]}, "!", {"close": True}])
        reader, writer = await call(upstream, get("a"))
        assert await reader.read() == b"caf\xe9 yzyzyz!"
        writer.close()

    play(act)


def test_connection_serves_one_request_after_the_other() -> None:
    async def act(upstream: ScriptedUpstream) -> None:
        upstream.reply("a", ["one"])
        upstream.reply("b", ["two", {"close": True}])
        reader, writer = await call(upstream, get("a") + get("b"))
        assert await reader.read() == b"onetwo"
        assert [seen.case for seen in upstream.seen] == ["a", "b"]
        assert upstream.accepted == 1
        writer.close()

    play(act)


def test_reset_ends_the_script_and_the_connection() -> None:
    async def act(upstream: ScriptedUpstream) -> None:
        upstream.reply("a", ["some", {"reset": True}, "never"])
        reader, writer = await call(upstream, get("a"))
        assert await reader.read() == b"some"
        await upstream.idle()
        assert upstream.connections == 0
        writer.close()

    play(act)


def test_request_is_recorded_as_sent() -> None:
    async def act(upstream: ScriptedUpstream) -> None:
        upstream.reply("a", [NO_CONTENT])
        reader, writer = await call(
            upstream,
            b"PUT /a%2Fb?q=\xe9 HTTP/1.1\r\nB: 1\r\nx-hx-case: a\r\nb:  \xa0 \r\n"
            b"Content-Length: 3\r\n\r\n\x00\xffz",
        )
        await reader.readuntil(b"\r\n\r\n")
        headers = (("B", "1"), ("x-hx-case", "a"), ("b", "\xa0"))
        length = ("Content-Length", "3")
        assert upstream.seen == [
            Seen("PUT", "/a%2Fb?q=\xe9", (*headers, length), "\x00\xffz")
        ]
        assert upstream.seen[0].values("b") == ["1", "\xa0"]
        writer.close()

    play(act)


def test_chunked_body_is_recorded_without_its_framing() -> None:
    async def act(upstream: ScriptedUpstream) -> None:
        upstream.reply("a", [NO_CONTENT])
        head = get("a")[:-2] + b"Transfer-Encoding: chunked\r\n\r\n"
        chunks = b"2;x=y\r\nab\r\nA\r\n0123456789\r\n0\r\nx-trailer: 1\r\n\r\n"
        _, writer = await call(upstream, head + chunks + get("a"))
        assert (await upstream.arrived("a")).body == "ab0123456789"
        assert (await upstream.arrived("a", times=2)).body == ""
        writer.close()

    play(act)


def test_arrived_waits_for_the_whole_request() -> None:
    async def act(upstream: ScriptedUpstream) -> None:
        request = get("a")
        _, writer = await call(upstream, request[:-1])
        arrival = asyncio.ensure_future(upstream.arrived("a"))
        await asyncio.sleep(0)
        assert not arrival.done()
        assert upstream.requests == 0
        writer.write(request[-1:])
        assert (await arrival).method == "GET"
        writer.close()

    play(act)


def test_counters_follow_connections_and_requests() -> None:
    async def act(upstream: ScriptedUpstream) -> None:
        upstream.reply("slow", [{"sleep": 60}])
        writers = [(await call(upstream, get("slow")))[1] for _ in range(3)]
        await upstream.arrived("slow", times=3)
        assert (upstream.connections, upstream.requests) == (3, 3)
        for writer in writers:
            writer.close()
        await upstream.closed("slow", times=3)
        await upstream.idle()
        assert upstream.requests == 0

    play(act)


def test_closed_reports_the_peer_that_leaves_early() -> None:
    async def act(upstream: ScriptedUpstream) -> None:
        upstream.reply("slow", [{"sleep": 60}, "never"])
        reader, writer = await call(upstream, get("slow"))
        await upstream.arrived("slow")
        gone = asyncio.ensure_future(upstream.closed("slow"))
        await asyncio.sleep(0)
        assert not gone.done()
        writer.close()
        await gone
        assert await reader.read() == b""

    play(act)


def test_own_end_of_a_connection_is_not_the_peers() -> None:
    async def act(upstream: ScriptedUpstream) -> None:
        upstream.reply("a", [{"reset": True}])
        upstream.reply("b", ["x", {"close": True}])
        for case in ("a", "b"):
            _, writer = await call(upstream, get(case))
            await upstream.arrived(case)
            await upstream.idle()
            writer.close()
        gone = asyncio.ensure_future(upstream.closed("a"))
        await asyncio.sleep(0)
        assert not gone.done()
        gone.cancel()

    play(act)


def test_unknown_step_is_an_error() -> None:
    async def act(upstream: ScriptedUpstream) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        upstream.reply("a", [{"explode": True}])
        reader, writer = await call(upstream, get("a"))
        assert await reader.read() == b""
        writer.close()

    play(act)


def test_end_of_the_block_closes_every_connection() -> None:
    async def run() -> bytes:
        async with ScriptedUpstream({"slow": [{"sleep": 60}]}) as upstream:
            reader, writer = await call(upstream, get("slow"))
            await upstream.arrived("slow")
        answer = await reader.read()
        writer.close()
        return answer

    assert asyncio.run(run()) == b""
