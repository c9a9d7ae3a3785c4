"""Cures: what to write in the place of a value of the wrong shape."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = [
    "SPELT",
    "cure_of_bound",
    "cure_of_form",
    "cure_of_type",
    "duration_like",
    "size_like",
]

SPELT: Final = {
    **dict.fromkeys(("yes", "y", "on", "1"), "true"),
    **dict.fromkeys(("no", "n", "off", "0"), "false"),
}
"""What other formats, and YAML before 1.2, take for booleans."""

_DURATION: Final = re.compile(
    r"\s*+([0-9]++(?:\.[0-9]++)?+)\s*+([a-z]*+)\s*+", re.IGNORECASE
)
_UNITS: Final = {
    **dict.fromkeys(("ms", "msec", "millis", "milliseconds"), "ms"),
    **dict.fromkeys(("", "s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
}
_SIZE: Final = re.compile(r"\s*+([0-9]{1,12}+)\s*+([kmg])?+i?+b?+\s*+", re.IGNORECASE)
_LONGEST: Final = 100
"""Characters of a text; a longer one is no misspelling of a name, size or duration."""


def duration_like(value: object) -> str:
    """Return the duration that a number or a text seems to mean, or nothing."""
    match = _DURATION.fullmatch(str(value)) if not isinstance(value, bool) else None
    unit = _UNITS.get(match[2].lower()) if match else None
    return f"{match[1]}{unit}" if match and unit else ""


def size_like(value: object) -> str:
    """Return the size that a text seems to mean, or nothing."""
    match = _SIZE.fullmatch(str(value)) if not isinstance(value, bool) else None
    if match is None:
        return ""
    unit = (match[2] or "").upper()
    return f"{match[1]}{unit}iB" if unit else match[1]


def cure_of_form(value: object, schema: Mapping[str, Any]) -> str:
    """Say what to write for a text that a pattern refuses."""
    pattern = schema.get("pattern", "")
    for near in _near(value):
        if near and near != value and re.fullmatch(pattern, near):
            return f"write `{near}`"
    return _example(schema)


def _near(value: object) -> Iterator[str]:
    text = str(value).strip()
    if len(text) > _LONGEST:
        return
    yield duration_like(value)
    yield size_like(value)
    words = re.search(r"\w(?:.*\w)?", text, re.DOTALL)
    word = words[0] if words else ""
    yield from (
        text,
        word,
        text.upper(),
        text.lower(),
        re.sub(r"\W+", "-", word) if " " in word else word,
    )
    yield re.sub(r"\W+", "_", word)
    yield re.sub(r"\W+", "_", word.lower())


def cure_of_type(value: object, schema: Mapping[str, Any]) -> str:
    """Say what to write for a value of the wrong type."""
    wanted = schema.get("type", ())
    types = [wanted] if isinstance(wanted, str) else list(wanted)
    if "string" in types and isinstance(value, int | float):
        if "expects" in schema:
            return cure_of_form(value, schema)
        return "put it in quotes"
    if types == ["object"]:
        return "write keys and values, as in `{key: value}`"
    if types == ["integer"] and str(value).isdecimal():
        return f"write `{value}`, without quotes"
    if types == ["array"] and isinstance(value, str | int) and value != "":
        return f"write `[{value}]`"
    return _example(schema)


def cure_of_bound(schema: Mapping[str, Any]) -> str:
    """Say what is within the bounds."""
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        return f"write a number from {least} to {most}"
    if least is not None:
        return f"write a number from {least} on"
    return _example(schema)


def _example(schema: Mapping[str, Any]) -> str:
    """Return the first example that fits on a line."""
    for example in schema.get("examples", ()):
        if isinstance(example, str | int) and not isinstance(example, bool):
            return f"for example `{example}`"
        if isinstance(example, list) and all(isinstance(i, str) for i in example):
            return f"for example `[{', '.join(example)}]`"
    return ""
