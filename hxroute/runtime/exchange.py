"""One exchange with a client: an ASGI scope becomes a request, a response goes out."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncGenerator
from typing import Final

from starlette.types import Receive, Scope, Send

from hxroute import paths
from hxroute.errors import ProxyError
from hxroute.http import Headers, Request, Response, first
from hxroute.runtime.inbox import Inbox, open_inbox

__all__ = ["Exchange"]

_LOG: Final = logging.getLogger("hxroute.error")


class Exchange:
    """A client's request, and the way back to the client."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, value.strip(b" \t")) for name, value in scope["headers"]]
        self._send = send
        self._inbox = open_inbox(scope, receive, headers)
        self.request = _request(scope, headers, self._inbox)

    async def answer(self, response: Response) -> None:
        """Send a response; one that breaks off is cut, never ended cleanly.

        Raises:
            ProxyError: where it breaks off and the server must cut it.
        """
        early = not self._inbox.is_whole()
        headers = response.headers
        if early:
            headers = [*headers, (b"connection", b"close")]
        start = {"type": "http.response.start", "status": response.status}
        await self._send({**start, "headers": headers})
        if isinstance(response.body, bytes):
            await self._chunk(response.body, more=early)
        else:
            await self._stream(response.body)
            if not early:
                await self._chunk(b"")
        if early:
            await self._inbox.drain()
            await self._chunk(b"")

    def cut(self) -> bool:
        """End the exchange in its middle; False where the server must do it."""
        return self._inbox.cut()

    def close(self) -> None:
        """Stop listening to the client."""
        self._inbox.close()

    async def _stream(self, body: AsyncGenerator[bytes, None]) -> None:
        try:
            async with contextlib.aclosing(body):
                async for chunk in body:
                    await self._chunk(chunk, more=True)
        except ProxyError as exc:
            path = self.request.path.decode("latin-1")
            _LOG.warning("%s %s: cut: %s", self.request.method, path, exc.detail)
            if not self._inbox.cut():
                raise exc from None  # the server logs it: say it in a line

    async def _chunk(self, chunk: bytes, *, more: bool = False) -> None:
        message = {"type": "http.response.body", "body": chunk, "more_body": more}
        await self._send(message)


def _request(scope: Scope, headers: Headers, inbox: Inbox) -> Request:
    length = _length(headers)
    if length == 0:
        inbox.expect_nothing()
    client = scope.get("client")
    return Request(
        method=scope["method"],
        path=paths.printable(scope.get("raw_path") or scope["path"].encode()),
        query=paths.printable(scope["query_string"]),
        headers=headers,
        body=b"" if length == 0 else inbox.body(),
        length=length,
        client=client[0] if client else "",
        gone=inbox.gone,
    )


def _length(headers: Headers) -> int | None:
    if first(headers, b"transfer-encoding") is not None:
        return None
    declared = first(headers, b"content-length")
    return int(declared) if declared is not None and declared.isdigit() else 0
