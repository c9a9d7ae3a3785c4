"""Causes: the rules that decide what is unexplained, and in how many cases each does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hxroute.proof.report import values
from hxroute.proof.verdict import Difference, Verdict

__all__ = ["Cause", "causes"]


@dataclass(slots=True)
class Cause:
    """A rule by its line and words; the facts it decides, and the cases it does so in."""

    line: int
    rule: str
    facts: set[str] = field(default_factory=set)
    cases: set[str] = field(default_factory=set)

    @property
    def decides(self) -> str:
        """The facts, those of one kind as one."""
        return ", ".join(values.in_order(self.facts))


def causes(verdicts: Iterable[Verdict]) -> list[Cause]:
    """Return what decides the unexplained differences, that of most cases first."""
    found: dict[tuple[int, str], Cause] = {}
    for verdict in verdicts:
        for item in filter(_is_unexplained, verdict.differences):
            cause = found.setdefault(
                (item.line, item.rule), Cause(item.line, item.rule)
            )
            cause.facts.add(item.fact)
            cause.cases.add(verdict.name)
    return sorted(found.values(), key=lambda item: (-len(item.cases), item.line))


def _is_unexplained(item: Difference) -> bool:
    return not item.is_sanctioned
