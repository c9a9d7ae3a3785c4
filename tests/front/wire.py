"""A raw client: bytes out in as many pieces as wanted, and whatever comes back."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

__all__ = ["Answer", "Conversation", "Mode", "answers_in", "converse"]

Mode: TypeAlias = Literal["whole", "halves", "bytes"]

_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([0-9]{3})(?: |$)")
_CHUNKS: Final = re.compile(rb"([0-9A-Fa-f]+)\r\n")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; one without a status line has status 0."""

    status: int
    fields: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)

    def values(self, name: str) -> list[str]:
        """Return the values of a field, in order."""
        return [value for key, value in self.fields if key == name]


@dataclass(slots=True)
class Conversation:
    """What a client got.

    `closed` tells that the other side ended first; `stuck` that it neither said what
    was awaited nor ended.
    """

    answers: tuple[Answer, ...] = ()
    closed: bool = False
    stuck: bool = False
    raw: bytes = field(default=b"", repr=False)


async def converse(
    port: int,
    data: bytes,
    mode: Mode,
    enough: Callable[[tuple[Answer, ...]], bool],
    patience: float,
    *,
    ends: bool = False,
    settle: Callable[[], Awaitable[None]] | None = None,
) -> Conversation:
    """Send bytes on a connection of their own, and read until it is enough.

    The client then ends its side, so that an answer too many is read as well.

    Args:
        port: whom to call, on 127.0.0.1.
        data: the bytes.
        mode: in how many pieces they are sent.
        enough: whether nothing more is awaited behind these answers.
        patience: seconds after which the other side is stuck.
        ends: whether the client ends its side at once, behind the bytes.
        settle: what to wait for before the client ends its side.
    """
    talk = Conversation()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(patience):
            await _send(reader, writer, data, mode)
            if ends:
                _end(writer)
            await _listen(reader, talk, lambda: enough(talk.answers))
            if settle is not None:
                await settle()
            if not talk.closed:
                _end(writer)
                await _listen(reader, talk, lambda: False)
                talk.closed = False
    except TimeoutError:
        talk.stuck = True
    finally:
        writer.transport.abort()
    return talk


async def _send(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    data: bytes,
    mode: Mode,
) -> None:
    for piece in _pieces(data, mode):
        if reader.at_eof() or writer.is_closing():
            return
        writer.write(piece)
        if mode != "whole":
            for _ in range(3):  # the server reads in between
                await asyncio.sleep(0)


def _pieces(data: bytes, mode: Mode) -> Iterator[bytes]:
    if mode == "whole":
        yield data
    elif mode == "bytes":
        yield from (data[i : i + 1] for i in range(len(data)))
    else:
        end_of_head = data.find(b"\r\n\r\n") + 4
        middle = end_of_head if 4 <= end_of_head < len(data) else len(data) // 2
        yield data[:middle]
        yield data[middle:]


async def _listen(
    reader: asyncio.StreamReader, talk: Conversation, done: Callable[[], bool]
) -> None:
    while not done():
        try:
            piece = await reader.read(1 << 16)
        except ConnectionError:
            piece = b""
        if not piece:
            talk.closed = True
            talk.answers = tuple(answers_in(talk.raw, ended=True))
            return
        talk.raw += piece
        talk.answers = tuple(answers_in(talk.raw))


def _end(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        if not writer.is_closing():
            writer.write_eof()


def answers_in(raw: bytes, *, ended: bool = False) -> Iterator[Answer]:
    """Yield the answers that are whole; `ended` where no more bytes come."""
    while raw:
        head, found, rest = raw.partition(b"\r\n\r\n")
        status = _STATUS.match(head)
        if status is None or not found:
            if ended:
                yield Answer(0, (), raw)
            return
        fields = tuple(_fields(head))
        code, names = int(status[1]), dict(fields)
        if code < 200 or code in (204, 304):
            size = 0
        elif names.get("transfer-encoding") == "chunked":
            size = _end_of_chunks(rest)
        elif "content-length" in names:
            size = int(names["content-length"])
        else:
            size = len(rest) if ended else -1
        if size < 0 or (size > len(rest) and not ended):
            return
        yield Answer(code, fields, rest[:size])
        raw = rest[size:]


def _fields(head: bytes) -> Iterator[tuple[str, str]]:
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        yield name.lower(), value.strip()


def _end_of_chunks(data: bytes) -> int:
    place = 0
    while (size := _CHUNKS.match(data, place)) is not None:
        place = size.end() + int(size[1], 16) + 2
        if not int(size[1], 16):
            return place if place <= len(data) else -1
    return -1
