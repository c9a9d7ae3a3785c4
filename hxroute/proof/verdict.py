"""What comes of a proof, as data: the renderers show it, and the exit code is made of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from hxroute.proof.exchange import Exchange, Facts

__all__ = ["Difference", "Outcome", "Problem", "Proof", "Verdict", "apply", "differing"]

Outcome = Literal["identical", "sanctioned", "unexplained"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A fact in which the new gateway is another than the old one.

    `old` is what was recorded, `new` what the new gateway did; () is nothing at all.
    `pinned` is what the ledger says it must be, in its line `pinned_at`; None where the
    ledger says nothing.
    `line` is the line of the routes file that decides it, 0 where none does; `rule`
    says what stands there.
    """

    fact: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    pinned: tuple[str, ...] | None = None
    line: int = 0
    rule: str = ""
    pinned_at: int = 0

    @property
    def is_sanctioned(self) -> bool:
        """Whether the ledger pins just what the new gateway did."""
        return self.new == self.pinned


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a case showed.

    `recorded` holds what the old gateway did, `got` what the new one did. `reasons`
    are those of the ledger's entries, where the outcome rests on them.
    """

    recorded: Exchange
    got: Facts
    differences: tuple[Difference, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the case."""
        return self.recorded.name

    @property
    def outcome(self) -> Outcome:
        """Identical, sanctioned by the ledger, or unexplained."""
        if not self.differences:
            return "identical"
        sanctioned = all(item.is_sanctioned for item in self.differences)
        return "sanctioned" if sanctioned else "unexplained"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the ledger: an entry that is stale, expired or pins nothing.

    `file` and `line` say where; `help` is the cure.
    """

    file: str
    line: int
    message: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """All verdicts, in the order of the corpus.

    `oracle` says in one line what was recorded, `new` what was compared with it,
    `routes` is the routes file ("" for a gateway that has none here). `recorded` counts
    the cases of the corpus, where the verdicts may be those of a part.
    """

    oracle: str
    new: str
    routes: str
    verdicts: tuple[Verdict, ...]
    problems: tuple[Problem, ...] = field(default=())
    recorded: int = 0

    def count(self, outcome: Outcome) -> int:
        """Count the cases of an outcome."""
        return sum(item.outcome == outcome for item in self.verdicts)

    @property
    def holds(self) -> bool:
        """Whether nothing is unexplained, and nothing wrong with the ledger."""
        return not self.problems and not self.count("unexplained")

    @property
    def summary(self) -> str:
        """One line: `412 cases: 408 identical, 4 sanctioned, 0 unexplained`."""
        outcomes: tuple[Outcome, ...] = ("identical", "sanctioned", "unexplained")
        counts = ", ".join(f"{self.count(item)} {item}" for item in outcomes)
        total = len(self.verdicts)
        of = f" of {self.recorded}" if self.recorded > total else ""
        most = max(total, self.recorded)
        return f"{total}{of} case{'s' * (most != 1)}: {counts}"


def differing(old: Facts, new: Facts) -> Iterable[str]:
    """Yield the names of the facts in which two exchanges differ, sorted."""
    return sorted(n for n in old.keys() | new.keys() if old.get(n) != new.get(n))


def apply(facts: Facts, pins: Facts) -> Facts:
    """Put pins in their places; an empty one takes the fact away."""
    return {name: value for name, value in (facts | pins).items() if value}
