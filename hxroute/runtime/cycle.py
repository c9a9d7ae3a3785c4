"""A cycle: one request on a client's connection, and the way of its answer onto it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, Protocol

from hxroute.http import BODILESS, Gone, Headers, chunk, firsts
from hxroute.runtime.flow import Flow
from hxroute.runtime.head import head, now

if TYPE_CHECKING:
    from uvicorn._types import (
        ASGI3Application,
        ASGIReceiveEvent,
        ASGISendEvent,
        HTTPScope,
    )

__all__ = ["EXTENSION", "Carrier", "Cycle"]

EXTENSION: Final = "hxroute.cycle"
"""The ASGI extension under which a request finds its cycle."""

_LOG: Final = logging.getLogger("uvicorn.error")
_FAILED: Final = b"Internal Server Error"


class Carrier(Protocol):
    """The connection that a cycle is on."""

    transport: asyncio.Transport
    flow: Flow

    def forget(self, cycle: Cycle) -> None:
        """Wait no longer for a cycle's task."""

    def finish(self) -> None:
        """Close the connection behind its last answer."""

    def on_response_complete(self) -> None:
        """Go on with what waits behind an answer."""


class Cycle:
    """Takes a request in and frames its answer for the client (RFC 9112 §6).

    The names that the server's own protocol class looks at are the server's.
    """

    __slots__ = (
        "_carrier",
        "_event",
        "_has_body",
        "_has_news",
        "_is_head",
        "_is_over",
        "_left",
        "_version",
        "body",
        "chunked_encoding",
        "disconnected",
        "gone",
        "keep_alive",
        "length",
        "more_body",
        "response_complete",
        "response_started",
        "task",
        "waiting_for_100_continue",
    )

    def __init__(
        self,
        carrier: Carrier,
        method: str,
        version: str,
        length: int | None,
        *,
        keep_alive: bool,
        expects: bool,
    ) -> None:
        self._carrier = carrier
        self._is_head = method == "HEAD"
        self._version = version
        self.length = length
        self.keep_alive = keep_alive
        self.waiting_for_100_continue = expects
        self.gone = Gone()
        self.task: asyncio.Task[None] | None = None
        self.body: bytes | bytearray = b""
        self.more_body = True
        self.disconnected = self.response_started = self.response_complete = False
        self.chunked_encoding = self._is_over = self._has_news = False
        self._has_body = True
        self._left: int | None = None
        self._event: asyncio.Event | None = None

    # -- what the connection calls

    def take(self, body: bytes) -> int:
        """Take a piece of the body; return how much now waits to be received."""
        if not isinstance(self.body, bytearray):
            self.body = bytearray(self.body)
        self.body += body
        self.notify()
        return len(self.body)

    def end(self) -> None:
        """Note that nothing more of the request will come."""
        self.more_body = False
        self.notify()

    def notify(self) -> None:
        """Let whoever receives look again."""
        self._has_news = True
        if self._event is not None:
            self._event.set()

    def leave(self) -> None:
        """Note that the client has left."""
        self.disconnected = not self.response_complete or self.disconnected
        self.notify()
        self.gone.set()

    async def run_asgi(self, app: ASGI3Application, scope: HTTPScope) -> None:
        """Let an application answer; where it does not, the server does."""
        try:
            await app(scope, self.receive, self.send)
        except BaseException as exc:
            _LOG.error("Exception in ASGI application\n", exc_info=exc)
            await self._fail()
        else:
            if not self.response_complete and not self.disconnected:
                what = "completing" if self.response_started else "starting"
                _LOG.error("ASGI callable returned without %s response.", what)
                await self._fail()
        finally:
            self._is_over = True
            self._carrier.forget(self)

    # -- what an exchange calls

    def has_whole_body(self) -> bool:
        """Tell whether nothing more of the request will come."""
        return not self.more_body

    def whole_body(self) -> bytes:
        """Return a body that has come whole, instead of receiving it."""
        self._has_news = False
        return bytes(self.body)

    def can_answer(self) -> bool:
        """Tell whether an answer may be given whole, without waiting."""
        return not self._carrier.flow.write_paused

    def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """Give a whole answer.

        Raises:
            RuntimeError: where its length is another than it says.
        """
        if not self.disconnected:
            made = self._start(status, headers)
            framed = self._framed(body)
            self._carrier.transport.write(made + framed if framed else made)
            self._end()

    def cut(self) -> None:
        """Close the connection in the middle of the answer, so that it shows."""
        self.disconnected = True
        flow = self._carrier.flow
        if self.chunked_encoding or self._left is not None:
            flow.close()
        else:
            flow.reset()

    # -- what an ASGI application calls

    async def receive(self) -> ASGIReceiveEvent:
        """Return what has come of the body, or that no more of it matters."""
        transport = self._carrier.transport
        if self.waiting_for_100_continue and not transport.is_closing():
            transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.waiting_for_100_continue = False
        if not self.disconnected and not self.response_complete:
            self._carrier.flow.resume_reading()
            await self._news()
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        body, self.body = bytes(self.body), b""
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    async def send(self, message: ASGISendEvent) -> None:
        """Send a part of the answer.

        Raises:
            RuntimeError: where an application breaks the protocol.
        """
        flow = self._carrier.flow
        if flow.write_paused and not self.disconnected:
            await flow.drain()
        if self.disconnected:
            return
        if message["type"] == "http.response.start" and not self.response_started:
            made = self._start(message["status"], message.get("headers", ()))
            self._carrier.transport.write(made)
        elif message["type"] == "http.response.body" and self.response_started:
            self._send(message.get("body", b""), more=message.get("more_body", False))
        else:
            raise RuntimeError(f"unexpected {message['type']}")

    # -- how it is done

    async def _news(self) -> None:
        if not self._has_news:
            if self._event is None:
                self._event = asyncio.Event()
            await self._event.wait()
            self._event.clear()
        self._has_news = False

    async def _fail(self) -> None:
        if self.response_started:
            self._carrier.transport.close()
            return
        headers: list[tuple[bytes, bytes]] = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(_FAILED)),
            (b"connection", b"close"),
        ]
        await self.send(
            {"type": "http.response.start", "status": 500, "headers": headers}
        )
        body: Any = {"type": "http.response.body", "body": _FAILED, "more_body": False}
        await self.send(body)

    def _start(self, status: int, stated: Iterable[tuple[bytes, bytes]]) -> bytes:
        """Decide how an answer is framed, and return its head."""
        headers = [*stated]  # others may be given the same
        fields = firsts(headers)
        self._has_body = not self._is_head and status not in BODILESS
        if b"content-length" in fields:
            self._left = int(fields[b"content-length"])
        elif self._has_body and self._version == "1.1":
            self.chunked_encoding = True
            headers.append((b"transfer-encoding", b"chunked"))
        if b"close" in fields.get(b"connection", b"").lower():
            self.keep_alive = False
        elif not self.keep_alive:
            headers.append((b"connection", b"close"))
        if b"date" not in fields:
            headers.append((b"date", now()))  # RFC 9110 §6.6.1
        made = head(status, headers)
        self.response_started = True
        self.waiting_for_100_continue = False
        return made

    def _send(self, body: bytes, *, more: bool) -> None:
        if self.response_complete:
            raise RuntimeError("the answer is complete")
        framed = self._framed(body)
        if framed:
            self._carrier.transport.write(framed)
        if not more:
            self._end()

    def _framed(self, body: bytes) -> bytes:
        if not body or not self._has_body:
            return b""
        if self.chunked_encoding:
            return chunk(body)
        if self._left is not None:
            self._left -= len(body)
            if self._left < 0:
                raise RuntimeError("the answer is longer than its Content-Length")
        return body

    def _end(self) -> None:
        if self._has_body and self._left:
            raise RuntimeError("the answer is shorter than its Content-Length")
        if self._has_body and self.chunked_encoding:
            self._carrier.transport.write(b"0\r\n\r\n")
        self.response_complete = True
        self.notify()
        if not self.keep_alive:
            self._carrier.finish()
        if not self._is_over:
            self._carrier.on_response_complete()
