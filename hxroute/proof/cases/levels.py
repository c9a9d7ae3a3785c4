"""Levels: the values that a factor of a case can take, and which go together.

A row holds one level of each factor, and is one case. What one level makes impossible
for another is said of the two alone, in `agree`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from hxroute.proof.messages import Headers
from hxroute.sandbox.scripted import OK, Script

__all__ = ["FACTORS", "FINE", "Level", "Row", "agree", "completed"]

FINE: Final = "up-ok"
"""The upstream's answer of whatever is not about that answer."""


@dataclass(frozen=True, slots=True)
class Level:
    """One value of a factor.

    `text` is the method, the target or the body, as the factor says; of a content type
    it is the body that fits it. `headers` are added to the request. `script` is the
    upstream's; `to_head` what of it answers HEAD, None where nothing of it can.

    `rank` is 0 for what every endpoint is tried with, 1 for what a few of a kin are
    enough for, 2 for what one is enough for, 3 for what is left to a large set. Levels that are `paired` meet those of other factors. One
    that `stops` a request keeps it from showing what comes of its other levels; one
    that is `bodiless` goes with methods that have no body.
    """

    name: str
    text: str = ""
    headers: Headers = ()
    repeat: int = 1
    script: Script = OK
    to_head: Script | None = ()
    rank: int = 2
    paired: bool = False
    stops: bool = False
    bodiless: bool = False


class Row(NamedTuple):
    """A level of each factor, in the order in which they are named."""

    method: Level
    auth: Level
    content: Level
    headers: Level
    target: Level
    body: Level
    upstream: Level


FACTORS: Final = Row._fields

_METHOD, _CONTENT, _BODY, _UPSTREAM = map(
    FACTORS.index, ("method", "content", "body", "upstream")
)


def agree(factor: int, level: Level, other: int, another: Level) -> bool:
    """Tell whether two levels can be of one case.

    Args:
        factor: the number of the first one's factor.
        level: the first one.
        other: the number of the second one's factor.
        another: the second one.
    """
    if factor > other:
        return agree(other, another, factor, level)
    if other == _UPSTREAM and another.name != FINE:
        heads = factor == _METHOD and level.text == "HEAD"
        return not level.stops and not (heads and another.to_head is None)
    if factor == _METHOD and level.bodiless and other in (_CONTENT, _BODY):
        return another.bodiless
    return True


def completed(
    given: dict[int, Level], choices: Sequence[Sequence[Level]]
) -> Row | None:
    """Return a row with the given levels; of the others the first that agree.

    Args:
        given: levels by the numbers of their factors.
        choices: of each factor, the best first.
    """
    found = _rest({}, given, choices, 0)
    return (
        None if found is None else Row(*(found[number] for number in range(len(found))))
    )


def _rest(
    chosen: dict[int, Level],
    given: dict[int, Level],
    choices: Sequence[Sequence[Level]],
    factor: int,
) -> dict[int, Level] | None:
    if factor == len(choices):
        return chosen
    fixed = given | chosen
    for level in [given[factor]] if factor in given else choices[factor]:
        if all(
            agree(factor, level, n, other) for n, other in fixed.items() if n != factor
        ):
            found = _rest({**chosen, factor: level}, given, choices, factor + 1)
            if found is not None:
                return found
    return None
