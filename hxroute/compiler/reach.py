"""Reach: endpoints that get no request, or fewer than the file seems to say."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from hxroute.compiler.resolve import ENDS, Program, Unit
from hxroute.compiler.tree import Hole, Mapping, Scalar, Sequence, plain
from hxroute.diagnostics import Report
from hxroute.ir import UNLISTED_METHODS, Endpoint, Gateway
from hxroute.space import Claim, OutOfSteps, Space, Taken, claim_of
from hxroute.span import Span

__all__ = ["reach"]

_OVERLAPS: Final = 3
"""How many of an endpoint's overlaps are shown; it may have as many as it likes."""

_TAKERS: Final = 20
"""How many of those who take an endpoint's requests are shown."""


def reach(gateway: Gateway, program: Program, report: Report) -> None:
    """Report endpoints and methods that get no request, and endpoints that overlap."""
    units = program.endpoints
    space = Space(map(_claim, gateway.endpoints, units), gateway.paths)
    endpoints = _Endpoints(space, units, report)
    for place, claim in enumerate(space.claims):
        if claim is None or report.full:
            continue
        try:
            endpoints.check(place, claim)
        except OutOfSteps:
            message = "too many paths overlap to be told apart"
            help_text = "use fewer parameters, or fewer endpoints in one file"
            report.add("HX004", message, endpoints.path(place), help=help_text)
            return


def _claim(endpoint: Endpoint, unit: Unit) -> Claim | None:
    """Return what an endpoint asks for; None where the file does not say."""
    path, methods = unit.node.get("path"), unit.node.get("methods")
    if all(unit.node.get(key) is None for key in ENDS):
        return None
    items = methods.items if isinstance(methods, Sequence) else (methods,)
    if isinstance(path, Scalar) and not any(isinstance(item, Hole) for item in items):
        return claim_of(endpoint)
    return None


@dataclass(frozen=True, slots=True)
class _Endpoints:
    """The endpoints, in their places and in the file."""

    space: Space
    units: tuple[Unit, ...]
    report: Report

    def path(self, place: int) -> Span:
        """Return where an endpoint's path stands."""
        node = self.units[place].node
        return (node.get("path") or node).span

    def check(self, place: int, claim: Claim) -> None:
        """Report what is wrong with one endpoint."""
        if place in self.space.refused:
            self._refused(place, claim)
            return
        taken = {m: self.space.taken(place, m) for m in claim.methods or (None,)}
        found = [item for item in taken.values() if item is not None]
        if len(found) == len(taken):
            self._never(place, claim, found)
            return
        for item in found or self._taken_unlisted(place, claim):
            self._method(place, item)
        self._overlaps(place)

    def _taken_unlisted(self, place: int, claim: Claim) -> Iterator[Taken]:
        """Yield the methods that endpoints of more paths take of one that lists none.

        An earlier one of the same paths is how a file treats some methods otherwise,
        and one that answers 204 or an error how it settles them for all.
        """
        named = () if claim.methods else sorted(self.space.methods - UNLISTED_METHODS)
        for method in named:
            item = self.space.taken(place, method)
            if item is not None and not any(
                self._is_meant(taker, claim) for taker in item.takers
            ):
                yield item

    def _refused(self, place: int, claim: Claim) -> None:
        message = f"this endpoint can never match: {self.space.refused[place]}"
        cured = not Space([claim], "as_sent").refused
        help_text = "write the path without it"
        if cured:
            help_text += ", or let such paths in by `paths: as_sent`"
        self.report.add("HX310", message, self.path(place), help=help_text)

    def _never(self, place: int, claim: Claim, found: list[Taken]) -> None:
        takers = sorted({taker for item in found for taker in item.takers})
        shown = min(found, key=lambda item: item.first)
        message = f"this endpoint can never match: {self._taken(shown)}"
        help_text = "remove one of them"
        if len(takers) == 1 and not self._equal(takers[0], claim):
            help_text = f"move it above line {self.path(takers[0]).line}"
        related = self._related(takers)
        self.report.add(
            "HX310", message, self.path(place), help=help_text, related=related
        )

    def _method(self, place: int, item: Taken) -> None:
        method = item.request.method
        listed = self.units[place].node.get("methods")
        items = listed.items if isinstance(listed, Sequence) else ()
        spans = [i.span for i in items if isinstance(i, Scalar) and i.value == method]
        line = self.path(item.takers[0]).line
        other = f", or remove `{method}` here" if spans else ""
        self.report.add(
            "HX316",
            self._taken(item),
            next(iter(spans), self.path(place)),
            help=f"move this endpoint above line {line}{other}",
            related=self._related(item.takers),
        )

    def _overlaps(self, place: int) -> None:
        """Report the earlier endpoints that share requests with one, neither narrower."""
        found = list(itertools.islice(self.space.overlaps(place), _OVERLAPS))
        if not found:
            return
        found.sort(key=lambda item: item.earlier)
        earlier, later = self._shown(found[0].earlier), self._shown(place)
        line = self.path(found[0].earlier).line
        self.report.add(
            "HX315",
            f"`{earlier}` and `{later}` both mean `{found[0].request}`",
            self.path(place),
            help=f"put an endpoint for what both mean above line {line}",
            related=tuple(
                (self.path(item.earlier), f"takes `{item.request}`") for item in found
            ),
        )

    def _equal(self, place: int, claim: Claim) -> bool:
        other = self.space.claims[place]
        assert other is not None
        return claim.same_paths(other) and set(claim.methods) == set(other.methods)

    def _is_meant(self, place: int, claim: Claim) -> bool:
        other = self.space.claims[place]
        respond = self.units[place].node.get("respond")
        status = plain(respond).get("status") if isinstance(respond, Mapping) else None
        settles = isinstance(status, int) and (status == 204 or status >= 400)
        return settles or (other is not None and claim.same_paths(other))

    def _taken(self, item: Taken) -> str:
        return f"`{item.request}` is taken by line {self.path(item.first).line}"

    def _related(self, takers: Iterable[int]) -> tuple[tuple[Span, str], ...]:
        shown = itertools.islice(takers, _TAKERS)
        return tuple((self.path(taker), "taken here") for taker in shown)

    def _shown(self, place: int) -> str:
        node = self.units[place].node.get("path")
        return str(node.value) if isinstance(node, Scalar) else ""
