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


def merged(times: Sequence[Facts]) -> Facts:
    """Return the facts of a case that was played several times.

    Raises:
        ValueError: where a fact looks as if it varied, and does not.
    """
    first, *others = times
    for facts in times:
        if any(
            value.startswith(_MARK) for values in facts.values() for value in values
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
        first, *others = (json.loads(facts[name][0]) for facts in times)
    except (ValueError, RecursionError):
        return VARIES
    for other in others:
        first = _common(first, other)
    if first == _MARK:
        return VARIES
    return (_SHAPED + json.dumps(first, sort_keys=True),)


def _common(one: Any, other: Any) -> Any:
    """Return what two values have in common, with the mark in the place of the rest."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return {name: _common(one[name], other[name]) for name in one}
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [_common(*pair) for pair in zip(one, other, strict=True)]
    return one if type(one) is type(other) and one == other else _MARK


def _shaped_as(recorded: str, got: tuple[str, ...]) -> tuple[str, ...]:
    """Return the recorded value, where what was got is of its shape."""
    shape = json.loads(recorded.removeprefix(_SHAPED))
    try:
        value = json.loads(got[0])
    except (ValueError, RecursionError):
        return got
    return (recorded,) if _fits(value, shape) else got


def _fits(value: Any, shape: Any) -> bool:
    if shape == _MARK:
        return not isinstance(value, dict | list)
    if isinstance(shape, dict) and isinstance(value, dict):
        alike = shape.keys() == value.keys()
        return alike and all(_fits(value[name], shape[name]) for name in shape)
    if isinstance(shape, list) and isinstance(value, list):
        alike = len(shape) == len(value)
        return alike and all(map(_fits, value, shape))
    return type(value) is type(shape) and value == shape
