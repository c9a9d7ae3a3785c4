"""The requests of our own client: raw HTTP/1.1, as cheap as the upstream's."""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from collections.abc import Mapping
from typing import Any, Final

from benchmarks.gateways.peers import KEY, MODEL

__all__ = ["LoadError", "Once", "answers", "body", "fields", "request"]

_PATH: Final = "/v1/chat/completions"


class LoadError(Exception):
    """A gateway did not do what it is measured by; the text says what it did."""


def body(model: str) -> str:
    """Return a small chat request; the model says what the upstream is to do."""
    said = {"role": "user", "content": "Hello there, say hi"}
    first = {"role": "system", "content": "You are a helpful assistant."}
    asked = {"model": model, "messages": [first, said], "temperature": 0.7}
    streamed = {} if model == MODEL else {"stream": True}
    return json.dumps(asked | streamed, separators=(",", ":"))


def fields(extra: Mapping[str, str]) -> dict[str, str]:
    """Return the header fields of a request."""
    return {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {KEY}",
        **extra,
    }


def request(port: int, model: str, extra: Mapping[str, str]) -> bytes:
    """Return a whole request."""
    content = body(model)
    head = {
        "Host": f"127.0.0.1:{port}",
        **fields(extra),
        "Content-Length": len(content),
    }
    lines = [f"POST {_PATH} HTTP/1.1", *(f"{k}: {v}" for k, v in head.items())]
    return ("\r\n".join(lines) + f"\r\n\r\n{content}").encode()


def answers(port: int, extra: Mapping[str, str]) -> bool:
    """Say whether a gateway answers a chat request with 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", _PATH, body(MODEL), fields(extra))
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Once(asyncio.Protocol):
    """A kept connection that takes one request after the other.

    The answer is whole with its stated length, or with the last chunk where it has none.
    """

    def __init__(self) -> None:
        self.done: asyncio.Future[bytes] | None = None
        self.first = self.ended = 0.0
        """When its first event and its last byte came; uvloop's own clock is coarse."""
        self._read = b""

    def connection_made(self, transport: Any) -> None:
        """Keep the transport."""
        self.transport = transport

    def send(self, data: bytes) -> asyncio.Future[bytes]:
        """Send a request; the result is its answer, with the head."""
        self._read, self.first = b"", 0.0
        self.done = asyncio.get_running_loop().create_future()
        self.transport.write(data)
        return self.done

    def data_received(self, data: bytes) -> None:
        """Gather the answer, and note its times."""
        self._read += data
        if not self.first and b"data:" in self._read:
            self.first = time.perf_counter()
        if self.done and not self.done.done() and _whole(self._read):
            self.ended = time.perf_counter()
            self.done.set_result(self._read)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whom waits for the answer."""
        if self.done and not self.done.done():
            self.done.set_exception(LoadError("the connection ended early"))


def _whole(read: bytes) -> bool:
    head, end, content = read.partition(b"\r\n\r\n")
    if not end:
        return False
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    if found:
        return len(content) >= int(rest.partition(b"\r\n")[0])
    return content.endswith(b"0\r\n\r\n")
