"""Frames: messages between a parent and a worker, each with its length before it."""

from __future__ import annotations

import asyncio
import socket
from typing import Final

__all__ = ["first", "receive", "send"]

_LENGTH: Final = 8
"""Bytes, most significant first."""


async def send(writer: asyncio.StreamWriter, message: bytes) -> None:
    """Send a message."""
    writer.write(len(message).to_bytes(_LENGTH, "big") + message)
    await writer.drain()


async def receive(reader: asyncio.StreamReader) -> bytes:
    """Receive a message.

    Raises:
        asyncio.IncompleteReadError: where the other side has ended.
    """
    length = int.from_bytes(await reader.readexactly(_LENGTH), "big")
    return await reader.readexactly(length)


def first(channel: socket.socket) -> bytes:
    """Receive a message before there is an event loop, and nothing behind it.

    Raises:
        EOFError: where the other side has ended.
    """
    length = int.from_bytes(_exactly(channel, _LENGTH), "big")
    return _exactly(channel, length)


def _exactly(channel: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        piece = channel.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)
