"""What a script amounts to: an HTTP response, or the way in which it is none.

The reading is h11's, so the texts of the errors are those the old gateway echoed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hxroute.proof.exchange import REFUSED
from hxroute.proof.messages import Headers
from hxroute.sandbox.scripted import OK, Script

READ_TIMEOUT = 30.0
BODILESS = {204, 304}
STATUS_LINE = re.compile(r"HTTP/[0-9]\.[0-9] ([0-9]{3})(?: .*)?")
DISCONNECTED = "Server disconnected without sending a response."
CUT_BODY = "peer closed connection without sending complete message body"


@dataclass(frozen=True, slots=True)
class Reply:
    """A response; `length` is the one it states, `fault` what its body ends with."""

    status: int
    headers: Headers
    body: str = ""
    length: int | None = None
    fault: Fault | None = None

    def values(self, name: str) -> list[str]:
        """Return the values of a header field, in order."""
        return [value for key, value in self.headers if key.lower() == name]


@dataclass(frozen=True, slots=True)
class Fault:
    """No response, or no end of one: the kind, and the old gateway's text."""

    kind: str
    text: str = ""


TIMEOUT = Fault("timeout")


@dataclass(frozen=True, slots=True)
class _Raw:
    text: str
    ending: str  # "open", "closed" or "late"

    def cut(self, text: str) -> Fault:
        """Say how it ends where more was to come."""
        return Fault("cut", text) if self.ending == "closed" else TIMEOUT


def read(script: Script, method: str) -> Reply | Fault:
    """Read a script as the answer to a request of that method."""
    if script == REFUSED:
        return Fault("refused")
    raw = _collect(script or OK)
    while raw.text:
        head, end, rest = raw.text.partition("\r\n\r\n")
        status_line, *lines = head.split("\r\n")
        match = STATUS_LINE.fullmatch(status_line)
        if not match:
            return Fault("garbage", f"illegal status line: {_bytearray(status_line)}")
        if not end:
            break
        raw = _Raw(rest, raw.ending)
        if int(match[1]) >= 200:
            return _response(int(match[1]), lines, raw, method)
    return Fault("disconnected", DISCONNECTED) if raw.ending == "closed" else TIMEOUT


def _response(status: int, lines: list[str], raw: _Raw, method: str) -> Reply:
    fields = [line.partition(":") for line in lines]
    headers = tuple((name, value.strip(" \t")) for name, _, value in fields)
    low = {name.lower(): value for name, value in headers}
    chunked = low.get("transfer-encoding", "").lower() == "chunked"
    stated = low.get("content-length")
    length = None if stated is None or chunked else int(stated)
    if method == "HEAD" or status in BODILESS:
        return Reply(status, headers, length=length)
    if chunked:
        return Reply(status, headers, *_chunks(raw))
    if length is None:
        fault = None if raw.ending == "closed" else TIMEOUT
        return Reply(status, headers, raw.text, None, fault)
    body = raw.text[:length]
    short = f"{CUT_BODY} (received {len(body)} bytes, expected {length})"
    fault = raw.cut(short) if len(body) < length else None
    return Reply(status, headers, body, length, fault)


def _chunks(raw: _Raw) -> tuple[str, None, Fault | None]:
    cut = raw.cut(f"{CUT_BODY} (incomplete chunked read)")
    body, rest = "", raw.text
    while True:
        size, end, rest = rest.partition("\r\n")
        if not end:
            return body, None, cut
        wanted = int(size.split(";")[0], 16)
        if not wanted:
            return body, None, None if f"\r\n{rest}".find("\r\n\r\n") >= 0 else cut
        body += rest[:wanted]
        if len(rest) < wanted + 2:
            return body, None, cut
        rest = rest[wanted + 2 :]


def _collect(script: Script) -> _Raw:
    parts = list(_texts(script))
    late = None in parts
    texts = parts[: parts.index(None)] if late else parts
    closing = any(step in ({"close": True}, {"reset": True}) for step in script)
    ending = "late" if late else "closed" if closing else "open"
    return _Raw("".join(text or "" for text in texts), ending)


def _texts(script: Script) -> Iterator[str | None]:
    """Yield what is written; None where the pause before it is too long."""
    for step in script:
        match step:
            case str():
                yield step
            case {"repeat": [str(text), int(times)]}:
                yield text * times
            case {"sleep": float() | int() as seconds} if seconds >= READ_TIMEOUT:
                yield None
            case {"reset": True}:
                return


def _bytearray(text: str) -> str:
    return repr(bytearray(text.encode("latin-1")))
