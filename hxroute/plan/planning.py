"""Planning: from an old gateway and a new one to a plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from hxroute.ir import Endpoint, Gateway
from hxroute.plan.answers import kinds_of
from hxroute.plan.cells import Cell, Fate, cells
from hxroute.plan.changes import Change, Difference, Kind, Plan, Taker
from hxroute.plan.common import (
    changed_settings,
    of_settings,
    of_the_gateway,
    of_upstreams,
)
from hxroute.plan.comparison import Comparison, compare, settings_of
from hxroute.plan.meaning import Meaning, View, aligned, parameters_of
from hxroute.space import Budget, Claim, Space, claim_of

__all__ = ["differences"]

_STEPS: Final = 2_000_000
_STEPS_EACH: Final = 300
"""What an endpoint takes that is like most."""

_COMPARED: Final = 100
"""How many steps it is to compare two pipelines."""


def differences(old: Gateway, new: Gateway) -> Plan:
    """Return which requests a new gateway answers differently, and how.

    What only has another name, line or place in the file is no difference. What a 405
    lists in `Allow` is not compared.

    Raises:
        OutOfSteps: where too many paths overlap to be told apart.
    """
    endpoints = len(old.endpoints) + len(new.endpoints)
    budget = Budget(_STEPS + endpoints * _STEPS_EACH)
    before, after = aligned(old, new)
    planning = _Planning(
        _Side(old, before, Space(map(claim_of, old.endpoints), old.paths, budget)),
        _Side(new, after, Space(map(claim_of, new.endpoints), new.paths, budget)),
        changed_settings(before, after),
    )
    return planning.plan()


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two gateways."""

    gateway: Gateway
    meaning: Meaning
    space: Space

    def endpoint(self, place: int) -> tuple[Endpoint, Claim]:
        claim = self.space.claims[place]
        assert claim is not None
        return self.gateway.endpoints[place], claim

    def view(self, fate: Fate) -> View:
        """Return the pipeline that answers requests of a fate."""
        if isinstance(fate, str):
            return View(self.meaning, self.gateway.unmatched)
        endpoint, claim = self.endpoint(fate)
        return View(self.meaning, endpoint.pipeline, parameters_of(claim.pattern))

    def taker(self, fate: Fate) -> Taker:
        if isinstance(fate, str):
            return Taker(error=fate)
        endpoint, _ = self.endpoint(fate)
        return Taker(endpoint.name, endpoint.at or None)


@dataclass(frozen=True, slots=True)
class _Planning:
    """The work on one plan; which endpoints use what differs is noted on the way."""

    old: _Side
    new: _Side
    changed: dict[str, tuple[Difference, ...]]
    settings: dict[str, dict[Fate, str]] = field(default_factory=dict)
    upstreams: dict[str, dict[Fate, str]] = field(default_factory=dict)

    def plan(self) -> Plan:
        """Compare whoever takes the same requests."""
        found = cells(self.old.space, self.new.space)
        changes = [self._change(cell) for cell in sorted(found, key=_order)]
        old, new = self.old.meaning, self.new.meaning
        shared = (
            *of_the_gateway(self.old.gateway, self.new.gateway),
            *of_settings(self.changed, new, _names(self.settings)),
            *of_upstreams(old, new, _names(self.upstreams)),
        )
        return Plan(shared, tuple(change for change in changes if change is not None))

    def _change(self, cell: Cell) -> Change | None:
        takers = self.old.taker(cell.old), self.new.taker(cell.new)
        kind = self._kind(cell)
        if kind in ("added", "removed") or takers[0].error != takers[1].error:
            return Change(kind, cell.request, *takers)
        if self._same(cell):
            return None
        found = self._compared(cell, takers[1].name)
        if not found.differences:
            return None
        return Change(kind, cell.request, *takers, tuple(found.differences))

    def _kind(self, cell: Cell) -> Kind:
        if isinstance(cell.old, str):
            return "unmatched" if isinstance(cell.new, str) else "added"
        if isinstance(cell.new, str):
            return "removed"
        (old, claim), (new, other) = (
            self.old.endpoint(cell.old),
            self.new.endpoint(cell.new),
        )
        same = old.name == new.name or claim.same_paths(other)
        return "changed" if same else "moved"

    def _same(self, cell: Cell) -> bool:
        """Tell at a glance whether nothing differs, as it is with most."""
        if self.changed or self.old.meaning.upstreams != self.new.meaning.upstreams:
            return False
        old, new = self.old.view(cell.old), self.new.view(cell.new)
        return old.pipeline == new.pipeline and old.parameters == new.parameters

    def _compared(self, cell: Cell, name: str) -> Comparison:
        """Compare two pipelines, and note what they share that differs."""
        self.old.space.budget.spend(_COMPARED)
        old, new = self.old.view(cell.old), self.new.view(cell.new)
        kinds: frozenset[str] = kinds_of(old) & kinds_of(new)
        if isinstance(cell.old, str):
            kinds = frozenset({cell.old})
        found = compare(old, new, sorted(kinds))
        if found.upstream:
            self.upstreams.setdefault(found.upstream, {})[cell.new] = name
        if self.changed:
            read = settings_of(old, kinds) & settings_of(new, kinds)
            for setting in read & self.changed.keys():
                self.settings.setdefault(setting, {})[cell.new] = name
        return found


def _order(cell: Cell) -> tuple[bool, int]:
    """Sort by the place in the new file, what no endpoint takes last."""
    places = [fate for fate in (cell.new, cell.old) if isinstance(fate, int)]
    return not places, next(iter(places), 0)


def _names(noted: dict[str, dict[Fate, str]]) -> dict[str, tuple[str, ...]]:
    """Return the names of the endpoints, without what stands for none."""
    return {
        used: tuple(by[fate] for fate in sorted(f for f in by if isinstance(f, int)))
        for used, by in noted.items()
    }
