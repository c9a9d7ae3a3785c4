"""Requests as they arrive at an upstream."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

__all__ = ["CASE_FIELD", "Counted", "Fields", "Seen", "read_request"]

CASE_FIELD = "x-hx-case"


Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived, in latin-1."""

    method: str
    target: str
    headers: Fields
    body: str = ""
    version: str = "HTTP/1.1"
    trailers: Fields = ()

    def values(self, name: str) -> list[str]:
        """Return the values of a header field, in order."""
        return [value for key, value in self.headers if key.lower() == name]

    @property
    def case(self) -> str:
        """The script that the request asks for."""
        return next(iter(self.values(CASE_FIELD)), "")


class Counted:
    """A reader that counts the bytes it has handed out."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self.count = 0

    async def readuntil(self, separator: bytes) -> bytes:
        """Read up to a separator, and that."""
        return self._noted(await self._reader.readuntil(separator))

    async def readexactly(self, length: int) -> bytes:
        """Read so many bytes."""
        return self._noted(await self._reader.readexactly(length))

    async def readline(self) -> bytes:
        """Read a line with its end."""
        return self._noted(await self._reader.readline())

    def _noted(self, data: bytes) -> bytes:
        self.count += len(data)
        return data


async def read_request(reader: asyncio.StreamReader | Counted) -> Seen:
    """Read one request.

    Raises:
        asyncio.IncompleteReadError: The peer left before its end.
        ValueError: It is none.
    """
    head = (await reader.readuntil(b"\r\n\r\n"))[:-4].decode("latin-1")
    start, *lines = head.split("\r\n")
    method, target, version = start.split(" ", 2)
    headers = _fields(lines)
    body, trailers = await _read_body(reader, headers)
    return Seen(method, target, headers, body.decode("latin-1"), version, trailers)


def _fields(lines: list[str]) -> Fields:
    fields = [line.partition(":") for line in lines]
    return tuple((name, value.strip(" \t")) for name, _, value in fields)


async def _read_body(
    reader: asyncio.StreamReader | Counted, headers: Fields
) -> tuple[bytes, Fields]:
    fields = {name.lower(): value for name, value in headers}
    if fields.get("transfer-encoding", "").lower() == "chunked":
        return await _read_chunks(reader)
    length = int(fields.get("content-length", "0"))
    return await reader.readexactly(length), ()


async def _read_chunks(reader: asyncio.StreamReader | Counted) -> tuple[bytes, Fields]:
    body, trailers = b"", []
    while size := int((await reader.readline()).split(b";")[0] or b"", 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    while line := (await reader.readline()).strip():
        trailers.append(line.decode("latin-1"))
    return body, _fields(trailers)
