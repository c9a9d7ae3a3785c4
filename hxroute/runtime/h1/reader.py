"""Reading: the bytes of one connection become answers.

No input and output here. llhttp parses; what it leaves to its user is refused too:
transfer codings other than chunked, other protocols of the same form, heads, trailers
and interim responses without end (RFC 9112 §6.1, §7).
"""

from __future__ import annotations

import asyncio
from typing import Final

import httptools

from hxroute.http import BODILESS, Headers

__all__ = ["Answer", "Malformed", "Reader"]

_MAX_INTERIM: Final = 100
_MAX_HEADS: Final = 100 * 1024
_MAX_FIELDS: Final = 256
"""Interim responses, bytes of all heads and fields of one that a call waits through."""

_STEP: Final = 64 * 1024
"""Bytes that are parsed before it is looked whether a head is too large."""

_MAX_EXTRA: Final = 64 * 1024
"""Bytes of trailers, and those in a row of a chunked body that are no data."""

_INTERIM: Final = range(100, 200)
_FINAL: Final = range(200, 600)
_SWITCHING: Final = 101
_VERSIONS: Final = ("1.1", "1.0")
_CODING: Final = b"transfer-encoding"


class Malformed(Exception):
    """What came is no answer to the request."""


class Answer:
    """One answer as far as it has come; `pieces` is what nobody has taken yet.

    `waiter` is what somebody waits on for more; `error` is how it broke off.
    """

    __slots__ = (
        "ended",
        "error",
        "has_head",
        "headers",
        "pieces",
        "size",
        "status",
        "waiter",
    )

    def __init__(self, waiter: asyncio.Future[None]) -> None:
        self.has_head = self.ended = False
        self.status = self.size = 0
        self.headers: Headers = []
        self.pieces: list[bytes] = []
        self.error: BaseException | None = None
        self.waiter: asyncio.Future[None] | None = waiter

    def take(self) -> bytes:
        """Return what has come of the body since."""
        pieces, self.pieces, self.size = self.pieces, [], 0
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def take_error(self) -> BaseException:
        """Return how it broke off, which then nothing here holds on to.

        An error that is raised holds the frames it goes through, and they this.
        """
        error, self.error = self.error, None
        assert error is not None
        return error

    def wake(self) -> None:
        """Let whoever waits for more look again."""
        waiter, self.waiter = self.waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


