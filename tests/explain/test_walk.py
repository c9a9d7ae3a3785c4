"""What becomes of single requests."""

from __future__ import annotations

import pytest

from hxroute.explain import ask, explain
from hxroute.http import Timeout
from tests.explain.files import REPOSITORY, RICH, compiled, explained
from tests.explain.served import Place

HX = compiled(REPOSITORY)
KEY = "Authorization: Bearer sk-hx-dev-default"
SMALL = """\
version: 1
settings:
  url: {env: URL}
  key: {env: KEY, secret: true}
  size: {env: SIZE, type: size, default: 9B}
  count: {env: COUNT, type: integer, default: 9}
upstreams:
  u: {url: "{{ settings.url }}/x"}
auth: {a: {bearer: ["{{ settings.key }}"]}}
headers: {h: {drop: [authorization, cookie]}}
defaults: {request: {headers: h}}
endpoints:
  - {path: /open, auth: none, upstream: u}
  - {path: /closed, auth: a, upstream: u}
  - {path: /limited, auth: none, request: {max_body: "{{ settings.count }}"}, upstream: u}
  - {path: "/b/{x}", methods: [GET], auth: none, respond: {text: "{{ path.x }}"}}
  - {path: /b/c, methods: [PUT], auth: none, respond: {text: c}}
  - {path: /b/c/, auth: none, respond: {text: c}}
  - {path: "/b/{x:path}", methods: [GET, TRACE], auth: none, respond: {text: rest}}
"""


@pytest.mark.parametrize(
    ("field", "status", "why"),
    [
        ("host: a b", 400, "a Host that is none"),
        ("expect: a-lot", 417, "an expectation that nobody knows"),
        ("transfer-encoding: gzip, chunked", 501, "a Transfer-Encoding"),
        ("connection: content-length", 400, "a Connection field that names"),
        (f"x: {'a' * 70_000}", 431, "fields too large"),
    ],
)
def test_request_that_the_server_refuses_goes_nowhere(
    field: str, status: int, why: str
) -> None:
    explanation = explained(HX, "POST /v1/models", KEY, field)

    (step,) = explanation.steps
    assert step.text.startswith(f"server: {why}")
    assert explanation.answer == step.ends
    assert explanation.answer is not None
    assert explanation.answer.status == status
    assert explanation.candidates == ()


def test_limits_are_told() -> None:
    explanation = explained(HX, "GET /v1/models", KEY)

    assert ("head_timeout", "10s") in explanation.limits
    assert ("max_head", "64KiB") in explanation.limits


def test_path_that_nothing_takes() -> None:
    explanation = explained(HX, "GET /v2")

    assert explanation.endpoint == ""
    assert explanation.line == 0
    assert explanation.call is None
    assert explanation.answer is not None
    assert explanation.answer.status == 404
    assert explanation.answer.body == '{"detail":"Not Found"}'
    assert [step.node for step in explanation.steps] == ["match"]
    assert [item.outcome for item in explanation.candidates] == ["path"] * 3


def test_method_that_nothing_takes_lists_those_that_are() -> None:
    explanation = explained(compiled(SMALL), "PATCH /b/c")

    assert explanation.answer is not None
    assert explanation.answer.status == 405
    assert ("allow", "GET, PUT, TRACE") in explanation.answer.headers
    assert [
        item.reason for item in explanation.candidates if item.outcome == "method"
    ] == [
        "takes GET only",
        "takes PUT only",
        "takes GET, TRACE only",
    ]


def test_trace_is_taken_only_where_it_is_listed() -> None:
    explanation = explained(compiled(SMALL), "TRACE /b/c/")

    reasons = {item.line: item.reason for item in explanation.candidates}
    assert reasons[18] == "takes it only where it is listed"
    assert explanation.endpoint == "GET,TRACE /b/{x:path}"


def test_path_that_is_refused_is_compared_with_no_endpoint() -> None:
    explanation = explained(HX, "GET /v1/%2e%2e/healthz")

    assert explanation.candidates == ()
    assert explanation.steps[0].text == "match: dot segments are not allowed"
    assert explanation.answer is not None
    assert explanation.answer.status == 400


def test_every_endpoint_says_why_it_is_not_the_one() -> None:
    explanation = explained(compiled(SMALL), "GET /b/c")

    found = [(item.line, item.outcome, item.reason) for item in explanation.candidates]
    assert found == [
        (13, "path", "wants `open`, not `b`, in segment 1"),
        (14, "path", "wants `closed`, not `b`, in segment 1"),
        (15, "path", "wants `limited`, not `b`, in segment 1"),
        (16, "taken", "takes the request"),
        (17, "method", "takes PUT only"),
        (18, "path", "wants a `/` after `/b/c`"),
        (19, "later", "would take it too, but line 16 comes first"),
    ]


