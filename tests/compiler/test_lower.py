from __future__ import annotations

import json

import pytest

from hxroute import nodes
from hxroute.ir import Endpoint, ErrorTable, Limits, Server, Timeout
from tests.compiler.compiling import (
    HEAD,
    SAFE,
    codes_of,
    endpoint_of,
    gateway_of,
    mistakes_of,
    places_of,
)


def last_of(endpoint: Endpoint) -> nodes.Execute:
    node = endpoint.pipeline[-1]
    assert isinstance(node, nodes.Execute)
    return node


def test_nodes_stand_in_the_order_of_travel() -> None:
    source = """\
version: 1
settings: {key: {env: KEY, secret: true}}
upstreams: {api: {url: "http://api"}}
auth: {keys: {bearer: ["{{ settings.key }}"]}}
headers: {safe: {drop: [authorization, cookie]}}
endpoints:
  - upstream: api
    request: {json: {rename: {a: b}}, max_body: 1MiB, headers: safe}
    auth: keys
    observe: {access_log: true}
    path: /x
  - {respond: {}, auth: keys, path: /y}
"""

    kinds = [
        [type(node) for node in endpoint.pipeline]
        for endpoint in gateway_of(source).endpoints
    ]

    around = [nodes.Observe, nodes.MapErrors, nodes.Authenticate]
    call = [*around, nodes.LimitBody, nodes.RenameJson, nodes.Execute]
    assert kinds == [call, [*around, nodes.Respond]]
    assert call == sorted(call, key=nodes.NODES.index)


def test_node_carries_the_line_of_its_key() -> None:
    source = """\
version: 1
upstreams:
  api: {url: "http://api"}
settings: {key: {env: KEY, secret: true}}
auth:
  keys: {bearer: ["{{ settings.key }}"]}
headers:
  safe: {drop: [authorization, cookie]}
endpoints:
  - path: /x
    auth: keys
    observe: {access_log: true}
    request:
      headers: safe
      max_body: 1MiB
      json: {rename: {a: b}}
    upstream: api
server:
  {port: 1}
"""

    gateway = gateway_of(source)

    endpoint = gateway.endpoints[0]
    observe, _, authenticate, limit_body, rename_json, execute = endpoint.pipeline
    lines = [
        getattr(item, "at")  # noqa: B009  the protocol of nodes has no `at`
        for item in (observe, authenticate, limit_body, rename_json, execute)
    ]
    assert lines == [12, 11, 15, 16, 17]
    assert (endpoint.at, gateway.upstreams[0].at, gateway.server.at) == (10, 3, 19)
    assert isinstance(execute, nodes.Execute)
    assert execute.request_headers[0].at == 8


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        ("respond: {}", "ANY /x"),
        ("methods: [GET], respond: {}", "GET /x"),
        ("methods: [GET, HEAD], respond: {}", "GET,HEAD /x"),
        ("name: mine, respond: {}", "mine"),
    ],
)
def test_endpoint_has_a_name(keys: str, name: str) -> None:
    assert endpoint_of(keys).name == name


def test_server_and_paths_have_defaults() -> None:
    gateway = gateway_of(f"{HEAD}endpoints: [{{path: /x, respond: {{}}}}]")

    assert gateway.server == Server(host="127.0.0.1", port=8000)
    assert gateway.paths == "strict"


def test_limits_are_as_stated_or_have_defaults() -> None:
    gateway = gateway_of(
        f"{HEAD}limits: {{head_timeout: 1s, max_head: 8KiB}}\n"
        "endpoints: [{path: /x, respond: {}}]"
    )

    assert gateway.limits == Limits(head_timeout=1.0, max_head=8192)


def test_server_and_paths_are_as_stated() -> None:
    gateway = gateway_of(
        f"{HEAD}server: {{port: 0}}\npaths: as_sent\n"
        "endpoints: [{path: /x, respond: {}}]"
    )

    assert gateway.server == Server(host="127.0.0.1", port=0)
    assert gateway.paths == "as_sent"


def test_plain_call_states_nothing() -> None:
    assert last_of(endpoint_of("upstream: api")) == nodes.Execute(
        upstream="api", request_headers=(SAFE,)
    )


def test_templated_call_states_every_part() -> None:
    keys = (
        "request: {max_body: 1}, upstream: {name: api, method: PUT, path: '/y/{{ path.id }}',"
        " query: {a: 1, b: true, c: '{{ query.c }}'}, headers: {X-A: '{{ settings.key }}'},"
        " body: {m: '{{ body.m }}', n: [1, null]}, timeout: {read: 5s, total: 1m}}"
    )

    node = last_of(endpoint_of(keys, "/x/{id}"))

    assert node == nodes.Execute(
        upstream="api",
        method="PUT",
        path="/y/{{ path.id }}",
        query=(("a", "1"), ("b", "true"), ("c", "{{ query.c }}")),
        headers=(("x-a", "{{ settings.key }}"),),
        body='{"m":"{{ body.m }}","n":[1,null]}',
        timeout=Timeout(read=5.0, total=60.0),
        request_headers=(SAFE,),
    )


