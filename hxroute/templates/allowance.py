"""The allowance of a rendering: what it may make, counted before it is made.

Filters, `~` and `+` can multiply what they are given, and so can an expression that
names a value many times. One rendering of a text, or of a whole JSON document, makes at
most `MAX_MADE` characters, and `PER_INPUT` more for each one that its request holds. What
its filters make on the way counts too; a value that is passed on as it is does not. A
rendering that would make more ends in a `BadRequest`.

A rendering never waits, so each thread has one at hand.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Any, Final

from hxroute import jsontext
from hxroute.errors import BadRequest, InvalidJson

__all__ = [
    "MAX_MADE",
    "PER_INPUT",
    "TOO_LARGE",
    "begin",
    "encoded",
    "end",
    "made",
    "take",
    "take_encoded",
]

MAX_MADE: Final = 8 << 20
"""Characters that a rendering may make, whatever its request holds."""

PER_INPUT: Final = 8
"""Characters that it may make more for each one of its request."""

TOO_LARGE: Final = "What this endpoint makes of its values is too large."

_LUMP: Final = 1 << 16
"""Characters of a text that are looked at in one go."""

_AROUND: Final = 24
"""Characters of a float, of true, false and null, or around any value: at most."""

_ESCAPED: Final = 6
"""Characters of a control character."""


_LISTS: Final = (list, tuple)
_JOINED: Final = (str, dict, list, tuple)


class _Allowance(threading.local):
    """What is left to the rendering of this thread, and what it may be extended for."""

    left: int = MAX_MADE
    total: int = MAX_MADE
    values: Mapping[str, Any] | None = None
    multiplies: bool = True


_NOW: Final = _Allowance()


def begin(
    values: Mapping[str, Any] | None = None,
    most: int = MAX_MADE,
    *,
    multiplies: bool = True,
) -> None:
    """Begin a rendering.

    Args:
        values: those of a request.
        most: characters that it may make, whatever its request holds.
        multiplies: whether it names a value more than `PER_INPUT` times.
    """
    _NOW.left = _NOW.total = most
    _NOW.values = values
    _NOW.multiplies = multiplies


def end() -> None:
    """Let go of the values."""
    _NOW.values = None


def made() -> int:
    """Return how much the rendering that began last has made, or would have."""
    return _NOW.total - _NOW.left


def take(characters: int) -> None:
    """Count what is about to be made.

    Raises:
        BadRequest: where it is more than is left.
    """
    _NOW.left -= characters
    if _NOW.left < 0:
        _extend()


def encoded(value: object) -> bytes:
    """Write a value as JSON, where that is not more than is left.

    A value of a template that neither multiplies nor has made anything yet is part of
    its request: to count it first would take longer than to write it.
    """
    if _NOW.multiplies or made() > _LUMP:
        take_encoded(value)
        return jsontext.encode(value)
    data = jsontext.encode(value)
    take(len(data))
    return data


def take_encoded(value: object) -> None:
    """Count a value that is about to be written as JSON.

    Raises:
        BadRequest: where it is more than is left.
    """
    most = _at_most(value)
    take(most if most <= _LUMP else _size(value, {}))


def _extend() -> None:
    """Add what the request is good for, which few renderings ever need."""
    values, _NOW.values = _NOW.values, None
    if values is not None:
        more = PER_INPUT * _size(dict(values), {})
        _NOW.total += more
        _NOW.left += more
    if _NOW.left < 0:
        raise BadRequest(TOO_LARGE)


def _at_most(value: object) -> int:
    """Return what a value may have as JSON, or too much of it: a quick look."""
    size, rest = 0, [value]
    for item in rest:
        size += _AROUND
        if isinstance(item, str):
            size += _ESCAPED * len(item)
        elif isinstance(item, dict):
            size += len(item)
            rest += item
            rest += item.values()
        elif isinstance(item, _LISTS):
            size += len(item)
            rest += item
        elif isinstance(item, int):
            size += item.bit_length()
        if size > _LUMP:
            break
    return size


def _size(value: object, known: dict[int, int]) -> int:
    """Return how long a value is as JSON; of what is in it many times, one look is enough.

    Raises:
        InvalidJson: for what is nested too deeply, which could not be written either.
    """
    try:
        return _counted(value, known)
    except RecursionError as exc:
        raise InvalidJson("nested too deeply") from exc


def _counted(value: object, known: dict[int, int]) -> int:
    if isinstance(value, int):
        return 5 + value.bit_length() // 3
    if not isinstance(value, _JOINED):
        return _AROUND
    size = known.get(id(value))
    if size is None:
        size = known[id(value)] = _of_parts(value, known)
    return size


def _of_parts(value: Any, known: dict[int, int]) -> int:
    if isinstance(value, str):
        starts = range(0, len(value) or 1, _LUMP)
        return sum(len(encode_basestring(value[at : at + _LUMP])) for at in starts)
    size = 2 + 2 * len(value)
    for item in value:
        size += _counted(item, known)
    if isinstance(value, dict):
        for item in value.values():
            size += _counted(item, known)
    return size
