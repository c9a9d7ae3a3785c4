"""A strict reader of answers, written from RFC 9110 and RFC 9112 alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, Literal

__all__ = ["Answer", "read_answer"]

_TOKEN: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_VALUE: Final = rb"[\t\x20-\x7e\x80-\xff]*"
_STATUS: Final = re.compile(rb"HTTP/([0-9]\.[0-9]) ([0-9]{3})( [^\r\n]*)?")
_REASON: Final = re.compile(b" " + _VALUE)
_FIELD: Final = re.compile(rb"(%b):(%b)" % (_TOKEN, _VALUE))
_FOLD: Final = re.compile(rb"[ \t]+(%b)" % _VALUE)
_EXTENSION: Final = rb'[ \t]*;[ \t]*%b(?:[ \t]*=[ \t]*(?:%b|"[^"\\]*"))?' % (
    _TOKEN,
    _TOKEN,
)
_CHUNK: Final = re.compile(
    rb"([0-9A-Fa-f]+)((?:%b)*)([ \t]*(?:;[^\n]*)?)" % _EXTENSION, re.DOTALL
)
_BLANK: Final = re.compile(rb"[ \t]")
_FRAMING: Final = (b"content-length", b"transfer-encoding")
_BODILESS: Final = (204, 304)
_TOO_LONG: Final = 2**64
"""A length that no body has: nobody need take it, though the body does not come."""

Fields = list[tuple[bytes, bytes]]


@dataclass
class Answer:
    """What the bytes of an upstream mean as the answer to one request.

    `lenient` tells that a recipient may take it or leave it. `end` tells how the body
    ends; what is not `whole` is at most a beginning. `rest` came behind it.
    """

    status: int
    fields: Fields
    body: bytes = b""
    end: Literal["whole", "closed", "cut", "malformed"] = "whole"
    lenient: bool = False
    interim: int = 0
    rest: bytes = field(default=b"", repr=False)

    def values(self, name: bytes) -> list[bytes]:
        """Return the values of a field."""
        return [value for key, value in self.fields if key == name]


class _Malformed(Exception):
    pass


class _Cut(Exception):
    pass


class _Lines:
    """A place in the bytes; notes where a line is not quite one."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0
        self.lenient = False

    def next(self) -> bytes:
        end = self.data.find(b"\n", self.place)
        if end < 0:
            raise _Cut
        line = self.data[self.place : end]
        self.place = end + 1
        if not line.endswith(b"\r"):
            self.lenient = True
            return line
        return line[:-1]

    def take(self, size: int) -> bytes:
        taken = self.data[self.place : self.place + size]
        self.place += len(taken)
        return taken


def read_answer(data: bytes, method: str) -> Answer | None:
    """Read the final answer to a request; None where there is no whole head of one."""
    lines = _Lines(data)
    interim = 0
    try:
        while (status := _status(lines, follows_interim=interim > 0)) < 200:
            if status == 101:
                return None
            _dropped(lines)
            interim += 1
        fields = _fields(lines)
    except (_Malformed, _Cut):
        return None
    answer = Answer(status, fields, interim=interim)
    if method == "HEAD" or status in _BODILESS:
        answer.lenient = not _is_framed(answer)
    else:
        try:
            _body(lines, answer)
        except _Malformed:
            answer.end = "malformed"
        except _Cut:
            answer.end = "cut"
    answer.lenient = answer.lenient or lines.lenient
    answer.rest = data[lines.place :]
    return answer


def _status(lines: _Lines, *, follows_interim: bool) -> int:
    line = lines.next()
    while follows_interim and not line:
        lines.lenient = True  # granted to servers only (RFC 9112 §2.2)
        line = lines.next()
    start = _STATUS.fullmatch(line)
    if start is None:
        raise _Malformed
    if not start[1].startswith(b"1.") and not start[2].startswith(b"1"):
        raise _Malformed
    if start[1] not in (b"1.0", b"1.1") or not _REASON.fullmatch(start[3] or b""):
        lines.lenient = True  # nobody gets the reason, but nobody need take it
    status = int(start[2])
    if not 100 <= status <= 599:
        raise _Malformed
    return status


def _fields(lines: _Lines) -> Fields:
    fields: Fields = []
    while line := lines.next():
        fold = _FOLD.fullmatch(line)
        if fold is not None and fields:
            lines.lenient = True
            name, value = fields.pop()
            fields.append((name, b" ".join((value, fold[1].strip(b" \t")))))
            continue
        found = _FIELD.fullmatch(line)
        if found is None:
            raise _Malformed
        fields.append((found[1].lower(), found[2].strip(b" \t")))
    return [(name, value.strip(b" \t")) for name, value in fields]


def _is_framed(answer: Answer) -> bool:
    """Tell whether the framing of a body that does not come is beyond doubt."""
    lengths = answer.values(b"content-length")
    codings = answer.values(b"transfer-encoding")
    if len(lengths) + len(codings) > 1 or any(c.lower() != b"chunked" for c in codings):
        return False
    return all(
        re.fullmatch(rb"[0-9]{1,20}", length) and int(length) < _TOO_LONG
        for length in lengths
    )


def _body(lines: _Lines, answer: Answer) -> None:
    """Read a body (RFC 9112 §6.3)."""
    lengths = answer.values(b"content-length")
    codings = answer.values(b"transfer-encoding")
    if codings:
        if lengths or len(codings) > 1:
            answer.lenient = True
        if any(coding.lower() != b"chunked" for coding in codings):
            raise _Malformed
        _chunks(lines, answer)
    elif lengths:
        listed = [part.strip(b" \t") for value in lengths for part in value.split(b",")]
        if len(set(listed)) > 1 or not re.fullmatch(rb"[0-9]{1,20}", listed[0]):
            raise _Malformed
        answer.lenient |= len(listed) > 1
        answer.body = lines.take(int(listed[0]))
        if len(answer.body) < int(listed[0]):
            raise _Cut
    else:
        answer.body, answer.end = lines.take(len(lines.data)), "closed"


def _chunks(lines: _Lines, answer: Answer) -> None:
    while True:
        chunk = _CHUNK.fullmatch(lines.next())
        if chunk is None:
            raise _Malformed
        doubtful = chunk[3] or len(chunk[1]) > 16 or _BLANK.search(chunk[2])
        answer.lenient |= bool(doubtful)
        size = int(chunk[1], 16)
        if not size:
            break
        piece = lines.take(size)
        answer.body += piece
        if len(piece) < size:
            raise _Cut
        end = lines.take(2)
        if len(end) < 2 and b"\r\n".startswith(end):
            raise _Cut
        if end != b"\r\n":
            raise _Malformed
    _dropped(lines)


def _dropped(lines: _Lines) -> None:
    """Skip the fields of interim answers and behind bodies, which nobody gets.

    Where they are none, nobody need take them either.
    """
    start = lines.place
    try:
        if any(name in _FRAMING for name, _ in _fields(lines)):
            lines.lenient = True
    except _Malformed:
        lines.place, lines.lenient = start, True
        while lines.next():
            pass
