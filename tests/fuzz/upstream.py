"""The target `upstream`: any bytes of an upstream, over a real connection.

They are the answer to one call; the next call on the same pool must get its own.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import socket
import zlib
from random import Random
from typing import Final, cast

import uvloop

from hxroute.errors import Internal, ProxyError, UpstreamTimeout
from hxroute.http import Handler, Headers, Request, Response, Start, Timeout, read_whole
from hxroute.ir import Upstream
from hxroute.nodes import Execute
from hxroute.passing import HOP_BY_HOP
from hxroute.resilience import Retry
from hxroute.runtime.connectors import Connector
from tests.clients import CLIENTS, open_connector, through
from tests.fuzz.answers import Answer, read_answer

__all__ = ["upstream"]

_METHODS: Final = ("GET", "GET", "GET", "POST", "HEAD")
_PATIENCE: Final = Timeout(connect=5, read=2, write=5, pool=5)
_HANG_SECONDS: Final = 10
_MAX_INTERIM: Final = 100
_MAX_FIELDS: Final = 200
"""What an upstream may need; a gateway may refuse what is beyond."""

_CANARY: Final = b"HTTP/1.1 200 OK\r\nx-canary: 1\r\ncontent-length: 6\r\n\r\ncanary"
_TURN: Final = b"x-turn"


class _Peer(asyncio.Protocol):
    """One connection of the upstream: each whole request gets what is due to it."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self._received = b""
        self.gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the connection."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none
        self._server.peers.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._server.peers.discard(self)
        self.gone.set()

    def data_received(self, data: bytes) -> None:
        """Answer a request: none has a body that could be taken for another."""
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        sized = b"content-length: 1" in head.lower()
        if not end or (sized and not body):
            return
        self._received = body[1:] if sized else body
        if b"x-turn: canary" in head:
            whole, without_body = _CANARY, _CANARY.removesuffix(b"canary")
            is_head = head.startswith(b"HEAD")
            self._transport.write(without_body if is_head else whole)
        else:
            self._server.answer(self._transport)

    def close(self) -> None:
        """Leave."""
        self._transport.abort()


class _Server:
    """An upstream on a port of its own, which answers with the bytes of one input."""

    def __init__(self) -> None:
        self.loop = uvloop.new_event_loop()
        bound = socket.create_server(("127.0.0.1", 0))
        made = self.loop.create_server(lambda: _Peer(self), sock=bound)
        self._listener = self.loop.run_until_complete(made)
        self.url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        self.peers: set[_Peer] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.prepare([], closes=True)

    def prepare(self, packets: list[bytes], *, closes: bool) -> None:
        """Have an answer ready; `said` is set once it has gone out."""
        self._packets, self._closes = packets, closes
        self.said = asyncio.Event()

    def answer(self, transport: asyncio.Transport) -> None:
        """Begin to answer."""
        task = self.loop.create_task(self._answer(transport))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, transport: asyncio.Transport) -> None:
        for packet in self._packets:
            if transport.is_closing():
                break
            transport.write(packet)
            await asyncio.sleep(0)
        if self._closes:
            transport.close()
        self.said.set()

    async def leave(self) -> None:
        """End every connection."""
        for peer in tuple(self.peers):
            peer.close()
            await peer.gone.wait()

    def close(self) -> None:
        """End."""
        self._listener.close()
        self.loop.run_until_complete(self._listener.wait_closed())
        self.loop.close()


@functools.cache
def _serving() -> _Server:
    server = _Server()
    atexit.register(server.close)
    return server


def upstream(data: bytes) -> None:
    """Call an upstream that answers with any bytes, then call it again, by each client."""
    for client in CLIENTS:
        with through(client):
            _by_chosen(data)


def _by_chosen(data: bytes) -> None:
    random = Random(zlib.crc32(data))
    method, again = random.choice(_METHODS), random.choice(_METHODS)
    expected = read_answer(data, method)
    server = _serving()
    closes = expected is None or expected.end != "whole" or expected.lenient
    server.prepare(_packets(data, random), closes=closes)
    if closes and again == "POST":
        again = "GET"  # the connection may die unseen, and a POST is not sent again
    called = _called(server, method, again, expected)
    server.loop.run_until_complete(asyncio.wait_for(called, _HANG_SECONDS))


