"""What decides a fact, where it is no fault of a single line: one fact each."""

from __future__ import annotations

import pytest

from hxroute.compiler import Compiled, compile
from hxroute.diagnostics.text import render
from hxroute.proof.blame import blamed
from hxroute.proof.exchange import Case, Exchange, Facts
from hxroute.proof.messages import Request
from hxroute.proof.verdict import Difference, Verdict, differing
from hxroute.sandbox.scripted import OK, Script
from tests.proof.mutations import ORIGINAL

KEY = ("Authorization", "Bearer sk-hx-dev-default")
MODELS = Request("GET", "/v1/models", (KEY,))
ANSWERED: Facts = {
    "client.status": ("200",),
    "client.body": ('{"ok":true}',),
    "upstream.requests": ("1",),
}
RICH = """
version: 1
settings:
  token: {env: TOKEN, secret: true}
  limit: {env: LIMIT, type: size, default: 1KiB}
upstreams:
  main:
    url: http://127.0.0.1:9
    client: h1
    timeout:
      read: 5s
      total: 9s
  other: {url: "http://127.0.0.1:9/base"}
auth:
  keys: {bearer: ["{{ settings.token }}"]}
headers:
  few:
    keep:
      - accept
      - x-kept
  signed:
    set:
      x-token: "{{ settings.token }}"
errors:
  own:
    other: {json: {kind: "{{ error.kind }}", detail: "{{ error.detail }}"}}
    upstream_status:
      - match: 404
        headers: {x-own: "1"}
        text: nothing
defaults: {auth: none, errors: own, request: {headers: [few, signed]}}
endpoints:
  - path: /call
    response: {headers: few}
    request: {max_body: "{{ settings.limit }}"}
    upstream:
      name: main
      method: PUT
      path: /made
      query: {a: b}
      headers:
        x-own: "1"
      body: {a: b}
      timeout: {read: 1s}
  - path: /plain
    errors: none
    upstream: other
  - path: /timed
    upstream: main
  - path: /asking
    auth: keys
    upstream: main
  - path: /empty
    respond: {status: 204}
  - path: /moved
    upstream:
      name: main
      path: "/to/{{ query.place }}"
"""


def compiled(text: str) -> Compiled:
    """Compile a file that has no mistakes."""
    result = compile(text.encode(), "routes.yaml")
    assert result.gateway is not None, render(result.report)
    return result


HX, FILE = compiled(ORIGINAL), compiled(RICH)


def told(
    request: Request,
    old: Facts,
    new: Facts,
    script: Script = OK,
    file: Compiled = FILE,
    **pinned: tuple[str, ...],
) -> dict[str, tuple[str, str]]:
    """Return, for each fact that differs, the text of the line blamed, and the rule."""
    old, new = ANSWERED | old, ANSWERED | new
    differences = tuple(
        Difference(n, old.get(n, ()), new.get(n, ()), pinned.get(n.replace(".", "_")))
        for n in differing(old, new)
    )
    recorded = Exchange(Case("x", request, script), old)
    found = blamed(file, Verdict(recorded, new, differences), {"TOKEN": "s3cret-key"})
    text = (ORIGINAL if file is HX else RICH).splitlines()
    lines = ["", *(line.strip() for line in text)]
    return {item.fact: (lines[item.line], item.rule) for item in found.differences}


def line_told(
    request: Request, fact: str, old: str, new: str, file: Compiled = FILE
) -> tuple[str, str]:
    """Return what is blamed for one fact of a call that both gateways make."""
    facts: list[Facts] = [{fact: (v,)} if v else {} for v in (old, new)]
    return told(request, facts[0], facts[1], file=file)[fact]


def test_verdict_without_a_difference_stays_the_same() -> None:
    verdict = Verdict(Exchange(Case("x", MODELS), ANSWERED), ANSWERED)

    assert blamed(HX, verdict, {}) is verdict


@pytest.mark.parametrize("name", ["te", "keep-alive", "proxy-authorization"])
def test_hop_by_hop_field_is_decided_by_no_line(name: str) -> None:
    request = Request("GET", "/v1/models", (KEY, (name, "x")))

    found = line_told(request, f"upstream.headers.{name}", "x", "", HX)

    assert found == ("", f"{name}: hop-by-hop (RFC 9110 §7.6.1)")


