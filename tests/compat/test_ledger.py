"""The ledger of intended differences is honest: complete, needed, and twice derived."""

from __future__ import annotations

import pytest

from tests.compat.exchange import Exchange, profiles, recorded
from tests.compat.ledger import Entry, apply, load
from tests.compat.mended import mended_facts
from tests.compat.render import difference, render
from tests.compat.rules import RULES, sanctioned

LEDGER = load()
RECORDED = {exchange.name: exchange for exchange in recorded()}
PINNED = [
    pytest.param(entry, case, id=f"{case}-{entry.code}")
    for entry in LEDGER.entries
    for case in entry.cases
]
WITHOUT_RULE = {"config-fails-early", "retry"}  # no answer, and no certain one
UPSTREAM_ONLY = {"raw-path", "hop-by-hop", "repeated-fields", "client-address", "retry"}


def by_rules(exchange: Exchange) -> tuple[dict[str, tuple[str, ...]], set[str]]:
    new = mended_facts(exchange, profiles()[exchange.profile])
    return sanctioned(exchange, exchange.old, new)


@pytest.mark.parametrize(("entry", "case"), PINNED)
def test_each_pin_masks_a_recorded_fact(entry: Entry, case: str) -> None:
    old = RECORDED[case].old
    pins = entry.pinned(old)
    stale = [name for name, value in pins.items() if old.get(name, ()) == value]
    assert stale == []
    assert pins or entry.may_repeat


MAY_BUT_DO_NOT = {"query-empty"}  # the recording lets the target keep its bare `?`


@pytest.mark.parametrize("name", RECORDED)
def test_entries_are_where_the_recording_lets_it_differ(name: str) -> None:
    exchange = RECORDED[name]
    codes = {entry.code for entry in LEDGER.of(exchange)}
    if exchange.codes:
        assert codes == set(exchange.codes)
        return
    assert exchange.seen_may_differ == (bool(codes) or name in MAY_BUT_DO_NOT)
    assert codes <= UPSTREAM_ONLY
    assert all(pin.startswith("upstream.") for pin in LEDGER.pins(exchange))


@pytest.mark.parametrize("name", RECORDED)
def test_literal_pins_agree_with_the_rules(name: str) -> None:
    exchange = RECORDED[name]
    if {entry.code for entry in LEDGER.of(exchange)} & WITHOUT_RULE:
        return
    expected, codes = by_rules(exchange)
    literal = apply(exchange.old, LEDGER.pins(exchange))
    assert literal == expected, difference(
        render(exchange, literal), render(exchange, expected)
    )
    assert codes == {entry.code for entry in LEDGER.of(exchange)}


def test_pins_of_one_case_never_contradict() -> None:
    for exchange in RECORDED.values():
        names = [
            name for entry in LEDGER.of(exchange) for name in entry.pinned(exchange.old)
        ]
        assert len(names) == len(set(names)), exchange.name


def test_each_code_has_a_reason_and_a_rule_and_a_use() -> None:
    used = {entry.code for entry in LEDGER.entries}
    assert set(LEDGER.codes) == used == set(RULES) | WITHOUT_RULE
    assert all(len(reason.split()) > 4 for reason in LEDGER.codes.values())


def test_each_entry_names_recorded_cases() -> None:
    assert {case for entry in LEDGER.entries for case in entry.cases} <= set(RECORDED)


def test_repetition_is_taken_out_only_where_allowed() -> None:
    closing = RECORDED["fault-close-before-response"]
    second = {
        name.replace("upstream.", "upstream.2."): value
        for name, value in closing.old.items()
        if name.startswith("upstream.") and name != "upstream.requests"
    }
    twice = closing.old | second | {"upstream.requests": ("2",)}
    changed = twice | {"upstream.2.method": ("POST",)}
    assert LEDGER.settled(closing, twice) == closing.old
    assert LEDGER.settled(closing, changed) == changed
    assert LEDGER.settled(RECORDED["models-ok"], twice) == twice
