"""The ledger as data: which facts are meant to differ, to what, and why.

An empty pin says that the fact is absent. `start.names` is the one pin that is no fact:
the gateway does not start, and its error names these variables.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from hxroute.proof.exchange import Exchange, Facts
from hxroute.span import Span

__all__ = ["NOTHING", "NO_START", "START_NAMES", "Entry", "Ledger", "Pin", "Reason"]

START_NAMES: Final = "start.names"
"""The pin of the variables that the error of a start names."""

NOTHING: Final = ("upstream.",)
"""What is absent where no request reaches an upstream; but for their number."""

NO_START: Final = ("client.", "upstream.")
"""What is absent where the gateway does not start."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a difference is meant, and who may end it; `expires` is the last day."""

    text: str
    owner: str
    expires: date | None = None
    code: str = ""
    span: Span = Span(1, 1, 1, 1)

    def __str__(self) -> str:
        until = f", until {self.expires}" if self.expires is not None else ""
        return f"{self.text} ({self.owner}{until})"


@dataclass(frozen=True, slots=True)
class Pin:
    """What a fact must be, and where the ledger says so."""

    fact: str
    values: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Entry:
    """Cases that differ in the same facts.

    `cases` says where each is named. What begins with one of `clears` is absent, unless
    it is pinned. `may_repeat` is how often the first upstream request may come again.
    """

    cases: Mapping[str, Span]
    reason: Reason
    pins: tuple[Pin, ...]
    clears: tuple[str, ...] = ()
    may_repeat: int = 0

    @property
    def facts(self) -> Facts:
        """Its pins by name."""
        return {pin.fact: pin.values for pin in self.pins}

    def pinned(self, recorded: Facts) -> Facts:
        """Return the pins for a case, with what they make absent of it."""
        if not self.clears:
            return self.facts
        gone: Facts = {name: () for name in recorded if name.startswith(self.clears)}
        return gone | self.facts

    @property
    def clearing(self) -> Pin | None:
        """The pin that makes all this absent."""
        wanted = {NOTHING: "upstream.requests", NO_START: START_NAMES}.get(self.clears)
        return next((pin for pin in self.pins if pin.fact == wanted), None)

    def pin_of(self, fact: str) -> Pin | None:
        """Return the pin that decides a fact, or makes it absent."""
        wanted = START_NAMES if fact == "start.error" else fact
        for pin in self.pins:
            if pin.fact in (fact, wanted):
                return pin
        return self.clearing if fact.startswith(self.clears) else None


@dataclass(frozen=True, slots=True)
class Ledger:
    """All entries of a file, and the reasons that they share; `by_case` is made."""

    file: str
    codes: Mapping[str, Reason] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    by_case: Mapping[str, list[Entry]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_case: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            for case in entry.cases:
                by_case[case].append(entry)
        object.__setattr__(self, "by_case", dict(by_case))

    def of(self, exchange: Exchange) -> list[Entry]:
        """Return the entries of a case, in the order of the file."""
        return self.by_case.get(exchange.name, [])

    def pins(self, exchange: Exchange) -> Facts:
        """Return all that is pinned for a case; an empty value is absent."""
        pins: Facts = {}
        for entry in self.of(exchange):
            pins |= entry.pinned(exchange.facts)
        return pins

    def reasons(self, exchange: Exchange) -> tuple[str, ...]:
        """Return why a case may differ and whose word that is, each reason once."""
        return tuple(dict.fromkeys(str(entry.reason) for entry in self.of(exchange)))

    def line_of(self, exchange: Exchange, fact: str) -> int:
        """Return the line that pins a fact of a case, 0 where none does."""
        pins = [entry.pin_of(fact) for entry in self.of(exchange)]
        return next((pin.span.line for pin in pins if pin is not None), 0)

    def may_repeat(self, exchange: Exchange) -> int:
        """Return how often the first upstream request of a case may come again."""
        return max((entry.may_repeat for entry in self.of(exchange)), default=0)

    def unused(self) -> list[Reason]:
        """Return the shared reasons that no entry has."""
        used = {entry.reason.code for entry in self.entries}
        return [reason for code, reason in self.codes.items() if code not in used]
