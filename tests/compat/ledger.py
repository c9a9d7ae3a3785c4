"""The ledger of intended differences: what the new gateway must give instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

from tests.compat.exchange import Exchange, Facts
from tests.compat.mended import mended_facts
from tests.compat.rules import sanctioned

FILE = Path(__file__).with_name("divergences.yaml")
SIDES = ("client", "upstream", "start")
ENTRY_KEYS = {"cases", "code", *SIDES}
RETRY = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """Recorded exchanges that differ in the same facts; an empty value is absent."""

    cases: tuple[str, ...]
    code: str
    pins: Facts
    nothing_upstream: bool = False
    may_repeat: int = 0

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> Self:
        """Read one item of the file."""
        assert item.keys() <= ENTRY_KEYS, f"unknown keys in {item}"
        upstream = item.get("upstream", {})
        nothing = upstream == "nothing"
        upstream = {"requests": 0} if nothing else dict(upstream)
        may_repeat = upstream.pop("may_repeat", 0)
        sides = {**item, "upstream": upstream}
        pins: Facts = {}
        for side in SIDES:
            pins |= _pins(f"{side}.", sides.get(side, {}))
        return cls(tuple(item["cases"]), item["code"], pins, nothing, may_repeat)

    def pinned(self, old: Facts) -> Facts:
        """Return the pins for an exchange, with what they make absent."""
        if "start.names" in self.pins:
            return dict.fromkeys(old, ()) | self.pins
        if self.nothing_upstream:
            seen = {name: () for name in old if name.startswith("upstream.")}
            return seen | self.pins
        return self.pins


@dataclass(frozen=True, slots=True)
class Ledger:
    """All entries, and the reason for each code."""

    codes: Mapping[str, str]
    entries: tuple[Entry, ...]

    def of(self, exchange: Exchange) -> list[Entry]:
        """Return the entries of an exchange."""
        return [entry for entry in self.entries if exchange.name in entry.cases]

    def expected(self, exchange: Exchange, env: Mapping[str, str]) -> Facts:
        """Return the old facts with the new bytes in their places."""
        entries = self.of(exchange)
        if not entries:
            new = mended_facts(exchange, env)
            return sanctioned(exchange, exchange.old, new)[0]
        return apply(exchange.old, self.pins(exchange))

    def pins(self, exchange: Exchange) -> Facts:
        """Return all that is pinned for an exchange."""
        pins: Facts = {}
        for entry in self.of(exchange):
            pins |= entry.pinned(exchange.old)
        return pins

    def restored(self, exchange: Exchange, expected: Facts, got: Facts) -> Facts:
        """Return what was got, with the old facts where a difference is intended."""
        changed = {
            name
            for name in expected.keys() | exchange.old.keys()
            if expected.get(name) != exchange.old.get(name)
        }
        return apply(got, {name: exchange.old.get(name, ()) for name in changed})

    def settled(self, exchange: Exchange, got: Facts) -> Facts:
        """Take out the repetitions of a request that an entry allows."""
        allowed = max((entry.may_repeat for entry in self.of(exchange)), default=0)
        return settled(got, allowed)


def load() -> Ledger:
    """Read the ledger."""
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return Ledger(content["codes"], tuple(map(Entry.of, content["cases"])))


def apply(facts: Facts, pins: Facts) -> Facts:
    """Put pins in their places; an empty one takes the fact away."""
    return {name: value for name, value in (facts | pins).items() if value}


def settled(got: Facts, allowed: int) -> Facts:
    """Take out at most so many repetitions of the first request."""
    count = int(got.get("upstream.requests", ("0",))[0])
    prefixes = tuple(f"upstream.{number}." for number in range(2, count + 1))
    first = _of_request(got, "upstream.")
    same = all(_of_request(got, prefix) == first for prefix in prefixes)
    if not 1 < count <= 1 + allowed or not same:
        return got
    kept = {name: got[name] for name in got if not name.startswith(prefixes)}
    return kept | {"upstream.requests": ("1",)}


def _pins(prefix: str, item: Mapping[str, Any]) -> Facts:
    pins: Facts = {}
    for name, value in item.items():
        if name == "headers":
            pins |= _pins(f"{prefix}headers.", value)
        else:
            pins[prefix + name] = _values(value)
    return pins


def _values(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    values = value if isinstance(value, list) else [value]
    return tuple(map(str, values))


def _of_request(facts: Facts, prefix: str) -> Facts:
    parts = ("method", "target", "body", "headers.")
    return {
        name.removeprefix(prefix): value
        for name, value in facts.items()
        if name.startswith(tuple(prefix + part for part in parts))
    }
