"""A case as the page shows it: what was sent, scripted, seen and got, ready to print."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from hxroute.proof import httptext
from hxroute.proof.exchange import DEFAULT, Exchange, Facts
from hxroute.proof.report import sides, text, values
from hxroute.proof.report.sides import Fold, Row
from hxroute.proof.verdict import Difference, Outcome, Verdict

__all__ = ["Cell", "Fact", "Message", "Shown", "case"]

_AROUND: Final = 3
"""Equal lines of a body that are shown before and after those that differ."""

_ROWS: Final = 400
"""Lines of a fact that are shown."""

_LONG: Final = 1000
"""Characters of a target and of pinned values that are shown."""

_SENT: Final = {"identical": 1200, "sanctioned": 12_000, "unexplained": 12_000}
"""Characters of a request and of a script that are shown."""

_SAME: Final = 600
"""Characters of a body on which both sides agree that are shown."""

_RAW: Final = 20_000
"""Characters of a whole body that are shown, where only its members were."""

_UPSTREAM: Final = re.compile(r"upstream(?:\.([0-9]{1,9}))?\.")

Cell = tuple[tuple[str, bool], ...] | None
"""The parts of a line, and of each whether it differs; None is no line."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of which the sides differ.

    `rows` are pairs of cells, or a count of equal lines; `raw` are both bodies whole.
    """

    label: str
    outcome: Outcome
    rows: tuple[tuple[Cell, Cell] | int, ...]
    more: int
    note: str
    place: str
    pinned: str
    raw: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A direction of the wire: what differs, and what does not, as `label`, `value`."""

    title: str
    differing: tuple[Fact, ...]
    same: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A case; `facts` names those in which it differs.

    What is sent, and each step of the script, has a title and what stands below it.
    """

    name: str
    outcome: Outcome
    request: str
    environment: str
    sent: tuple[str, str]
    script: tuple[tuple[str, str], ...]
    messages: tuple[Message, ...]
    facts: tuple[str, ...]
    reasons: tuple[str, ...]


def case(verdict: Verdict, routes: str) -> Shown:
    """Make a case ready."""
    environment = verdict.recorded.case.environment
    request = verdict.recorded.case.request
    sent, *script = _sent(verdict)
    return Shown(
        values.visible(verdict.name),
        verdict.outcome,
        values.cut(values.visible(f"{request.method} {request.target}"), _LONG),
        "" if environment == DEFAULT else environment,
        sent,
        tuple(script),
        tuple(_messages(verdict, routes)),
        tuple(values.visible(item.fact) for item in verdict.differences),
        verdict.reasons,
    )


def _sent(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """Yield the request and the steps of the script, as the corpus writes them."""
    most = _SENT[verdict.outcome]
    case = replace(verdict.recorded.case, name="", environment=DEFAULT)
    whole = httptext.rendered(Exchange(case))
    for part in whole.removesuffix("\n").split("\n\n--- ")[1:]:
        title, _, content = part.partition("\n")
        head, _, body = content.partition("\n\n")
        yield title, values.cut(content if body else head, most)


def _messages(verdict: Verdict, routes: str) -> Iterator[Message]:
    """Yield the directions of the wire: to the upstream, and back to the client."""
    differing = {item.fact: item for item in verdict.differences}
    facts = verdict.recorded.facts
    names = values.in_order(facts.keys() | differing.keys())
    groups: dict[str, list[str]] = {}
    for name in sorted(names, key=_direction):
        groups.setdefault(_direction(name)[1], []).append(name)
    for title, members in groups.items():
        changed = (_fact(differing[it], routes) for it in members if it in differing)
        same = (it for it in members if it not in differing)
        yield Message(title, tuple(changed), tuple(_same(same, facts)))


def _direction(fact: str) -> tuple[int, str]:
    found = _UPSTREAM.match(fact)
    if found:
        number = int(found[1] or 1)
        return number, f"Upstream saw, request {number}" if found[1] else "Upstream saw"
    return (1 << 62, "Client got") if fact.startswith("client.") else (0, "Start")


def _same(names: Iterable[str], facts: Facts) -> Iterator[tuple[str, str]]:
    for name in names:
        for value in facts[name]:
            shown = (
                values.wire(value) if values.is_body(name) else values.visible(value)
            )
            yield values.label(name), values.cut(shown, _SAME)


def _fact(item: Difference, routes: str) -> Fact:
    pair = values.pair(item.fact, item.old, item.new)
    found = sides.folded(sides.rows(pair.old, pair.new), _AROUND)
    rows = [_cells(row) for row in found]
    partial = "JSON" in pair.note or any(isinstance(row, int) for row in rows)
    return Fact(
        values.label(item.fact),
        "sanctioned" if item.is_sanctioned else "unexplained",
        tuple(rows[:_ROWS]),
        max(0, len(rows) - _ROWS),
        pair.note,
        text.place(item, routes),
        _pinned(item),
        tuple(_raw(item)) if partial else (),
    )


def _cells(row: Row | Fold) -> tuple[Cell, Cell] | int:
    if isinstance(row, Fold):
        return row.count
    return _cell(row.old), _cell(row.new)


def _cell(line: sides.Line | None) -> Cell:
    return None if line is None else tuple(sides.runs(line))


def _pinned(item: Difference) -> str:
    """Say what the ledger wants, where it wants anything else."""
    if item.pinned is None or item.is_sanctioned:
        return ""
    return values.cut(", ".join(map(values.visible, item.pinned)), _LONG) or "absent"


def _raw(item: Difference) -> Iterator[str]:
    for side in (item.old, item.new):
        yield values.cut("".join(map(values.wire, side)), _RAW)