def test_field_that_connection_names_is_decided_by_no_line() -> None:
    request = Request(
        "GET", "/v1/models", (KEY, ("Connection", "x-hop"), ("x-hop", "1"))
    )
    script: Script = ("HTTP/1.1 200 OK\r\nconnection: x-hop\r\nx-hop: 1\r\n\r\n",)

    asked = line_told(request, "upstream.headers.x-hop", "1", "", HX)
    fact = "client.headers.x-hop"
    replied = told(MODELS, {fact: ("1",)}, {}, script, HX)[fact]

    assert asked == ("", "x-hop: `connection` names it")
    assert replied == ("", "x-hop: `connection` names it (RFC 9110 §7.6.1)")


def test_length_of_a_streamed_answer_is_decided_by_no_line() -> None:
    line, rule = line_told(MODELS, "client.headers.content-length", "11", "", HX)

    assert (line, rule[:15]) == ("", "content-length:")


def test_trailers_are_decided_by_no_line() -> None:
    line, rule = line_told(MODELS, "client.trailers.x-sum", "1", "", HX)

    assert (line, rule[:9]) == ("", "trailers:")


def test_field_that_no_rule_names_is_blamed_on_the_rules() -> None:
    request = Request("GET", "/v1/models", (KEY, ("x-multi", "1"), ("x-multi", "2")))

    found = line_told(request, "upstream.headers.x-multi", "2", "1", HX)

    assert found == ("drop:", "no rule of `to_litellm` names x-multi")


def test_repeated_request_is_blamed_on_the_client_of_the_upstream() -> None:
    found = told(
        Request("GET", "/timed"),
        {},
        {"upstream.requests": ("2",), "upstream.2.method": ("GET",)},
    )

    assert found["upstream.requests"][0] == "client: h1"


FACTS_OF_A_CALL = {
    "upstream.method": ("GET", "PUT", "method: PUT"),
    "upstream.name": ("other", "main", "name: main"),
    "upstream.target": ("/call?a=b", "/made?a=b", "path: /made"),
    "upstream.2.target": ("/made", "/made?a=b", "query: {a: b}"),
    "upstream.body": ("", '{"a":"b"}', "body: {a: b}"),
    "upstream.headers.content-type": ("text/plain", "application/json", "body: {a: b}"),
    "upstream.headers.x-own": ("", "1", 'x-own: "1"'),
    "upstream.headers.x-token": ("", "s3cret-key", 'x-token: "{{ settings.token }}"'),
    "upstream.headers.x-kept": ("", "1", "- x-kept"),
    "upstream.headers.x-other": ("1", "", "keep:"),
    "client.headers.x-other": ("1", "", "keep:"),
    "client.headers.x-kept": ("", "1", "- x-kept"),
}


@pytest.mark.parametrize("fact", FACTS_OF_A_CALL)
def test_fact_of_a_call_is_blamed_on_its_key(fact: str) -> None:
    old, new, expected = FACTS_OF_A_CALL[fact]
    fields = (("x-kept", "1"), ("x-other", "1"), ("content-type", "text/plain"))

    assert line_told(Request("POST", "/call", fields), fact, old, new)[0] == expected


def test_base_of_the_address_is_blamed_for_the_path() -> None:
    found = line_told(
        Request("GET", "/plain"), "upstream.target", "/plain", "/base/plain"
    )

    assert found[0] == 'other: {url: "http://127.0.0.1:9/base"}'


def test_timeout_is_blamed_on_the_limit_of_the_call() -> None:
    body = '{"kind":"read_timeout","detail":"The upstream sent nothing for %s s."}'
    script: Script = ({"sleep": 3},)
    old: Facts = {"client.status": ("504",), "client.body": (body % 2,)}
    own, upstream = (old | {"client.body": (body % n,)} for n in (1, 5))

    by_call = told(Request("GET", "/call"), old, own, script)
    by_upstream = told(Request("GET", "/timed"), old, upstream, script)

    assert by_call["client.body"][0] == "timeout: {read: 1s}"
    assert by_upstream["client.body"] == (
        "read: 5s",
        "timeout `read` of upstream `main`",
    )


def test_default_of_a_timeout_is_blamed_on_the_upstream() -> None:
    detail = (
        '{"type":"about:blank","title":"Gateway Timeout","status":504,"detail":"%s"}'
    )
    late = detail % "The upstream sent nothing for 60 s."
    new: Facts = {"client.status": ("504",), "client.body": (late,)}

    line, rule = told(Request("GET", "/plain"), {}, new, ({"sleep": 70},))[
        "client.body"
    ]

    assert line.startswith("other:")
    assert rule == "timeout `read` of upstream `other`, which is the default"


