"""What has come on a connection that broke, and that nobody has read yet."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator
from typing import Final

__all__ = ["unread"]

_PIECE: Final = 256 * 1024


def unread(transport: asyncio.BaseTransport) -> Iterator[bytes]:
    """Yield what is left to be read: who writes sees first that a connection broke.

    The event loop then reads no more, though an answer may have come before.
    """
    sock = transport.get_extra_info("socket")
    if sock is None or transport.get_extra_info("ssl_object") is not None:
        return
    with contextlib.suppress(OSError):
        while data := os.read(sock.fileno(), _PIECE):
            yield data
