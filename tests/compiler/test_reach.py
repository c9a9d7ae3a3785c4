"""Endpoints that get no request, or fewer than the file seems to say."""

from __future__ import annotations

import pytest

from hxroute.diagnostics import Diagnostic
from tests.compiler.compiling import report_of

CODES = ("HX004", "HX302", "HX310", "HX315", "HX316")


def found_of(*endpoints: str, policy: str = "strict") -> list[Diagnostic]:
    """Return what is said of endpoints, of which the first stands on line 4."""
    rows = [f"  - {{{keys}, auth: none, respond: {{}}}}" for keys in endpoints]
    head = ["version: 1", f"paths: {policy}", "endpoints:"]
    report = report_of("\n".join([*head, *rows]))
    return [item for item in report.diagnostics if item.code in CODES]


def paths(*written: str) -> list[Diagnostic]:
    return found_of(*(f"path: '{path}'" for path in written))


def related(found: Diagnostic) -> list[tuple[int, str]]:
    return [(span.line, text) for span, text in found.related]


def test_endpoint_that_is_taken_says_by_whom_and_shows_it() -> None:
    (found,) = paths("/a", "/v1/{rest:path}", "/v1/models")

    assert (found.code, found.span.line, found.span.column) == ("HX310", 6, 12)
    assert found.message == (
        "this endpoint can never match: `GET /v1/models` is taken by line 5"
    )
    assert found.help == "move it above line 5"
    assert related(found) == [(5, "taken here")]


def test_endpoint_that_several_take_together_names_them_all() -> None:
    (found,) = paths("/v/{x}", "/v/", "/v//{x:path}", "/v/{y}/{x:path}", "/v/{z:path}")

    assert (found.code, found.span.line) == ("HX310", 8)
    assert found.message.endswith("`GET /v/x` is taken by line 4")
    assert related(found) == [(line, "taken here") for line in (4, 5, 6, 7)]


def test_endpoint_whose_methods_several_take_names_them_all() -> None:
    (found,) = found_of(
        "path: /a, methods: [GET]",
        "path: '/{x}', methods: [PUT]",
        "path: /a, methods: [PUT, GET]",
    )

    assert found.message.endswith("`GET /a` is taken by line 4")
    assert related(found) == [(4, "taken here"), (5, "taken here")]


def test_endpoint_that_is_there_twice_is_to_be_removed() -> None:
    (found,) = found_of(
        "path: '/{a}', methods: [GET, PUT]", "path: '/{b}', methods: [PUT, GET]"
    )

    assert found.help == "remove one of them"


def test_endpoint_that_the_policy_refuses() -> None:
    dots, slash = paths("/a/../b", "/a%2Fb")

    assert dots.message == "this endpoint can never match: dot segments are not allowed"
    assert (dots.code, dots.related) == ("HX310", ())
    assert dots.help == "write the path without it"
    assert slash.message.endswith("an encoded slash is not allowed")
    assert slash.help == (
        "write the path without it, or let such paths in by `paths: as_sent`"
    )
    assert found_of("path: /a%2Fb", policy="as_sent") == []


def test_method_that_is_taken_while_others_get_through() -> None:
    (found,) = found_of(
        "path: '/v1/{rest:path}', methods: [GET]",
        "path: /v1/models, methods: [POST, GET]",
    )

    assert (found.code, found.severity) == ("HX316", "warning")
    assert (found.span.line, found.span.column) == (5, 40)
    assert found.message == "`GET /v1/models` is taken by line 4"
    assert found.help == "move this endpoint above line 4, or remove `GET` here"
    assert related(found) == [(4, "taken here")]


def test_method_of_some_paths_only_is_no_matter() -> None:
    assert (
        found_of("path: /v1/a, methods: [GET]", "path: '/v1/{x}', methods: [GET]") == []
    )


def test_method_that_is_not_listed_but_taken_by_more_paths() -> None:
    (found,) = found_of("path: '/v1/{x}', methods: [GET, TRACE]", "path: /v1/a")

    assert (found.code, found.span.line, found.span.column) == ("HX316", 5, 12)
    assert found.message == "`GET /v1/a` is taken by line 4"
    assert found.help == "move this endpoint above line 4"


def test_method_that_is_not_listed_but_taken_by_the_same_path_is_no_matter() -> None:
    assert found_of("path: /a, methods: [GET]", "path: /a") == []
    assert found_of("path: '/{x}', methods: [GET]", "path: '/{y}'") == []


def test_overlap_shows_a_request_that_both_mean() -> None:
    (found,) = paths("/a/{x}", "/{y}/b")

    assert (found.code, found.severity) == ("HX315", "warning")
    assert (found.span.line, found.span.column) == (5, 12)
    assert found.message == "`/a/{x}` and `/{y}/b` both mean `GET /a/b`"
    assert related(found) == [(4, "takes `GET /a/b`")]
    assert found.help == "put an endpoint for what both mean above line 4"


def test_overlap_of_several_is_one_diagnostic() -> None:
    (found,) = paths("/a/{x}", "/b/{x}", "/c/{x}", "/d/{x}", "/{y}/b")

    assert found.span.line == 8
    assert len(found.related) == 3


@pytest.mark.parametrize(
    "endpoints",
    [
        ["path: '/a/{x}'", "path: '/{y}/{z}'"],
        ["path: '/a/{x}', methods: [GET]", "path: '/{y}/b', methods: [PUT]"],
        ["path: /a/b", "path: '/a/{x}'", "path: '/{y}/b'"],
        ["path: '/a/{x}'", "path: '/{y}/'"],
        ["path: '/a/{x}'", "path: '/b/{x}'", "path: '/{r:path}'"],
    ],
)
def test_overlap_is_none_where_one_is_narrower_or_it_is_settled(
    endpoints: list[str],
) -> None:
    assert found_of(*endpoints) == []


def test_overlap_of_an_endpoint_that_gets_nothing_is_not_said() -> None:
    found = paths("/{r:path}", "/a/{x}", "/{y}/b")

    assert [item.code for item in found] == ["HX310", "HX310"]


@pytest.mark.parametrize(
    "broken",
    ["path: [a]", "path: '/{x'", "path: /a, methods: 1", "path: /a, methods: [get]"],
)
def test_endpoint_that_is_broken_takes_nothing(broken: str) -> None:
    found = found_of(broken, "path: /a", "path: '/{x:path}'")

    assert [item.code for item in found if item.code != "HX302"] == []


def test_paths_that_explode_are_refused() -> None:
    shapes = [format(number, "012b") for number in reversed(range(4096))]
    rows = [
        "/"
        + "/".join("a" if bit == "1" else f"{{p{n}}}" for n, bit in enumerate(shape))
        for shape in shapes
    ]

    found = paths(*rows)

    last = [item for item in found if item.severity == "error"][-1]
    assert (last.code, last.message) == (
        "HX004",
        "too many paths overlap to be told apart",
    )
