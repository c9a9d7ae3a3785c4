"""Exchanges of any bytes."""

from __future__ import annotations

from hypothesis import strategies as st

from hxroute.proof import oddities
from hxroute.proof.exchange import REFUSED, Case, Exchange, client_facts, upstream_facts
from hxroute.proof.messages import Answer, Request
from hxroute.sandbox.seen import Seen

ODD = [
    "\r\n",
    "\n",
    "\n\n",
    "--- ",
    "--- client got\n",
    "\\x",
    "\\x41",
    " ",
    "\xe9",
    "é",
]
WORDS = st.sampled_from([*ODD, "HTTP/1.1 200 OK\r\na: b\r\n\r\n", "a", "{}", "", ": "])
BYTES = st.characters(max_codepoint=255)
TEXTS = st.one_of(
    st.text(BYTES, max_size=20),
    st.lists(WORDS, max_size=6).map(
        lambda parts: "".join(parts).encode().decode("latin-1")
    ),
)
TOKENS = st.text("abcXYZ09-_.!~", min_size=1, max_size=8)
LINES = st.text(
    st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=12
)
FIELDS = st.tuples(TOKENS, LINES)
HEADERS = st.lists(FIELDS, max_size=4).map(tuple)
TARGETS = st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=12).map(
    lambda text: f"/{text}"
)
NAMES = st.text("abcz09", min_size=1, max_size=6)

REQUESTS = st.builds(
    Request, TOKENS, TARGETS, HEADERS, TEXTS, st.sampled_from([1, 1, 2, 1048577])
)
STEPS = st.one_of(
    TEXTS,
    st.tuples(TEXTS, st.integers(1, 9)).map(lambda pair: {"repeat": list(pair)}),
    st.floats(0, 99).map(lambda seconds: {"sleep": seconds}),
    st.sampled_from([{"reset": True}, {"close": True}]),
)
SCRIPTS = st.one_of(st.just(REFUSED), st.lists(STEPS, max_size=4).map(tuple))
CASES = st.builds(Case, NAMES, REQUESTS, SCRIPTS, NAMES)
VERSIONS = st.sampled_from(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0"])
SEEN = st.tuples(
    NAMES, st.builds(Seen, TOKENS, TARGETS, HEADERS, TEXTS, VERSIONS, HEADERS)
)
ANSWERS = st.builds(
    Answer,
    st.integers(100, 999),
    HEADERS,
    TEXTS,
    st.booleans(),
    HEADERS,
    VERSIONS,
    st.lists(st.integers(100, 199), max_size=2).map(tuple),
    TEXTS,
)


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    case = draw(CASES)
    if draw(st.integers(0, 9)) == 0:
        return Exchange(case, {"start.error": (draw(TEXTS),)})
    failed = draw(st.integers(0, 9)) == 0
    failure = {"client.failure": (draw(TEXTS),)}
    client = failure if failed else client_facts(draw(ANSWERS), case.script)
    seen = draw(st.lists(SEEN, max_size=3))
    named = draw(st.booleans())
    hosts = {name: {"127.0.0.1:4000"} for name, _ in seen} if named else None
    upstream = upstream_facts(
        case.request, seen, usual="" if named else None, hosts=hosts
    )
    torn = oddities.of_torn(draw(st.lists(LINES, max_size=2)))
    return Exchange(case, client | upstream | torn)