def _packets(data: bytes, random: Random) -> list[bytes]:
    if random.random() < 0.7 or not data:
        return [data]
    places = sorted(random.randrange(len(data)) for _ in range(random.randint(1, 4)))
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


async def _called(
    server: _Server, method: str, again: str, expected: Answer | None
) -> None:
    one = Upstream("u", "x", _PATIENCE, max_connections=1)
    connector = open_connector(one, server.url)
    try:
        call = _executing(connector)
        await _judged(call, method, expected)
        await server.said.wait()
        await _is_canary(call, again)
    finally:
        await connector.close()
        await server.leave()


def _executing(connector: Connector) -> Handler:
    """Return the node that makes the call and checks what comes back."""

    async def nothing_left(request: Request) -> Response:
        raise Internal

    def connect(name: str, timeout: Timeout | None, retry: Retry | None) -> Handler:
        return connector.handler(timeout)

    return Execute("u").wrap(nothing_left, Start({}, connect))


def _request(method: str, turn: bytes) -> Request:
    body = b"x" if method == "POST" else b""
    return Request(method, b"/", b"", [(_TURN, turn)], body, len(body))


async def _is_canary(call: Handler, method: str) -> None:
    response = await call(_request(method, b"canary"))
    assert response.status == 200
    assert (b"x-canary", b"1") in response.headers
    assert await _whole(response) == (b"" if method == "HEAD" else b"canary")


async def _whole(response: Response) -> bytes:
    try:
        return await read_whole(response.body)
    finally:
        await response.close()


async def _judged(call: Handler, method: str, expected: Answer | None) -> None:
    try:
        response = await call(_request(method, b"input"))
    except ProxyError as exc:
        _is_upstreams(exc)
        assert _may_fail(expected), "an answer that is one was refused"
        return
    assert expected is not None, "what is no answer was taken for one"
    assert response.status == expected.status
    fields = [f for f in response.headers if f[0] != b"content-length"]
    passed_on = _passed_on(expected)
    assert fields == passed_on or (expected.lenient and _are_alike(fields, passed_on))
    got = bytearray()
    try:
        if isinstance(response.body, bytes):
            got += response.body
        else:
            async for chunk in response.body:
                got += chunk
    except ProxyError as exc:
        _is_upstreams(exc)
        assert _may_fail(expected), "a body that is one was cut"
        assert expected.body.startswith(got)
    else:
        assert expected.end in ("whole", "closed"), "a body that is none was whole"
        assert got == expected.body
        _is_measured(response, method, expected)
    finally:
        await response.close()


def _is_measured(response: Response, method: str, expected: Answer) -> None:
    """Assert that a length is that of the body, or of one that may not come."""
    lengths = [value for name, value in response.headers if name == b"content-length"]
    if method == "HEAD" or expected.status == 304:
        stated = [v.split(b",")[0] for v in expected.values(b"content-length")]
        assert lengths in ([], stated[:1])
    else:
        assert lengths in ([], [b"%d" % len(expected.body)])


def _are_alike(some: Headers, others: Headers) -> bool:
    """Tell whether fields are the same where a fold is one blank, or several."""
    squeezed = ([(n, b" ".join(v.split())) for n, v in f] for f in (some, others))
    return next(squeezed) == next(squeezed)


def _is_upstreams(exc: ProxyError) -> None:
    assert exc.side == "upstream"
    assert not isinstance(exc, UpstreamTimeout), "it hangs"


def _may_fail(expected: Answer | None) -> bool:
    return (
        expected is None
        or expected.lenient
        or expected.end not in ("whole", "closed")
        or expected.interim > _MAX_INTERIM
        or len(expected.fields) > _MAX_FIELDS
    )


def _passed_on(answer: Answer) -> Headers:
    named = {
        option.strip(b" \t").lower()
        for value in answer.values(b"connection")
        for option in value.split(b",")
    }
    dropped = named | HOP_BY_HOP | {b"content-length"}
    return [pair for pair in answer.fields if pair[0] not in dropped]
