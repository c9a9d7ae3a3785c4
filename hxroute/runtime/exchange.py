"""One exchange with a client: an ASGI scope becomes a request, a response goes out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Final

from starlette.types import Message, Receive, Scope, Send

from hxroute import paths
from hxroute.errors import ClientGone, ProxyError
from hxroute.http import Gone, Headers, Request, Response, first
from hxroute.runtime.front import EXTENSION, Link

__all__ = ["Exchange"]

_LOG: Final = logging.getLogger("hxroute.error")
_DRAIN_SECONDS: Final = 2.0
_DRAIN_BYTES: Final = 8 << 20


class Exchange:
    """A client's request, and the way back to the client."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._send = send
        link: Link | None = (scope.get("extensions") or {}).get(EXTENSION)
        self._inbox = _Inbox(receive) if link is None else _LinkedInbox(receive, link)
        self.request = _request(scope, self._inbox)

    async def answer(self, response: Response) -> None:
        """Send a response; one that breaks off is cut, never ended cleanly."""
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

    def close(self) -> None:
        """Stop listening to the client."""
        self._inbox.close()

    async def _stream(self, body: AsyncIterator[bytes]) -> None:
        try:
            async for chunk in body:
                await self._chunk(chunk, more=True)
        except ProxyError as exc:
            path = self.request.path.decode("latin-1")
            _LOG.warning("%s %s: cut: %s", self.request.method, path, exc.detail)
            if not self._inbox.cut():
                raise

    async def _chunk(self, chunk: bytes, *, more: bool = False) -> None:
        message = {"type": "http.response.body", "body": chunk, "more_body": more}
        await self._send(message)


def _request(scope: Scope, inbox: _Inbox) -> Request:
    headers: Headers = [(name, value.strip(b" \t")) for name, value in scope["headers"]]
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


class _Inbox:
    """What the client sends, under any ASGI server.

    The one place that calls `receive()`. A task listens for the client's leaving: it
    reads a piece of the body only when one is wanted, so the client is held back as it
    should be, and after the body it waits for the disconnect.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.gone = Gone()
        self._wanted = asyncio.Event()
        self._arrived: asyncio.Queue[Message] = asyncio.Queue()
        self._ended = False
        self._asked = False
        self._task = asyncio.create_task(self._listen())

    def expect_nothing(self) -> None:
        """Note that the request has no body, and listen on."""
        self._wanted.set()
        self._ended = True

    def is_whole(self) -> bool:
        """Tell whether nothing more of the request will come."""
        return self._ended

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives.

        Raises:
            ClientGone: where the client leaves first.
        """
        while not self._ended:
            message = await self._next()
            if message["type"] == "http.disconnect":
                raise ClientGone
            self._ended = not message.get("more_body", False)
            if message.get("body"):
                yield message["body"]

    async def drain(self) -> None:
        """Read and discard what the client still sends, within limits.

        A client that is cut off while it sends may never see the answer.
        """
        if self._holds_back():
            return
        size = 0
        with contextlib.suppress(TimeoutError, ClientGone):
            async with asyncio.timeout(_DRAIN_SECONDS):
                async for chunk in self.body():
                    size += len(chunk)
                    if size > _DRAIN_BYTES:
                        return

    def cut(self) -> bool:
        """Leave the cutting to the server, which must see an exception."""
        return False

    def close(self) -> None:
        """Stop listening."""
        self._task.cancel()

    def _holds_back(self) -> bool:
        """Under a foreign server: a body nobody asked for may never come."""
        return not self._asked

    async def _next(self) -> Message:
        self._asked = True
        self._wanted.set()
        return await self._arrived.get()

    async def _listen(self) -> None:
        more = True
        while True:
            if more:
                await self._wanted.wait()
                self._wanted.clear()
            message = await self._receive()
            more = message.get("more_body", False)
            self._arrived.put_nowait(message)
            if message["type"] == "http.disconnect":
                self.gone.set()
                return


class _LinkedInbox(_Inbox):
    """What the client sends, on our own front: no task, the connection tells."""

    def __init__(self, receive: Receive, link: Link) -> None:
        self._receive = receive
        self._link = link
        self._ended = False
        self.gone = link.gone

    def expect_nothing(self) -> None:
        self._ended = True

    def is_whole(self) -> bool:
        return self._ended or self._link.has_whole_body()

    def cut(self) -> bool:
        self._link.cut()
        return True

    def close(self) -> None:
        """Nothing listens."""

    def _holds_back(self) -> bool:
        return self._link.awaits_continue()

    async def _next(self) -> Message:
        return await self._receive()