@pytest.mark.parametrize(
    ("path", "line", "reason"),
    [
        ("/b", 16, "wants one more segment after `/b`"),
        ("/b", 17, "wants `c` after `/b`"),
        ("/b", 19, "wants a `/` after `/b`"),
        ("/b/", 16, "wants a segment 2 that is not empty"),
        ("/b/", 17, "wants `c`, not nothing, in segment 2"),
        ("/b/c/d", 17, "ends before `/d`"),
        ("/b/c/d", 18, "wants nothing, not `d`, in segment 3"),
        ("/b/%63/", 17, "ends before `/`"),
        ("/caf%c3%a9", 13, "wants `open`, not `caf%C3%A9`, in segment 1"),
    ],
)
def test_path_that_differs_is_told_where(path: str, line: int, reason: str) -> None:
    explanation = explained(compiled(SMALL), f"GET {path}")

    assert reason in [i.reason for i in explanation.candidates if i.line == line]


def test_missing_key_ends_it_and_the_rest_is_for_one_that_has_it() -> None:
    explanation = explained(HX, "POST /v1/embeddings", body=b'{"prompt": 1}')

    ends = [(step.node, step.ends.status) for step in explanation.steps if step.ends]
    assert ends == [("Authenticate", 401)]
    assert explanation.answer is not None
    assert explanation.answer.status == 401
    assert explanation.call is not None
    assert explanation.call.body == '{"input":1}'


def test_key_is_compared_with_the_real_one() -> None:
    explanation = explained(HX, "GET /v1/models", KEY)
    assert explanation.answer is None

    environ = {"MASTER_KEY": "other"}
    explanation = explained(HX, "GET /v1/models", KEY, environ=environ)
    assert explanation.answer is not None


def test_key_that_is_not_set_here_cannot_be_compared() -> None:
    result = compiled(SMALL)

    shown = explained(result, "GET /closed", "Authorization: Bearer {{ x }} y")
    missing = explained(result, "GET /closed")
    other = explained(result, "GET /closed", "Authorization: Basic x")
    empty = explained(result, "GET /closed", "Authorization: Bearer")

    assert shown.answer is None
    assert shown.steps[2].text.endswith("; whether this is one cannot be told here")
    for explanation in (missing, other, empty):
        assert explanation.answer is not None
        assert explanation.answer.status == 401


def test_settings_that_are_not_set_get_a_stand_in_and_a_note() -> None:
    explanation = explained(compiled(SMALL), "GET /open", environ={"SIZE": "many"})

    assert explanation.call is not None
    assert explanation.call.url == "<url>/x/open"
    assert explanation.call.headers == (("host", "?"),)
    assert explanation.notes == (
        "line 3: setting `url`: not set; set URL; explained as `<url>`",
        "line 4: setting `key`: not set; set KEY; explained as `<key>`",
        (
            "line 5: setting `size`: SIZE is no size; write bytes as digits, or 64KiB, "
            "1MiB; explained as `1048576`"
        ),
    )


def test_settings_with_which_nothing_starts_are_noted() -> None:
    environ = {"URL": "http://127.0.0.1:9?x", "KEY": "k", "COUNT": "-5"}

    explanation = explained(
        compiled(SMALL), "POST /limited", body=b"abc", environ=environ
    )

    limit, address = explanation.notes
    stop = "the gateway would not start:"
    assert limit.startswith(f"{stop} line 15: max_body {{{{ settings.count }}}} ")
    where = f"{stop} line 8: upstream `u`: url {{{{ settings.url }}}}/x"
    assert address == f"{where} may hold no user, no query and no fragment"
    assert explanation.steps[2].text.endswith("; with these settings it cannot")
    assert explanation.call is not None
    assert explanation.call.body == "abc"


def test_address_is_the_one_that_is_called() -> None:
    environ = {"URL": "http://User.EXAMPLE:80/%c3%a9/", "KEY": "k"}

    call = explained(compiled(SMALL), "GET /open?a", environ=environ).call

    assert call is not None
    assert call.url == "http://user.example/%c3%a9//x/open?a"
    assert call.headers == (("host", "user.example"),)


def test_declared_length_is_enough_to_be_too_large() -> None:
    explanation = explained(HX, "POST /v1/x", KEY, "Content-Length: 1048577")

    assert explanation.answer is not None
    assert explanation.answer.status == 413
    assert explanation.answer.body.endswith('"max_size":1048576}')
    assert explanation.notes[-1] == (
        "`content-length` says 1048577 bytes, but the body has 0"
    )


def test_body_in_chunks_stays_so_where_it_streams(gateways: dict[str, Place]) -> None:
    place = gateways["rich"]
    question = ask("POST", "/plain/x", ["Transfer-Encoding: chunked"], b"abc")

    explanation = place.explain(question)
    _, seen = place.play(question, ["HTTP/1.1 204 No\r\n\r\n"])

    assert explanation.call is not None
    assert ("transfer-encoding", "chunked") in explanation.call.headers
    assert seen[0].values("transfer-encoding") == ["chunked"]
    assert seen[0].values("content-length") == []


