"""Uploads: bodies that go to an upstream while they arrive.

An upstream may answer before it has all of one. Where it refuses, the rest stays unsent;
where it answers with success the rest goes on beside the answer, and ends with it
(RFC 9112 §9.5).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import httpcore2

from hxroute.errors import ProxyError
from hxroute.http import chunk
from hxroute.runtime.library.wire import IN_USE, Stream

__all__ = ["Upload"]


class Upload:
    """A body that arrives, as the client library wants it."""

    def __init__(self, body: AsyncGenerator[bytes, None], *, chunked: bool) -> None:
        self._body = body
        self._chunked = chunked
        self._next: asyncio.Task[bytes | None] | None = None

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        """Yield the body, up to an answer.

        Raises:
            httpcore2.WriteError: where the upstream answers before its end.
        """
        stream = IN_USE.get()
        assert stream is not None
        try:
            while True:
                self._next = asyncio.create_task(anext(self._body, None))
                self._next.add_done_callback(_retrieve)
                await stream.unless_answered(self._next)
                data, self._next = self._next.result(), None
                if data is None:
                    return
                yield data
        except (httpcore2.WriteError, GeneratorExit):
            if stream.wants_rest:
                rest = asyncio.create_task(self._rest(stream))
                rest.add_done_callback(self._abandon)
                stream.go_on(rest)
            raise
        finally:
            if not stream.goes_on:
                self._abandon()

    async def _rest(self, stream: Stream) -> None:
        """Send what is left, framed as the library would."""
        try:
            waiting = self._next
            data = await (waiting or anext(self._body, None))
            while data is not None:
                await stream.send(self._framed(data))
                data = await anext(self._body, None)
            await stream.send(self._framed(None))
        except (ProxyError, httpcore2.WriteError):
            stream.abort()

    def _framed(self, data: bytes | None) -> bytes:
        if self._chunked and data is None:
            return b"0\r\n\r\n"
        return chunk(data) if self._chunked and data else data or b""

    def _abandon(self, rest: asyncio.Task[None] | None = None) -> None:
        """Wait for no more of the body."""
        if self._next is not None:
            self._next.cancel()


def _retrieve(task: asyncio.Task[bytes | None]) -> None:
    """See an error that nobody may be left to see: the client has gone, no more."""
    if not task.cancelled():
        task.exception()
