"""What a case is: how an upstream answers, and what the client may then see."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Final

from hxroute.errors import KINDS
from tests.upstream.script import Script
from tests.upstream.wire import Answer

__all__ = [
    "ABC",
    "EVIL",
    "REFUSED",
    "STREAM",
    "Case",
    "Cut",
    "Expected",
    "Refused",
    "Whole",
    "chunked",
    "head",
    "sized",
]

_OURS: Final = {"content-type", "content-length", "date", "connection"}
_HOPS: Final = ("keep-alive", "proxy-authenticate", "te", "trailer", "upgrade")


@dataclass(frozen=True, slots=True)
class Whole:
    """The upstream's own answer, complete; `fields` tells the values of some."""

    body: bytes = b""
    status: int = 200
    fields: dict[str, list[str]] = field(default_factory=dict)

    def mistake(self, answer: Answer) -> str | None:
        """Say what is wrong with an answer."""
        if (answer.status, answer.body) != (self.status, self.body):
            return "not that status and body"
        if not answer.complete:
            return "cut"
        gone: dict[str, list[str]] = {name: [] for name in _HOPS}
        expected = gone | self.fields
        wrong = [name for name, vs in expected.items() if answer.all(name) != vs]
        return f"not those values of {wrong}" if wrong else None


@dataclass(frozen=True, slots=True)
class Refused:
    """An error of the gateway's own, without a byte of the upstream's."""

    kinds: tuple[str, ...] = ("bad_response", "disconnected")

    def mistake(self, answer: Answer) -> str | None:
        """Say what is wrong with an answer."""
        for kind in self.kinds:
            shown = {"kind": kind, "detail": KINDS[kind].detail}
            if answer.status != KINDS[kind].status or not answer.complete:
                continue
            told = _told(answer.body) if kind.endswith("timeout") else answer.body
            if told in (kind, json.dumps(shown, separators=(",", ":")).encode()):
                foreign = {name for name, _ in answer.headers} - _OURS
                return f"fields {sorted(foreign)}" if foreign else None
        return f"none of {self.kinds}"


@dataclass(frozen=True, slots=True)
class Cut:
    """An answer that visibly breaks off: at least `least` of `most`."""

    most: bytes = b""
    least: bytes = b""
    status: int = 200

    def mistake(self, answer: Answer) -> str | None:
        """Say what is wrong with an answer."""
        if answer.status != self.status:
            return "another status"
        if answer.complete:
            return "falsely complete"
        if not self.most.startswith(answer.body):
            return "other bytes"
        return None if answer.body.startswith(self.least) else "too few bytes"


Expected = Whole | Refused | Cut


def _told(body: bytes) -> object:
    """Return the kind of an error whose text names a limit."""
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return document["kind"] if set(document) == {"kind", "detail"} else None


@dataclass(frozen=True, slots=True)
class Case:
    """One way to answer a request.

    `later` is written once the client has its answer. `reused` says whether the
    connection is used again after a whole answer; None leaves it open. After any
    other answer it never is.
    """

    id: str
    script: Script
    expected: Expected | tuple[Expected, ...]
    reused: bool | None = True
    method: str = "GET"
    later: bytes = b""
    endpoint: str = ""
    upstream: str = ""

    @property
    def alternatives(self) -> tuple[Expected, ...]:
        """Every answer that is right."""
        one = self.expected
        return one if isinstance(one, tuple) else (one,)


def head(*fields: str, status: str = "200 OK", version: str = "HTTP/1.1") -> bytes:
    """Return the head of an answer, in latin-1."""
    lines = (f"{version} {status}", *fields, "", "")
    return "\r\n".join(lines).encode("latin-1")


def sized(body: bytes, *fields: str, status: str = "200 OK") -> bytes:
    """Return an answer with a length."""
    return head(*fields, f"content-length: {len(body)}", status=status) + body


def chunked(
    *chunks: bytes, fields: tuple[str, ...] = (), end: bytes = b"0\r\n\r\n"
) -> bytes:
    """Return an answer in chunks."""
    framed = (b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return head(*fields, "transfer-encoding: chunked") + b"".join(framed) + end


EVIL: Final = sized(b"EVIL", "x-evil: 1")
ABC: Final = sized(b"abc")
STREAM: Final = head("transfer-encoding: chunked")
REFUSED: Final = Refused()
