"""The connector against upstreams that misbehave, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Callable

import h11
import pytest

from hxroute.errors import (
    BadResponse,
    ConnectFailed,
    ConnectTimeout,
    Disconnected,
    PoolTimeout,
    ProxyError,
    ReadTimeout,
    StartError,
    WriteTimeout,
)
from hxroute.http import Request, Response, Timeout, read_whole
from hxroute.ir import Upstream
from hxroute.sandbox.scripted import Script, ScriptedUpstream
from tests.clients import open_connector

pytestmark = pytest.mark.usefixtures("each_client")

QUICK = Timeout(connect=0.2, read=0.2, write=0.2, pool=0.2)
OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def asking(case: str = "c", method: str = "GET", body: bytes = b"") -> Request:
    headers = [(b"x-hx-case", case.encode())]
    return Request(method, b"/x", headers=headers, body=body, length=len(body))


async def whole(response: Response) -> bytes:
    try:
        return await read_whole(response.body)
    finally:
        await response.close()


def called(script: Script, request: Request | None = None) -> bytes | ProxyError:
    """Return the body of a call on a scripted upstream, or its error."""

    async def scenario() -> bytes | ProxyError:
        async with ScriptedUpstream({"c": script}) as upstream:
            connector = open_connector(Upstream("u", "x", QUICK), upstream.url)
            try:
                return await whole(await connector.handler(None)(request or asking()))
            except ProxyError as exc:
                return exc
            finally:
                await connector.close()

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ([{"close": True}], Disconnected),
        ([{"reset": True}], Disconnected),
        (["not http\r\n\r\n", {"close": True}], BadResponse),
        (["HTTP/1.1 abc OK\r\n\r\n", {"close": True}], BadResponse),
        (
            ["HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc"],
            BadResponse,
        ),
        (["HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"], BadResponse),
        (["HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n"], BadResponse),
        (
            ["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort", {"close": True}],
            BadResponse,
        ),
        (
            ["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort", {"reset": True}],
            BadResponse,
        ),
        (["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxx\r\n"], BadResponse),
        ([{"sleep": 9}], ReadTimeout),
        (
            ["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort", {"sleep": 9}],
            ReadTimeout,
        ),
    ],
)
def test_call_maps_what_an_upstream_does_wrong(script: Script, error: type) -> None:
    found = called(script)
    assert type(found) is error


def test_call_names_the_limit_that_passed() -> None:
    assert str(called([{"sleep": 9}])) == "The upstream sent nothing for 0.2 s."


def test_call_returns_the_body_as_it_came() -> None:
    zipped = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\n\x1f\x8bx"
    assert called([zipped]) == b"\x1f\x8bx"


def test_call_skips_interim_responses() -> None:
    assert called(["HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n" + OK]) == b"ok"


def test_call_to_a_closed_port_fails_to_connect() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    connector = open_connector(Upstream("u", "x", QUICK), url)
    with pytest.raises(ConnectFailed):
        asyncio.run(connector.handler(None)(asking()))


def test_call_to_a_name_that_is_none_fails_to_connect() -> None:
    connector = open_connector(
        Upstream("u", "x", Timeout(connect=5)), "http://no.invalid"
    )
    with pytest.raises(ConnectFailed):
        asyncio.run(connector.handler(None)(asking()))


def test_call_to_a_full_backlog_times_out_connecting() -> None:
    """A listener that accepts nobody, its queue full, answers no SYN."""

    async def scenario() -> None:
        with socket.socket() as deaf, contextlib.ExitStack() as stack:
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(0)
            for _ in range(4):
                queued = stack.enter_context(socket.socket())
                queued.setblocking(False)
                queued.connect_ex(deaf.getsockname())
            url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
            connector = open_connector(Upstream("u", "x"), url)
            with pytest.raises(ConnectTimeout, match=r"within 0\.2 s"):
                await connector.handler(QUICK)(asking())

    asyncio.run(scenario())


def test_call_with_the_pool_in_use_times_out_waiting() -> None:
    async def scenario() -> None:
        async with ScriptedUpstream({"c": [{"sleep": 9}]}) as upstream:
            patient = Timeout(read=9, pool=0.2)
            one = Upstream("u", "x", patient, max_connections=1)
            connector = open_connector(one, upstream.url)
            first = asyncio.create_task(connector.handler(None)(asking()))
            await upstream.arrived("c")
            with pytest.raises(PoolTimeout):
                await connector.handler(None)(asking())
            first.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await first
            await connector.close()

    asyncio.run(scenario())


def test_call_whose_answer_does_not_begin_within_its_try_gives_its_place_back() -> None:
    async def scenario() -> None:
        async with ScriptedUpstream({"late": [{"sleep": 9}], "c": [OK]}) as upstream:
            one = Upstream("u", "x", max_connections=1)
            connector = open_connector(one, upstream.url)
            with pytest.raises(ReadTimeout, match=r"within 0\.01 s"):
                await connector.handler(None, 0.01)(asking("late"))
            assert await whole(await connector.handler(None, 9)(asking())) == b"ok"
            await connector.close()

    asyncio.run(scenario())


def test_call_to_an_upstream_that_takes_nothing_times_out_writing() -> None:
    async def scenario() -> None:
        async def deaf(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            await done.wait()
            writer.close()

        done = asyncio.Event()
        server = await asyncio.start_server(deaf, "127.0.0.1", 0, limit=1)
        async with server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            connector = open_connector(Upstream("u", "x", QUICK), url)
            with pytest.raises(WriteTimeout):
                await connector.handler(None)(asking("c", "POST", bytes(50_000_000)))
            done.set()
            await connector.close()

    asyncio.run(scenario())


def test_call_whose_body_cannot_be_made_fails_as_that_does() -> None:
    """A defect of ours is none of the upstream's: it is no bad answer."""

    async def broken() -> AsyncGenerator[bytes, None]:
        yield b"begun"
        raise LookupError("a defect")

    async def scenario() -> None:
        async with ScriptedUpstream() as upstream:
            connector = open_connector(Upstream("u", "x"), upstream.url)
            request = Request("POST", b"/x", body=broken(), length=None)
            with pytest.raises(LookupError, match="a defect"):
                await connector.handler(None)(request)
            assert await whole(await connector.handler(None)(asking())) is not None
            await connector.close()

    asyncio.run(scenario())


