"""The tree: endpoints by the segments of their paths, and the steps to walk it."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from hxroute.ir import UNLISTED_METHODS
from hxroute.paths import Pattern
from hxroute.space.claims import Claim

__all__ = ["NOBODY", "PAIR", "Budget", "Node", "OutOfSteps", "Slot", "meeting"]

NOBODY: Final = sys.maxsize
"""The place of no endpoint, behind all others."""


PAIR: Final = 10
"""How many steps it is to look at two endpoints."""


class OutOfSteps(Exception):
    """Too many paths overlap to be told apart."""


@dataclass(slots=True)
class Budget:
    """The steps that are left to take: files come from anybody."""

    left: int = 1_500_000

    def spend(self, steps: int = 1) -> None:
        """Take steps.

        Raises:
            OutOfSteps: where none are left.
        """
        self.left -= steps
        if self.left < 0:
            raise OutOfSteps


@dataclass(slots=True)
class Slot:
    """The endpoints of one pattern in file order, and the first of them by method."""

    first: int
    members: list[int] = field(default_factory=list)
    listed: dict[str, int] = field(default_factory=dict)
    unlisted: int = NOBODY

    def add(self, place: int, methods: tuple[str, ...]) -> None:
        """Add the endpoint that comes next in the file."""
        self.members.append(place)
        for method in methods:
            self.listed.setdefault(method, place)
        if not methods:
            self.unlisted = min(self.unlisted, place)

    def by(self, method: str | None) -> int:
        """Return the first that takes a method, or (None) that has the path at all."""
        if method is None:
            return self.first
        listed = self.listed.get(method, NOBODY)
        return listed if method in UNLISTED_METHODS else min(listed, self.unlisted)


@dataclass(slots=True)
class Node:
    """Where paths meet: what goes on, by segment, and who ends here.

    A parameter goes on under None. `first` is the first endpoint here or below.
    """

    first: int = NOBODY
    children: dict[bytes | None, Node] = field(default_factory=dict)
    here: Slot | None = None
    rest: Slot | None = None

    def add(self, place: int, claim: Claim) -> None:
        """Add the endpoint that comes next in the file."""
        node = self
        for segment in claim.pattern.segments:
            child = node.children.get(segment)
            if child is None:
                child = node.children[segment] = Node(place)
            node = child
        if claim.pattern.rest is None:
            slot = node.here = node.here or Slot(place)
        else:
            slot = node.rest = node.rest or Slot(place)
        slot.add(place, claim.methods)

    def after(self, segment: bytes | None) -> Iterator[Node]:
        """Yield where a segment of a path leads; None is one that no endpoint names."""
        for key in (segment, None) if segment else (segment,):
            child = self.children.get(key)
            if child is not None:
                yield child

    def sharing(
        self, segment: bytes | None, before: int
    ) -> Iterator[tuple[bytes | None, Node]]:
        """Yield what shares values with a segment of a pattern."""
        if segment is None:
            standing = itertools.takewhile(  # they stand in file order
                lambda item: item[1].first < before, self.children.items()
            )
            yield from (item for item in standing if item[0] != b"")
            return
        for key in (segment, None) if segment else (segment,):
            child = self.children.get(key)
            if child is not None and child.first < before:
                yield key, child

    def below(self, before: int, budget: Budget) -> Iterator[Slot]:
        """Yield all that ends further down, where any of it stands before a place."""
        stack = [iter(self.children.values())]
        while stack:
            node = next(stack[-1], None)
            if node is None or node.first >= before:  # and so are those after it
                stack.pop()
                continue
            budget.spend()
            yield from (slot for slot in (node.here, node.rest) if slot is not None)
            stack.append(iter(node.children.values()))


_Step = tuple[Node, bool, bool]


def meeting(
    root: Node, pattern: Pattern, budget: Budget, before: int = NOBODY
) -> Iterator[tuple[Slot, bool, bool]]:
    """Yield what shares paths with a pattern, where any of it stands before a place.

    With it come whether the pattern has paths that the other has not, and whether the
    other has paths that the pattern has not.
    """
    stack: list[Iterator[_Step]] = [iter([(root, False, False)])]
    while stack:
        step = next(stack[-1], None)
        if step is None:
            stack.pop()
            continue
        budget.spend()
        node, more, less = step
        goes_on = len(stack) <= len(pattern.segments)
        if node.rest is not None and (goes_on or pattern.rest is not None):
            yield node.rest, more, less or goes_on
        if goes_on:
            stack.append(_onwards(step, pattern.segments[len(stack) - 1], before))
        elif pattern.rest is not None:
            yield from ((slot, True, less) for slot in node.below(before, budget))
        elif node.here is not None:
            yield node.here, more, less


def _onwards(step: _Step, own: bytes | None, before: int) -> Iterator[_Step]:
    node, more, less = step
    for other, child in node.sharing(own, before):
        wider = own is None and other is not None
        narrower = own is not None and other is None
        yield child, more or wider, less or narrower
