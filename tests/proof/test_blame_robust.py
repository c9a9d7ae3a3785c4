"""Whatever is recorded, blame is laid: no exception, a line of the file, and soon."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hxroute.compiler import compile
from hxroute.proof.blame import blamed
from hxroute.proof.exchange import REFUSED, Case, Exchange, Facts
from hxroute.proof.messages import Request
from hxroute.proof.verdict import Difference, Verdict, differing
from hxroute.sandbox.scripted import OK
from tests.proof.mutations import MUTATIONS, ORIGINAL
from tests.proof.test_blame import RICH

TEXTS = [ORIGINAL, RICH, *(item.text for item in MUTATIONS[::5])]
FILES = [compile(text.encode(), "routes.yaml") for text in TEXTS]
ENVIRON = {"HX_UPSTREAM_KEY": "s3cret-key", "TOKEN": "s3cret-key"}

TEXT = st.text(st.characters(max_codepoint=255), max_size=12)
ANY = st.text(max_size=8)
NAMES = st.sampled_from(
    [
        "authorization",
        "cookie",
        "traceparent",
        "te",
        "host",
        "expect",
        "connection",
        "content-length",
        "x-frame-options",
        "transfer-encoding",
        "max-forwards",
        "x_real_ip",
        "x-kept",
        "*",
    ]
)
METHODS = st.sampled_from(
    ["GET", "POST", "PUT", "HEAD", "OPTIONS", "TRACE", "CONNECT", "get", "PROPFIND"]
)
PATHS = st.sampled_from(
    [
        "/v1/models",
        "/v1/embeddings",
        "/v1",
        "/healthz",
        "/call",
        "/plain",
        "/timed",
        "/asking",
        "/empty",
        "*",
        "//",
        "/v1/../x",
        "/v1/a%00",
        "/v1/a%2Fb",
        "http://a/v1/x",
        "/v1/models#a",
    ]
)
VALUES = st.sampled_from(
    [
        "Bearer sk-hx-dev-default",
        "0",
        "12",
        "x",
        "-1",
        "chunked",
        "close, x-kept",
        "\xe9",
    ]
)
BODIES = st.sampled_from(
    ["", "{}", '{"prompt":1}', "[", "2\r\nab\r\n0\r\n\r\n", "\xff"]
)
KEYS = st.sampled_from(["Bearer sk-hx-dev-default", "Bearer s3cret-key", "Bearer x"])
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=2)
USUAL = st.builds(
    lambda method, path, key, fields, body: Request(
        method, path, (("Authorization", key), *fields), body
    ),
    METHODS,
    PATHS,
    KEYS,
    st.one_of(st.just([]), FIELDS),
    BODIES,
)
ODD = st.builds(
    Request,
    st.one_of(METHODS, TEXT, ANY),
    st.one_of(PATHS, PATHS.map(lambda path: f"{path}?q=%zz"), TEXT, ANY),
    st.lists(
        st.tuples(st.one_of(NAMES, TEXT), st.one_of(VALUES, TEXT)), max_size=4
    ).map(tuple),
    st.one_of(BODIES, TEXT),
    st.sampled_from([1, 1, 2]),
)
REQUESTS = st.one_of(USUAL, USUAL, ODD)
HEADS = st.sampled_from(
    [
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n",
        "HTTP/1.1 500 No\r\nconnection: x-kept\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 404 No\r\ntransfer-encoding: chunked\r\n\r\nzz",
        "HTTP/1.1 200 OK\r\ncontent-length: \xb2\r\n\r\n",
        "garbage\r\n\r\n",
    ]
)
STEPS = st.one_of(
    HEADS,
    TEXT,
    st.sampled_from([{"close": True}, {"reset": True}, {"sleep": 33}, {"sleep": 0.1}]),
    st.just({"repeat": ["ab", 3]}),
)
SCRIPTS = st.one_of(
    st.just(OK), st.just(REFUSED), st.lists(STEPS, max_size=4).map(tuple)
)
FACT_NAMES = st.one_of(
    st.sampled_from(
        [
            "client.status",
            "client.body",
            "client.complete",
            "client.failure",
            "upstream.requests",
            "upstream.name",
            "upstream.method",
            "upstream.target",
            "upstream.body",
            "upstream.2.target",
            "start.error",
            "client.trailers.x",
            "upstream.headers.",
            "client.headers.allow",
            "client.headers.content-type",
        ]
    ),
    NAMES.map(lambda name: f"client.headers.{name}"),
    NAMES.map(lambda name: f"upstream.headers.{name}"),
    ANY,
)
FACT_VALUES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "200",
                "401",
                "404",
                "405",
                "413",
                "500",
                "502",
                "504",
                "0",
                "1",
                "2",
                "\xb2",
            ]
        ),
        st.sampled_from(
            [
                '{"ok":true}',
                '{"error":"Unauthorized"}',
                "Invalid HTTP request received.",
                "error: line 14: HX_MAX_BODY_SIZE",
                "error: line 999: is wrong",
                "/v1/models?a=b",
            ]
        ),
        ANY,
    ),
    min_size=1,
    max_size=2,
).map(tuple)
SOME_FACTS = st.dictionaries(FACT_NAMES, FACT_VALUES, max_size=8)
CORE = st.fixed_dictionaries(
    {},
    optional={
        "client.status": st.sampled_from(
            ["200", "400", "401", "403", "404", "413", "500", "502", "504"]
        ).map(lambda text: (text,)),
        "upstream.requests": st.sampled_from([("0",), ("1",), ("2",)]),
    },
)


def verdict_of(case: Case, old: Facts, new: Facts, pins: Facts) -> Verdict:
    """Return a verdict on any facts."""
    differences = tuple(
        Difference(name, old.get(name, ()), new.get(name, ()), pins.get(name))
        for name in differing(old, new)
    )
    return Verdict(Exchange(case, old), new, differences)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    place=st.integers(0, len(FILES) - 1),
    case=st.builds(Case, st.just("x"), REQUESTS, SCRIPTS),
    old=st.tuples(SOME_FACTS, CORE),
    new=st.tuples(SOME_FACTS, CORE),
    pins=SOME_FACTS,
)
def test_blame_is_laid_on_any_verdict(
    place: int,
    case: Case,
    old: tuple[Facts, Facts],
    new: tuple[Facts, Facts],
    pins: Facts,
) -> None:
    verdict = verdict_of(case, old[0] | old[1], new[0] | new[1], pins)

    found = blamed(FILES[place], verdict, ENVIRON)

    lines = TEXTS[place].count("\n") + 1
    assert len(found.differences) == len(verdict.differences)
    for item in found.differences:
        assert item.rule
        assert 0 <= item.line <= lines
        assert "s3cret" not in item.rule
    assert found.outcome == verdict.outcome


@pytest.mark.parametrize("path", ["/v1/models", "/v1/embeddings", "/healthz", "/x"])
def test_blame_is_the_same_twice(path: str) -> None:
    request = Request("POST", path, (("Authorization", "Bearer sk-hx-dev-default"),))
    old: Facts = {"client.status": ("200",)}
    new: Facts = {"client.status": ("404",)}
    verdict = verdict_of(Case("x", request), old, new, {})

    assert blamed(FILES[0], verdict, {}) == blamed(FILES[0], verdict, {})
