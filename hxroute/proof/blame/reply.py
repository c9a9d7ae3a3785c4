"""What a script of an upstream amounts to: an answer, or the way in which it is none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hxroute.proof.messages import Headers, unchunked, values
from hxroute.sandbox.scripted import Script

__all__ = ["Reply", "read"]

_STATUS_LINE: Final = re.compile(r"HTTP/[0-9]\.[0-9] ([0-9]{3})(?: .*)?")
_LONG: Final = 1.0
"""Seconds of a pause that may be a timeout."""

_ENDS: Final = ("reset", "close")


@dataclass(frozen=True, slots=True)
class Reply:
    """The status that a script answers with, 0 for none, its fields and its body.

    `fault` is the kind of error that a gateway most likely makes of it, "" for none.
    """

    status: int = 0
    headers: Headers = ()
    body: str = ""
    fault: str = ""

    def has(self, name: str) -> bool:
        """Tell whether it has a field; `name` is in lower case."""
        return bool(values(self.headers, name))


def read(script: Script) -> Reply:
    """Read a script, as far as it takes to tell what becomes of it."""
    if any(_is(step, "refuse") for step in script):
        return Reply(fault="connect_failed")
    text, fault = _written(script)
    while text:
        head, end, rest = text.partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        match = _STATUS_LINE.fullmatch(first)
        if match is None:
            return Reply(fault="bad_response")
        if not end:
            break
        if int(match[1]) >= 200:
            fields = tuple(_field(line) for line in lines)
            cut = _cut(fields, rest, fault)
            return Reply(int(match[1]), fields, _content(fields, rest), cut)
        text = rest  # an interim answer (RFC 9110 §15.2)
    return Reply(fault=fault or "read_timeout")


def _written(script: Script) -> tuple[str, str]:
    """Return what is written, and what ends it."""
    texts: list[str] = []
    fault = "disconnected" if any(_is(s, k) for s in script for k in _ENDS) else ""
    for step in script:
        match step:
            case str(text):
                texts.append(text)
            case {"repeat": [str(text), int(times)]}:
                texts.append(text * times)
            case {"sleep": float() | int() as seconds} if seconds >= _LONG:
                fault = "read_timeout"
    return "".join(texts), fault


def _cut(fields: Headers, body: str, fault: str) -> str:
    """Return how an answer with a body ends, where that is not its end."""
    length = next(iter(values(fields, "content-length")), "")
    whole = not length.isdecimal() or len(body) >= int(length[:18])
    if fault == "read_timeout":
        return fault  # which pause is one, the gateway decides
    return "" if whole or not fault else "bad_response"


def _content(fields: Headers, body: str) -> str:
    """Return a body without its framing, as far as it has any."""
    if not values(fields, "transfer-encoding"):
        return body
    try:
        return unchunked(body)
    except ValueError:
        return body


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.strip(" \t")


def _is(step: object, key: str) -> bool:
    return isinstance(step, Mapping) and bool(step.get(key))
