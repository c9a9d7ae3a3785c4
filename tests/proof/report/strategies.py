"""Proofs of anything: any bytes of the wire, any text of a file."""

from __future__ import annotations

from hypothesis import strategies as st

from hxroute.proof.exchange import Case, Exchange
from hxroute.proof.messages import Request
from hxroute.proof.verdict import Difference, Problem, Proof, Verdict, differing
from tests.proof.report.proofs import HOSTILE

_ODD = ["", HOSTILE, "\x00", "</pre>", "a\nb", "\\x41", "\\", '{"a":[1,{}]}', "[[]]"]
_ANY = st.text(st.characters(codec="latin-1"), max_size=20)
WIRE = st.one_of(st.sampled_from(_ODD), _ANY, _ANY.map(lambda text: text * 9))
_TEXT = st.one_of(st.text(max_size=20), st.sampled_from(_ODD), st.just("\udcff"))
_PLACES = [
    *(
        "client.status",
        "client.body",
        "client.complete",
        "client.failure",
        "start.error",
    ),
    *("upstream.requests", "upstream.target", "upstream.body", "upstream.2.body"),
]
_PREFIXES = [
    "client.headers.",
    "client.trailers.",
    "upstream.headers.",
    "upstream.3.",
    "",
]
_NAMES = st.one_of(
    st.sampled_from(_PLACES),
    st.tuples(st.sampled_from(_PREFIXES), WIRE).map("".join),
)
_FACTS = st.dictionaries(
    _NAMES, st.lists(WIRE, min_size=1, max_size=3).map(tuple), max_size=5
)
_PINS = st.one_of(st.none(), st.just(()), st.tuples(WIRE))


@st.composite
def verdicts(draw: st.DrawFn) -> Verdict:
    """Draw what a case showed."""
    old, new = draw(_FACTS), draw(_FACTS)
    if draw(st.booleans()):
        new = old | new
    found = []
    for fact in differing(old, new):
        ours, theirs = old.get(fact, ()), new.get(fact, ())
        pinned = draw(st.one_of(_PINS, st.just(theirs)))
        line = draw(st.sampled_from([0, 41]))
        found.append(Difference(fact, ours, theirs, pinned, line, draw(_TEXT)))
    headers = draw(st.lists(st.tuples(WIRE, WIRE), max_size=2).map(tuple))
    request = Request(draw(WIRE), draw(WIRE), headers, draw(WIRE))
    name = draw(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,9}", fullmatch=True))
    case = Case(name, request, tuple(draw(st.lists(WIRE, max_size=2))))
    reasons = tuple(draw(st.lists(_TEXT, max_size=2)))
    return Verdict(Exchange(case, old), new, tuple(found), reasons)


@st.composite
def proofs(draw: st.DrawFn) -> Proof:
    """Draw a proof."""
    problem = st.builds(Problem, _TEXT, st.integers(1, 99), _TEXT, _TEXT)
    return Proof(
        draw(_TEXT),
        draw(_TEXT),
        draw(_TEXT),
        tuple(draw(st.lists(verdicts(), max_size=3))),
        tuple(draw(st.lists(problem, max_size=2))),
    )