def resent(method: str) -> tuple[int, int]:
    """Use a connection, let it die unseen, call again: statuses, requests seen."""

    async def scenario() -> tuple[int, int]:
        async with ScriptedUpstream(
            {"first": [OK], "c": [{"close": True}]}
        ) as upstream:
            connector = open_connector(Upstream("u", "x", QUICK), upstream.url)
            call = connector.handler(None)
            await whole(await call(asking("first")))
            status = 200
            try:
                await call(asking("c", method))
            except Disconnected:
                status = 502
            await connector.close()
            return status, len(upstream.seen_of("c"))

    return asyncio.run(scenario())


def test_call_on_a_stale_connection_is_sent_again_where_it_may_be() -> None:
    """Once on the connection that was in use, once on a new one, and no more."""
    assert resent("GET") == (502, 2)


def test_call_on_a_stale_connection_is_never_sent_again_where_it_may_not() -> None:
    assert resent("POST") == (502, 1)


def test_call_on_a_new_connection_is_sent_once() -> None:
    async def scenario() -> int:
        async with ScriptedUpstream({"c": [{"close": True}]}) as upstream:
            connector = open_connector(Upstream("u", "x", QUICK), upstream.url)
            with pytest.raises(Disconnected):
                await connector.handler(None)(asking())
            await connector.close()
            return len(upstream.seen)

    assert asyncio.run(scenario()) == 1


def test_call_adds_nothing_but_the_host() -> None:
    async def scenario() -> list[tuple[str, str]]:
        async with ScriptedUpstream() as upstream:
            connector = open_connector(Upstream("u", "x"), upstream.url + "/base/")
            await whole(await connector.handler(None)(asking()))
            await connector.close()
            assert upstream.seen[0].target == "/base/x"
            return [(name, value) for name, value in upstream.seen[0].headers]

    headers = asyncio.run(scenario())
    assert [name for name, _ in headers] == ["host", "x-hx-case"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:4000",
        "ftp://a",
        "http://",
        "http://user:secret@a",
        "http://a/?q=1",
        "http://a/#f",
        "http://a:99999",
    ],
)
def test_connector_on_a_bad_url_does_not_start(url: str) -> None:
    upstream = Upstream("u", "{{ settings.url }}", at=5)
    with pytest.raises(StartError, match="line 5: upstream `u`") as caught:
        open_connector(upstream, url)
    assert "secret" not in str(caught.value)


