"""A cycle: one request and the way of its answer onto the client's connection."""

from __future__ import annotations

import email.utils
import functools
import http
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from hxroute.http import BODILESS
from hxroute.runtime.flow import Flow

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

__all__ = ["Cycle", "head"]


class Cycle(RequestResponseCycle):
    """Frames answers for the version that the client speaks (RFC 9112 §6).

    `finish` is called when an answer that ends its connection is complete.
    """

    flow: Flow

    def __init__(self, finish: Callable[[], None], **server: Any) -> None:
        super().__init__(**server)
        self._finish = finish
        self._left: int | None = None
        self._has_body = True

    def cut(self) -> None:
        """Close the connection in the middle of the answer, so that it shows."""
        self.disconnected = True
        if self.chunked_encoding or self._left is not None:
            self.flow.close()
        else:
            self.flow.reset()

    async def send(self, message: ASGISendEvent) -> None:
        """Send a part of the answer.

        Raises:
            RuntimeError: where an application breaks the protocol.
        """
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if message["type"] == "http.response.start" and not self.response_started:
            self._start(message["status"], list(message.get("headers", ())))
        elif message["type"] == "http.response.body" and self.response_started:
            self._send(message.get("body", b""), more=message.get("more_body", False))
        else:
            raise RuntimeError(f"unexpected {message['type']}")

    def _start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        fields: dict[bytes, bytes] = {}
        for name, value in headers:
            fields.setdefault(name, value)
        self._has_body = self.scope["method"] != "HEAD" and status not in BODILESS
        if b"content-length" in fields:
            self._left = int(fields[b"content-length"])
        elif self._has_body and self.scope["http_version"] == "1.1":
            self.chunked_encoding = True
            headers.append((b"transfer-encoding", b"chunked"))
        if b"close" in fields.get(b"connection", b"").lower():
            self.keep_alive = False
        elif not self.keep_alive:
            headers.append((b"connection", b"close"))
        if b"date" not in fields:
            headers.append((b"date", _now()))  # RFC 9110 §6.6.1
        self.response_started = True
        self.waiting_for_100_continue = False
        self.transport.write(head(status, headers))

    def _send(self, body: bytes, *, more: bool) -> None:
        if self.response_complete:
            raise RuntimeError("the answer is complete")
        if body and self._has_body:
            if self.chunked_encoding:
                body = b"%x\r\n%b\r\n" % (len(body), body)
            elif self._left is not None:
                self._left -= len(body)
                if self._left < 0:
                    raise RuntimeError("the answer is longer than its Content-Length")
            self.transport.write(body)
        if not more:
            self._end()

    def _end(self) -> None:
        if self._has_body and self._left:
            raise RuntimeError("the answer is shorter than its Content-Length")
        if self._has_body and self.chunked_encoding:
            self.transport.write(b"0\r\n\r\n")
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self._finish()
        self.on_response()


def head(status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
    """Return the head of an answer.

    Raises:
        RuntimeError: where a field would begin another one, or the body.
    """
    lines = [b"%b: %b\r\n" % field for field in headers]
    made = b"".join([_status_line(status), *lines, b"\r\n"])
    ends = len(lines) + 2
    if made.count(b"\n") != ends or made.count(b"\r") != ends or b"\0" in made:
        raise RuntimeError("a field of the answer holds a line break")
    return made


@functools.cache
def _status_line(status: int) -> bytes:
    known = {item.value: item.phrase for item in http.HTTPStatus}
    return f"HTTP/1.1 {status} {known.get(status, '')}\r\n".encode()


def _now() -> bytes:
    return _date(int(time.time()))


@functools.lru_cache(maxsize=1)
def _date(second: int) -> bytes:
    return email.utils.formatdate(second, usegmt=True).encode()
