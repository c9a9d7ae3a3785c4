"""What a client sends while its request is handled: the body, and its leaving.

The one place that calls `receive()`.
"""

from __future__ import annotations

import abc
import asyncio
import contextlib
from collections.abc import AsyncGenerator

from starlette.types import Message, Receive

from hxroute.errors import ClientGone
from hxroute.http import Gone, Headers, first
from hxroute.runtime.cycle import Cycle
from hxroute.runtime.lingering import LINGER_BYTES, LINGER_SECONDS

__all__ = ["Inbox", "open_inbox"]


def open_inbox(cycle: Cycle | None, receive: Receive, headers: Headers) -> Inbox:
    """Open the inbox that the server allows: on our own front, that of a cycle."""
    if cycle is not None:
        return _OwnInbox(receive, cycle)
    return _ListeningInbox(receive, headers)


class Inbox(abc.ABC):
    """A client's side of one exchange."""

    def __init__(self, receive: Receive, gone: Gone) -> None:
        self.gone = gone
        self._receive = receive
        self._ended = False

    @abc.abstractmethod
    def is_whole(self) -> bool:
        """Tell whether nothing more of the request will come."""

    @abc.abstractmethod
    async def drain(self) -> None:
        """Let a client that still sends read its answer, before the connection closes."""

    @abc.abstractmethod
    def cut(self) -> bool:
        """Cut the response in its middle; False where the server must do it."""

    @abc.abstractmethod
    def close(self) -> None:
        """Stop listening."""

    @abc.abstractmethod
    async def _next(self) -> Message:
        """Return the next message of the client."""

    def expect_nothing(self) -> None:
        """Note that the request has no body."""
        self._ended = True

    async def body(self) -> AsyncGenerator[bytes, None]:
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


class _OwnInbox(Inbox):
    """On our own front: no task listens, the connection tells."""

    def __init__(self, receive: Receive, cycle: Cycle) -> None:
        super().__init__(receive, cycle.gone)
        self._cycle = cycle

    def is_whole(self) -> bool:
        return self._ended or self._cycle.has_whole_body()

    async def drain(self) -> None:
        """Nothing: the front does it."""

    def cut(self) -> bool:
        self._cycle.cut()
        return True

    def close(self) -> None:
        """Nothing listens."""

    async def _next(self) -> Message:
        return await self._receive()


class _ListeningInbox(Inbox):
    """Under any other ASGI server, where a task must listen for the client's leaving.

    It takes a piece of the body only when one is wanted, so that the client is held
    back as it should be; after the body it waits for the disconnect.
    """

    def __init__(self, receive: Receive, headers: Headers) -> None:
        super().__init__(receive, Gone())
        self._waits = (first(headers, b"expect") or b"").lower() == b"100-continue"
        self._wanted = asyncio.Event()
        self._arrived: asyncio.Queue[Message] = asyncio.Queue()
        self._task = asyncio.create_task(self._listen())

    def expect_nothing(self) -> None:
        super().expect_nothing()
        self._wanted.set()

    def is_whole(self) -> bool:
        return self._ended

    async def drain(self) -> None:
        if self._waits:
            return  # for a 100 that will not come: it sends nothing
        size = 0
        with contextlib.suppress(TimeoutError, ClientGone):
            async with asyncio.timeout(LINGER_SECONDS):
                async for chunk in self.body():
                    size += len(chunk)
                    if size > LINGER_BYTES:
                        return

    def cut(self) -> bool:
        return False

    def close(self) -> None:
        self._task.cancel()

    async def _next(self) -> Message:
        self._waits = False
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
