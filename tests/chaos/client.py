"""A client that sends one request of a plan and reads what comes, to the last byte."""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass, field

from tests.chaos.faults import reset
from tests.chaos.plan import Abort, Shot
from tests.runtime.serving import Connection

__all__ = ["Answer", "Line", "close", "request"]


@dataclass
class Answer:
    """What a client has read so far; status 0 is nothing."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray, repr=False)
    complete: bool = False
    aborted: bool = False
    wrong: str = ""

    def values(self, name: str) -> list[str]:
        """Return the values of a field, in order."""
        return [value for key, value in self.headers if key == name]


class Line:
    """A connection that is kept for the next request where that can be."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._kept: Connection | None = None

    async def ask(self, shot: Shot) -> Answer:
        """Send a request and read its answer, unless the client leaves before."""
        answer = Answer()
        kept, self._kept = self._kept, None
        if kept is not None and shot.fresh:
            await close(kept[1])
            kept = None
        reader, writer = kept or await asyncio.open_connection("127.0.0.1", self._port)
        keeps = False
        try:
            keeps = await _exchange(shot, answer, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # what has been read by then is the answer
        except ValueError as exc:
            answer.wrong = f"its framing: {exc}"
        finally:
            if keeps and not shot.fresh:
                self._kept = (reader, writer)
            else:
                await close(writer)
        return answer

    async def close(self) -> None:
        """Close what is kept."""
        if self._kept is not None:
            await close(self._kept[1])


async def close(writer: asyncio.StreamWriter) -> None:
    """Close a connection, whatever has become of it."""
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def _exchange(
    shot: Shot,
    answer: Answer,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> bool:
    """Send and read at once; tell whether the connection can be used again."""
    abort = shot.abort
    pieces = request(shot)
    if abort is not None and abort.stage == "sending":
        whole = b"".join(pieces)
        writer.write(whole[: int(len(whole) * abort.share)])
        await asyncio.sleep(0)
        return _leave(abort, answer, writer)
    wanted = asyncio.Event()
    if not shot.waits:
        wanted.set()
    sending = asyncio.create_task(_send(pieces, wanted, writer))
    try:
        if abort is not None and abort.stage == "waiting":
            await asyncio.sleep(abort.share * 0.03)
            return _leave(abort, answer, writer)
        await _read(shot, answer, wanted, reader)
        if not answer.complete:
            assert abort is not None
            return _leave(abort, answer, writer)
        if answer.values("connection") == ["close"]:
            if await reader.read(1):
                answer.wrong = "bytes behind an answer that ends the connection"
            return False
        if not wanted.is_set():
            return False
        await sending
        return True
    finally:
        sending.cancel()
        await asyncio.wait([sending])


def _leave(abort: Abort, answer: Answer, writer: asyncio.StreamWriter) -> bool:
    answer.aborted = True
    if abort.reset:
        reset(writer)
    return False


async def _send(
    pieces: list[bytes], wanted: asyncio.Event, writer: asyncio.StreamWriter
) -> None:
    """Send a head, and the body once it is wanted (RFC 9110 §10.1.1)."""
    with contextlib.suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await wanted.wait()
            await asyncio.sleep(0)


def request(shot: Shot) -> list[bytes]:
    """Return a request as the client writes it."""
    lines = [f"{shot.method} {shot.target} HTTP/1.1", "host: gateway"]
    lines += [f"x-shot: {shot.id}", f"authorization: {shot.key}"]
    if shot.cookie:
        lines.append(f"cookie: {shot.cookie}")
    if shot.fresh and shot.id % 3 == 0:
        lines.append("connection: close")
    if shot.waits:
        lines.append("expect: 100-continue")
    if shot.chunked:
        lines.append("transfer-encoding: chunked")
    elif shot.body:
        lines.append(f"content-length: {len(shot.body)}")
    head = "\r\n".join([*lines, "", ""]).encode()
    if not shot.body:
        return [head]
    chance = shot.chance("request")
    count = chance.randint(1, 8)
    size = len(shot.body) // count + 1
    parts = [shot.body[at : at + size] for at in range(0, len(shot.body), size)]
    if shot.chunked:
        parts = [b"%x\r\n%b\r\n" % (len(part), part) for part in parts]
        parts.append(b"0\r\n\r\n")
    if shot.kind == "upload" or chance.random() < 0.5:
        return [head, *parts]
    return [b"".join([head, *parts])]


async def _read(
    shot: Shot, answer: Answer, wanted: asyncio.Event, reader: asyncio.StreamReader
) -> None:
    """Read an answer to its end, or as much as the client wants of it."""
    head = await _head(reader)
    if head == "HTTP/1.1 100 Continue" and not wanted.is_set():
        wanted.set()
        head = await _head(reader)
    first, *lines = head.split("\r\n")
    version, status, *_ = first.split(" ")
    if version != "HTTP/1.1" or status < "200":
        raise ValueError(first)
    answer.headers = [
        (n.lower(), v.strip()) for n, _, v in (line.partition(":") for line in lines)
    ]
    answer.status = int(status)
    lengths = answer.values("content-length")
    codings = answer.values("transfer-encoding")
    if len(lengths) + len(codings) > 1 or codings not in ([], ["chunked"]):
        raise ValueError(head)
    if shot.method == "HEAD" or answer.status in (204, 304):
        answer.complete = True
    elif codings:
        await _read_chunks(shot, answer, reader)
    elif lengths:
        await _read_bytes(shot, answer, reader, int(lengths[0]))
    else:
        raise ValueError(head)


async def _head(reader: asyncio.StreamReader) -> str:
    return (await reader.readuntil(b"\r\n\r\n"))[:-4].decode("latin-1")


async def _read_bytes(
    shot: Shot, answer: Answer, reader: asyncio.StreamReader, length: int
) -> None:
    wanted = int(length * shot.abort.share) if shot.abort else length
    while len(answer.body) < wanted:
        answer.body += await _some(reader, length - len(answer.body))
    answer.complete = len(answer.body) == length


async def _read_chunks(
    shot: Shot, answer: Answer, reader: asyncio.StreamReader
) -> None:
    wanted = int(shot.abort.share * 6) if shot.abort else None
    while wanted != 0:
        line = await reader.readuntil(b"\r\n")
        if not re.fullmatch(rb"[0-9a-fA-F]{1,8}\r\n", line):
            raise ValueError(f"a chunk of {line!r} bytes")
        size = left = int(line, 16)
        while left:
            data = await _some(reader, left)
            left -= len(data)
            answer.body += data
        if await reader.readexactly(2) != b"\r\n":
            raise ValueError("a chunk without its end")
        if not size:
            answer.complete = True
            return
        wanted = None if wanted is None else wanted - 1


async def _some(reader: asyncio.StreamReader, most: int) -> bytes:
    data = await reader.read(min(1 << 16, most))
    if not data:
        raise asyncio.IncompleteReadError(b"", None)
    return data
