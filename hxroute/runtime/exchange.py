"""One exchange with a client: an ASGI scope becomes a request, a response goes out."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncGenerator
from typing import Final

from starlette.types import Receive, Scope, Send

from hxroute import paths
from hxroute.errors import ProxyError
from hxroute.http import Body, Headers, Request, Response
from hxroute.runtime.cycle import EXTENSION, Cycle
from hxroute.runtime.inbox import Inbox, open_inbox

__all__ = ["Exchange"]

_LOG: Final = logging.getLogger("hxroute.error")


class Exchange:
    """A client's request, and the way back to the client."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._cycle: Cycle | None = (scope.get("extensions") or {}).get(EXTENSION)
        headers = scope["headers"]
        if self._cycle is None:  # other servers leave the padding on
            headers = [(name, value.strip(b" \t")) for name, value in headers]
        self._send = send
        self._inbox = open_inbox(self._cycle, receive, headers)
        self.request = _request(scope, headers, self._inbox)

    async def answer(self, response: Response) -> None:
        """Send a response; one that breaks off is cut, never ended cleanly.

        Raises:
            ProxyError: where it breaks off and the server must cut it.
        """
        early = not self._inbox.is_whole()
        headers, body, cycle = response.headers, response.body, self._cycle
        if early:
            headers = [*headers, (b"connection", b"close")]
        elif cycle and isinstance(body, bytes) and cycle.can_answer(self._send):
            cycle.answer(response.status, headers, body)
            return
        start = {"type": "http.response.start", "status": response.status}
        await self._send({**start, "headers": headers})
        if isinstance(body, bytes):
            await self._chunk(body, more=early)
        else:
            await self._stream(body)
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
        scope["method"],
        paths.printable(scope.get("raw_path") or scope["path"].encode()),
        paths.printable(scope["query_string"]),
        headers,
        _body(inbox, length),
        length,
        client[0] if client else "",
        inbox.gone,
    )


def _body(inbox: Inbox, length: int | None) -> Body:
    """Return a body whole where it is; one without a length is not given one."""
    if length == 0:
        return b""
    whole = None if length is None else inbox.at_hand()
    return inbox.body() if whole is None else whole


def _length(headers: Headers) -> int | None:
    fields = dict(headers)
    if b"transfer-encoding" in fields:
        return None
    declared = fields.get(b"content-length", b"")
    return int(declared) if declared.isdigit() else 0
