from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxroute.paths import parse_pattern
from tests.compiler.compiling import gateway_of, mistakes_of, places_of


def source_of(*endpoints: str) -> str:
    rows = [f"  - {{{keys}, auth: none, respond: {{}}}}" for keys in endpoints]
    return "\n".join(["version: 1", "paths: as_sent", "endpoints:", *rows])


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("path: /a", "path: /a"),
        ("path: /a", "path: /a, methods: [GET]"),
        ("path: /a, methods: [GET, PUT]", "path: /a, methods: [PUT]"),
        ("path: '/{a}'", "path: '/{b}'"),
        ("path: '/v1/{a:path}'", "path: '/v1/{b:path}'"),
        ("path: /~a", "path: /%7Ea"),
        ("path: /%e9", "path: /%E9"),
        ("path: /a%2fb", "path: /a%2Fb"),
        ("path: /é", "path: /%C3%A9"),
    ],
)
def test_endpoint_that_an_earlier_one_takes_all_of(earlier: str, later: str) -> None:
    (found,) = mistakes_of(source_of(earlier, later))

    assert (found.code, found.span.line) == ("HX310", 5)
    ((first, text),) = found.related
    assert (first.line, text) == (4, "taken here")


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("path: /a, methods: [GET]", "path: /a"),
        ("path: /a, methods: [GET]", "path: /a, methods: [GET, PUT]"),
        ("path: /a, methods: [GET]", "path: /a, methods: [HEAD]"),
        ("path: /a", "path: /a/"),
        ("path: /a", "path: /A"),
        ("path: /a", "path: '/{a}'"),
        ("path: '/{a}'", "path: '/{a:path}'"),
        ("path: /a%20b", "path: /a+b"),
        ("path: /a%2Fb", "path: /a/b"),
    ],
)
def test_endpoints_of_which_each_takes_something(earlier: str, later: str) -> None:
    assert len(gateway_of(source_of(earlier, later)).endpoints) == 2


@pytest.mark.parametrize("later", ["/v1/models", "/v1/{a}", "/v1/{a}/b", "/v1/"])
def test_endpoint_under_an_earlier_rest_never_matches(later: str) -> None:
    source = source_of("path: '/v1/{rest:path}'", f"path: '{later}'")

    assert places_of(source) == [("HX310", 5, 12)]


def test_every_endpoint_that_never_matches_is_reported_once() -> None:
    source = source_of("path: /a", "path: /a", "path: /a, methods: [GET]")

    assert [line for _, line, _ in places_of(source)] == [5, 6]


def test_name_is_taken_once() -> None:
    source = source_of("path: /a, name: n", "path: /b, name: n", "path: /c, name: n")

    found = mistakes_of(source)

    assert [(item.code, item.span.line) for item in found] == [
        ("HX205", 5),
        ("HX205", 6),
    ]
    assert {item.related[0][0].line for item in found} == {4}


def test_default_names_may_meet() -> None:
    gateway = gateway_of(source_of("path: /a, methods: [GET]", "path: /a"))

    assert [endpoint.name for endpoint in gateway.endpoints] == ["GET /a", "ANY /a"]


def test_path_that_is_no_pattern_is_not_compared() -> None:
    assert [code for code, _, _ in places_of(source_of("path: a", "path: a"))] == [
        "HX302",
        "HX302",
    ]


PATTERNS = ["/", "/a", "/a/", "/a/b", "/{x}", "/{x}/b", "/a/{x}", "/a/{r:path}"]
METHODS = ["", "GET", "PUT", "TRACE", "GET, PUT", "GET, TRACE"]
REQUESTS = [
    (method, [b"", *segments])
    for method in ("GET", "PUT", "TRACE", "OTHER")
    for length in (1, 2, 3)
    for segments in itertools.product((b"", b"a", b"b", b"c"), repeat=length)
]


@settings(derandomize=True, deadline=None, max_examples=150)
@given(
    st.lists(
        st.tuples(st.sampled_from([*PATTERNS, "/{r:path}"]), st.sampled_from(METHODS)),
        min_size=1,
        max_size=6,
    )
)
def test_endpoint_that_no_request_reaches_is_reported(
    endpoints: list[tuple[str, str]],
) -> None:
    reached = {first_of(endpoints, *request) for request in REQUESTS}
    source = source_of(
        *(
            f"path: '{path}'" + (f", methods: [{methods}]" if methods else "")
            for path, methods in endpoints
        )
    )

    lines = [line for _, line, _ in places_of(source)]

    assert lines == [n + 4 for n in range(len(endpoints)) if n not in reached]


def first_of(
    endpoints: list[tuple[str, str]], method: str, segments: list[bytes]
) -> int | None:
    """Return the place of the endpoint that takes a request."""
    for place, (path, methods) in enumerate(endpoints):
        takes = method in methods.split(", ") if methods else method != "TRACE"
        if takes and parse_pattern(path).matches(segments):
            return place
    return None


CALL = """\
version: 1
settings: {k: {env: K}}
upstreams: {u: {url: "http://a"}}
headers: {safe: {drop: [authorization, cookie]}}
endpoints:
  - path: "/x/{one}/{rest:path}"
    auth: none
    request: {headers: safe, max_body: 1KiB}
    upstream: {name: u, path: "PATH"}
"""


@pytest.mark.parametrize(
    "path",
    [
        "/a/.{{ body.s }}",
        "/a/.{{ settings.k }}",
        "/{{ path.one }}/..{{ path.rest }}",
        "/{{ path.one }}{{ settings.k }}",
        "/{{ path.one }}../a",
        "/.{{ path.one }}.{{ path.rest }}",
    ],
)
def test_path_beside_an_expression_is_no_dot_segment(path: str) -> None:
    assert "HX105" not in codes_of_call(path)


@pytest.mark.parametrize(
    "path", ["/{{ path.one }}/..", "/../{{ path.one }}", "/a/./{{ path.one }}"]
)
def test_dot_segment_between_expressions_is_refused(path: str) -> None:
    assert "HX105" in codes_of_call(path)


def codes_of_call(path: str) -> set[str]:
    return {item.code for item in mistakes_of(CALL.replace("PATH", path))}
