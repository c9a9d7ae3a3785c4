"""The ledger of intended differences is honest: complete, needed, and twice derived."""

from __future__ import annotations

import pytest

from hxroute.proof import ledger
from hxroute.proof.exchange import Exchange
from hxroute.proof.httptext import rendered
from hxroute.proof.verdict import apply
from tests.compat.handed import CORPUS, environments, handed, lines
from tests.compat.mended import mended_facts
from tests.compat.rules import RULES, sanctioned

LEDGER = ledger.read(CORPUS / "divergences.yaml")
RECORDED = handed().exchanges
LINES = {line["name"]: line for line in lines()}
WITHOUT_RULE = {"config-fails-early", "retry"}  # no answer, and no certain one
UPSTREAM_ONLY = {"raw-path", "hop-by-hop", "repeated-fields", "client-address", "retry"}
MAY_BUT_DO_NOT = {"query-empty"}  # the recording lets the target keep its bare `?`


def codes_of(exchange: Exchange) -> set[str]:
    return {entry.reason.code for entry in LEDGER.of(exchange)}


@pytest.mark.parametrize("name", RECORDED)
def test_entries_are_where_the_recording_lets_it_differ(name: str) -> None:
    exchange, line = RECORDED[name], LINES[name]
    codes = codes_of(exchange)
    if line["deviation"]:
        assert codes == set(line["deviation"])
        return
    assert line["seen_may_differ"] == (bool(codes) or name in MAY_BUT_DO_NOT)
    assert codes <= UPSTREAM_ONLY
    assert all(pin.startswith("upstream.") for pin in LEDGER.pins(exchange))


@pytest.mark.parametrize("name", RECORDED)
def test_literal_pins_agree_with_the_rules(name: str) -> None:
    exchange = RECORDED[name]
    if codes_of(exchange) & WITHOUT_RULE:
        return
    new = mended_facts(exchange.case, environments()[exchange.case.environment])
    expected, codes = sanctioned(exchange.case, exchange.facts, new)
    literal = apply(exchange.facts, LEDGER.pins(exchange))
    pinned, derived = (
        Exchange(exchange.case, literal),
        Exchange(exchange.case, expected),
    )
    assert rendered(pinned) == rendered(derived)
    assert literal == expected
    assert codes == codes_of(exchange)


def test_each_code_has_a_reason_and_a_rule() -> None:
    assert set(LEDGER.codes) == set(RULES) | WITHOUT_RULE
    assert all(len(reason.text.split()) > 4 for reason in LEDGER.codes.values())