def test_problem_details_are_blamed_on_what_names_no_mapping() -> None:
    new: Facts = {"client.status": ("502",), "client.body": ("{}",)}
    old: Facts = {"client.status": ("502",), "client.body": ("x",)}

    line, rule = told(Request("GET", "/plain"), old, new, ({"close": True},))[
        "client.body"
    ]

    assert line == "errors: none"
    assert rule.startswith("problem details")


def test_replaced_answer_is_blamed_on_its_parts() -> None:
    script: Script = ("HTTP/1.1 404 Gone\r\ncontent-length: 1\r\n\r\nx",)
    old: Facts = {"client.status": ("404",), "client.body": ("none",)}
    new: Facts = old | {"client.body": ("nothing",), "client.headers.x-own": ("1",)}

    found = told(Request("GET", "/timed"), old, new, script)

    assert found["client.body"][0] == "text: nothing"
    assert found["client.headers.x-own"][0] == 'headers: {x-own: "1"}'


def test_key_is_asked_for_where_auth_stands() -> None:
    old: Facts = {"upstream.requests": ("1",)}
    new: Facts = {"client.status": ("401",), "upstream.requests": ("0",)}

    found = told(Request("GET", "/asking"), old, new)["client.status"]

    assert found == ("auth: keys", "endpoint `ANY /asking` asks for a key of `keys`")


def test_sanctioned_difference_is_blamed_as_any_other() -> None:
    old: Facts = {
        "client.status": ("502",),
        "client.body": ('{"error":"upstream_unreachable"}',),
    }
    late = '{"error":"upstream_timeout","detail":"The upstream sent nothing for 30 s."}'
    new: Facts = {"client.status": ("504",), "client.body": (late,)}
    script: Script = ({"sleep": 33},)

    found = told(
        MODELS, old, new, script, HX, client_status=("504",), client_body=(late,)
    )

    assert found["client.status"][0].startswith("timeout: {")


def test_pinned_difference_is_compared_with_the_pin() -> None:
    old: Facts = {
        "client.status": ("502",),
        "client.body": ('{"error":"upstream_unreachable"}',),
    }
    late = '{"error":"upstream_timeout","detail":"The upstream sent nothing for %s s."}'
    new: Facts = {"client.status": ("504",), "client.body": (late % 30,)}

    found = told(
        MODELS, old, new, ({"sleep": 33},), HX,
        client_status=("504",), client_body=(late % 20,),
    )  # fmt: skip

    assert found["client.body"][0].startswith("timeout: {connect: 30s")


def test_gateway_that_does_not_start_is_blamed_on_the_setting() -> None:
    stopped = "error: line 14: setting `max_body_size`: HX_MAX_BODY_SIZE is no size"
    new: Facts = {"start.error": (stopped,)}
    verdict = Verdict(
        Exchange(Case("x", MODELS), ANSWERED),
        new,
        (Difference("client.status", ("200",), ()),),
    )

    (found,) = blamed(HX, verdict, {"HX_MAX_BODY_SIZE": "lots"}).differences

    assert found.line == 14
    assert found.rule == "setting `max_body_size` stops the start"


@pytest.mark.parametrize(
    "request_",
    [
        Request("get", "/v1/models", (KEY,)),
        Request("GET", "v1 models", (KEY,)),
        Request("GET", "/v1/models", (KEY, ("Content-Length", "x"))),
        Request("GET", "/v1/models", (KEY, ("Host", "a"), ("Host", "b"))),
        Request("POST", "/v1/models", (KEY, ("Transfer-Encoding", "chunked")), "zz"),
    ],
    ids=["method", "target", "length", "hosts", "chunks"],
)
def test_hostile_request_is_refused_by_the_server(request_: Request) -> None:
    refused: Facts = {
        "client.status": ("400",),
        "client.body": ("Invalid HTTP request received.",),
        "upstream.requests": ("0",),
    }

    line, rule = told(request_, {}, refused, file=HX)["client.status"]

    assert (line, rule[:7]) == ("", "server:")


def test_secret_is_in_no_rule() -> None:
    fields = (("Authorization", "Bearer s3cret-key"), ("x-token", "s3cret-key"))
    fact = "upstream.headers.x-token"
    refused: Facts = {"client.status": ("401",), "upstream.requests": ("0",)}

    set_ = told(Request("GET", "/call", fields), {}, {fact: ("s3cret-key",)})[fact]
    asked = told(Request("GET", "/asking", fields), {}, refused)["client.status"]

    assert set_[1] == "`signed` sets x-token, from setting `token` (line 4)"
    assert asked[1] == "the keys of auth `keys`, from setting `token` (line 4)"
