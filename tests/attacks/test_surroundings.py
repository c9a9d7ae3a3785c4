"""What stands around a gateway: middleware, caches, and protocols that it is not."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
import uvicorn
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response

from hxroute.runtime import application, serve
from hxroute.sandbox.scripted import Script, ScriptedUpstream
from tests.attacks.stage import exchanges, get
from tests.clients import called_by
from tests.runtime.serving import client, compiled, read_answer, served

pytestmark = pytest.mark.usefixtures("each_client")

PLAIN = compiled('- {path: "/{rest:path}", upstream: u}')


class Hiding(BaseHTTPMiddleware):
    """A user's own middleware, of the kind that tells nobody of a client's leaving."""

    async def dispatch(
        self, request: Request, call_next: RequestResponseEndpoint
    ) -> Response:
        return await call_next(request)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_f5_client_that_leaves_behind_a_middleware_is_noticed(method: str) -> None:
    async def scenario() -> None:
        async with ScriptedUpstream({"slow": [{"sleep": 60}]}) as upstream:
            app = application(called_by(PLAIN), environ={"URL": upstream.url})
            app.add_middleware(Hiding)
            server = uvicorn.Server(serve.configuration(app))
            with serve.listen("127.0.0.1", 0) as bound:
                task = asyncio.create_task(server.serve(sockets=[bound]))
                request = get("/x", b"x-hx-case: slow", method=method)
                async with client(bound.getsockname()[1], request):
                    await upstream.arrived("slow")
                async with asyncio.timeout(10):
                    await upstream.closed("slow")
                server.should_exit = True
                await task

    asyncio.run(scenario())


def test_h1_preface_of_http_2_is_refused() -> None:
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"

    found = exchanges(PLAIN, {"preface": preface})["preface"]

    assert found.status in (400, 505)
    assert (found.answer.get("connection"), found.seen) == ("close", ())


HANDSHAKE = (
    b"Connection: Upgrade",
    b"Upgrade: websocket",
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    b"Sec-WebSocket-Version: 13",
)


def test_h3_handshake_makes_no_tunnel() -> None:
    """What comes behind it is the next request, and the upstream hears of no upgrade."""

    async def scenario() -> None:
        async with (
            ScriptedUpstream() as upstream,
            served(PLAIN, {"URL": upstream.url}) as port,
            client(port, get("/x", *HANDSHAKE) + get("/y")) as (reader, _),
        ):
            assert (await read_answer(reader)).status == 200
            assert (await read_answer(reader)).status == 200
            first, second = upstream.seen
            assert (first.target, second.target) == ("/x", "/y")
            assert (first.values("upgrade"), first.values("connection")) == ([], [])

    asyncio.run(scenario())


def test_h3_upstream_that_switches_unasked_is_a_502() -> None:
    switching = (
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n"
        "upgrade: websocket\r\n\r\nframes"
    )
    request = get("/x", b"x-hx-case: switch", *HANDSHAKE)

    found = exchanges(PLAIN, {"x": request}, {"switch": [switching]})

    assert found["x"].status == 502
    assert b"frames" not in found["x"].answer.body


def test_h4_nothing_is_kept() -> None:
    """Fields of caches pass both ways, and each request is a call."""
    kept = (
        'HTTP/1.1 200 OK\r\ncache-control: public, max-age=9\r\netag: "1"\r\n'
        "vary: accept\r\nage: 3\r\nexpires: Thu, 01 Dec 2094 16:00:00 GMT\r\n"
        "content-length: 2\r\n\r\nok"
    )
    scripts: dict[str, Script] = {"kept": [kept]}
    asked = (
        b"x-hx-case: kept",
        b'If-None-Match: "1"',
        b"Range: bytes=0-1",
        b"Cache-Control: only-if-cached",
        b"If-Modified-Since: Thu, 01 Dec 1994 16:00:00 GMT",
    )
    requests = dict.fromkeys(("first", "second", "third"), get("/x", *asked))

    found = exchanges(PLAIN, requests, scripts)

    for exchange in found.values():
        with contextlib.suppress(ValueError):
            exchange.answer.headers.remove(("date", exchange.answer.get("date") or ""))
        assert exchange.answer.headers == [
            ("cache-control", "public, max-age=9"),
            ("etag", '"1"'),
            ("vary", "accept"),
            ("age", "3"),
            ("expires", "Thu, 01 Dec 2094 16:00:00 GMT"),
            ("content-length", "2"),
        ]
        assert exchange.call.values("if-none-match") == ['"1"']
        assert exchange.call.values("range") == ["bytes=0-1"]
        assert exchange.call.values("cache-control") == ["only-if-cached"]
        assert len(exchange.call.values("if-modified-since")) == 1
