"""Durations, sizes and instants as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = [
    "DURATION",
    "INSTANT",
    "SIZE",
    "duration",
    "instant",
    "size",
    "written_duration",
    "written_size",
]

DURATION: Final = r"[0-9]+(\.[0-9]+)?(ms|s|m|h)"
SIZE: Final = r"[0-9]+(B|KiB|MiB|GiB)?"

_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES: Final = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_DIGITS: Final = 15
_DATE_LENGTH: Final = len("2027-01-31")
_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
INSTANT: Final = rf"{_DATE}([Tt][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(\.[0-9]{{1,6}})?[Zz])?"
"""A date, or an instant in UTC (RFC 3339 §5.6)."""


def duration(text: str) -> float | None:
    """Return the seconds of `250ms`, `30s`, `5m` or `1h`; None where it is none."""
    match = re.fullmatch(r"([0-9.]+)([a-z]+)", text)
    if match is None or re.fullmatch(DURATION, text, re.ASCII) is None:
        return None
    return float(match[1]) * _SECONDS[match[2]]


def size(text: str) -> int | None:
    """Return the bytes of `65536`, `64KiB` or `1MiB`; None where it is none."""
    match = re.fullmatch(r"([0-9]+)([A-Za-z]*)", text, re.ASCII)
    if match is None or match[2] not in _BYTES or len(match[1]) > _DIGITS:
        return None
    return int(match[1]) * _BYTES[match[2]]


def instant(text: str) -> float | None:
    """Return the end of `2027-01-31`, or the instant `2027-01-31T12:00:00Z`.

    In seconds since 1970 (UTC); None where it is neither.
    """
    if re.fullmatch(INSTANT, text, re.ASCII) is None:
        return None
    try:
        found = datetime.fromisoformat(text.upper()).replace(tzinfo=UTC)
        return (found + timedelta(days=len(text) == _DATE_LENGTH)).timestamp()
    except (ValueError, OverflowError):
        return None


def written_duration(seconds: float) -> str:
    """Return seconds as people write them: `30s`, `250ms`."""
    whole = seconds == int(seconds)
    return f"{int(seconds)}s" if whole else f"{seconds * 1000:g}ms"


def written_size(size: int) -> str:
    """Return bytes as people write them: `64KiB`, `1000B`."""
    units = (unit for unit in ("GiB", "MiB", "KiB") if size % _BYTES[unit] == 0)
    unit = next(units, "B") if size else "B"
    return f"{size // _BYTES[unit]}{unit}"
