"""A raw HTTP/1.1 client: it sends given bytes and reads one answer as it comes."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from hxroute.proof.messages import Answer, Headers, Request, values

__all__ = ["NoAnswer", "send"]

_MAX_HEAD: Final = 1 << 20
_STEP: Final = 1 << 16
_BODILESS: Final = frozenset({204, 304})


class NoAnswer(Exception):
    """No answer came; the text says how."""


async def send(
    request: Request, address: tuple[str, int], host: str, patience: float
) -> Answer:
    """Send a request on a connection of its own, and return the answer.

    Args:
        request: what is sent.
        address: where the gateway listens.
        host: what the field `Host` says, where the request does not.
        patience: seconds until an answer must be whole.

    Raises:
        NoAnswer: where no whole head came, or the body did not end in time.
    """
    try:
        async with asyncio.timeout(patience):
            return await _exchange(request, address, request.wire(host))
    except TimeoutError as exc:
        raise NoAnswer(f"no whole answer within {patience:g} s") from exc
    except asyncio.IncompleteReadError as exc:
        cut = "within its head" if exc.partial else "without one"
        raise NoAnswer(f"the connection ended {cut}") from exc
    except ConnectionRefusedError as exc:
        raise NoAnswer("the gateway does not listen") from exc
    except OSError as exc:
        raise NoAnswer("the connection was reset") from exc
    except (ValueError, IndexError, asyncio.LimitOverrunError) as exc:
        raise NoAnswer("what came is no HTTP/1.1 answer") from exc


async def _exchange(request: Request, address: tuple[str, int], data: bytes) -> Answer:
    reader, writer = await asyncio.open_connection(*address, limit=_MAX_HEAD)
    sending = asyncio.ensure_future(_write(writer, data))
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
    if method == "HEAD" or status in _BODILESS:
        return Answer(status, headers)
    body, complete, trailers = await _read_body(reader, headers)
    return Answer(status, headers, body.decode("latin-1"), complete, trailers)


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, Headers]:
    head = (await reader.readuntil(b"\r\n\r\n"))[:-4].decode("latin-1")
    start, *lines = head.split("\r\n")
    return int(start.split(" ")[1]), _fields(lines)


def _fields(lines: list[str]) -> Headers:
    fields = [line.partition(":") for line in lines]
    return tuple((name.lower(), value.strip(" \t")) for name, _, value in fields)


async def _read_body(
    reader: asyncio.StreamReader, headers: Headers
) -> tuple[bytes, bool, Headers]:
    """Read a body, say whether it is whole, and its trailers (RFC 9112 section 6.3)."""
    if [item.lower() for item in values(headers, "transfer-encoding")] == ["chunked"]:
        return await _read_chunks(reader)
    lengths = values(headers, "content-length")
    length = int(lengths[0]) if lengths else None
    body, ended = await _read_plain(reader, length)
    return body, ended if length is None else len(body) == length, ()


async def _read_plain(
    reader: asyncio.StreamReader, length: int | None
) -> tuple[bytes, bool]:
    """Read a body of a length, or to the end; say whether the end came in order."""
    body = bytearray()
    try:
        while length is None or len(body) < length:
            wanted = _STEP if length is None else min(_STEP, length - len(body))
            data = await reader.read(wanted)
            if not data:
                break
            body += data
    except ConnectionError:
        return bytes(body), False
    return bytes(body), True


async def _read_chunks(reader: asyncio.StreamReader) -> tuple[bytes, bool, Headers]:
    body, trailers = b"", []
    try:
        while size := int((await reader.readuntil(b"\n")).split(b";")[0], 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        while line := (await reader.readuntil(b"\n")).strip():
            trailers.append(line.decode("latin-1"))
    except asyncio.IncompleteReadError as cut:
        return body + cut.partial, False, ()
    except ConnectionError:
        return body, False, ()
    return body, True, _fields(trailers)
