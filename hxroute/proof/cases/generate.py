"""Generating: for each place a usual request, one thing changed, then pairs of things.

    small    the usual request, and what every endpoint has to stand
    normal   one factor at a time, what is usual at a few places of each kin and what
             is rare at one; all pairs of the main levels at one place of each kind
    large    everything at every place

A case is called after its place and what is not usual about it:
`post-v1-embeddings.auth-wrong`. The same places give the same cases, in one order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Literal, get_args

from hxroute.proof.cases.answers import answers
from hxroute.proof.cases.asking import auths, contents, methods
from hxroute.proof.cases.bodies import bodies
from hxroute.proof.cases.fields import fields
from hxroute.proof.cases.levels import FACTORS, Level, Row, completed
from hxroute.proof.cases.pairs import covering
from hxroute.proof.cases.places import Place, labelled
from hxroute.proof.cases.targets import targets
from hxroute.proof.exchange import DEFAULT, Case
from hxroute.proof.messages import Request
from hxroute.sandbox.scripted import Script

__all__ = ["SIZES", "Size", "choices", "generate", "rows"]

Size = Literal["small", "normal", "large"]
SIZES: Final[tuple[Size, ...]] = get_args(Size)

_Choices = tuple[tuple[Level, ...], ...]
_Named = tuple[str, Row]

_EVERYWHERE: Final[dict[Size, int]] = {"small": 0, "normal": 0, "large": 3}
"""The highest rank of the levels that every place is tried with."""

_OF_A_KIN: Final = {1: 3, 2: 1}
"""How many places of a kin are tried with the levels of a rank, in a normal set."""

_METHOD, _AUTH = map(FACTORS.index, ("method", "auth"))

_TABLES: Final[tuple[Callable[[Place], tuple[Level, ...]], ...]] = (
    methods, auths, contents, fields, targets, bodies,
)  # fmt: skip


def generate(
    places: Iterable[Place],
    size: Size = "normal",
    *,
    patience: float = 0,
    environment: str = DEFAULT,
) -> tuple[Case, ...]:
    """Return the cases of places.

    Args:
        places: the endpoints; those of one label are told apart by a number.
        size: how much of everything there is.
        patience: seconds that a case may take; a place that waits longer for its
            upstream is not tried with one that says nothing.
        environment: what the cases are played in.
    """
    known = labelled(places)
    found: dict[str, Case] = {}
    played = set()
    for place, named in zip(known, _all_rows(known, size, patience), strict=True):
        for name, row in named:
            case = _case(place, name, row, environment)
            what = repr((case.request, case.script))
            if what not in played:
                played.add(what)
                found.setdefault(case.name, case)
    return tuple(found.values())


def rows(
    places: Iterable[Place], size: Size = "normal", *, patience: float = 0
) -> dict[str, tuple[Row, ...]]:
    """Return the rows of each place by its label, before they become cases."""
    known = labelled(places)
    found = _all_rows(known, size, patience)
    return {
        place.label: tuple(row for _, row in named)
        for place, named in zip(known, found, strict=True)
    }


def choices(place: Place, patience: float = 0) -> _Choices:
    """Return the levels of each factor at a place, the usual one first."""
    return (*(table(place) for table in _TABLES), answers(place, patience))


def _all_rows(
    places: Sequence[Place], size: Size, patience: float
) -> list[list[_Named]]:
    known = [choices(place, wait) for place, wait in _waiting(places, patience)]
    found = [_usual(own, _EVERYWHERE[size]) for own in known]
    if size == "normal":
        for number, named in _dealt(places, known):
            found[number].append(named)
    if size != "small":
        for number in _paired(places, known, size):
            main = [[one for one in own if one.paired] for own in known[number]]
            # What is rare may hide a pair, such as a method that is not taken.
            have = [row for _, row in found[number] if all(one.paired for one in row)]
            for row in covering(main, have):
                found[number].append((_name(row, known[number]), row))
            found[number] += _keyless(known[number])
    return found


def _keyless(known: _Choices) -> Iterator[_Named]:
    """Yield every method without a key: none may be open by itself."""
    for missing in (level for level in known[_AUTH] if level.name == "auth-missing"):
        for method in known[_METHOD][1:]:
            row = completed({_METHOD: method, _AUTH: missing}, known)
            if row is not None:
                yield _name(row, known), row


def _waiting(places: Iterable[Place], patience: float) -> Iterator[tuple[Place, float]]:
    """Yield places, with patience for the first of each upstream that is quick enough."""
    waited: set[str | None] = set()
    for place in places:
        quick = place.wait is not None and place.wait <= patience
        first = quick and place.upstream not in waited
        yield place, patience if first else 0
        if first:
            waited.add(place.upstream)


def _usual(known: _Choices, rank: int) -> list[_Named]:
    """Return the usual row, and those with one level of up to a rank in it."""
    base = completed({}, known)
    assert base is not None, "the first levels agree"
    found: list[_Named] = [("base", base)]
    for factor, own in enumerate(known):
        for level in own[1:]:
            row = completed({factor: level}, known) if level.rank <= rank else None
            if row is not None:
                found.append((level.name, row))
    return found


def _dealt(
    places: Sequence[Place], known: Sequence[_Choices]
) -> Iterator[tuple[int, _Named]]:
    """Deal out the levels that a few places of each kin are enough for, in turns."""
    takers: dict[tuple[str, int, str], list[tuple[int, Row]]] = {}
    for number, (place, all_levels) in enumerate(zip(places, known, strict=True)):
        for factor, own in enumerate(all_levels):
            for level in own:
                row = completed({factor: level}, all_levels)
                if level.rank in _OF_A_KIN and row is not None and level is not own[0]:
                    key = (place.kin or place.label, level.rank, level.name)
                    takers.setdefault(key, []).append((number, row))
    turns: dict[str, int] = {}
    for (kin, rank, name), rows in takers.items():
        turn = turns[kin] = turns.get(kin, -1) + 1
        for step in range(min(_OF_A_KIN[rank], len(rows))):
            number, row = rows[(turn + step) % len(rows)]
            yield number, (name, row)


def _paired(
    places: Sequence[Place], known: Sequence[_Choices], size: Size
) -> Iterator[int]:
    """Yield the numbers of the places at which levels meet in pairs."""
    seen = set()
    for number, (place, own) in enumerate(zip(places, known, strict=True)):
        names = tuple(tuple(one.name for one in levels if one.paired) for levels in own)
        kind = (place.kin or place.label, names)
        if size == "large" or kind not in seen:
            seen.add(kind)
            yield number


def _name(row: Row, known: _Choices) -> str:
    """Name a row by what is not usual in it, but for what goes without saying."""
    named = []
    for factor, level, own in zip(FACTORS, row, known, strict=True):
        implied = row.method.bodiless and level.bodiless and factor != "method"
        if level.name != own[0].name and not implied:
            named.append(level.name)
    return ".".join(named) or "base"


def _case(place: Place, name: str, row: Row, environment: str) -> Case:
    text = row.body.text
    if row.body.name == "body-ok":
        text = row.content.text or text
    headers = (
        *row.auth.headers, *row.content.headers, *row.headers.headers, *row.body.headers
    )  # fmt: skip
    request = Request(row.method.text, row.target.text, headers, text, row.body.repeat)
    return Case(f"{place.label}.{name}", request, _script(row), environment)


def _script(row: Row) -> Script:
    script = row.upstream.script
    if row.method.text == "HEAD":
        script = row.upstream.to_head or ()
    return tuple(script)
