"""The oracle is the old gateway: it gives each recorded exchange again, to the byte."""

from __future__ import annotations

import pytest

from hxroute.proof.exchange import Exchange
from hxroute.proof.httptext import rendered
from tests.compat.handed import environments, handed
from tests.compat.oracle import old_facts


@pytest.mark.parametrize(
    "recorded", handed().exchanges.values(), ids=lambda one: one.name
)
def test_oracle_repeats_the_recording(recorded: Exchange) -> None:
    facts = old_facts(recorded.case, environments()[recorded.case.environment])
    assert rendered(Exchange(recorded.case, facts)) == rendered(recorded)
    assert facts == recorded.facts
