"""The table: the endpoints of one gateway, and who of them gets which requests."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from hxroute import paths
from hxroute.errors import BadPath
from hxroute.paths import Pattern
from hxroute.space.claims import Claim, Unnamed, Witness, meet, shared
from hxroute.space.gaps import Gaps, Rivals, Segments
from hxroute.space.tree import NOBODY, PAIR, Budget, Node, meeting

__all__ = ["Overlap", "Space", "Taken"]

_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f])")


@dataclass(frozen=True, slots=True)
class Taken:
    """Whoever takes all requests of an endpoint by one method.

    `request` is one of them, taken by `first`; `takers` take all of them.
    """

    request: Witness
    first: int
    takers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two endpoints that both mean a request, where neither path is the narrower.

    The earlier one gets it: there is no third one before, which would settle it.
    """

    earlier: int
    later: int
    request: Witness


class Space:
    """The endpoints of a gateway by their places; None is one without a pattern.

    `refused` says of a place why the path policy refuses each of its requests.

    Every question may raise OutOfSteps.
    """

    def __init__(
        self,
        claims: Iterable[Claim | None],
        policy: paths.Policy = "strict",
        budget: Budget | None = None,
    ) -> None:
        self.claims = tuple(claims)
        self.budget = budget or Budget()
        self.root = Node()
        self.refused: dict[int, str] = {}
        self.spelt: dict[bytes, bytes] = {}
        self._wild = Node()
        self.policy = policy
        for place, claim in enumerate(self.claims):
            if claim is not None:
                self._add(place, claim)
        self.unnamed = Unnamed.besides(self.literals, self.methods)
        self._gaps = Gaps(self.unnamed, self.budget, policy != "strict")

    @functools.cached_property
    def literals(self) -> frozenset[bytes | None]:
        """Every segment that an endpoint names."""
        claims = filter(None, self.claims)
        return frozenset().union(*(claim.pattern.segments for claim in claims))

    @functools.cached_property
    def methods(self) -> frozenset[str]:
        """Every method that an endpoint names."""
        return frozenset().union(*(c.methods for c in self.claims if c is not None))

    def first(self, path: Segments, method: str | None) -> int:
        """Return who gets a request, or (None) who is the first that has the path."""
        found, nodes = NOBODY, [self.root]
        for segment in path:
            self.budget.spend(1 + len(nodes))
            slots = (node.rest for node in nodes)
            found = min([found, *(slot.by(method) for slot in slots if slot)])
            nodes = [child for node in nodes for child in node.after(segment)]
        slots = (node.here for node in nodes)
        return min([found, *(slot.by(method) for slot in slots if slot)])

    def witness(self, place: int) -> Witness | None:
        """Return a request that an endpoint gets; None where it gets none."""
        claim = self.claims[place]
        if claim is None or place in self.refused:
            return None
        methods = shared([claim], self.unnamed)
        return self._request(claim.pattern, methods, place)

    def taken(self, place: int, method: str | None = None) -> Taken | None:
        """Return who takes an endpoint's requests by a method, unless it gets some.

        Args:
            place: an endpoint whose path is not refused.
            method: None for all methods of an endpoint that lists none.
        """
        claim = self.claims[place]
        assert claim is not None
        rivals = Rivals(self.root, method or self.unnamed.method, place)
        path, ways = self._gaps.find(claim.pattern, [rivals])
        if path is not None:
            return None
        shown = method or shared([claim], self.unnamed)[0]
        first = self.first(ways[0].path, shown)
        takers = tuple(sorted({first, *(way.by for way in ways)}))
        return Taken(Witness(shown, self.written(ways[0].path)), first, takers)

    def overlaps(self, place: int) -> Iterator[Overlap]:
        """Yield the earlier endpoints that an endpoint overlaps, neither narrower."""
        later = self.claims[place]
        if later is None or place in self.refused:
            return
        found = meeting(self._wild, later.pattern, self.budget, place)
        for slot, more, less in found:
            for other in slot.members if more and less else ():
                if other >= place:
                    break
                self.budget.spend(PAIR)
                request = self._common(other, later)
                if request is not None:
                    yield Overlap(other, place, request)

    def _common(self, place: int, later: Claim) -> Witness | None:
        earlier = self.claims[place]
        assert earlier is not None
        pattern = meet(earlier.pattern, later.pattern)
        assert pattern is not None
        methods = shared([earlier, later], self.unnamed)
        return self._request(pattern, methods, place)

    def _request(
        self, pattern: Pattern, methods: tuple[str, ...], before: int
    ) -> Witness | None:
        found = self._gaps.request(
            pattern, methods, lambda method: [Rivals(self.root, method, before)]
        )
        return None if found is None else Witness(found[0], self.written(found[1]))

    def written(self, path: Segments) -> bytes:
        """Return a path as a client may send it."""
        return b"/".join(self.spelt.get(segment, segment) for segment in path)

    def standing(self) -> Iterator[tuple[int, Claim]]:
        """Yield the endpoints that are not refused, with their places."""
        for place, claim in enumerate(self.claims):
            if claim is not None and place not in self.refused:
                yield place, claim

    def refusal(self, pattern: Pattern) -> str | None:
        """Return why the path policy refuses every path of a pattern, if it does."""
        try:
            if pattern.prefix.startswith(b"//"):
                paths.check(b"//", self.policy)
            for segment in filter(None, pattern.segments):
                self._spell(segment)
        except BadPath as exc:
            return exc.detail
        return None

    def _add(self, place: int, claim: Claim) -> None:
        refusal = self.refusal(claim.pattern)
        if refusal is not None:
            self.refused[place] = refusal
            return
        self.root.add(place, claim)
        if claim.pattern.literal is None:
            self._wild.add(place, claim)

    def _spell(self, segment: bytes) -> None:
        """Find a way to write a segment that is not refused.

        A `%2e` that an endpoint names is one that is not written so: what compares
        equal to it, once decoded, may pass where bad escapes do.
        """
        try:
            paths.check(b"/" + segment, self.policy)
        except BadPath:
            other = _ESCAPE.sub(lambda match: b"%%%%%02X" % match[1][0], segment)
            if self.policy == "strict" or not _passes(other):
                raise
            self.spelt[segment] = other


def _passes(segment: bytes) -> bool:
    try:
        paths.check(b"/" + segment, "as_sent")
    except BadPath:
        return False
    return True
