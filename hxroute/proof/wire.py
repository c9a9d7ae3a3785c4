"""A raw HTTP/1.1 client: it sends given bytes and reads one answer as it comes."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import replace
from typing import Final

from hxroute.proof.messages import Answer, Headers, Request, values

__all__ = ["MOST", "NoAnswer", "send"]

MOST: Final = 64 << 20
"""Bytes that an answer may have: what does not end must not fill the memory."""

_MAX_HEAD: Final = 1 << 20
_STEP: Final = 1 << 16
_BODILESS: Final = frozenset({101, 204, 304})
_LINGER: Final = 0.1
"""Seconds that a gateway has to close the connection, as it was asked to."""

_STATUS_LINE: Final = re.compile(r"(HTTP/1\.[01]) ([0-9]{3})(?: .*)?")
_LENGTH: Final = re.compile(r"[0-9]{1,18}")
_SIZE: Final = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;.*)?")


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
        NoAnswer: where no whole head came, or the body did not end in time or at all.
    """
    try:
        async with asyncio.timeout(patience):
            return await _exchange(request, address, request.wire(host))
    except TimeoutError as exc:
        raise NoAnswer(f"no whole answer within {patience:g} s") from exc
    except EOFError as exc:
        raise NoAnswer(f"the connection ended {exc}") from exc
    except socket.gaierror as exc:
        raise NoAnswer("the gateway's host is not known") from exc
    except ConnectionRefusedError as exc:
        raise NoAnswer("the gateway does not listen") from exc
    except OSError as exc:
        raise NoAnswer("the connection was reset") from exc
    except ValueError as exc:
        raise NoAnswer("what came is no HTTP/1.1 answer") from exc


async def _exchange(request: Request, address: tuple[str, int], data: bytes) -> Answer:
    with await _connected(address) as connection:
        async with _sending(connection, data):
            return await _read_answer(_Received(connection), request.method)


async def _connected(address: tuple[str, int]) -> socket.socket:
    """Connect to the first of a host's addresses where something listens."""
    loop = asyncio.get_running_loop()
    failed: OSError = ConnectionRefusedError()
    for family, kind, protocol, _, place in await loop.getaddrinfo(
        *address, type=socket.SOCK_STREAM
    ):
        with ExitStack() as stack:
            connection = stack.enter_context(socket.socket(family, kind, protocol))
            connection.settimeout(0)
            try:
                await loop.sock_connect(connection, place)
            except OSError as exc:
                failed = exc
            else:
                stack.pop_all()
                return connection
    raise failed


@asynccontextmanager
async def _sending(connection: socket.socket, data: bytes) -> AsyncIterator[None]:
    """Send meanwhile: an answer may come, and the end of it, before the last byte.

    What cannot be sent any more is no failure of what comes.
    """

    async def send_all() -> None:
        with suppress(OSError):
            await asyncio.get_running_loop().sock_sendall(connection, data)

    task = asyncio.ensure_future(send_all())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


class _Received:
    """What comes over a connection, taken piece by piece.

    Everything raises EOFError where the connection ends before, and NoAnswer where more
    comes than anybody wants to keep.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._kept = bytearray()
        self._count = 0

    async def until(self, mark: bytes) -> bytes:
        """Take what stands before a mark, and the mark away.

        Raises:
            ValueError: where none stands there.
        """
        looked = 0
        while (end := self._kept.find(mark, looked)) < 0:
            looked = max(0, len(self._kept) - len(mark) + 1)
            if looked > _MAX_HEAD:
                raise ValueError
            await self._more()
        found = bytes(self._kept[:end])
        del self._kept[: end + len(mark)]
        return found

    async def into(self, body: bytearray, length: int | None) -> None:
        """Move so many bytes, or all, to a body as they come."""
        while length is None or length > 0:
            if not self._kept:
                await self._more()
            part = self._kept[:length]
            del self._kept[: len(part)]
            body += part
            length = None if length is None else length - len(part)

    async def rest(self) -> bytes:
        """Take what comes behind an answer, until the end or for a little while.

        A client that keeps its connections would read it as the next answer.
        """
        with suppress(EOFError, OSError, TimeoutError):
            async with asyncio.timeout(_LINGER):
                while len(self._kept) < _STEP:
                    await self._more()
        return bytes(self._kept)

    async def _more(self) -> None:
        loop = asyncio.get_running_loop()
        data = await loop.sock_recv(self._connection, _STEP)
        if not data:
            raise EOFError("within its head" if self._kept else "without one")
        self._count += len(data)
        if self._count > MOST:
            raise NoAnswer(f"the answer has more than {MOST >> 20} MiB")
        self._kept += data


async def _read_answer(received: _Received, method: str) -> Answer:
    interim: list[int] = []
    answer = await _read_head(received)
    while 100 <= answer.status < 200 and answer.status not in _BODILESS:
        interim.append(answer.status)
        answer = await _read_head(received)
    answer = replace(answer, interim=tuple(interim))
    if method != "HEAD" and answer.status not in _BODILESS:
        body, complete, trailers = await _read_body(received, answer.headers)
        text = body.decode("latin-1")
        answer = replace(answer, body=text, complete=complete, trailers=trailers)
    if not answer.complete:
        return answer
    return replace(answer, excess=(await received.rest()).decode("latin-1"))


async def _read_head(received: _Received) -> Answer:
    head = (await received.until(b"\r\n\r\n")).decode("latin-1")
    start, *lines = head.split("\r\n")
    status = _STATUS_LINE.fullmatch(start)
    if status is None:
        raise ValueError
    return Answer(int(status[2]), _fields(lines), version=status[1])


def _fields(lines: list[str]) -> Headers:
    fields = [line.partition(":") for line in lines]
    return tuple((name.lower(), value.strip(" \t")) for name, _, value in fields)


async def _read_body(
    received: _Received, headers: Headers
) -> tuple[bytearray, bool, Headers]:
    """Read a body, say whether it is whole, and its trailers (RFC 9112 section 6.3)."""
    body, length = bytearray(), _length(headers)
    try:
        if _is_chunked(headers):
            return body, True, await _read_chunks(received, body)
        await received.into(body, length)
    except EOFError:  # the end of a body without a length
        return body, length is None and not _is_chunked(headers), ()
    except ConnectionError:
        return body, False, ()
    return body, True, ()


def _is_chunked(headers: Headers) -> bool:
    codings = ",".join(values(headers, "transfer-encoding")).lower().split(",")
    return codings[-1].strip() == "chunked"


def _length(headers: Headers) -> int | None:
    lengths = values(headers, "content-length")
    if not lengths:
        return None
    if _LENGTH.fullmatch(lengths[0]) is None:
        raise ValueError
    return int(lengths[0])


async def _read_chunks(received: _Received, body: bytearray) -> Headers:
    while size := await _read_size(received):
        await received.into(body, size)
        if await received.until(b"\r\n"):
            raise ValueError
    trailers = []
    while line := await received.until(b"\r\n"):
        trailers.append(line.decode("latin-1"))
    return _fields(trailers)


async def _read_size(received: _Received) -> int:
    size = _SIZE.fullmatch(await received.until(b"\r\n"))
    if size is None:
        raise ValueError
    return int(size[1], 16)
