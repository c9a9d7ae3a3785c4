"""One exchange with a client: an ASGI scope becomes a request, a response goes out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from typing import Final

from starlette.types import Receive, Scope, Send

from hxroute import paths
from hxroute.errors import ProxyError
from hxroute.http import Body, Headers, Request, Response
from hxroute.runtime.cycle import EXTENSION, Cycle
from hxroute.runtime.inbox import open_inbox

__all__ = ["Exchange"]

_LOG: Final = logging.getLogger("hxroute.error")


class Exchange:
    """A client's request, and the way back to the client."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        cycle: Cycle | None = (scope.get("extensions") or {}).get(EXTENSION)
        headers = scope["headers"]
        if cycle is None:  # other servers leave the padding on
            headers = [(name, value.strip(b" \t")) for name, value in headers]
        between = cycle is None or send != cycle.send or receive != cycle.receive
        self._direct = None if between else cycle
        self._send = send
        self._inbox = open_inbox(cycle, receive, headers)
        self.request = self._read(scope, headers)

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The task that is cancelled when the client leaves, where it is known."""
        return None if self._direct is None else self._direct.task

    async def answer(self, response: Response) -> None:
        """Send a response; one that breaks off is cut, never ended cleanly.

        Raises:
            ProxyError: where it breaks off and the server must cut it.
        """
        early = not self._inbox.is_whole()
        headers, body, direct = response.headers, response.body, self._direct
        if early:
            headers = [*headers, (b"connection", b"close")]
        elif direct is not None and isinstance(body, bytes) and direct.can_answer():
            direct.answer(response.status, headers, body)
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

    def _read(self, scope: Scope, headers: Headers) -> Request:
        direct = self._direct
        length = _length(headers) if direct is None else direct.length
        body: Body
        if length == 0:
            self._inbox.expect_nothing()
            body = b""
        elif direct is not None and length is not None and direct.has_whole_body():
            self._inbox.expect_nothing()
            body = direct.whole_body()
        else:
            body = self._inbox.body()
        client = scope.get("client")
        query = scope["query_string"]
        return Request(
            scope["method"],
            paths.printable(scope.get("raw_path") or scope["path"].encode()),
            paths.printable(query) if query else query,
            headers,
            body,
            length,
            client[0] if client else "",
            self._inbox.gone,
        )


def _length(headers: Headers) -> int | None:
    fields = dict(headers)
    if b"transfer-encoding" in fields:
        return None
    declared = fields.get(b"content-length", b"")
    return int(declared) if declared.isdigit() else 0
