"""What an upstream does to the requests whose fault the plan names."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tests.chaos import answers
from tests.chaos.plan import Shot

__all__ = ["PLAYS", "Call", "reset"]

_GARBAGE: Final = (
    b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n",
    b"HTTP/1.1 abc OK\r\ncontent-length: 2\r\n\r\nno",
    b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
    b"HTTP/1.1 200 OK\r\nx-a: a\0b\r\ncontent-length: 2\r\n\r\nno",
    b"HTTP/1.1 999 OK\r\ncontent-length: 2\r\n\r\nno",
    b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nno",
    b"HTTP/1.1 200 OK\r\nno colon\r\ncontent-length: 2\r\n\r\nno",
    b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n",
)
_INTERIM: Final = (
    b"HTTP/1.1 103 Early Hints\r\nx-id: evil\r\nset-cookie: shot=evil\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 102 Processing\r\n\r\n",
)


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has arrived, and the connection to answer it on."""

    shot: Shot
    got: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def write(self, data: bytes) -> None:
        """Write until the system has taken all of it."""
        self.writer.write(data)
        await self.writer.drain()

    async def write_head(self) -> None:
        """Write the right answer's head."""
        await self.write(answers.head(self.shot))

    def pieces(self) -> list[bytes]:
        """Return the right answer's body as it goes over the wire."""
        return answers.pieces(self.shot, self.got)

    async def until_gone(self) -> None:
        """Discard what the peer still sends, until it leaves."""
        while await self.reader.read(1 << 16):
            pass


Play = Callable[[Call], Awaitable[bool]]
"""Answers a call; tells whether the connection stays open."""


def reset(writer: asyncio.StreamWriter) -> None:
    """Close a connection by a reset: what has been sent may be lost."""
    raw = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _right(call: Call) -> bool:
    await call.write(b"".join([answers.head(call.shot), *call.pieces()]))
    return call.shot.shape != "until_close"


async def _delay(call: Call) -> bool:
    await asyncio.sleep(call.shot.chance("delay").uniform(0, 0.06))
    await call.write_head()
    await asyncio.sleep(call.shot.chance("pause").uniform(0, 0.03))
    await call.write(b"".join(call.pieces()))
    return call.shot.shape != "until_close"


async def _drip(call: Call) -> bool:
    chance = call.shot.chance("drip")
    head = answers.head(call.shot)
    cut = chance.randrange(1, len(head))
    for piece in (head[:cut], head[cut:], *call.pieces()):
        middle = chance.randint(0, len(piece))
        await call.write(piece[:middle])
        await asyncio.sleep(chance.choice((0, 0, 0.001, 0.002)))
        await call.write(piece[middle:])
    return call.shot.shape != "until_close"


async def _interim(call: Call) -> bool:
    chance = call.shot.chance("interim")
    for _ in range(chance.randint(1, 5)):
        await call.write(chance.choice(_INTERIM))
        await asyncio.sleep(0)
    return await _right(call)


async def _extra(call: Call) -> bool:
    surplus = call.shot.chance("extra").choice((answers.EVIL, answers.EVIL * 3, b"abc"))
    whole = [answers.head(call.shot), *call.pieces(), surplus]
    await call.write(b"".join(whole))
    return True


async def _hang_up(call: Call) -> bool:
    return False


async def _hang_up_reset(call: Call) -> bool:
    reset(call.writer)
    return False


async def _half_open(call: Call) -> bool:
    call.writer.write_eof()
    await call.until_gone()
    return False


async def _torn_head(call: Call) -> bool:
    head = answers.head(call.shot)
    await call.write(head[: call.shot.chance("torn").randrange(1, len(head))])
    return False


async def _torn_head_reset(call: Call) -> bool:
    await _torn_head(call)
    reset(call.writer)
    return False


async def _garbage(call: Call) -> bool:
    await call.write(call.shot.chance("garbage").choice(_GARBAGE))
    return False


async def _black_hole(call: Call) -> bool:
    await call.until_gone()
    return False


async def _part(call: Call) -> None:
    """Write an answer that lacks at least its last piece."""
    pieces = call.pieces()
    most = len(pieces) - 1
    await call.write_head()
    for piece in pieces[: call.shot.chance("part").randint(0, most)]:
        await call.write(piece)
        await asyncio.sleep(0)


async def _truncated(call: Call) -> bool:
    await _part(call)
    return False


async def _reset(call: Call) -> bool:
    await _part(call)
    reset(call.writer)
    return False


async def _bad_chunk(call: Call) -> bool:
    await _part(call)
    await call.write(b"zz\r\nEVIL\r\n0\r\n\r\n")
    return False


async def _stalled(call: Call) -> bool:
    await _part(call)
    await call.until_gone()
    return False


async def _early(call: Call) -> bool:
    await _right(call)
    call.writer.write_eof()
    await call.until_gone()
    return False


async def _early_reset(call: Call) -> bool:
    await _right(call)
    reset(call.writer)
    return False


PLAYS: Final[Mapping[str, Play]] = {
    "none": _right,
    "delay": _delay,
    "drip": _drip,
    "interim": _interim,
    "extra": _extra,
    "stale": _right,
    "wave": _right,
    "hang_up": _hang_up,
    "hang_up_reset": _hang_up_reset,
    "half_open": _half_open,
    "torn_head": _torn_head,
    "torn_head_reset": _torn_head_reset,
    "garbage": _garbage,
    "black_hole": _black_hole,
    "truncated": _truncated,
    "reset": _reset,
    "bad_chunk": _bad_chunk,
    "stalled": _stalled,
    "early": _early,
    "early_reset": _early_reset,
    "refused_upload": _hang_up_reset,
}
