"""Exchanges beyond the recorded: the new gateway differs from the old only as it may.

The old answer is the oracle's. What `rules` permits to differ is taken from
`mended`, and all the rest must be as the old gateway gave it.
"""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import HealthCheck, currently_in_test_context, event, given, settings
from hypothesis import strategies as st

from tests.compat.exchange import Exchange, Facts, Request
from tests.compat.ledger import RETRY, settled
from tests.compat.mended import mended_facts
from tests.compat.more import MORE
from tests.compat.oracle import old_facts
from tests.compat.pair import Pair
from tests.compat.render import difference, render
from tests.compat.rules import sanctioned
from tests.compat.strategies import ENVIRONMENTS, requests, scripts
from tests.compat.upstream_reply import Fault, read

DRAWN = settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


NUMBERS = count()


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    profile = draw(st.sampled_from(sorted(ENVIRONMENTS)))
    drawn = draw(requests(profile))
    name = f"generated-{next(NUMBERS)}"
    request = Request(drawn.method, drawn.target, drawn.headers, drawn.body, name)
    return Exchange(name, request, draw(scripts(request.method)), profile)


def expected(exchange: Exchange) -> Facts:
    env = ENVIRONMENTS[exchange.profile]
    old = old_facts(exchange, env)
    facts, codes = sanctioned(exchange, old, mended_facts(exchange, env))
    if currently_in_test_context():
        for code in codes or {"identical"}:
            event(code)
    return facts


@given(exchange=exchanges())
@DRAWN
def test_rules_explain_each_difference(exchange: Exchange) -> None:
    new = mended_facts(exchange, ENVIRONMENTS[exchange.profile])
    facts = expected(exchange)
    assert facts == new, difference(render(exchange, facts), render(exchange, new))


@given(exchange=exchanges())
@DRAWN
def test_generated_exchange_differs_only_as_it_may(
    pair: Pair, exchange: Exchange
) -> None:
    facts = expected(exchange)
    got = settled(pair.play(exchange), _repetitions(exchange))
    assert got == facts, difference(render(exchange, facts), render(exchange, got))


@pytest.mark.parametrize("exchange", MORE, ids=lambda one: one.name)
def test_written_exchange_differs_only_as_it_may(
    pair: Pair, exchange: Exchange
) -> None:
    facts = expected(exchange)
    got = settled(pair.play(exchange), _repetitions(exchange))
    assert got == facts, difference(render(exchange, facts), render(exchange, got))


@pytest.mark.parametrize("exchange", MORE, ids=lambda one: one.name)
def test_rules_explain_each_written_difference(exchange: Exchange) -> None:
    new = mended_facts(exchange, ENVIRONMENTS[exchange.profile])
    facts = expected(exchange)
    assert facts == new, difference(render(exchange, facts), render(exchange, new))


def _repetitions(exchange: Exchange) -> int:
    """Return how often a request may be sent again: RETRY says when."""
    reply = read(exchange.script, exchange.request.method)
    closed = isinstance(reply, Fault) and reply.kind == "disconnected"
    idempotent = exchange.request.method in {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}
    return RETRY if closed and idempotent else 0
