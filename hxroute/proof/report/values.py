"""What stands in a fact, as lines to compare.

A header field has a line for each of its values; a body the lines it has, or where both
bodies are JSON, a line for each member. Bytes are shown as `hxroute.proof.escapes` says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from hxroute.diagnostics.shown import printable
from hxroute.proof.escapes import escaped
from hxroute.proof.varying import VARIES

__all__ = [
    "Pair",
    "cut",
    "in_order",
    "is_body",
    "label",
    "pair",
    "size",
    "visible",
    "wire",
]

_BODY: Final = re.compile(r"(client|upstream(\.[0-9]+)?)\.body")
_DIGEST: Final = re.compile(r"\(([0-9]+) bytes, sha256 [0-9a-f]{64}\)")

_PLACE: Final = re.compile(r"(client|upstream(?:\.[0-9]{1,9})?)\.(\w+)\.?", re.ASCII)
_ORDER: Final = (
    *("failure", "status", "requests", "name", "method", "target", "headers", "body"),
    *("trailers", "complete"),
)
"""The facts of a message, in the order in which it goes over the wire."""

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s"\[\]{}:,]+')
_DEEP: Final = 20
"""Levels of JSON that are indented: a deeply nested text must not become a huge one."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The lines of both sides; `note` says what they are of."""

    old: tuple[str, ...]
    new: tuple[str, ...]
    note: str = ""


def is_body(fact: str) -> bool:
    """Whether a fact is a body."""
    return _BODY.fullmatch(fact) is not None


def label(fact: str) -> str:
    """Name a fact within its message: a header field by its name alone."""
    short = _PLACE.sub(lambda found: f"{found[2]}.", fact, count=1).removesuffix(".")
    return visible(short.removeprefix("headers."))


def in_order(facts: Iterable[str]) -> list[str]:
    """Sort the names of facts as their messages go over the wire."""
    return sorted(facts, key=_rank)


def _rank(fact: str) -> tuple[int, int, str]:
    found = _PLACE.match(fact)
    if found is None:
        return 0, 0, fact
    number = int(found[1].partition(".")[2] or 1)
    place = _ORDER.index(found[2]) if found[2] in _ORDER else len(_ORDER)
    return number, place, fact


def wire(text: str) -> str:
    """Show the bytes of a text; one that is none of the wire, such as ours, as it is."""
    try:
        return escaped(text)
    except UnicodeEncodeError:
        return text


def visible(text: str) -> str:
    """Show the bytes of a text in one line."""
    return printable(wire(text).replace("\n", "\\x0a"))


def cut(text: str, most: int) -> str:
    """Leave out what is too long, and say so."""
    over = len(text) - most
    return text if over <= 0 else f"{text[:most]}… and {over} characters more"


def size(values: tuple[str, ...]) -> str:
    """Say how large a body is."""
    if not values or values == VARIES:
        return "varies" if values else "absent"
    digest = _DIGEST.fullmatch(values[0])
    count = int(digest[1]) if digest else len(values[0])
    return f"{count} byte{'s' * (count != 1)}"


def pair(fact: str, old: tuple[str, ...], new: tuple[str, ...]) -> Pair:
    """Lay out both sides of a fact."""
    if not is_body(fact):
        return Pair(tuple(map(visible, old)), tuple(map(visible, new)))
    sizes = f"{size(old)} | {size(new)}"
    if any(_DIGEST.fullmatch(value) for value in (*old, *new)):
        sizes += ", long bodies by their digest"
    found = _laid_out(old), _laid_out(new)
    if found[0] and found[1] and found[0] != found[1]:
        return Pair(found[0], found[1], f"{sizes}, JSON by member")
    return Pair(_lines(old), _lines(new), sizes)


def _lines(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(visible(line) for value in values for line in value.split("\n"))


def _laid_out(values: tuple[str, ...]) -> tuple[str, ...]:
    """Lay a JSON text out, each of its tokens as it is; return nothing for another."""
    if len(values) != 1 or values[0][:1] not in {"{", "["}:
        return ()
    try:
        json.loads(values[0])
    except (ValueError, RecursionError):
        return ()
    return tuple(map(visible, _members(_TOKEN.findall(values[0]))))


def _members(parts: list[str]) -> Iterator[str]:
    line, depth = "", 0
    for part, after in zip(parts, [*parts[1:], ""], strict=True):
        if part in "]}" and not line.endswith(("[", "{")):
            yield line
            line = "  " * min(depth - 1, _DEEP)
        line += ": " if part == ":" else part
        depth += (part in "[{") - (part in "]}")
        if part == "," or (part in "[{" and after not in "]}"):
            yield line
            line = "  " * min(depth, _DEEP)
    yield line