def test_call_over_tls_to_a_plain_port_fails_to_connect() -> None:
    async def scenario() -> None:
        async def plain(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(plain, "127.0.0.1", 0)
        async with server:
            url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            connector = open_connector(Upstream("u", "x", Timeout(connect=5)), url)
            with pytest.raises(ConnectFailed):
                await connector.handler(None)(asking())
            await connector.close()

    asyncio.run(scenario())


def test_call_never_hands_on_what_came_behind_a_response() -> None:
    """RFC 9112 §9.2: the bytes left over are no answer to the next request."""
    evil = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nEVIL"
    empty = "HTTP/1.1 204 No Content\r\ncontent-length: 3\r\n\r\nabc"

    async def scenario() -> None:
        scripts: dict[str, Script] = {"extra": [OK + evil], "empty": [empty + evil]}
        async with ScriptedUpstream({**scripts, "c": [OK]}) as upstream:
            connector = open_connector(Upstream("u", "x"), upstream.url)
            call = connector.handler(None)
            for case in ("extra", "empty") * 10:
                response = await call(asking(case))
                assert await whole(response) in (b"ok", b"")
                assert await whole(await call(asking("c", "POST"))) == b"ok"
            await connector.close()

    asyncio.run(scenario())


def test_call_uses_a_connection_again_after_whatever_ended_cleanly() -> None:
    async def scenario() -> int:
        empty = "HTTP/1.1 304 Not Modified\r\n\r\n"
        async with ScriptedUpstream({"c": [OK], "none": [empty]}) as upstream:
            connector = open_connector(Upstream("u", "x"), upstream.url)
            for case in ("c", "none", "c"):
                await whole(await connector.handler(None)(asking(case)))
            await connector.close()
            return upstream.accepted

    assert asyncio.run(scenario()) == 1


async def pieces(*sent: bytes) -> AsyncGenerator[bytes, None]:
    for piece in sent:
        yield piece


def longer() -> Request:
    body = pieces(b"four", b"GET /evil HTTP/1.1\r\nhost: evil\r\n\r\n")
    return Request("POST", b"/x", body=body, length=4)


def shorter() -> Request:
    return Request("POST", b"/x", body=pieces(b"thr"), length=4)


@pytest.mark.parametrize(
    "wrong",
    [
        longer,
        shorter,
        lambda: Request("GET", b"/x HTTP/1.1\r\nhost: evil"),
        lambda: Request("GET", b"/x /y"),
        lambda: Request("GET /evil", b"/x"),
        lambda: Request("GET", b"/x", headers=[(b"x-a", b"b\r\nx-evil: 1")]),
    ],
    ids=["longer", "shorter", "target-line", "target-blank", "method", "field"],
)
def test_request_that_is_another_one_too_is_not_sent_as_such(
    wrong: Callable[[], Request],
) -> None:
    """A node of the user's own may have made it; what follows must be unharmed."""

    async def scenario() -> None:
        async with ScriptedUpstream({"c": [OK]}) as upstream:
            one = Upstream("u", "x", Timeout(1, 1, 1, 1), max_connections=1)
            connector = open_connector(one, upstream.url)
            call = connector.handler(None)
            await whole(await call(asking()))
            with pytest.raises((RuntimeError, ProxyError, h11.LocalProtocolError)):
                await whole(await call(wrong()))
            assert await whole(await call(asking())) == b"ok"
            assert "/evil" not in [seen.target for seen in upstream.seen]
            await connector.close()

    asyncio.run(scenario())


def test_body_at_hand_is_as_long_as_it_is() -> None:
    """Whatever somebody has declared, or not."""
    for declared in (None, 0, 9):
        request = asking(method="POST", body=b"abc")
        request.length = declared
        assert called([OK], request) == b"ok"
