"""The upstream of the streams: thousands of them, ten events a second each.

What it does stands in the body of a request: `hx-stream` gives events that tell when
they were written, `hx-idle` one event and then silence, `hx-first` one event and the end
a little later; anything else a constant chat completion.

    python upstream.py PORT
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any, Final

import uvloop

__all__ = ["EVENTS_PER_SECOND", "MARK", "PLAIN", "Upstream"]

EVENTS_PER_SECOND: Final = 10

MARK: Final = "<%.6f>"
"""How an event tells when it was written, in seconds of the monotonic clock."""

_SLOTS: Final = 50
"""Streams are written in groups, spread over the time between two events."""

_PAUSE: Final = 0.02
"""Seconds between the only event of a short stream and its end."""

PLAIN: Final = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "Hello! How can I help you today? This is a typical short answer.",
                },
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21},
    },
    separators=(",", ":"),
)
"""The constant answer."""

_CHUNK: Final = (
    'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m",'
    '"choices":[{"index":0,"delta":{"role":"assistant","content":"%s"},'
    '"finish_reason":%s}]}\n\n'
)
_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n"
    b"x-accel-buffering: no\r\ntransfer-encoding: chunked\r\n\r\n"
)
_JSON: Final = (
    f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
    f"content-length: {len(PLAIN)}\r\n\r\n{PLAIN}"
).encode()


def _chunk(data: str) -> bytes:
    return f"{len(data):x}\r\n{data}\r\n".encode()


def _event() -> bytes:
    return _chunk(_CHUNK % (MARK % time.monotonic(), "null"))


_END: Final = _chunk(_CHUNK % ("", '"stop"') + "data: [DONE]\n\n") + b"0\r\n\r\n"


class Upstream(asyncio.Protocol):
    """A connection of a gateway."""

    transport: asyncio.Transport
    slots: tuple[set[asyncio.Transport], ...] = tuple(set() for _ in range(_SLOTS))
    opened = 0

    def connection_made(self, transport: Any) -> None:
        """Keep the transport."""
        self.transport, self._read = transport, b""

    def data_received(self, data: bytes) -> None:
        """Answer what is whole."""
        self._read += data
        head, end, body = self._read.partition(b"\r\n\r\n")
        if end and _whole(head.lower(), body):
            self._read = b""
            self._answer(body)

    def _answer(self, body: bytes) -> None:
        write = self.transport.write
        if b"hx-stream" in body:
            Upstream.opened += 1
            write(_HEAD + _event())
            self.slots[Upstream.opened % _SLOTS].add(self.transport)
        elif b"hx-idle" in body:
            write(_HEAD + _event())
        elif b"hx-first" in body:
            write(_HEAD + _event())
            asyncio.get_running_loop().call_later(_PAUSE, write, _END)
        else:
            write(_JSON)

    def connection_lost(self, exc: Exception | None) -> None:
        """Write to it no more."""
        for slot in self.slots:
            slot.discard(self.transport)


def _whole(head: bytes, body: bytes) -> bool:
    if b"transfer-encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    _, found, rest = head.partition(b"content-length:")
    return not found or len(body) >= int(rest.partition(b"\r\n")[0])


async def _serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    await loop.create_server(Upstream, "127.0.0.1", port, backlog=4096)
    began, turn = time.monotonic(), 0
    while True:
        turn += 1
        due = began + turn / (_SLOTS * EVENTS_PER_SECOND)
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        event = _event()
        for transport in Upstream.slots[turn % _SLOTS]:
            transport.write(event)


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
