"""The front: the server's protocol class, taught to tell the gateway about its client.

uvicorn tells an application that its client has left only where the application asks,
which takes a task for each request. This subclass says so by itself, tells whether the
whole request has arrived, and cuts a response that cannot be finished.
"""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import (
    HttpToolsProtocol,
    RequestResponseCycle,
)

from hxroute.http import Gone

__all__ = ["EXTENSION", "Front", "Link"]

EXTENSION: Final = "hxroute.link"
"""The ASGI extension under which a request finds its link."""


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
        super().connection_made(transport)

    def on_message_begin(self) -> None:
        """Give the request that begins a link."""
        super().on_message_begin()
        self._link = Link()
        extensions: dict[str, object] = {EXTENSION: self._link}
        self.scope["extensions"] = extensions  # type: ignore[typeddict-item]

    def on_headers_complete(self) -> None:
        """Tie the link to the exchange that the server has begun."""
        super().on_headers_complete()
        self._link.cycle = self.cycle
        self._links = [link for link in self._links if not link.cycle.response_complete]
        self._links.append(self._link)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell every request that is not yet answered."""
        super().connection_lost(exc)
        for link in self._links:
            link.gone.set()

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: to ignore an upgrade is right (RFC 9110 §7.8)."""
