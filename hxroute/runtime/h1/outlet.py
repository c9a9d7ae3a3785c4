"""The outlet: how a request gets onto its connection, as fast as the upstream takes it."""

from __future__ import annotations

import asyncio
from typing import Final

from hxroute.http import Body, chunk

__all__ = ["Outlet"]

_COPIED: Final = 64 * 1024
"""Bytes of a body that are sent in one piece with its head."""


class Outlet:
    """One connection's way out; `is_stuck` while the upstream takes nothing more."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.is_stuck = False
        self._left = 0
        self._room: asyncio.Future[None] | None = None

    def send(self, head: bytes, body: bytes) -> None:
        """Send a request whose body is at hand."""
        if len(body) <= _COPIED:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            self._transport.write(body)

    async def upload(self, head: bytes, body: Body, length: int | None) -> None:
        """Send a request while its body comes; chunked, where it has no length.

        Raises:
            RuntimeError: where the body has another length: what is too much would be
                another request, and what is missing would be taken from the next.
        """
        assert not isinstance(body, bytes)
        self._transport.write(head)
        sent = 0
        async for data in body:
            sent += len(data)
            if length is not None and sent > length:
                raise RuntimeError("the body is longer than its Content-Length")
            if data:
                self._transport.write(chunk(data) if length is None else data)
                await self._taken()
        if length is None:
            self._transport.write(b"0\r\n\r\n")
        elif sent < length:
            raise RuntimeError("the body is shorter than its Content-Length")

    async def _taken(self) -> None:
        await asyncio.sleep(0)  # the answer may be here before the next piece goes
        while self.is_stuck:
            self._room = asyncio.get_running_loop().create_future()
            await self._room

    def pause(self) -> None:
        """Wait for the upstream to take what is written."""
        self.is_stuck = True
        self._left = self._transport.get_write_buffer_size()

    def resume(self) -> None:
        """Write on."""
        self.is_stuck = False
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def has_moved(self) -> bool:
        """Tell whether the upstream has taken anything since it was stuck."""
        return self._transport.get_write_buffer_size() < self._left

    def is_empty(self) -> bool:
        """Tell whether the upstream has taken all that was written."""
        return not self._transport.get_write_buffer_size()
