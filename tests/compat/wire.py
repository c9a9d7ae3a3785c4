"""A raw HTTP/1.1 client: it sends given bytes and reads one answer as it comes."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from tests.compat.exchange import Answer, Headers, Request

DEADLINE = 60.0
MAX_HEAD = 1 << 20
BODILESS = {204, 304}


async def send(request: Request, port: int) -> Answer:
    """Send a request to 127.0.0.1 and return the answer.

    Raises:
        TimeoutError: No whole answer within a minute.
        asyncio.IncompleteReadError: The connection ended before a whole head.
    """
    async with asyncio.timeout(DEADLINE):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, limit=MAX_HEAD
        )
        sending = asyncio.ensure_future(_write(writer, request.wire))
        try:
            return await _read_answer(reader, request.method)
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending
            writer.close()


async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    with suppress(ConnectionError):  # an early answer closes before the last byte
        writer.write(data)
        await writer.drain()


async def _read_answer(reader: asyncio.StreamReader, method: str) -> Answer:
    status, headers = await _read_head(reader)
    while 100 <= status < 200:
        status, headers = await _read_head(reader)
    if method == "HEAD" or status in BODILESS:
        return Answer(status, headers, "")
    body, complete = await _read_body(reader, headers)
    return Answer(status, headers, body.decode("latin-1"), complete)


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, Headers]:
    head = (await reader.readuntil(b"\r\n\r\n"))[:-4].decode("latin-1")
    start, *lines = head.split("\r\n")
    fields = [line.partition(":") for line in lines]
    headers = tuple((name.lower(), value.strip(" \t")) for name, _, value in fields)
    return int(start.split(" ")[1]), headers


async def _read_body(
    reader: asyncio.StreamReader, headers: Headers
) -> tuple[bytes, bool]:
    """Read a body and say whether it is whole (RFC 9112 section 6.3)."""
    fields = dict(headers)
    if fields.get("transfer-encoding", "").lower() == "chunked":
        return await _read_chunks(reader)
    if "content-length" not in fields:
        return await reader.read(), True
    try:
        return await reader.readexactly(int(fields["content-length"])), True
    except asyncio.IncompleteReadError as cut:
        return cut.partial, False


async def _read_chunks(reader: asyncio.StreamReader) -> tuple[bytes, bool]:
    body = b""
    try:
        while size := int((await reader.readuntil(b"\n")).split(b";")[0], 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        while (await reader.readuntil(b"\n")).strip():  # trailers
            pass
    except asyncio.IncompleteReadError:
        return body, False
    return body, True
