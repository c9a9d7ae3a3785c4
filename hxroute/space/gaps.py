"""Gaps: a path that a pattern has and none of its rivals takes.

Of all values of a parameter, one that no endpoint names is taken by the fewest: what
takes it takes any. So that one stands for all. Only in a rest is the empty segment a
second case, since no parameter takes it; but nothing takes both, so each node of the
tree is met once, however long the rest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hxroute.ir import UNLISTED_METHODS
from hxroute.paths import Pattern
from hxroute.space.claims import Unnamed
from hxroute.space.tree import NOBODY, Budget, Node, Slot

__all__ = ["Gaps", "Rivals", "Segments", "Way"]

Segments = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Rivals:
    """The endpoints of a tree before a place that take a method (None: any)."""

    root: Node
    method: str | None = None
    before: int = NOBODY

    def first(self, slot: Slot | None) -> int:
        """Return the first of them in a slot."""
        found = NOBODY if slot is None else slot.by(self.method)
        return found if found < self.before else NOBODY


@dataclass(frozen=True, slots=True)
class Way:
    """One of the ways in which paths are taken: one of them, and by whom."""

    path: Segments
    by: int


_Front = list[tuple[Rivals, Node]]
"""What the segments so far have led to."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """A search for gaps, within a budget; `doubled` where paths may begin with `//`."""

    unnamed: Unnamed
    budget: Budget
    doubled: bool

    def find(
        self, pattern: Pattern, rivals: Sequence[Rivals]
    ) -> tuple[Segments | None, list[Way]]:
        """Return a path that no rival takes, or None and each way they are taken."""
        path = self._sample(pattern)
        front: _Front = [(rival, rival.root) for rival in rivals]
        for segment in pattern.segments:
            by = _rest(front)
            if by != NOBODY:
                return None, [Way(path, by)]
            front = self._step(front, segment)
        if pattern.rest is not None:
            return self._in_rest(path[:-1], front)
        by = _here(front)
        return (path, []) if by == NOBODY else (None, [Way(path, by)])

    def request(
        self,
        pattern: Pattern,
        methods: Sequence[str],
        rivals: Callable[[str], Sequence[Rivals]],
    ) -> tuple[str, Segments] | None:
        """Return a request by one of some methods that no rival takes."""
        unnamed = self.unnamed.method
        if unnamed in methods and self.find(pattern, rivals(unnamed))[0] is None:
            # Who takes that takes every method but those that must be listed.
            methods = [method for method in methods if method in UNLISTED_METHODS]
        for method in methods:
            path, _ = self.find(pattern, rivals(method))
            if path is not None:
                return method, path
        return None

    def _in_rest(
        self, head: Segments, front: _Front
    ) -> tuple[Segments | None, list[Way]]:
        """Search short rests first, of each length those of few empty segments."""
        ways: list[Way] = []
        todo = deque([(head, front)])
        while todo:
            path, front = todo.popleft()
            by = _rest(front)
            if by != NOBODY:
                ways.append(Way((*path, self.unnamed.segment), by))
                continue
            for segment in (None, b""):
                longer = (*path, self.unnamed.segment if segment is None else segment)
                after = self._step(front, segment)
                by = _here(after)
                if by == NOBODY:
                    return longer, []
                ways.append(Way(longer, by))
                if self.doubled or longer != (b"", b""):
                    todo.append((longer, after))
        return None, ways

    def _sample(self, pattern: Pattern) -> Segments:
        own = (self.unnamed.segment if s is None else s for s in pattern.segments)
        return (*own, *(() if pattern.rest is None else (self.unnamed.segment,)))

    def _step(self, front: _Front, segment: bytes | None) -> _Front:
        self.budget.spend(1 + len(front))
        return [
            (rival, child)
            for rival, node in front
            for child in node.after(segment)
            if child.first < rival.before
        ]


def _rest(front: _Front) -> int:
    return min((rival.first(node.rest) for rival, node in front), default=NOBODY)


def _here(front: _Front) -> int:
    return min((rival.first(node.here) for rival, node in front), default=NOBODY)
