"""What the gateway answers by itself, and which of several rules can."""

from __future__ import annotations

import pytest

from tests.compiler.compiling import mistakes_of, places_of


def with_rules(*matches: str) -> str:
    rules = "".join(f"      - {{match: {match}, text: a}}\n" for match in matches)
    return f"""\
version: 1
errors:
  t:
    other: {{}}
    upstream_status:
{rules}endpoints: [{{path: /x, auth: none, errors: t, respond: {{}}}}]
"""


@pytest.mark.parametrize(
    "matches",
    [
        ("503", "5xx"),
        ("[502, 503]", "504", "5xx", "4xx"),
        ("'503'", "502"),
        ("3xx", "4xx", "5xx"),
    ],
)
def test_narrow_rule_before_a_wide_one_applies(matches: tuple[str, ...]) -> None:
    assert mistakes_of(with_rules(*matches)) == []


@pytest.mark.parametrize(
    ("matches", "places"),
    [
        (("5xx", "503"), [(7, 17)]),
        (("503", "503"), [(7, 17)]),
        (("503", "'503'"), [(7, 17)]),
        (("5xx", "5xx"), [(7, 17)]),
        (("[4xx, 5xx]", "[502, 301, 404]"), [(7, 18), (7, 28)]),
        (("502", "5xx", "503", "504"), [(8, 17), (9, 17)]),
    ],
)
def test_rule_that_an_earlier_one_takes_never_applies(
    matches: tuple[str, ...], places: list[tuple[int, int]]
) -> None:
    assert places_of(with_rules(*matches)) == [("HX322", *place) for place in places]


def test_rule_that_takes_another_is_shown() -> None:
    (found,) = mistakes_of(with_rules("502", "5xx", "503"))

    assert found.message == "`503` is taken by line 7"
    ((place, text),) = found.related
    assert (place.line, place.column, text) == (7, 17, "taken here")


@pytest.mark.parametrize("match", ["600", "[5x]", "{}"])
def test_rule_that_was_refused_takes_nothing(match: str) -> None:
    found = mistakes_of(with_rules(match, "504"))

    assert [item.code for item in found] == ["HX111"]


def test_keep_and_drop_exclude_each_other() -> None:
    source = """\
version: 1
headers:
  r:
    drop: [a]
    keep: [b]
endpoints: [{path: /x, auth: none, respond: {}}]
"""

    assert places_of(source) == [("HX107", 5, 5)]


def with_call(call: str) -> str:
    return f"""\
version: 1
settings: {{base: {{env: BASE}}}}
upstreams: {{api: {{url: "http://api"}}}}
headers: {{safe: {{drop: [authorization, cookie]}}}}
defaults: {{auth: none, request: {{headers: safe}}}}
endpoints:
  - {{path: "/x/{{id}}", upstream: {{name: api, {call}}}}}
"""


@pytest.mark.parametrize(
    "path",
    [
        "{{ path.id }}",
        "{{ query.p }}/y",
        "{{ headers.p }}/y",
        "{{ settings.base ~ path.id }}",
        "{{ settings.base }}/{{ path.id }}",  # its own `/` would be encoded
        "{{ settings.base }}",
        "{{ '}}' if false else path.id }}",
        "y/{{ path.id }}",
        " /{{ path.id }}",
    ],
)
def test_path_whose_beginning_a_request_could_choose(path: str) -> None:
    assert places_of(with_call(f'path: "{path}"')) == [("HX321", 7, 51)]


@pytest.mark.parametrize(
    "path",
    [
        "/{{ path.id }}",
        "/{{ settings.base }}/{{ path.id }}",
        "/y",
    ],
)
def test_path_whose_beginning_the_file_chooses(path: str) -> None:
    assert mistakes_of(with_call(f'path: "{path}"')) == []


@pytest.mark.parametrize(
    ("call", "column"),
    [
        ("method: get", 53),
        ("method: 'G T'", 53),
        ("path: y", 51),
        ("path: '/y?a=b'", 51),
        ("path: '/y#z'", 51),
        ("path: '/y/../z'", 51),
        ("path: '/y/%2e%2e/z'", 51),
        ("path: '/y/../{{ path.id }}'", 51),
        ("path: '/y/{{ path.id }}?a=b'", 51),
        ("method: TRACE", 53),
    ],
)
def test_constant_of_a_call_that_nothing_could_be_sent_with(
    call: str, column: int
) -> None:
    assert places_of(with_call(call)) == [("HX105", 7, column)]
