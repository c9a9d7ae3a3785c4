"""Requests as they arrive at an upstream."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

__all__ = ["CASE_FIELD", "Seen", "read_request"]

CASE_FIELD = "x-hx-case"


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived, in latin-1."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: str = ""

    def values(self, name: str) -> list[str]:
        """Return the values of a header field, in order."""
        return [value for key, value in self.headers if key.lower() == name]

    @property
    def case(self) -> str:
        """The script that the request asks for."""
        return next(iter(self.values(CASE_FIELD)), "")


async def read_request(reader: asyncio.StreamReader) -> Seen:
    """Read one request.

    Raises:
        asyncio.IncompleteReadError: The peer left before its end.
    """
    head = (await reader.readuntil(b"\r\n\r\n"))[:-4].decode("latin-1")
    start, *lines = head.split("\r\n")
    method, target, _ = start.split(" ", 2)
    fields = [line.partition(":") for line in lines]
    headers = tuple((name, value.strip(" \t")) for name, _, value in fields)
    return Seen(method, target, headers, await _read_body(reader, headers))


async def _read_body(
    reader: asyncio.StreamReader, headers: tuple[tuple[str, str], ...]
) -> str:
    fields = {name.lower(): value for name, value in headers}
    if fields.get("transfer-encoding", "").lower() == "chunked":
        return (await _read_chunks(reader)).decode("latin-1")
    length = int(fields.get("content-length", "0"))
    return (await reader.readexactly(length)).decode("latin-1")


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readline()).split(b";")[0] or b"", 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    while (await reader.readline()).strip():  # trailers
        pass
    return body
