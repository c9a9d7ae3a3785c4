"""A strict reader of requests, written from RFC 9110 and RFC 9112 alone.

It shares nothing with the gateway: it says what the bytes of a connection mean, at the
upstream's end and, for requests that nobody has judged by hand, at the client's. What
the RFCs let a recipient repair is malformed here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["HOP_BY_HOP", "Message", "Reading", "read"]

Fields = tuple[tuple[bytes, bytes], ...]

_TOKEN: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_START: Final = re.compile(rb"(%b) ([\x21-\x22\x24-\x7e]+) HTTP/1\.([01])" % _TOKEN)
_FIELD: Final = re.compile(rb"(%b):([\t\x20-\x7e\x80-\xff]*)" % _TOKEN)
_REG_NAME: Final = rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+"
_HOST: Final = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|%b)(?::[0-9]*)?" % _REG_NAME)
_ABSOLUTE: Final = re.compile(rb"https?://([^/?]*).*", re.IGNORECASE)
_QUOTED: Final = (
    rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"'
)
_CHUNK: Final = re.compile(
    rb"([0-9A-Fa-f]+)(?:[ \t]*;[ \t]*%b(?:[ \t]*=[ \t]*(?:%b|%b))?)*"
    % (_TOKEN, _TOKEN, _QUOTED)
)
_FRAMING: Final = (b"content-length", b"transfer-encoding")
HOP_BY_HOP: Final = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection"
    b" te trailer transfer-encoding upgrade".split()
)
"""RFC 9110 §7.6.1, and the fields of the standards before it."""


@dataclass(frozen=True, slots=True)
class Message:
    """One request, whole; names of fields are in lower case."""

    method: bytes
    target: bytes
    version: bytes
    fields: Fields
    body: bytes = b""

    def values(self, name: bytes) -> list[bytes]:
        """Return the values of a field, in order."""
        return [value for key, value in self.fields if key == name]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the bytes of a connection mean, and how they end.

    `rest` is what comes behind the last whole request.
    """

    messages: tuple[Message, ...]
    end: Literal["whole", "malformed", "incomplete"]
    rest: bytes = b""
    why: str = ""


class _Malformed(Exception):
    pass


class _Incomplete(Exception):
    pass


def read(data: bytes) -> Reading:
    """Read requests to the end of the bytes, or to the first that is none."""
    messages: list[Message] = []
    place = 0
    while True:
        while data.startswith(b"\r\n", place):  # RFC 9112 §2.2
            place += 2
        if place == len(data):
            return Reading(tuple(messages), "whole")
        cursor = _Cursor(data, place)
        try:
            messages.append(_message(cursor))
        except _Malformed as exc:
            return Reading(tuple(messages), "malformed", data[place:], str(exc))
        except _Incomplete:
            return Reading(tuple(messages), "incomplete", data[place:])
        place = cursor.place


class _Cursor:
    """A place in the bytes."""

    def __init__(self, data: bytes, place: int) -> None:
        self.data = data
        self.place = place

    def line(self) -> bytes:
        end = self.data.find(b"\n", self.place)
        if end < 0:
            raise _Incomplete
        line = self.data[self.place : end]
        if not line.endswith(b"\r"):
            raise _Malformed("a line that ends in LF alone")
        if b"\r" in line[:-1] or b"\0" in line:
            raise _Malformed("CR or NUL within a line")
        self.place = end + 1
        return line[:-1]

    def take(self, size: int) -> bytes:
        taken = self.data[self.place : self.place + size]
        if len(taken) < size:
            raise _Incomplete
        self.place += size
        return taken


def _message(cursor: _Cursor) -> Message:
    start = _START.fullmatch(cursor.line())
    if start is None:
        raise _Malformed("a start line that is none")
    method, target, minor = start.groups()
    fields = _fields(cursor)
    _check_target(method, target)
    hosts = [value for name, value in fields if name == b"host"]
    if len(hosts) != 1 and (hosts or minor == b"1"):
        raise _Malformed("no Host, or several")
    if hosts and not _HOST.fullmatch(hosts[0]):
        raise _Malformed("a Host that is none")
    body = _body(cursor, fields, minor)
    return Message(method, target, b"1." + minor, fields, body)


def _fields(cursor: _Cursor) -> Fields:
    fields = []
    while line := cursor.line():
        field = _FIELD.fullmatch(line)
        if field is None:
            raise _Malformed("a field that is none")
        fields.append((field[1].lower(), field[2].strip(b" \t")))
    return tuple(fields)


def _check_target(method: bytes, target: bytes) -> None:
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is not None and _HOST.fullmatch(absolute[1]):
        return
    if target == b"*" and method == b"OPTIONS":
        return
    if method == b"CONNECT" or not target.startswith(b"/"):
        raise _Malformed("a target that is none")


def _body(cursor: _Cursor, fields: Fields, minor: bytes) -> bytes:
    """Read a body (RFC 9112 §6.3)."""
    lengths, codings = (
        [value for name, value in fields if name == framing] for framing in _FRAMING
    )
    if codings:
        if lengths or minor == b"0" or [c.lower() for c in codings] != [b"chunked"]:
            raise _Malformed("a Transfer-Encoding that cannot be")
        return _chunks(cursor)
    if not lengths:
        return b""
    if len(lengths) > 1 or not re.fullmatch(rb"[0-9]{1,40}", lengths[0]):
        raise _Malformed("a Content-Length that is none")
    return cursor.take(int(lengths[0]))


def _chunks(cursor: _Cursor) -> bytes:
    """Read a chunked body (RFC 9112 §7.1); its trailers are dropped."""
    body = b""
    while True:
        chunk = _CHUNK.fullmatch(cursor.line())
        if chunk is None:
            raise _Malformed("a chunk that is none")
        size = int(chunk[1], 16)
        if not size:
            break
        body += cursor.take(size)
        if cursor.take(2) != b"\r\n":
            raise _Malformed("a chunk that does not end where it should")
    if any(name in _FRAMING for name, _ in _fields(cursor)):
        raise _Malformed("framing in a trailer")
    return body
