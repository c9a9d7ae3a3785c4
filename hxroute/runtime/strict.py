"""What the head of a client's request must satisfy before anyone reads it.

The parser has refused what is no HTTP/1 by then; these are the laws that it leaves to
its user: where two readers of the same bytes could disagree, nobody gets to read them.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from hxroute.http import Headers
from hxroute.runtime.phase import Phase
from hxroute.runtime.refusals import Refused

__all__ = [
    "AUTHORITY",
    "DIGITS",
    "FRAMING",
    "Head",
    "StartLines",
    "check_trailer",
    "read_head",
]

FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
"""The fields that say where a body ends (RFC 9112 §6)."""

_WATCHED: Final = FRAMING | {b"host", b"connection", b"expect"}
AUTHORITY: Final = re.compile(
    rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+(?::[0-9]{0,5})?"
    rb"|\[[0-9A-Fa-f:.]+\](?::[0-9]{0,5})?"
)
"""A host with or without a port (RFC 9110 §7.2); no user, and never empty."""

_ABSOLUTE: Final = re.compile(rb"[Hh][Tt][Tt][Pp][Ss]?://([^/?#]*)(.*)", re.DOTALL)
_END: Final = b"\r\n\r\n"
DIGITS: Final = re.compile(rb"[0-9]{1,18}")


class Head(NamedTuple):
    """What a request head says; `length` is None where the body is chunked."""

    path: bytes
    query: bytes
    length: int | None
    expects_continue: bool


class StartLines:
    """The bytes of heads as they came, for what the parser does not tell.

    It takes more than one blank between the parts of a start line, other protocols of
    the same form, and any line end.
    """

    def __init__(self) -> None:
        self._raw = bytearray()
        self._from = 0
        self._step: bytes | memoryview = b""
        self._has_step = self._follows_body = self._is_exact = False

    def add(self, step: bytes | memoryview, phase: Phase) -> None:
        """Take what is parsed next, and in which phase that begins."""
        self._step, self._has_step = step, phase is Phase.HEAD
        if self._has_step:
            self._raw += step
        else:
            self._follows_body = phase is Phase.BODY

    def begin(self) -> None:
        """Begin a request, somewhere in what is parsed."""
        if not self._has_step:
            self._raw, self._from, self._has_step = bytearray(self._step), 0, True
            self._is_exact = not self._follows_body

    def clear(self) -> None:
        """Keep nothing: no request is under way."""
        self._raw, self._from, self._step, self._has_step = bytearray(), 0, b"", False

    def check(self, method: bytes, target: bytes, version: str) -> None:
        """Check that a request began with exactly this line (RFC 9112 §3).

        Behind a body nobody tells where it began: there the line must only be found.

        Raises:
            Refused: where it did not.
        """
        line = b"%b %b HTTP/%b\r\n" % (method, target, version.encode())
        found = self._raw.find(line, self._from)
        before = self._raw[self._from : found]
        if found < 0 or (self._is_exact and before.strip(b"\r\n")):
            raise Refused(400, "a start line that is none")
        self._from = found + len(line) - 2

    def end_head(self, *, has_body: bool) -> None:
        """Note where the next request begins, where that can be known."""
        end = self._raw.find(_END, self._from)
        self._is_exact = not has_body and end >= 0
        if self._is_exact:
            self._from = end + len(_END)


def read_head(method: bytes, version: str, target: bytes, fields: Headers) -> Head:
    """Check the head of a request.

    Raises:
        Refused: with 400, or 417, 501, 505 where the request is understood and nobody
            here could fulfil it.
    """
    if version not in ("1.1", "1.0"):
        known = version.startswith("1.") or version == "0.9"
        raise Refused(400 if known else 505, f"HTTP/{version}")
    watched = [field for field in fields if field[0] in _WATCHED]
    host = _host(watched, version)
    length = _length(watched, version)
    path, query = _path_and_query(method, target, host)
    expectations = [value.strip(b" \t") for name, value in watched if name == b"expect"]
    if not expectations:
        return Head(path, query, length, expects_continue=False)
    if any(value.lower() != b"100-continue" for value in expectations):
        raise Refused(417, "an expectation that nobody knows")  # RFC 9110 §10.1.1
    return Head(path, query, length, expects_continue=version == "1.1")


def check_trailer(name: bytes) -> None:
    """Check a field behind a body (RFC 9110 §6.5.1); it is dropped in any case.

    Raises:
        Refused: where it would frame the body that it comes after.
    """
    if name in FRAMING:
        raise Refused(400, "framing in a trailer")


def _host(watched: Headers, version: str) -> bytes | None:
    hosts = [value for name, value in watched if name == b"host"]
    if not hosts and version == "1.0":
        return None
    if len(hosts) != 1:  # RFC 9112 §3.2
        raise Refused(400, f"{len(hosts) or 'no'} Host fields")
    host = hosts[0].strip(b" \t")
    if not AUTHORITY.fullmatch(host):
        raise Refused(400, "a Host that is none")
    return host


def _path_and_query(
    method: bytes, target: bytes, host: bytes | None
) -> tuple[bytes, bytes]:
    """Take a target apart (RFC 9112 §3.2)."""
    if method == b"CONNECT":
        raise Refused(501, "CONNECT")
    if b"#" in target:
        raise Refused(400, "a fragment in the target")
    if target == b"*" and method == b"OPTIONS":
        return target, b""
    if not target.startswith(b"/"):
        absolute = _ABSOLUTE.fullmatch(target)
        if absolute is None:
            raise Refused(400, "a target that is no path")
        if host is not None and absolute[1].lower() != host.lower():
            raise Refused(400, "a target on another host than Host")
        if not AUTHORITY.fullmatch(absolute[1]):
            raise Refused(400, "a target without a host")
        target = absolute[2] if absolute[2].startswith(b"/") else b"/" + absolute[2]
    path, _, query = target.partition(b"?")
    return path, query


def _length(watched: Headers, version: str) -> int | None:
    """Return the length of the body (RFC 9112 §6.3), None where it is chunked."""
    lengths, codings = [], []
    for name, value in watched:
        if name == b"content-length":
            lengths.append(value.strip(b" \t"))
        elif name == b"transfer-encoding":
            codings.append(value.strip(b" \t").lower())
        elif name == b"connection":
            options = {option.strip(b" \t").lower() for option in value.split(b",")}
            if options & FRAMING:
                raise Refused(400, "a Connection field that names the framing")
    if codings:
        if lengths or version == "1.0":
            raise Refused(400, "Transfer-Encoding where there can be none")
        _check_coding(codings)
        return None
    if len(lengths) > 1 or any(not DIGITS.fullmatch(value) for value in lengths):
        raise Refused(400, "a Content-Length that is none")
    return int(lengths[0]) if lengths else 0


def _check_coding(codings: list[bytes]) -> None:
    if codings == [b"chunked"]:
        return
    listed = [part.strip(b" \t") for part in codings[0].split(b",")]
    before, last = listed[:-1], listed[-1]
    known = before and last == b"chunked" and b"chunked" not in before
    status = 501 if known and len(codings) == 1 else 400  # RFC 9112 §6.1
    raise Refused(status, "a Transfer-Encoding other than chunked")
