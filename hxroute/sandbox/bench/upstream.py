"""The upstream that is measured against: one answer for every request, at once.

`python -m hxroute.sandbox.bench.upstream` prints its port, then answers words: `whole`
and `events` choose between an answer of known length and a stream of two events, every
word is answered with how many requests have come.
"""

from __future__ import annotations

import asyncio
import os
from typing import Final, cast

import httptools

from hxroute.sandbox.bench.loops import runner
from hxroute.sandbox.tether import tether

__all__ = ["Upstream", "main"]

_PAUSE: Final = 0.005
"""Seconds between a stream's two events: who holds it back shows."""

_BODY: Final = (
    b'{"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,'
    b'"model":"hx-chat","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"Hello! No network was needed for this."},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":1,"completion_tokens":7,"total_tokens":8}}'
)
_WHOLE_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n" % len(_BODY)
)
_EVENT: Final = b'data: {"choices":[{"index":0,"delta":{"content":"Hello"}}]}\n\n'
_EVENTS_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
_FIRST: Final = b"%x\r\n%b\r\n" % (len(_EVENT), _EVENT)
_REST: Final = b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"


class Upstream:
    """What its connections share."""

    def __init__(self) -> None:
        self.requests = 0
        self.events = False

    def answer(self, word: str) -> dict[str, float]:
        """Do as a word says."""
        self.events = word == "events"
        return {"requests": self.requests}


class _Connection(asyncio.Protocol):
    """One connection: requests in, the same answer out."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # No assertion: uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.close()

    def on_message_complete(self) -> None:
        self._upstream.requests += 1
        bodiless = self._parser.get_method() == b"HEAD"
        if not self._upstream.events:
            self._transport.write(_WHOLE_HEAD if bodiless else _WHOLE_HEAD + _BODY)
        elif bodiless:
            self._transport.write(_EVENTS_HEAD)
        else:
            self._transport.write(_EVENTS_HEAD + _FIRST)
            asyncio.get_running_loop().call_later(_PAUSE, self._finish)

    def _finish(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(_REST)


def main() -> None:
    """Serve until the standard input ends."""
    upstream = Upstream()
    with runner() as loop:
        loop.run(_serve(upstream))


async def _serve(upstream: Upstream) -> None:
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    server = await loop.create_server(lambda: _Connection(upstream), "127.0.0.1", 0)
    os.write(1, b"%d\n" % server.sockets[0].getsockname()[1])
    tether(upstream.answer, lambda: loop.call_soon_threadsafe(over.set))
    await over.wait()
    server.close()


if __name__ == "__main__":
    main()
