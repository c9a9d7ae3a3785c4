"""The front: the server's protocol class, taught to tell the gateway about its client.

uvicorn tells an application that its client has left only where the application asks,
which takes a task for each request. This subclass says so by itself, tells whether the
whole request has arrived, and cuts a response that cannot be finished. It drops
trailers and ignores upgrades, which uvicorn takes for headers and for the end.
"""

from __future__ import annotations

import asyncio
from typing import Final

import httptools
from uvicorn.protocols.http.httptools_impl import (
    HttpToolsProtocol,
    RequestResponseCycle,
)

from hxroute.http import Gone

__all__ = ["EXTENSION", "Front", "Link"]

EXTENSION: Final = "hxroute.link"
"""The ASGI extension under which a request finds its link."""


_FRAMING: Final = (b"content-length", b"transfer-encoding")
_MAX_PIPELINED: Final = 16
"""Requests that may wait behind one another on a connection before it is paused."""

_INVALID: Final = "Invalid HTTP request received."


class Link:
    """One request's view of its connection."""

    __slots__ = ("cycle", "gone")
    cycle: RequestResponseCycle

    def __init__(self) -> None:
        self.gone = Gone()

    def has_whole_body(self) -> bool:
        """Tell whether nothing more of the request will come."""
        return not self.cycle.more_body

    def awaits_continue(self) -> bool:
        """Tell whether the client holds its body back (RFC 9110 §10.1.1)."""
        return self.cycle.waiting_for_100_continue

    def cut(self) -> None:
        """Close the connection in the middle of the response, and nothing else."""
        self.cycle.disconnected = True
        self.cycle.transport.close()


class Front(HttpToolsProtocol):
    """HTTP/1.1 on the client's side."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin without requests."""
        self._links: list[Link] = []
        self._head_is_read = False
        self._resumes = False
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell every request that is not yet answered."""
        super().connection_lost(exc)
        for link in self._links:
            link.gone.set()

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived."""
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as exc:
            self._ignore_upgrade(data[exc.args[0] :])
        except httptools.HttpParserError:
            self.logger.warning(_INVALID)
            self.send_400_response(_INVALID)

    def on_message_begin(self) -> None:
        """Give the request that begins a link."""
        if self._resumes:
            return
        super().on_message_begin()
        self._head_is_read = False
        self._link = Link()
        extensions: dict[str, object] = {EXTENSION: self._link}
        self.scope["extensions"] = extensions  # type: ignore[typeddict-item]

    def on_url(self, url: bytes) -> None:
        """Take a piece of the target."""
        if not self._resumes:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field of the head; trailers are dropped (RFC 9110 §6.5.1)."""
        if not self._head_is_read:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Tie the link to the exchange that the server has begun."""
        if self._resumes:
            self._resumes = False
            return
        super().on_headers_complete()
        self._head_is_read = True
        self._link.cycle = self.cycle
        self._links = [link for link in self._links if not link.cycle.response_complete]
        self._links.append(self._link)

    def on_message_complete(self) -> None:
        """End a request; one that asks for an upgrade has its body still to come.

        Reading goes on: the server pauses it for a large body or a pipelined request,
        and a client that leaves meanwhile would not be noticed.
        """
        if self.parser.should_upgrade():
            return
        super().on_message_complete()
        if len(self.pipeline) < _MAX_PIPELINED:
            self.flow.resume_reading()

    def _ignore_upgrade(self, rest: bytes) -> None:
        """Go on in HTTP/1.1 (RFC 9110 §7.8), where the parser gives the body up.

        A new parser is told how the body is framed, and reads on behind the head.
        """
        fields = (field for field in self.headers if field[0] in _FRAMING)
        framing = b"".join(b"%b: %b\r\n" % field for field in fields)
        self.parser = httptools.HttpRequestParser(self)
        self._resumes = True
        self.data_received(b"POST / HTTP/1.1\r\n" + framing + b"\r\n" + rest)
