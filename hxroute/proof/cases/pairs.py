"""All pairs: few rows in which any two levels of different factors meet.

A level that stops a request hides what the others would have come to: its row shows
the pairs that it is one of, and no others.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from hxroute.proof.cases.levels import Level, Row, agree, completed

__all__ = ["Pair", "covering", "shown"]

Pair = tuple[int, str, int, str]
"""Two factors by their numbers, the lower one first, each with the name of a level."""

_Choices = Sequence[Sequence[Level]]


def covering(choices: _Choices, have: Iterable[Row] = ()) -> tuple[Row, ...]:
    """Return rows that show every pair which can be, greedily.

    Args:
        choices: the levels of each factor, in the order of `FACTORS`.
        have: rows that are there already.
    """
    wanted = dict.fromkeys(_pairs(choices))
    for row in have:
        _strike(wanted, row)
    levels = [{level.name: level for level in own} for own in choices]
    rows = []
    while wanted:
        factor, name, other, another = pair = next(iter(wanted))
        del wanted[pair]
        seed = {factor: levels[factor][name], other: levels[other][another]}
        found = _row(seed, choices, wanted)
        if found is not None:  # else the pair cannot be
            _strike(wanted, found)
            rows.append(found)
    return tuple(rows)


def shown(row: Row) -> Iterator[Pair]:
    """Yield the pairs that a row shows."""
    stopping = {number for number, level in enumerate(row) if level.stops}
    for (factor, level), (other, another) in itertools.combinations(enumerate(row), 2):
        if stopping <= {factor, other}:
            yield factor, level.name, other, another.name


def _strike(wanted: dict[Pair, None], row: Row) -> None:
    for pair in shown(row):
        wanted.pop(pair, None)


def _pairs(choices: _Choices) -> Iterator[Pair]:
    for (factor, own), (other, others) in itertools.combinations(enumerate(choices), 2):
        for level, another in itertools.product(own, others):
            if agree(factor, level, other, another):
                yield factor, level.name, other, another.name


def _row(
    seed: dict[int, Level], choices: _Choices, wanted: dict[Pair, None]
) -> Row | None:
    """Complete a row with the levels that show the most pairs, factor by factor."""
    chosen = dict(seed)
    for factor, own in enumerate(choices):
        if factor in chosen:
            continue
        going = [level for level in own if not level.stops]
        best = sorted(going, key=lambda one: -_gain(factor, one, chosen, wanted))
        fitting = (one for one in best if _fits({**chosen, factor: one}, choices))
        level = next(fitting, None)
        if level is None:
            return None
        chosen[factor] = level
    return completed(chosen, choices)


def _fits(chosen: dict[int, Level], choices: _Choices) -> bool:
    """Tell whether what is chosen can be completed without stopping the request."""
    going = [[level for level in own if not level.stops] for own in choices]
    return completed(chosen, going) is not None


def _gain(
    factor: int, level: Level, chosen: dict[int, Level], wanted: dict[Pair, None]
) -> int:
    """Count the pairs that a level would add; equal ones stay in their order."""
    stopping = {number for number, other in chosen.items() if other.stops}
    return sum(
        _pair(factor, level, other, another) in wanted
        for other, another in chosen.items()
        if stopping <= {other}
    )


def _pair(factor: int, level: Level, other: int, another: Level) -> Pair:
    if factor < other:
        return factor, level.name, other, another.name
    return other, another.name, factor, level.name
