"""Cells: who gets a request under the old gateway, and who under the new.

Requests are told apart by no more than that, so one request shows each cell.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hxroute.errors import BadPath, MethodNotAllowed, NotFound
from hxroute.paths import Pattern
from hxroute.space import (
    NOBODY,
    PAIR,
    Claim,
    Gaps,
    Rivals,
    Space,
    Unnamed,
    Witness,
    declined,
    meet,
    meeting,
    shared,
)

__all__ = ["BAD_PATH", "METHOD_NOT_ALLOWED", "NOT_FOUND", "Cell", "Fate", "cells"]

BAD_PATH: Final = BadPath.kind
METHOD_NOT_ALLOWED: Final = MethodNotAllowed.kind
NOT_FOUND: Final = NotFound.kind

Fate = int | str
"""The place of the endpoint that gets a request, or the kind of error it ends in."""

_ANY: Final = Pattern((b"",), rest="rest")


@dataclass(frozen=True, slots=True)
class Cell:
    """Requests of one fate under the old gateway and of one under the new."""

    old: Fate
    new: Fate
    request: Witness

    @property
    def turned(self) -> Cell:
        """The cell as it is where the new gateway is the old one."""
        return Cell(self.new, self.old, self.request)


def cells(old: Space, new: Space) -> Iterator[Cell]:
    """Yield a request for each pair of fates that any request has.

    Of paths that one of two policies refuses and the other does not, only those are
    told apart that an endpoint names.

    Args:
        old: the endpoints of the old gateway.
        new: those of the new one, with the same budget.

    Raises:
        OutOfSteps: where too many paths overlap to be told apart.
    """
    literals, methods = old.literals | new.literals, old.methods | new.methods
    doubled = "strict" not in (old.policy, new.policy)
    gaps = Gaps(Unnamed.besides(literals, methods), old.budget, doubled)
    forth, back = _Sides(old, new, gaps), _Sides(new, old, gaps)
    yield from forth.kept()
    yield from forth.lost()
    yield from (cell.turned for cell in back.lost())
    yield from forth.never()
    yield from (cell.turned for cell in back.never() if cell.old != cell.new)


@dataclass(frozen=True, slots=True)
class _Sides:
    """Two gateways, seen from the one."""

    one: Space
    other: Space
    gaps: Gaps

    def kept(self) -> Iterator[Cell]:
        """Yield what an endpoint of either gets."""
        for place, claim in self.one.standing():
            for rival_place, rival, pattern in self._meeting(claim):
                methods = shared([claim, rival], self.gaps.unnamed)
                yield from self._cell(pattern, methods, place, rival_place)

    def lost(self) -> Iterator[Cell]:
        """Yield what an endpoint of the one gets, and none of the other."""
        for place, claim in self.one.standing():
            pattern, methods = claim.pattern, shared([claim], self.gaps.unnamed)
            if self.other.refusal(pattern) is not None:
                yield from self._cell(pattern, methods, place, BAD_PATH)
            elif any(self._cell(pattern, methods, place, METHOD_NOT_ALLOWED)):
                yield from self._cell(pattern, methods, place, NOT_FOUND)
                yield from self._not_allowed(place, claim)

    def never(self) -> Iterator[Cell]:
        """Yield what no endpoint gets; the one has the path only if the other has it."""
        yield Cell(BAD_PATH, BAD_PATH, Witness("GET", b"/.."))
        yield from self._cell(_ANY, ("GET",), NOT_FOUND, NOT_FOUND)
        yield from _first(
            self._cell(
                rival.pattern, self._declined(rival), NOT_FOUND, METHOD_NOT_ALLOWED
            )
            for _, rival in self.other.standing()
            if not self._refused(rival.pattern)
        )
        yield from _first(
            self._cell(
                pattern,
                self._declined(claim, rival),
                METHOD_NOT_ALLOWED,
                METHOD_NOT_ALLOWED,
            )
            for _, claim in self.one.standing()
            for _, rival, pattern in self._meeting(claim)
        )

    def _not_allowed(self, place: int, claim: Claim) -> Iterator[Cell]:
        """Yield a request whose path the other has, but not with its method."""
        methods = shared([claim], self.gaps.unnamed)
        yield from _first(
            self._cell(
                pattern,
                [m for m in methods if not rival.takes(m)],
                place,
                METHOD_NOT_ALLOWED,
            )
            for _, rival, pattern in self._meeting(claim)
        )

    def _meeting(self, claim: Claim) -> Iterator[tuple[int, Claim, Pattern]]:
        """Yield the other's endpoints that share paths with a claim, and those paths."""
        for slot, _, _ in meeting(self.other.root, claim.pattern, self.gaps.budget):
            for place in slot.members:
                self.gaps.budget.spend(PAIR)
                rival = self.other.claims[place]
                assert rival is not None
                pattern = meet(claim.pattern, rival.pattern)
                assert pattern is not None
                if not self._refused(pattern):
                    yield place, rival, pattern

    def _refused(self, pattern: Pattern) -> bool:
        """Tell whether one of two policies refuses what the other lets an endpoint have."""
        if self.one.policy == self.other.policy:
            return False
        refusals = self.one.refusal(pattern), self.other.refusal(pattern)
        return refusals != (None, None)

    def _declined(self, *claims: Claim) -> tuple[str, ...]:
        return declined(claims, self.gaps.unnamed)

    def _cell(
        self, pattern: Pattern, methods: Sequence[str], one: Fate, other: Fate
    ) -> Iterator[Cell]:
        """Yield a request of those that has both fates, where there is one."""
        found = self.gaps.request(
            pattern,
            methods,
            lambda m: [_rivals(self.one, one, m), _rivals(self.other, other, m)],
        )
        if found is not None:
            method, path = found
            spelt = {**self.one.spelt, **self.other.spelt}
            raw = b"/".join(spelt.get(segment, segment) for segment in path)
            yield Cell(one, other, Witness(method, raw))


def _rivals(space: Space, fate: Fate, method: str) -> Rivals:
    """Return whoever would give requests another fate."""
    if fate == BAD_PATH:
        return Rivals(space.root, before=0)  # none: the policy comes first
    if fate == NOT_FOUND:
        return Rivals(space.root)
    return Rivals(space.root, method, fate if isinstance(fate, int) else NOBODY)


def _first(found: Iterator[Iterator[Cell]]) -> Iterator[Cell]:
    return itertools.islice(itertools.chain.from_iterable(found), 1)
