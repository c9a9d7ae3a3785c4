"""What is another each time a case is played, and how much of it is compared.

(varies)            it is there each time, with another value: that it is there counts
(varies) {"id":…}   a JSON body in which only some values are others: the rest counts
(sometimes)         it is not there each time: nothing of it counts
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from hxroute.proof.exchange import Facts
from hxroute.proof.verdict import differing

__all__ = ["SOMETIMES", "VARIES", "leveled", "merged"]

VARIES: Final = ("(varies)",)
"""The values of a fact that is there each time, with another value."""

SOMETIMES: Final = ("(sometimes)",)
"""The values of a fact that is not there each time."""

_MARK: Final = VARIES[0]
_MARKS: Final = (*VARIES, *SOMETIMES)
_SHAPED: Final = f"{_MARK} "
_BODY: Final = ".body"
_NUMBER: Final = {_MARK: "number"}
"""What stands in a shape for a number that is another each time; a mark is a text."""

_ANY: Final[tuple[object, ...]] = (_MARK, _NUMBER)


def merged(times: Sequence[Facts]) -> Facts:
    """Return the facts of a case that was played several times.

    Raises:
        ValueError: where a fact looks as if it varied, and does not.
    """
    first, *others = times
    for facts in times:
        if any(
            value.startswith(_MARKS) for values in facts.values() for value in values
        ):
            raise ValueError(_MARK)
    varying = {name for facts in others for name in differing(first, facts)}
    return first | {name: _merged(name, times) for name in varying}


def leveled(recorded: Facts, got: Facts) -> Facts:
    """Return what was got, with what varies in the recording as it stands there."""
    found = dict(got)
    for name, value in recorded.items():
        if value == SOMETIMES or (value == VARIES and name in got):
            found[name] = value
        elif len(value) == 1 and value[0].startswith(_SHAPED) and name in got:
            found[name] = _shaped_as(value[0], got[name])
    return found


def _merged(name: str, times: Sequence[Facts]) -> tuple[str, ...]:
    if not all(name in facts for facts in times):
        return SOMETIMES
    if not name.endswith(_BODY):
        return VARIES
    try:
        first, *others = (_parsed(facts[name][0]) for facts in times)
        for other in others:
            first = _common(first, other)
    except (ValueError, RecursionError):
        return VARIES
    return VARIES if first in _ANY else (_SHAPED + json.dumps(first, sort_keys=True),)


def _parsed(text: str) -> Any:
    """Parse JSON that is read in one way only.

    Raises:
        ValueError: where it is none, or a name is repeated.
    """

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a name is repeated")
        return dict(pairs)

    return json.loads(text, object_pairs_hook=members)


def _common(one: Any, other: Any) -> Any:
    """Return what two values have in common, with marks in the place of the rest.

    Raises:
        ValueError: where they are of different shapes.
    """
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return {name: _common(one[name], other[name]) for name in one}
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [_common(*pair) for pair in zip(one, other, strict=True)]
    if type(one) is type(other) and one == other:
        return one
    if isinstance(one, str) and isinstance(other, str):
        return _MARK
    if _is_number(one) and _is_number(other):
        return _NUMBER
    raise ValueError("no value of one kind")


def _shaped_as(recorded: str, got: tuple[str, ...]) -> tuple[str, ...]:
    """Return the recorded value, where what was got is of its shape."""
    shape = json.loads(recorded.removeprefix(_SHAPED))
    try:
        value = _parsed(got[0])
    except (ValueError, RecursionError):
        return got
    return (recorded,) if _fits(value, shape) else got


def _fits(value: Any, shape: Any) -> bool:
    if shape == _MARK:
        return isinstance(value, str) and bool(value)
    if shape == _NUMBER:
        return _is_number(value)
    if isinstance(shape, dict) and isinstance(value, dict):
        alike = shape.keys() == value.keys()
        return alike and all(_fits(value[name], shape[name]) for name in shape)
    if isinstance(shape, list) and isinstance(value, list):
        alike = len(shape) == len(value)
        return alike and all(map(_fits, value, shape))
    return type(value) is type(shape) and bool(value == shape)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
