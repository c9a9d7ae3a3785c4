"""Judge a case: where the new gateway differs, and whether the ledger says so."""

from __future__ import annotations

import re
from dataclasses import replace

from hxroute.proof.exchange import Exchange, Facts
from hxroute.proof.ledger.entries import START_NAMES, Ledger
from hxroute.proof.verdict import Difference, Verdict

__all__ = ["judge", "settled"]

_ERROR = "start.error"
_REQUESTS = "upstream.requests"
_PARTS = ("name", "method", "target", "body", "headers.")
"""What a request consists of, as facts."""


def judge(recorded: Exchange, got: Facts, ledger: Ledger) -> Verdict:
    """Compare what the new gateway did with what was recorded.

    A fact that the ledger pins to another value than the recorded one is a difference
    too where the new gateway did not change it.
    """
    new = settled(got, ledger.may_repeat(recorded))
    pins = _with_start(ledger.pins(recorded), new)
    names = sorted(recorded.facts.keys() | new.keys() | pins.keys())
    found = (_difference(name, recorded.facts, new, pins) for name in names)
    differences = tuple(
        item
        if item.pinned is None
        else replace(item, pinned_at=ledger.line_of(recorded, item.fact))
        for item in (*found, _repeated(recorded.facts, new, got))
        if item is not None
    )
    rests = any(item.pinned is not None for item in differences)
    reasons = ledger.reasons(recorded) if rests else ()
    return Verdict(recorded, got, differences, reasons)


def settled(got: Facts, allowed: int) -> Facts:
    """Take out at most so many repetitions of the first upstream request."""
    count = int(got.get("upstream.requests", ("0",))[0])
    if not 1 < count <= 1 + allowed:
        return got
    prefixes = tuple(f"upstream.{number}." for number in range(2, count + 1))
    first = _of_request(got, "upstream.")
    if any(_of_request(got, prefix) != first for prefix in prefixes):
        return got
    kept = {name: got[name] for name in got if not name.startswith(prefixes)}
    return kept | {"upstream.requests": ("1",)}


def _difference(fact: str, old: Facts, new: Facts, pins: Facts) -> Difference | None:
    before, after, pinned = old.get(fact, ()), new.get(fact, ()), pins.get(fact)
    if before == after and pinned in (None, after):
        return None
    return Difference(fact, before, after, pinned)


def _repeated(old: Facts, new: Facts, got: Facts) -> Difference | None:
    """Say that a request came again, where that was taken out."""
    before, after = old.get(_REQUESTS, ()), got.get(_REQUESTS, ())
    return None if new == got else Difference(_REQUESTS, before, after, after)


def _with_start(pins: Facts, got: Facts) -> Facts:
    """Turn the names that an error must hold into the error itself, if it holds them."""
    if START_NAMES not in pins:
        return pins
    names = pins[START_NAMES]
    others = {fact: values for fact, values in pins.items() if fact != START_NAMES}
    error = got.get(_ERROR, ())
    if not (error and _names_all(error[0], names)):
        error = (f"an error that names {', '.join(names)}, and no traceback",)
    return others | {_ERROR: error}


def _names_all(text: str, names: tuple[str, ...]) -> bool:
    named = all(re.search(rf"\b{re.escape(name)}\b", text) for name in names)
    return named and "Traceback" not in text


def _of_request(facts: Facts, prefix: str) -> Facts:
    wanted = tuple(prefix + part for part in _PARTS)
    return {
        name.removeprefix(prefix): values
        for name, values in facts.items()
        if name.startswith(wanted)
    }
