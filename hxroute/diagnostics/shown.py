"""What the renderers share: the order of the file, counts, and texts fit to be shown."""

from __future__ import annotations

import json
import re
import struct
import unicodedata
from collections.abc import Iterator
from typing import Final

from hxroute.diagnostics.report import Diagnostic, Report

__all__ = ["as_json", "counts", "in_order", "printable", "prose", "width"]

_NO_ASCII: Final = re.compile("[^\n -~]")
_NO_WIDTH: Final = frozenset({"Mn", "Me"})
"""The categories of marks, which stand on the character before, as Hangul's vowels do."""


def in_order(report: Report) -> list[Diagnostic]:
    """Return the diagnostics in the order of the file."""
    return sorted(report.diagnostics, key=lambda found: found.span)


def counts(report: Report) -> tuple[int, int]:
    """Count errors and warnings."""
    errors = sum(found.severity == "error" for found in report.diagnostics)
    return errors, len(report.diagnostics) - errors


def prose(found: Diagnostic) -> str:
    """Say a diagnostic without its place: what is wrong, and the cure on a new line."""
    return "\n".join(_sentences(found))


def _sentences(found: Diagnostic) -> Iterator[str]:
    yield f"{found.message}: {found.label}" if found.label else found.message
    if found.help:
        yield f"help: {found.help}"


def printable(text: str) -> str:
    """Show a character for each of a text, none that a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(
        " " if item == "\t" else item if item.isprintable() else "\ufffd"
        for item in text
    )


def width(text: str) -> int:
    """Count the columns that a printable text takes on a terminal."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(item: str) -> int:
    if unicodedata.category(item) in _NO_WIDTH or "\u1160" <= item <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(item) in "WF" else 1


def as_json(document: object) -> str:
    """Write JSON of visible ASCII only, which any reader and any terminal takes."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return _NO_ASCII.sub(_escaped, text) + "\n"


def _escaped(found: re.Match[str]) -> str:
    """Escape one character; half a pair, as in a file name that is no UTF-8, is `?`."""
    units = struct.iter_unpack(">H", found[0].encode("utf-16-be", "replace"))
    return "".join(f"\\u{unit:04x}" for (unit,) in units)
