"""A replayed exchange reads as the recorded one just where nothing is unexplained."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hxroute.proof.exchange import Exchange, Facts
from hxroute.proof.httptext import rendered
from hxroute.proof.replay import Replayed
from hxroute.proof.verdict import Difference, Verdict
from tests.proof.strategies import exchanges

VALUES = st.sampled_from([(), ("1",), ("200",), ("GET",), ("a", "b"), ("true",)])
NAMES = st.sampled_from(
    [
        *("client.status", "client.body", "client.failure", "client.headers.x"),
        *("client.complete", "client.excess", "upstream.requests", "upstream.method"),
        *("upstream.body", "upstream.2.method", "upstream.headers.x", "start.error"),
    ]
)


@given(
    exchanges(),
    st.dictionaries(NAMES, VALUES, max_size=4),
    st.dictionaries(NAMES, VALUES, max_size=4),
)
def test_text_is_the_recorded_one_just_where_nothing_is_unexplained(
    recorded: Exchange, changed: Facts, pins: Facts
) -> None:
    facts = recorded.facts
    differences = tuple(
        Difference(
            name, facts.get(name, ()), changed.get(name, facts.get(name, ())), pin
        )
        for name in sorted(changed.keys() | pins.keys())
        for pin in [pins.get(name)]
        if changed.get(name, facts.get(name, ())) != facts.get(name, ())
        or pin not in (None, facts.get(name, ()))
    )
    if any(
        item.fact == "upstream.requests" and not "".join(item.new).isdigit()
        for item in differences
    ):
        return
    verdict = Verdict(recorded, facts, differences)

    same = str(Replayed.of(verdict)) == rendered(recorded)

    assert same == (verdict.outcome != "unexplained")
