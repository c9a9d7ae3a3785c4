"""Flow: what holds one side of a connection back, and for how long that may be."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import Callable
from typing import Final

from uvicorn.protocols.http.flow_control import FlowControl

__all__ = ["Flow", "has_left"]

_LEFT: Final = frozenset({7, 8, 9})
"""TCP states in which the other side has left: CLOSE, CLOSE_WAIT, LAST_ACK."""
_AT_ONCE: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: what is not yet taken is dropped, and the other side is told."""


class Flow(FlowControl):
    """Lets a client that takes nothing for `send_timeout` seconds wait no longer.

    `resumed` is called when reading goes on after it was held back.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        send_timeout: float,
        resumed: Callable[[], None],
    ) -> None:
        super().__init__(transport)
        self._resumed = resumed
        self._send_timeout = send_timeout
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def resume_reading(self) -> None:
        """Read on."""
        if self.read_paused:
            super().resume_reading()
            self._resumed()

    def pause_writing(self) -> None:
        """Wait for the client to take what is written."""
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        """Write on."""
        super().resume_writing()
        if self._transport.is_closing():
            self._watch()  # for the rest to be taken
        else:
            self.stop()

    def close(self) -> None:
        """Close the connection once the client has taken what is written."""
        self._transport.close()
        if self._transport.get_write_buffer_size():
            self._watch()

    def reset(self) -> None:
        """End the connection so that nobody takes that for the end of an answer."""
        sock = self._transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self._transport.abort()

    def stop(self) -> None:
        """Watch no longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def end(self) -> None:
        """Watch never again, and hold on to nobody who would be called."""
        self.stop()
        self._resumed = _nobody

    def _watch(self) -> None:
        left = self._transport.get_write_buffer_size()
        self.stop()
        self._timer = self._loop.call_later(self._send_timeout, self._look, left)

    def _look(self, left: int) -> None:
        if self._transport.get_write_buffer_size() < left:
            self._watch()
        else:
            self._transport.abort()


def _nobody() -> None:
    """Stand where somebody was called."""


def has_left(transport: asyncio.BaseTransport) -> bool:
    """Tell whether the other side has left, without reading what it sent before.

    Where the system does not say, nobody is known to have left.
    """
    sock = transport.get_extra_info("socket")
    if sys.platform != "linux" or sock is None:
        return False
    try:
        state = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    except OSError:
        return False
    return state[0] in _LEFT