def test_body_in_chunks_is_measured_where_it_is_read(
    gateways: dict[str, Place],
) -> None:
    place = gateways["rich"]
    question = ask("PUT", "/rename/x", ["Transfer-Encoding: chunked"], b"x" * 41)

    explanation = place.explain(question)
    answer, _ = place.play(question, [])

    assert explanation.answer is not None
    assert explanation.answer.status == answer.status == 413


def test_head_is_answered_without_a_body(gateways: dict[str, Place]) -> None:
    for target in ("/answer/x", "/nowhere", "/closed"):
        place, question = gateways["rich"], ask("HEAD", target)

        explanation = place.explain(question)
        answer, _ = place.play(question, [])

        assert explanation.answer is not None
        assert explanation.answer.body == ""
        said = dict(explanation.answer.headers)
        assert answer.get("content-length") == said["content-length"] != "0"


def test_rule_for_an_answer_that_fails_fails_after_the_call(
    gateways: dict[str, Place],
) -> None:
    place, question = gateways["rich"], ask("GET", "/plain/x?q=%0Ax")

    explanation = place.explain(question)
    answer, seen = place.play(question, ["HTTP/1.1 204 No\r\n\r\n"])

    assert len(seen) == 1
    assert answer.status == 400
    assert explanation.answer is not None
    assert explanation.answer.status == 400
    assert explanation.steps[-1].ends == explanation.answer
    assert explanation.call is not None
    assert explanation.answered == ()


def test_only_the_first_credential_goes_on(gateways: dict[str, Place]) -> None:
    place = gateways["rich"]
    key = place.environ["TWO"]
    fields = [f"authorization: Bearer {key}", f"authorization: Bearer {key}", "x-a: 1"]
    question = ask("GET", "/keyed/1", fields)

    explanation = place.explain(question)
    _, seen = place.play(question, ["HTTP/1.1 204 No\r\n\r\n"])

    assert seen[0].values("authorization") == [f"Bearer {key}"]
    assert [name for name, _ in seen[0].headers] == ["host", "x-a", "authorization"]
    assert explanation.call is not None
    assert [name for name, _ in explanation.call.headers] == [
        *("host", "x-a", "authorization")
    ]
    fates = [i.outcome for i in explanation.fields if i.name == "authorization"]
    assert fates == ["kept", "dropped"]


def test_timeouts_are_those_of_the_call_before_those_of_the_upstream() -> None:
    result = compiled(RICH)

    own = explained(result, "PUT /call/a/b", body=b"{}").call
    theirs = explained(result, "PUT /plain/a").call

    assert own is not None
    assert theirs is not None
    assert (own.timeout.connect, own.timeout.read) == (2.0, 0.1)
    assert theirs.timeout.read == 0.2


@pytest.mark.parametrize(
    ("path", "client", "limits"),
    [
        ("/brief", "httpx2", Timeout(first_byte=5.0, total=0.1)),
        ("/brief/h1", "h1", Timeout(total=0.1)),
    ],
)
def test_call_names_its_client_and_all_limits(
    path: str, client: str, limits: Timeout
) -> None:
    call = explained(compiled(RICH), f"GET {path}").call

    assert call is not None
    assert (call.client, call.timeout) == (client, limits)


def test_explaining_twice_gives_the_same() -> None:
    question = ask("PUT", "/call/a/b", ["cookie: x"], b"{}")
    result = compiled(RICH)

    assert explain(result, question, {}) == explain(result, question, {})


def test_names_of_keys_are_told_and_no_digest() -> None:
    named = "".join(f"{{name: k{n}, sha256: {n:062}ab}}, " for n in range(10, 20))
    source = f"""\
version: 1
auth: {{clients: {{bearer: [{named}]}}}}
endpoints: [{{path: /x, auth: clients, respond: {{}}}}]
"""

    (step,) = (
        item
        for item in explained(compiled(source), "GET /x").steps
        if item.node == "Authenticate"
    )

    names = ", ".join(f"k{n}" for n in range(10, 18))
    assert step.text.startswith(f"ask for a bearer key of `clients`: {names}, …")


@pytest.mark.parametrize(
    ("shown", "said", "status"),
    [
        ("Bearer a.b.c", "whether this is one cannot be told here", None),
        ("Bearer abc", "A valid key is required", 401),
        ("Basic a.b.c", "A valid key is required", 401),
    ],
)
def test_token_is_not_judged_without_the_keys_of_its_issuer(
    shown: str, said: str, status: int | None
) -> None:
    source = """\
version: 1
auth: {people: {jwt: {issuer: i, audience: a, jwks: "http://127.0.0.1:9/jwks"}}}
endpoints: [{path: /x, auth: people, respond: {}}]
"""
    found = explained(compiled(source), "GET /x", f"Authorization: {shown}")

    (step,) = (item for item in found.steps if item.node == "Authenticate")
    assert step.text.startswith("ask for a token of `people`")
    assert said in step.text
    assert (step.ends.status if step.ends is not None else None) == status
    if step.ends is not None:
        challenge = "Bearer" + ' error="invalid_token"' * shown.startswith("Bearer")
        assert dict(step.ends.headers)["www-authenticate"] == challenge
