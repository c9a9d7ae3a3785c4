from __future__ import annotations

from typing import TypeVar

import pytest

from hxroute import nodes
from hxroute.ir import Endpoint, Gateway, Node
from tests.compiler.compiling import gateway_of, mistakes_of, places_of

N = TypeVar("N", bound=Node)

HEAD = """\
version: 1
settings: {k: {env: K, secret: true}}
upstreams: {api: {url: "http://api"}}
auth: {keys: {bearer: ["{{ settings.k }}"]}, other: {bearer: ["{{ settings.k }}"]}}
headers: {a: {drop: [authorization, cookie]}, b: {forward: [authorization, cookie]}}
errors: {plain: {other: {text: oh}}, terse: {other: {text: no}}}
"""
CALL = "request: {headers: a}, upstream: api"


def gateway_with(defaults: str, endpoint: str) -> Gateway:
    return gateway_of(
        f"{HEAD}defaults: {{{defaults}}}\nendpoints: [{{path: /x, {endpoint}}}]\n"
    )


def endpoint_with(defaults: str, endpoint: str) -> Endpoint:
    return gateway_with(defaults, endpoint).endpoints[0]


def node_of(endpoint: Endpoint, kind: type[N]) -> N:
    (found,) = [node for node in endpoint.pipeline if isinstance(node, kind)]
    return found


def kinds_of(endpoint: Endpoint) -> list[type]:
    return [type(node) for node in endpoint.pipeline]


def test_default_is_taken_where_the_endpoint_states_nothing() -> None:
    endpoint = endpoint_with("auth: keys, errors: plain", CALL)

    assert node_of(endpoint, nodes.Authenticate).auth.name == "keys"
    assert node_of(endpoint, nodes.MapErrors).table.name == "plain"
    assert node_of(endpoint, nodes.Execute).errors.name == "plain"


def test_endpoint_replaces_the_default() -> None:
    endpoint = endpoint_with(
        "auth: keys, errors: plain", f"auth: other, errors: terse, {CALL}"
    )

    assert node_of(endpoint, nodes.Authenticate).auth.name == "other"
    assert node_of(endpoint, nodes.MapErrors).table.name == "terse"
    assert node_of(endpoint, nodes.Execute).errors.name == "terse"


def test_endpoint_replaces_a_default_list_whole() -> None:
    endpoint = endpoint_with(
        "auth: none, request: {headers: [a, b]}",
        "request: {headers: [b]}, upstream: api",
    )

    rules = node_of(endpoint, nodes.Execute).request_headers
    assert [rule.name for rule in rules] == ["b"]


def test_defaults_merge_key_by_key() -> None:
    endpoint = endpoint_with(
        "auth: none, request: {headers: a, max_body: 1MiB}",
        "request: {headers: b}, upstream: api",
    )

    assert node_of(endpoint, nodes.LimitBody).max_body == "1MiB"
    rules = node_of(endpoint, nodes.Execute).request_headers
    assert [rule.name for rule in rules] == ["b"]


def test_none_removes_every_default() -> None:
    endpoint = endpoint_with(
        "auth: keys, errors: plain, observe: {access_log: true},"
        " request: {headers: a, max_body: 1MiB, json: {rename: {p: q}}},"
        " response: {headers: b}",
        "auth: none, errors: none, observe: none,"
        " request: {headers: none, max_body: none, json: none},"
        " response: {headers: none},"
        " upstream: {name: api, headers: {authorization: '', cookie: ''}}",
    )

    assert endpoint.pipeline == (
        nodes.MapErrors(),
        nodes.Execute(upstream="api", headers=(("authorization", ""), ("cookie", ""))),
    )


def test_none_as_a_default_is_explicit() -> None:
    endpoint = endpoint_with("auth: none, observe: none", CALL)

    assert kinds_of(endpoint) == [nodes.MapErrors, nodes.Execute]


def test_defaults_of_calls_are_not_for_own_answers() -> None:
    endpoint = endpoint_with(
        "auth: keys, request: {max_body: 1, json: {rename: {p: q}}, headers: a}",
        "respond: {}",
    )

    assert kinds_of(endpoint) == [
        nodes.Observe,
        nodes.MapErrors,
        nodes.Authenticate,
        nodes.Respond,
    ]


