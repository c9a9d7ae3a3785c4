"""Replies: the bytes of an upstream's answers, in latin-1, and the levels made of them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from hxroute.proof.cases.levels import Level
from hxroute.proof.messages import Headers
from hxroute.sandbox.scripted import Script, Step

__all__ = [
    "CHUNKED",
    "CLOSE",
    "JSON",
    "OBJECT",
    "SHORT",
    "answer",
    "chunk",
    "fault",
    "reason",
    "sized",
    "whole",
]

JSON: Final = ("Content-Type", "application/json")
CHUNKED: Final = ("Transfer-Encoding", "chunked")
CLOSE: Final[Step] = {"close": True}
SHORT: Final[Step] = {"sleep": 0.05}
"""Between writes: long enough for each to be one read at the other side."""

OBJECT: Final = '{"ok":true}'

_REASONS: Final = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}
"""Names that Python's versions do not agree in (RFC 9110 section 15.5)."""


def reason(status: int) -> str:
    """Return the reason phrase of a status, `Unknown` for one that has none."""
    try:
        return _REASONS.get(status) or HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def answer(status: int, headers: Headers = (), *steps: Step) -> Script:
    """Return a script that answers with a status, fields and what makes the body."""
    lines = [f"HTTP/1.1 {status} {reason(status)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join([*lines, "", ""]), *steps)


def whole(name: str, script: Script, *, rank: int = 2, paired: bool = False) -> Level:
    """Return a level whose script is a head and what comes after it."""
    closes = (CLOSE,) if CLOSE in script else ()
    to_head = (script[0], *closes)
    return Level(f"up-{name}", script=script, to_head=to_head, rank=rank, paired=paired)


def sized(
    name: str,
    status: int,
    body: str,
    *headers: tuple[str, str],
    rank: int = 2,
    paired: bool = False,
) -> Level:
    """Return a level whose answer states its length."""
    length = ("Content-Length", str(len(body)))
    steps = (body,) if body else ()
    script = answer(status, (*headers, length), *steps)
    return whole(name, script, rank=rank, paired=paired)


def fault(name: str, *script: Step, rank: int = 2, any_method: bool = True) -> Level:
    """Return a level whose script is no whole answer."""
    to_head = script if any_method else None
    return Level(f"up-{name}", script=script, to_head=to_head, rank=rank)


def chunk(text: str) -> str:
    """Return one chunk (RFC 9112 section 7.1)."""
    return f"{len(text):x}\r\n{text}\r\n"
