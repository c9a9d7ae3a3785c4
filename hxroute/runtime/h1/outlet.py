"""The outlet: how a request gets onto its connection, as fast as the upstream takes it."""

from __future__ import annotations

import asyncio

from hxroute.http import Body

__all__ = ["CHUNKED", "Outlet"]

CHUNKED = b"transfer-encoding: chunked\r\n\r\n"
"""The end of a head whose body is framed here (RFC 9112 §7.1)."""

_COPIED = 64 * 1024
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

    async def upload(self, head: bytes, body: Body) -> None:
        """Send a request while its body comes; chunked, where its head says so."""
        assert not isinstance(body, bytes)
        is_chunked = head.endswith(CHUNKED)
        self._transport.write(head)
        async for data in body:
            if not data:
                continue
            framed = b"%x\r\n%b\r\n" % (len(data), data) if is_chunked else data
            self._transport.write(framed)
            await asyncio.sleep(0)  # the answer may be here before the next piece goes
            while self.is_stuck:
                self._room = asyncio.get_running_loop().create_future()
                await self._room
        if is_chunked:
            self._transport.write(b"0\r\n\r\n")

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
