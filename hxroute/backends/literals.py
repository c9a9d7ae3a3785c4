"""Python literals and calls as `ruff format` would lay them out."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Final

__all__ = ["WIDTH", "Printed", "call", "constant", "fixed", "tuple_of"]

WIDTH: Final = 88

Printed = Callable[[int, int], str]
"""Text laid out at an indent, on a first line that holds so many characters more."""

_STRING: Final = re.compile(r"(b?)(['\"])(.*)\2", re.DOTALL)
_QUOTE: Final = re.compile(r"\\.|['\"]", re.DOTALL)


def constant(value: object) -> Printed:
    """Print a number, a boolean, None, text or bytes."""
    text = repr(value)
    if isinstance(value, str | bytes):
        text = _quoted(text)
    return fixed(text)


def fixed(text: str) -> Printed:
    """Print a text as it is."""
    return lambda _indent, _beside: text


def _quoted(text: str) -> str:
    """Put a literal in double quotes, or in single ones where that escapes less."""
    match = _STRING.fullmatch(text)
    assert match is not None
    prefix, _, inner = match.groups()
    plain = _QUOTE.sub(lambda m: m[0][1] if m[0] in ("\\'", '\\"') else m[0], inner)
    quotes = [m[0] for m in _QUOTE.finditer(plain) if m[0] in "'\""]
    quote = "'" if quotes.count('"') > quotes.count("'") else '"'
    escaped = _QUOTE.sub(lambda m: "\\" + quote if m[0] == quote else m[0], plain)
    return f"{prefix}{quote}{escaped}{quote}"


def tuple_of(items: Iterable[Printed]) -> Printed:
    """Print a tuple."""
    members = [("", item) for item in items]
    return _bracketed("(", members, ")", alone=",")


def call(name: str, arguments: Iterable[tuple[str, Printed]]) -> Printed:
    """Print a call with keyword arguments; an empty keyword is positional."""
    members = [(f"{key}=" if key else "", item) for key, item in arguments]
    return _bracketed(f"{name}(", members, ")", alone="")


def _bracketed(
    head: str, members: list[tuple[str, Printed]], tail: str, *, alone: str
) -> Printed:
    single = alone if len(members) == 1 else ""

    parts = [key + item(0, 0) for key, item in members]
    line = f"{head}{', '.join(parts)}{single}{tail}"
    columns = math.inf if "\n" in line else _columns(line)

    def printed(indent: int, beside: int) -> str:
        if indent + beside + columns <= WIDTH or not members:
            return line
        inner = indent + 4
        rows = [
            f"{' ' * inner}{key}{item(inner, len(key) + 1)}," for key, item in members
        ]
        return "\n".join([head, *rows, " " * indent + tail])

    return printed


def _columns(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(_columns_of(character) for character in text)


def _columns_of(character: str) -> int:
    if unicodedata.east_asian_width(character) in "WF":
        return 2
    return 0 if unicodedata.category(character) in ("Mn", "Me", "Cf") else 1
