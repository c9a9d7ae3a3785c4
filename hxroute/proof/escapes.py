r"""Bytes as text that a person reads and a file keeps.

Bytes that are UTF-8 stand as the characters they are; any other byte, and what nobody
could see, as `\xNN`. Messages hold one character for each byte (latin-1); the text that
comes of them is another, and goes back to just the same bytes.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["escaped", "unescaped"]

_ESCAPE: Final = re.compile(rb"\\x([0-9a-fA-F]{2})")
_VISIBLE: Final = re.compile("[ -[\\]-~\n]*")
"""Texts that stand for themselves: no byte is escaped, and nothing looks as one."""


def escaped(text: str) -> str:
    """Write bytes as text; line feeds stay."""
    if _VISIBLE.fullmatch(text):
        return text
    decoded = text.encode("latin-1").decode("utf-8", "surrogateescape")
    return "".join(map(_shown, decoded.replace("\\x", "\\x5cx")))


def unescaped(text: str) -> str:
    """Return the bytes that a text was written for.

    Raises:
        ValueError: for half a pair of surrogates, which no bytes stand for.
    """
    raw = _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), text.encode())
    return raw.decode("latin-1")


def _shown(character: str) -> str:
    if character.isprintable() or character == "\n":
        return character
    raw = character.encode("utf-8", "surrogateescape")
    return "".join(f"\\x{byte:02x}" for byte in raw)
