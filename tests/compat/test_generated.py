"""Exchanges beyond the recorded: the new gateway differs from the old only as it may.

The old answer is the oracle's. What `rules` permits to differ is taken from
`mended`, and all the rest must be as the old gateway gave it.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, currently_in_test_context, event, given, settings
from hypothesis import strategies as st

from hxroute.proof.exchange import Case, Exchange
from hxroute.proof.httptext import rendered
from hxroute.proof.ledger import settled
from hxroute.proof.replay import Gateway
from tests.compat.mended import mended_facts
from tests.compat.more import MORE
from tests.compat.oracle import old_facts
from tests.compat.rules import sanctioned
from tests.compat.strategies import ENVIRONMENTS, requests, scripts
from tests.compat.upstream_reply import Fault, read

RETRY = 1
"""How often an idempotent request may come again; the ledger says when."""

DRAWN = settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    environment = draw(st.sampled_from(sorted(ENVIRONMENTS)))
    request = draw(requests(environment))
    return Case("generated", request, draw(scripts(request.method)), environment)


def expected(case: Case) -> Exchange:
    env = ENVIRONMENTS[case.environment]
    new = mended_facts(case, env)
    facts, codes = sanctioned(case, old_facts(case, env), new)
    if currently_in_test_context():
        for code in codes or {"identical"}:
            event(code)
    return Exchange(case, facts)


def rules_explain(case: Case) -> None:
    new = mended_facts(case, ENVIRONMENTS[case.environment])
    assert rendered(Exchange(case, new)) == rendered(expected(case))
    assert new == expected(case).facts


def differs_only_as_it_may(player: Gateway, case: Case) -> None:
    got = settled(player.play(case), _repetitions(case))
    assert rendered(Exchange(case, got)) == rendered(expected(case))
    assert got == expected(case).facts


@given(case=cases())
@DRAWN
def test_rules_explain_each_difference(case: Case) -> None:
    rules_explain(case)


@given(case=cases())
@DRAWN
def test_generated_exchange_differs_only_as_it_may(player: Gateway, case: Case) -> None:
    differs_only_as_it_may(player, case)


@pytest.mark.parametrize("case", MORE, ids=lambda one: one.name)
def test_written_exchange_differs_only_as_it_may(player: Gateway, case: Case) -> None:
    differs_only_as_it_may(player, case)


@pytest.mark.parametrize("case", MORE, ids=lambda one: one.name)
def test_rules_explain_each_written_difference(case: Case) -> None:
    rules_explain(case)


def _repetitions(case: Case) -> int:
    """Return how often a request may be sent again: RETRY says when."""
    reply = read(case.script, case.request.method)
    closed = isinstance(reply, Fault) and reply.kind == "disconnected"
    idempotent = case.request.method in {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}
    return RETRY if closed and idempotent else 0