def test_body_of_a_call_may_be_null() -> None:
    assert last_of(endpoint_of("upstream: {name: api, body: null}")).body == "null"


def test_query_of_nothing_sends_none() -> None:
    assert last_of(endpoint_of("upstream: {name: api, query: {}}")).query == ()


def test_number_that_no_json_has_is_not_written_as_one() -> None:
    node = last_of(endpoint_of("upstream: {name: api, body: [1e999, -1e999]}"))

    assert node.body is not None
    assert "Infinity" not in node.body
    json.loads(node.body, parse_constant=pytest.fail)


def test_answer_of_its_own() -> None:
    keys = "respond: {status: 404, headers: {X-A: b}, json: {a: '{{ path.rest }}'}}"

    endpoint = endpoint_of(keys, "/{rest:path}")

    assert endpoint.pipeline[-1] == nodes.Respond(
        status=404, headers=(("x-a", "b"),), json='{"a":"{{ path.rest }}"}'
    )


def test_answer_of_null_is_the_json_null() -> None:
    assert endpoint_of("respond: {json: null}").pipeline[-1] == nodes.Respond(
        json="null"
    )


@pytest.mark.parametrize("status", [204, 304])
def test_answer_without_a_body_states_none(status: int) -> None:
    assert endpoint_of(f"respond: {{status: {status}}}").pipeline[-1] == nodes.Respond(
        status=status
    )
    for body in ("text: a", "json: {}"):
        assert codes_of(f"respond: {{status: {status}, {body}}}") == ["HX107"]


def test_mistaken_path_hides_no_mistake_and_makes_none() -> None:
    assert codes_of("respond: {text: '{{ path.a }}{{ nope }}'}", "/{a}{b}") == [
        "HX302",
        "HX304",
    ]


def test_error_table_of_an_endpoint_without_one_is_empty() -> None:
    assert endpoint_of("upstream: api").pipeline[0] == nodes.MapErrors(ErrorTable())


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("name: a", "this endpoint has neither `upstream` nor `respond`"),
        (
            "upstream: api, respond: {}",
            "this endpoint has both `upstream` and `respond`",
        ),
    ],
)
def test_endpoint_answers_in_one_way(keys: str, message: str) -> None:
    source = f"{HEAD}endpoints:\n  - {{path: /x, {keys}}}\n"

    (found,) = mistakes_of(source)

    assert (found.code, found.message) == ("HX107", message)
    assert (found.span.line, found.span.column) == (9, 12)


def test_missing_auth_is_reported_once_as_one_default_cures_it() -> None:
    source = """\
version: 1
endpoints:
  - {path: /a, respond: {}}
  - {path: /b, auth: none, respond: {}}
  - {path: /c, respond: {}}
"""

    assert places_of(source) == [("HX301", 3, 12)]
    assert mistakes_of(source)[0].label == "nor have 1 more endpoint"


@pytest.mark.parametrize(
    "path",
    [
        "x",
        "/{a}b",
        "/{a}/{a}",
        "/{a:path}/b",
        "/{}",
        "/{A}",
        "/a?b",
        "/a#b",
        "/{a:int}",
    ],
)
def test_path_that_is_no_pattern(path: str) -> None:
    assert codes_of("respond: {}", path) == ["HX302"]


@pytest.mark.parametrize(
    "path", ["/v1/../x", "/.", "/a/%2e%2E", "/a%00b", "/a%2Fb", "/a\\b"]
)
def test_path_that_every_request_is_refused_for(path: str) -> None:
    assert codes_of("respond: {}", path) == ["HX310"]


@pytest.mark.parametrize(
    "keys",
    [
        "upstream: {name: api, path: v1/chat}",
        "upstream: {name: api, path: '/v1/chat?stream=1'}",
        "upstream: {name: api, path: '/v1/../admin'}",
        "upstream: {name: api, method: 'PO ST'}",
        "upstream: {name: api, method: get}",
    ],
)
def test_constant_part_of_a_call_that_every_request_is_refused_for(keys: str) -> None:
    assert codes_of(keys) == ["HX105"]


@pytest.mark.parametrize(
    "name",
    ["Host", "content-length", "Transfer-Encoding", "Connection", "te", "Upgrade"],
)
def test_header_that_each_hop_makes_anew(name: str) -> None:
    assert codes_of(f"upstream: {{name: api, headers: {{{name}: x}}}}") == ["HX311"]


@pytest.mark.parametrize(
    ("limit", "code", "message"),
    [
        ("max_head: 255", "HX106", "`max_head` must be from 256B to 1GiB"),
        ("max_target: 2GiB", "HX106", "`max_target` must be from 1B to 1GiB"),
        ("min_body_rate: 0", "HX106", "`min_body_rate` must be from 1B to 1GiB"),
        ("idle_timeout: 0s", "HX109", "no client is as fast as `0s`"),
    ],
)
def test_limit_that_no_request_could_keep_is_refused(
    limit: str, code: str, message: str
) -> None:
    source = f"{HEAD}limits: {{{limit}}}\nendpoints: [{{path: /x, respond: {{}}}}]"

    (found,) = mistakes_of(source)
    assert (found.code, found.message) == (code, message)
