"""The new gateway answers as the old one did, in both directions of the wire.

What it gave is compared with the recording after the ledger's pins are put in their
places. Only where the two are equal is anything handed to syrupy, and by then it is
equal to the recording: `--snapshot-update` can write nothing else.
"""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.compat.exchange import Exchange, Facts, profiles, recorded
from tests.compat.ledger import load
from tests.compat.render import difference, render

LEDGER = load()
STARTED = [one for one in recorded() if one.profile != "badsize"]
REFUSED = [one for one in recorded() if one.profile == "badsize"]


@pytest.mark.parametrize("exchange", STARTED, ids=lambda one: one.name)
def test_answers_as_the_old_gateway(
    exchange: Exchange, answers: dict[str, Facts], recording: SnapshotAssertion
) -> None:
    got = LEDGER.settled(exchange, answers[exchange.name])
    expected = LEDGER.expected(exchange, profiles()[exchange.profile])
    assert got == expected, explained(exchange, expected, got)

    restored = LEDGER.restored(exchange, expected, got)
    assert restored == exchange.old
    assert render(exchange, restored) == recording(name=exchange.name)


@pytest.mark.parametrize("exchange", REFUSED, ids=lambda one: one.name)
def test_refuses_to_start(exchange: Exchange, answers: dict[str, Facts]) -> None:
    got = answers[exchange.name]
    named = LEDGER.pins(exchange)["start.names"]
    assert got.keys() == {"start.error"}, "it started"
    assert all(name in got["start.error"][0] for name in named)
    assert "Traceback" not in got["start.error"][0]


def explained(exchange: Exchange, expected: Facts, got: Facts) -> str:
    """Show the difference, or what went wrong before there was any answer."""
    failures = [name for name in got if name.endswith((".failure", ".error"))]
    if failures:
        return "\n".join(got[name][0] for name in failures)
    return difference(render(exchange, expected), render(exchange, got))