def test_own_limit_of_an_own_answer_counts() -> None:
    endpoint = endpoint_with(
        "auth: none, request: {max_body: 1MiB}",
        "request: {max_body: 5}, respond: {text: '{{ body.x }}'}",
    )

    assert node_of(endpoint, nodes.LimitBody).max_body == "5"


def test_unmatched_requests_are_answered_as_the_defaults_say() -> None:
    gateway = gateway_with(
        "auth: keys, errors: plain, observe: {access_log: false}", CALL
    )

    observe, map_errors = gateway.unmatched
    assert observe == nodes.Observe(access_log=False)
    assert isinstance(map_errors, nodes.MapErrors)
    assert map_errors.table.name == "plain"


def test_unmatched_requests_without_defaults_are_answered_as_problems() -> None:
    gateway = gateway_of(f"{HEAD}endpoints: [{{path: /, auth: none, {CALL}}}]")

    assert gateway.unmatched == (nodes.Observe(), nodes.MapErrors())


@pytest.mark.parametrize(
    ("code", "endpoint", "message"),
    [
        (
            "HX201",
            "auth: none, request: {headers: a}, upstream: apj",
            "unknown upstream `apj`",
        ),
        (
            "HX201",
            "auth: none, request: {headers: a}, upstream: {name: apj}",
            "unknown upstream `apj`",
        ),
        ("HX202", f"auth: kes, {CALL}", "unknown auth `kes`"),
        (
            "HX204",
            "auth: none, errors: palin, respond: {}",
            "unknown error mapping `palin`",
        ),
        (
            "HX203",
            "auth: none, request: {headers: c}, upstream: api",
            "unknown header rule set `c`",
        ),
        (
            "HX203",
            f"auth: none, response: {{headers: [a, c]}}, {CALL}",
            "unknown header rule set `c`",
        ),
    ],
)
def test_unknown_name_is_one_mistake(code: str, endpoint: str, message: str) -> None:
    found = mistakes_of(f"{HEAD}endpoints: [{{path: /x, {endpoint}}}]\n")

    assert [(item.code, item.message) for item in found] == [(code, message)]


def test_unknown_name_in_the_defaults_is_reported_once_and_there() -> None:
    source = (
        f"{HEAD}defaults: {{auth: kes}}\n"
        "endpoints: [{path: /x, respond: {}}, {path: /y, respond: {}}]\n"
    )

    assert places_of(source) == [("HX202", 7, 18)]


def test_unknown_upstream_where_none_is_defined() -> None:
    (found,) = mistakes_of(
        "version: 1\nheaders: {a: {drop: [authorization, cookie]}}\n"
        f"endpoints: [{{path: /x, auth: none, {CALL}}}]"
    )

    assert (found.code, found.label) == ("HX201", "not defined under `upstreams`")
    assert found.help == ""


@pytest.mark.parametrize("upstream", ["none", "{name: none}"])
def test_none_is_no_upstream(upstream: str) -> None:
    source = f"{HEAD}endpoints: [{{path: /x, auth: none, request: {{headers: a}}, upstream: {upstream}}}]\n"

    assert [found.code for found in mistakes_of(source)] == ["HX201"]


def test_none_among_header_rule_sets_is_no_rule_set() -> None:
    source = (
        f"{HEAD}endpoints:\n"
        "  - {path: /x, auth: none, request: {headers: [a, none]}, upstream: api}\n"
    )

    assert [found.code for found in mistakes_of(source)] == ["HX203"]


@pytest.mark.parametrize(
    ("section", "column"),
    [
        ("upstreams: {none: {url: 'http://api'}}", 13),
        (
            "auth: {none: {bearer: ['{{ settings.a }}']}}\nsettings: {a: {env: A, secret: true}}",
            8,
        ),
        ("headers: {none: {}}", 11),
        ("errors: {openai: {}}", 10),
        ("errors: {problem: {}}", 10),
    ],
)
def test_reserved_name_is_refused(section: str, column: int) -> None:
    source = (
        f"version: 1\n{section}\nendpoints: [{{path: /x, auth: none, respond: {{}}}}]"
    )

    assert places_of(source) == [("HX205", 2, column)]


@pytest.mark.parametrize("name", ["openai", "problem"])
def test_ready_formats_need_no_definition(name: str) -> None:
    endpoint = endpoint_with(f"auth: none, errors: {name}", CALL)

    table = node_of(endpoint, nodes.MapErrors).table
    assert table.name == {"openai": "openai", "problem": ""}[name]