class Reader:
    """One connection's parser, and the answer that it is at.

    `begun` tells whether any byte has come; `keeps` of an answer that has ended whether
    another call may follow it; `until_end` of one that has not, whether only the
    connection's end will end it.
    """

    def __init__(self) -> None:
        self.begun = False
        self.keeps = True
        self.until_end = False
        self._answer: Answer | None = None
        self._parser = self._new_parser()
        self._is_head = self._is_interim = self._is_chunked = False
        self._interim = self._extra = 0

    def begin(self, method: str, answer: Answer) -> None:
        """Expect the answer to a request."""
        if self._is_head:  # the parser still waits for the body of the answer before
            self._parser = self._new_parser()
        self._is_head = method == "HEAD"
        self._answer = answer
        self.begun = self.until_end = False
        self._interim = self._extra = 0

    def _new_parser(self) -> httptools.HttpResponseParser:
        """Return a parser; it would refuse what follows an interim `Connection: close`."""
        parser = httptools.HttpResponseParser(self)
        parser.set_dangerous_leniencies(lenient_keep_alive=True)
        return parser

    def close(self) -> None:
        """Read no more: the parser holds on to this, and this to the parser."""
        del self._parser

    def feed(self, data: bytes) -> None:
        """Take bytes as they come.

        Raises:
            Malformed: where they are no answer, or one without end.
        """
        answer = self._answer
        assert answer is not None
        if not self.begun and not data.startswith(b"H"):
            raise Malformed  # the parser would look past empty lines
        self.begun = True
        if len(data) <= _STEP or answer.has_head:
            self._feed(data, answer)
            return
        view = memoryview(data)
        for start in range(0, len(data), _STEP):
            self._feed(view[start : start + _STEP], answer)

    def _feed(self, data: bytes | memoryview, answer: Answer) -> None:
        size = answer.size
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as exc:
            if not answer.ended:
                raise Malformed from exc
            self.keeps = False
            return
        if answer.ended:
            self.keeps = self.keeps and self._is_tidy(bytes(data), answer)
        elif answer.size == size:
            self._extra += len(data)
            if self._extra > (_MAX_EXTRA if answer.has_head else _MAX_HEADS):
                raise Malformed

    def end(self) -> bool:
        """Take the connection's end; tell whether the answer ends with it."""
        answer = self._answer
        if answer is not None and self.until_end and not answer.ended:
            answer.ended, self.keeps = True, False
        return answer is not None and answer.ended

    # -- what the parser calls

    def on_message_begin(self) -> None:
        """Begin an answer: one that nobody has asked for poisons the connection."""
        if self._answer is None or self._answer.ended:
            self.keeps = False
        self._is_interim = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field of the head; trailers are dropped (RFC 9110 §6.5.1)."""
        answer = self._answer
        assert answer is not None
        if not answer.has_head:
            answer.headers.append((name.lower(), value.rstrip(b" \t")))
            return
        self._extra += len(name) + len(value)
        if self._extra > _MAX_EXTRA:
            raise Malformed

    def on_headers_complete(self) -> None:
        """End a head: an interim one is of no use to the client (RFC 9110 §15.2)."""
        answer, parser = self._answer, self._parser
        assert answer is not None
        if answer.ended:
            return
        status, version = parser.get_status_code(), parser.get_http_version()
        if status in _INTERIM:
            self._skip(status)
            return
        is_known = status in _FINAL and version in _VERSIONS
        if not is_known or len(answer.headers) > _MAX_FIELDS:
            raise Malformed
        framing = _framing(answer.headers)
        answer.status, answer.has_head, self._extra = status, True, 0
        if self._is_head or status in BODILESS:
            answer.ended = True
            self.keeps = version == "1.1" and not _closes(answer.headers)
        else:
            self.until_end, self._is_chunked = not framing, framing == _CODING

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body."""
        answer = self._answer
        assert answer is not None
        if answer.ended:
            self.keeps = False
            return
        if self._is_interim:
            raise Malformed  # RFC 9110 §15.2: it has none
        self._extra = 0
        answer.pieces.append(body)
        answer.size += len(body)

    def on_message_complete(self) -> None:
        """End an answer."""
        answer = self._answer
        assert answer is not None
        if not self._is_interim and not answer.ended:
            answer.ended = True
            self.keeps = self._parser.should_keep_alive()

    def _is_tidy(self, data: bytes, answer: Answer) -> bool:
        """Tell whether bytes end with an answer, not with line ends behind it.

        The parser looks past those, wherever an answer may begin.
        """
        if answer.pieces and not self._is_chunked:
            return data.endswith(answer.pieces[-1])
        ends = data[len(data.rstrip(b"\r\n")) :]
        return b"\r\n\r\n".endswith(ends)

    def _skip(self, status: int) -> None:
        answer = self._answer
        assert answer is not None
        self._interim += 1
        if status == _SWITCHING or self._interim > _MAX_INTERIM:
            raise Malformed
        self._is_interim = True
        answer.headers = []


def _framing(headers: Headers) -> bytes:
    """Return the field that says where an answer ends, if any (RFC 9112 §6.3).

    Raises:
        Malformed: where they say so in a way that others may read differently.
    """
    found = b""
    for name, value in headers:
        if name == b"content-length":
            found = name
        elif name == _CODING:
            if found or value.lower() != b"chunked":
                raise Malformed
            found = name
    return found


def _closes(headers: Headers) -> bool:
    return any(n == b"connection" and b"close" in v.lower() for n, v in headers)
