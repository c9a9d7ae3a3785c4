"""Wording: values as a person wrote them, short, and without keys."""

from __future__ import annotations

import re
from typing import Final

from hxroute import templates, units
from hxroute.diagnostics.shown import printable

__all__ = ["HIDDEN", "Shown", "arrow", "duration", "field_value", "quoted", "size"]

HIDDEN: Final = "***"
"""Stands for what nobody is shown."""

_LONG: Final = 60
_BEFORE: Final = 15
_CREDENTIAL: Final = re.compile("auth|cookie|key|secret|token")


class Shown(str):
    """A word of ours or a plain number, which is shown as it is."""

    __slots__ = ()


def arrow(old: str, new: str) -> str:
    """Show what became of a value; of long ones the part in which they differ."""
    pairs = enumerate(zip(old, new, strict=False))
    same = next(
        (n for n, (one, other) in pairs if one != other), min(len(old), len(new))
    )
    return f"{_cut(old, same)} -> {_cut(new, same)}"


def quoted(text: str) -> str:
    """Show a text between backticks, cut where it is long."""
    return _cut(text, 0)


def _cut(text: str, place: int) -> str:
    """Show what stands around a place of a text."""
    if isinstance(text, Shown):
        return text
    start = max(0, place - _BEFORE) if len(text) > _LONG else 0
    end = start + _LONG
    before, after = "…" if start else "", "…" if end < len(text) else ""
    return f"`{before}{printable(text[start:end])}{after}`"


def field_value(name: str, value: str) -> str:
    """Return what a header is set to, unless it is a constant that may be a key."""
    constant = not templates.is_template(value)
    if constant and value and _CREDENTIAL.search(name):
        return Shown(HIDDEN)
    return value


def duration(seconds: float) -> Shown:
    """Return seconds as the language has them."""
    return Shown(units.written_duration(seconds))


def size(text: str) -> str:
    """Return a size as it is shown, or a template."""
    return text if units.size(text) is None else Shown(text)
