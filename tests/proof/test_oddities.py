"""What no client and no upstream should be sent is a fact, and else there is none."""

from __future__ import annotations

import asyncio

import pytest

from hxroute.proof import oddities
from hxroute.proof.exchange import Case, Facts, client_facts
from hxroute.proof.messages import Answer, Headers, Request
from hxroute.proof.play import Way, lane
from hxroute.proof.targets.upstreams import wheres
from hxroute.proof.targets.url import Url
from hxroute.proof.wire import send
from hxroute.sandbox.seen import Seen
from tests.processes import free_port

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
BOTH = (
    b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n"
    b"0\r\n\r\n"
)
REQUEST = Request("GET", "/")
HOST = "127.0.0.1:4000"
HOSTS = {HOST}


def answered(data: bytes, method: str = "GET") -> Facts:
    """Return what is odd about an answer of these bytes, behind which it is closed."""

    async def scenario() -> Facts:
        async def serve(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(data)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            place = server.sockets[0].getsockname()[:2]
            answer = await send(Request(method, "/"), place, "x", 5)
        return oddities.of_answer(answer, ())

    return asyncio.run(scenario())


def test_usual_answer_has_no_oddities() -> None:
    assert answered(OK) == {}
    assert answered(b"HTTP/1.1 100 Continue\r\n\r\n" + OK) == {}
    assert (
        answered(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
            b"2\r\nok\r\n0\r\n\r\n"
        )
        == {}
    )


@pytest.mark.parametrize(
    ("data", "method", "fact", "value"),
    [
        (OK + b"x", "GET", "client.excess", "x"),
        (OK + OK, "GET", "client.excess", OK.decode()),
        (OK, "HEAD", "client.excess", "ok"),
        (b"HTTP/1.1 204 No\r\n\r\nbody", "GET", "client.excess", "body"),
        (OK.replace(b"/1.1", b"/1.0"), "GET", "client.version", "HTTP/1.0"),
        (b"HTTP/1.1 103 Early\r\n\r\n" + OK, "GET", "client.interim", "103"),
        (
            b"HTTP/1.1 200 OK\r\nconnection: close, x-a\r\ncontent-length: 0\r\n\r\n",
            "GET",
            "client.headers.connection",
            "x-a",
        ),
        (
            BOTH,
            "GET",
            "client.headers.transfer-encoding",
            "chunked",
        ),
    ],
)
def test_odd_answer_is_a_fact(data: bytes, method: str, fact: str, value: str) -> None:
    assert answered(data, method) == {fact: (value,)}


def test_server_and_date_of_the_upstream_are_facts() -> None:
    script = ("HTTP/1.1 200 OK\r\nServer: internal-7\r\ndate: then\r\n\r\nserver: x",)
    passed: Headers = (("server", "internal-7"), ("date", "now"))

    assert client_facts(Answer(200, passed), script)["client.headers.server"] == (
        "internal-7",
    )
    assert "client.headers.date" not in client_facts(Answer(200, passed), script)
    assert "client.headers.server" not in client_facts(Answer(200, passed), ())


def seen(*headers: tuple[str, str]) -> Facts:
    fields = headers if "host" in dict(headers) else (*headers, ("host", HOST))
    return oddities.of_request(Seen("GET", "/", fields), "upstream.", HOSTS)


def test_version_and_trailers_of_a_request_are_facts() -> None:
    one = Seen("GET", "/", (("host", HOST),), "", "HTTP/1.0", (("X-Sum", "1"),))

    assert oddities.of_request(one, "upstream.", HOSTS) == {
        "upstream.version": ("HTTP/1.0",),
        "upstream.trailers.x-sum": ("1",),
    }


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("content-length", "3"), ("connection", "keep-alive")),
        (("Transfer-Encoding", "chunked"), ("connection", "Close")),
    ],
)
def test_usual_request_has_no_oddities(headers: Headers) -> None:
    assert seen(*headers) == {}


@pytest.mark.parametrize(
    ("headers", "fact"),
    [
        ((("content-length", "3"), ("transfer-encoding", "chunked")), "framing"),
        ((("content-length", "3"), ("content-length", "4")), "framing"),
        ((("content-length", "x"),), "framing"),
        ((("transfer-encoding", "gzip, chunked"),), "framing"),
        ((("connection", "close, authorization"),), "headers.connection"),
        ((("host", "evil.example"),), "headers.host"),
        ((("host", "127.0.0.1:4000"), ("host", "b")), "headers.host"),
    ],
)
def test_odd_request_is_a_fact(headers: Headers, fact: str) -> None:
    assert list(seen(*headers)) == [f"upstream.{fact}"]


def test_requests_that_never_become_whole_are_facts() -> None:
    """A gateway sends one whole request, and half of another."""

    async def scenario() -> Facts:
        async def serve(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            await reader.readuntil(b"\r\n\r\n")
            for data in (b"GET / HTTP/1.1\r\nhost: localhost:%d\r\n\r\n", b"DELETE /x"):
                _, upstream = await asyncio.open_connection("127.0.0.1", port)
                upstream.write(data % port if b"%d" in data else data)
                await upstream.drain()
                upstream.close()
                await upstream.wait_closed()
            writer.write(OK)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            address = "http://{}:{}".format(*server.sockets[0].getsockname()[:2])
            target = Url(address, wheres([str(port)]), {})
            async with lane(target, {}, Way({}, "x")) as running:
                return await running.play(Case("torn", REQUEST))

    port = free_port()
    facts = asyncio.run(scenario())

    assert facts["upstream.requests"] == ("1",)
    assert facts["upstream.torn"] == ("DELETE /x",)
    assert "upstream.headers.host" not in facts
