from __future__ import annotations

import pytest

from hxroute.ir import (
    ErrorAnswer,
    ErrorTable,
    HeaderRules,
    StatusRule,
)
from hxroute.nodes import Execute, MapErrors
from tests.compiler.compiling import gateway_of, mistakes_of, places_of

END = "endpoints: [{path: /x, auth: none, respond: {}}]\n"


def code_of(section: str) -> str:
    (found,) = mistakes_of(f"version: 1\n{section}\n{END}")
    return found.code


def rules_of(keys: str) -> HeaderRules:
    source = f"""\
version: 1
upstreams: {{api: {{url: "http://api"}}}}
headers: {{r: {{{keys}}}, safe: {{drop: [authorization, cookie]}}}}
endpoints: [{{path: /x, auth: none, request: {{headers: [r, safe]}}, upstream: api}}]
"""
    node = gateway_of(source).endpoints[0].pipeline[-1]
    assert isinstance(node, Execute)
    return node.request_headers[0]


@pytest.mark.parametrize(
    ("keys", "rules"),
    [
        ("", HeaderRules("r")),
        ("drop: [A, b]", HeaderRules("r", drop=("a", "b"))),
        ("keep: []", HeaderRules("r", keep=())),
        ("keep: [Accept]", HeaderRules("r", keep=("accept",))),
        ("forward: [Cookie]", HeaderRules("r", forward=("cookie",))),
        ("set: {X-A: '1', x-b: ''}", HeaderRules("r", set=(("x-a", "1"), ("x-b", "")))),
    ],
)
def test_header_rules_are_in_lower_case(keys: str, rules: HeaderRules) -> None:
    assert rules_of(keys) == rules


def test_header_that_is_set_twice_in_other_cases_is_refused() -> None:
    assert code_of("headers: {r: {set: {X-A: '1', x-a: '2'}}}") == "HX002"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ('"a\\nb"', "HX306"),
        ('"a\\0b"', "HX306"),
        ('"\\x7f"', "HX306"),
        ("'{{ nope }}'", "HX304"),
        ("'{{ path.x }}'", "HX304"),
        ("'{{ body.x }}'", "HX304"),
        ("'{{ client.port }}'", "HX304"),
        ("'{{'", "HX303"),
    ],
)
def test_header_value_that_is_refused(value: str, code: str) -> None:
    assert code_of(f"headers: {{r: {{set: {{x: {value}}}}}}}") == code


def test_header_value_of_several_lines_is_reported_at_the_first() -> None:
    source = (
        f"version: 1\nheaders:\n  r:\n    set:\n      x: |\n        a\n        b\n{END}"
    )

    assert places_of(source) == [("HX306", 5, 10)]


def test_secret_set_on_a_response_would_be_shown() -> None:
    source = """\
version: 1
settings: {k: {env: K, secret: true}}
upstreams: {api: {url: "http://api"}}
headers: {r: {set: {x: "{{ settings.k }}"}}, safe: {drop: [authorization, cookie]}}
defaults: {auth: none, request: {headers: safe}}
endpoints: [{path: /x, response: {headers: r}, upstream: api}]
"""

    assert [code for code, _, _ in places_of(source)] == ["HX309"]


def table_of(keys: str) -> ErrorTable:
    source = f"""\
version: 1
errors: {{t: {{{keys}}}}}
endpoints: [{{path: /x, auth: none, errors: t, respond: {{}}}}]
"""
    node = gateway_of(source).endpoints[0].pipeline[1]
    assert isinstance(node, MapErrors)
    return node.table


def test_error_answers_are_as_stated() -> None:
    table = table_of(
        "not_found: {status: 410, headers: {X-A: b}, json: {e: '{{ error.kind }}'}},"
        " timeout: {text: '{{ error.detail }}'}, internal: {}"
    )

    assert table.answers == (
        ErrorAnswer(
            "not_found",
            status=410,
            headers=(("x-a", "b"),),
            json='{"e":"{{ error.kind }}"}',
        ),
        ErrorAnswer("timeout", text="{{ error.detail }}"),
        ErrorAnswer("internal"),
    )


def test_upstream_statuses_are_as_stated() -> None:
    table = table_of(
        "upstream_status: [{match: [503, '504', 4xx], text: a},"
        " {match: 5xx, unless: json_error, status: 502, json: null}]"
    )

    assert table.upstream_status == (
        StatusRule(match=("503", "504", "4xx"), text="a"),
        StatusRule(match=("5xx",), unless="json_error", status=502, json="null"),
    )


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("{json: {}, text: ''}", "HX107"),
        ("{text: '{{ error.nope }}'}", "HX304"),
        ("{text: '{{ error }}'}", "HX303"),
        ("{text: '{{ headers.x }}'}", "HX304"),
        ("{json: ['{{ settings.k }}']}", "HX309"),
        ("{text: \"{{ settings['k'] }}\"}", "HX309"),
        ("{headers: {x: '{{ error.kind }}'}}", "HX303"),
        ("{headers: {x: '{{ 1 }}'}}", "HX303"),
        ("{headers: {content-length: '1'}}", "HX311"),
        ("{status: 399}", "HX111"),
        ("{status: 600}", "HX111"),
    ],
)
def test_error_answer_that_is_refused(answer: str, code: str) -> None:
    section = f"settings: {{k: {{env: K, secret: true}}}}\nerrors: {{t: {{internal: {answer}}}}}"

    assert code_of(section) == code


@pytest.mark.parametrize("match", ["200", "2xx", "600", "5x", "50", "[]", "503.0"])
def test_status_that_no_rule_matches(match: str) -> None:
    section = f"errors: {{t: {{upstream_status: [{{match: {match}}}]}}}}"

    assert code_of(section) == "HX111"


def test_openai_format_answers_every_kind_but_the_client_s_leaving() -> None:
    source = (
        "version: 1\nendpoints: [{path: /x, auth: none, errors: openai, respond: {}}]"
    )

    node = gateway_of(source).endpoints[0].pipeline[1]

    assert isinstance(node, MapErrors)
    assert {answer.kind for answer in node.table.answers} == {
        "bad_request",
        "unauthorized",
        "not_found",
        "method_not_allowed",
        "payload_too_large",
        "rate_limited",
        "internal",
        "unreachable",
        "overloaded",
        "timeout",
    }
    challenged = [item.kind for item in node.table.answers if item.headers]
    assert challenged == ["unauthorized"]
