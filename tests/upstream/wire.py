"""A raw client that tells a whole answer from one that was cut."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Self

from tests.runtime.serving import leave

__all__ = ["Answer", "Client", "connected", "framed"]

LIMIT = 1 << 26


@dataclass(slots=True)
class Answer:
    """What was read; status 0 where nothing came, `complete` where its end came."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    complete: bool = False

    def all(self, name: str) -> list[str]:
        """Return every value of a field, in order."""
        return [value for key, value in self.headers if key == name]

    def __repr__(self) -> str:
        shown = self.body if len(self.body) < 400 else self.body[:400] + b"..."
        state = "complete" if self.complete else "CUT"
        return f"<{self.status} {self.headers} {shown!r} {state}>"


class Client:
    """One connection to a gateway."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int) -> Self:
        """Connect."""
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=LIMIT))

    async def ask(self, method: str, target: str, body: bytes = b"") -> Answer:
        """Send one request and read its answer."""
        self.writer.write(framed(method, target, body))
        return await self.read(method)

    async def read(self, method: str = "GET") -> Answer:
        """Read one answer, as far as it comes."""
        answer, pieces = Answer(), []
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await self.read_head(answer)
            async for piece in self.pieces(answer, method):
                pieces.append(piece)  # noqa: PERF401  # what came before an error counts
            answer.complete = True
        answer.body = b"".join(pieces)
        return answer

    async def read_head(self, answer: Answer) -> None:
        """Read the head of the final answer."""
        status = 100
        while status == 100:
            head = (await self.reader.readuntil(b"\r\n\r\n"))[:-4].decode("latin-1")
            first, *lines = head.split("\r\n")
            version, code, *_ = first.split(" ")
            assert version == "HTTP/1.1", first
            status = int(code)
        pairs = (line.partition(":") for line in lines)
        answer.headers = [(name.lower(), value.strip(" ")) for name, _, value in pairs]
        answer.status = status

    async def pieces(self, answer: Answer, method: str) -> AsyncIterator[bytes]:
        """Yield the body as it comes."""
        if method == "HEAD" or answer.status in (204, 304):
            return
        if answer.all("transfer-encoding"):
            assert answer.all("transfer-encoding") == ["chunked"]
            assert not answer.all("content-length")
            async for piece in self._chunks():
                yield piece
            return
        (length,) = answer.all("content-length")
        left = int(length)
        while left:
            piece = await self.reader.read(left)
            if not piece:
                raise asyncio.IncompleteReadError(b"", left)
            left -= len(piece)
            yield piece

    async def _chunks(self) -> AsyncIterator[bytes]:
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            data = await self.reader.readexactly(size + 2)
            assert data.endswith(b"\r\n")
            yield data[:-2]
        assert await self.reader.readexactly(2) == b"\r\n", "a trailer"


@contextlib.asynccontextmanager
async def connected(port: int) -> AsyncIterator[Client]:
    """Open a connection, and leave it in the end."""
    client = await Client.open(port)
    try:
        yield client
    finally:
        if client.writer.transport.get_write_buffer_size():
            client.writer.transport.abort()  # nobody takes the rest
        await leave(client.writer)


def framed(method: str, target: str, body: bytes = b"", *fields: bytes) -> bytes:
    """Return a request with a length, where it has a body."""
    lines = [f"{method} {target} HTTP/1.1".encode(), b"Host: a", *fields]
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*lines, b"", body])
