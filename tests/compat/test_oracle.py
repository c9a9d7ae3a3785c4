"""The oracle is the old gateway: it gives each recorded exchange again, to the byte."""

from __future__ import annotations

import pytest

from tests.compat.exchange import Exchange, profiles, recorded
from tests.compat.oracle import old_facts
from tests.compat.render import difference, render


@pytest.mark.parametrize("exchange", recorded(), ids=lambda one: one.name)
def test_oracle_repeats_the_recording(exchange: Exchange) -> None:
    facts = old_facts(exchange, profiles()[exchange.profile])
    assert facts == exchange.old, difference(
        render(exchange, exchange.old), render(exchange, facts)
    )
