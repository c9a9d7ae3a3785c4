"""What people read."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from hxroute.explain import Explanation, explain
from hxroute.explain.data import Answer, Call, Candidate, Field, Step
from hxroute.explain.text import lines
from hxroute.http import Timeout
from hxroute.ir import Upstream
from tests.explain.files import ENVIRONMENTS, REPOSITORY, RICH, compiled, explained
from tests.explain.strategies import questions

HX = compiled(REPOSITORY)
KEY = "Authorization: Bearer sk-hx-dev-default"
PATHS = tuple(item.path for item in HX.gateway.endpoints) if HX.gateway else ()
HOSTILE = "\x1b[31\x9b1\u202e\u2066\x07\x00\udcff\u2028\r\n\t\u200b\x7f"


def read(explanation: Explanation) -> list[str]:
    """Return the lines without their styles."""
    return [line.plain for line in lines(explanation)]


def test_request_that_goes_to_an_upstream() -> None:
    fields = [KEY, "X-Request-ID: 7"]
    explanation = explained(HX, "POST /v1/embeddings", *fields, body=b'{"prompt": 1}')

    assert read(explanation)[:46] == [
        "POST /v1/embeddings",
        "-> litellm: POST http://127.0.0.1:4000/v1/embeddings",
        "",
        "endpoints",
        "* POST /v1/embeddings: takes the request  routes.yaml:101",
        (
            "  ANY /v1/{rest:path}: would take it too, but line 101 comes first"
            "  routes.yaml:106"
        ),
        "  and 1 more whose path differs",
        "",
        "pipeline",
        "  1 write an access log line",
        "  2 answer errors as `hx` says  routes.yaml:68",
        "  3 ask for a bearer key of `master`  routes.yaml:91",
        "  4 read the body whole, 1048576 bytes at most  routes.yaml:93",
        "  5 rename members of the JSON body: `prompt` to `input`  routes.yaml:103",
        "  6 call upstream `litellm`  routes.yaml:104",
        "",
        "request headers",
        "- host: 127.0.0.1:4010  made anew for each hop",
        "- authorization: Bearer ***  set to nothing by `to_litellm`  routes.yaml:51",
        "  x-request-id: 7  no rule names it",
        "- content-length: 13  made anew for each hop",
        "- x-hx-client-ip  set to nothing by `to_litellm`  routes.yaml:55",
        "",
        "upstream request",
        "  POST http://127.0.0.1:4000/v1/embeddings",
        "  host: 127.0.0.1:4000",
        "  x-request-id: 7",
        "  content-length: 11",
        "",
        '  {"input":1}',
        "",
        (
            f"  client {Upstream('u', 'x').client}, waits at most: "
            "connect 30 s, read 30 s, write 30 s, pool 30 s"
        ),
        "",
        "response headers",
        "- server  dropped by `to_client`  routes.yaml:59",
        "- date  dropped by `to_client`  routes.yaml:59",
        "+ x-content-type-options: nosniff  set by `to_client`  routes.yaml:61",
        "+ x-frame-options: DENY  set by `to_client`  routes.yaml:62",
        "+ x-xss-protection: 1; mode=block  set by `to_client`  routes.yaml:63",
        (
            "+ referrer-policy: strict-origin-when-cross-origin  set by `to_client`"
            "  routes.yaml:64"
        ),
        (
            "+ content-security-policy: default-src 'none'; frame-ancestors 'none';"
            "  set by `to_client`  routes.yaml:65"
        ),
        "",
        "failures",
        (
            '  400 bad_request  {"error":"Invalid request","detail":"A value that this '
            'endpoint needs is missing from the request or unfit."}  `hx` answers '
            "`bad_request`  routes.yaml:76"
        ),
        (
            '  400 invalid_json  {"error":"Invalid JSON in request body","detail":"not '
            'valid JSON"}  `hx` answers `invalid_json`  routes.yaml:74'
        ),
        (
            '  400 not_an_object  {"error":"Request body must be a JSON object"}  `hx` '
            "answers `not_an_object`  routes.yaml:75"
        ),
    ]


def test_request_that_nothing_takes() -> None:
    assert read(explained(HX, "GET /v2")) == [
        "GET /v2",
        "-> the gateway itself answers 404",
        "",
        "endpoints",
        "  ANY /healthz: wants `healthz`, not `v2`, in segment 1  routes.yaml:97",
        "  POST /v1/embeddings: wants `v1`, not `v2`, in segment 1  routes.yaml:101",
        "  ANY /v1/{rest:path}: wants `v1`, not `v2`, in segment 1  routes.yaml:106",
        "  none takes it",
        "",
        "pipeline",
        "  1 match: Nothing is here.",
        "    ends here with 404",
        "",
        "answer",
        "  404",
        "  content-type: application/json",
        "  content-length: 22",
        "",
        '  {"detail":"Not Found"}',
    ]


def test_request_without_a_key() -> None:
    shown = read(explained(HX, "GET /v1/models"))

    assert shown[1] == "-> the gateway itself answers 401"
    assert "    ends here with 401; what follows is for a request that passes" in shown
    assert "upstream request" in shown


def test_path_that_is_refused_lists_no_endpoint() -> None:
    shown = read(explained(HX, "GET /v1/../x"))

    assert "endpoints" not in shown
    assert "  1 match: dot segments are not allowed" in shown


def test_body_that_is_no_json() -> None:
    shown = read(explained(HX, "POST /v1/embeddings", KEY, body=b'{"a":'))

    step = "rename members of the JSON body: `prompt` to `input`"
    assert f"  5 {step}: not valid JSON at line 1 column 6  routes.yaml:103" in shown
    assert "    ends here with 400" in shown
    assert "failures" not in shown


def many(number: int) -> Explanation:
    """Explain a request to a file of many endpoints."""
    rows = [f"  - {{path: /v1/item{n}, respond: {{text: x}}}}" for n in range(number)]
    text = "\n".join(["version: 1", "defaults: {auth: none}", "endpoints:", *rows])
    return explained(compiled(text), "GET /v1/item77x")


def test_of_many_endpoints_the_nearest_are_shown() -> None:
    shown = read(many(1000))

    assert len(shown) == 22
    assert [row.split(":")[0] for row in shown[4:9]] == [
        "  ANY /v1/item77",
        "  ANY /v1/item770",
        "  ANY /v1/item771",
        "  ANY /v1/item772",
        "  ANY /v1/item773",
    ]
    assert shown[9:11] == ["  and 995 more", "  none takes it"]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_line_holds_what_a_terminal_would_obey(data: st.DataObject) -> None:
    question = data.draw(questions(PATHS))
    environ = data.draw(st.sampled_from([{}, *ENVIRONMENTS.values()]))

    for row in read(explain(HX, question, environ)):
        assert row.isprintable()


def test_limits_of_a_call_that_need_not_be_there() -> None:
    shown = read(explained(compiled(RICH), "GET /brief"))

    assert (
        "  client httpx2, waits at most: connect 10 s, read 60 s, write 60 s, pool 10 s, "
        "first_byte 5 s, total 0.1 s"
    ) in shown
    assert (
        '  503 total_timeout  {"late":"The call took more than 0.1 s."}  `own` answers '
        "`timeout`  routes.yaml:66"
    ) in shown


def hostile() -> Explanation:
    """Return an explanation that holds controls wherever there is a text."""
    pairs = ((HOSTILE, HOSTILE),)
    answer = Answer(200, pairs, HOSTILE)
    field = Field(HOSTILE, HOSTILE, "kept", HOSTILE, 1)
    return Explanation(
        file=HOSTILE,
        method=HOSTILE,
        target=HOSTILE,
        endpoint=HOSTILE,
        line=1,
        candidates=(Candidate(HOSTILE, HOSTILE, 1, "taken", HOSTILE),),
        steps=(Step("Respond", 1, HOSTILE, answer),),
        fields=(field,),
        call=Call(HOSTILE, 1, HOSTILE, HOSTILE, pairs, HOSTILE, "h1", Timeout()),
        answer=answer,
        answered=(field,),
        notes=(HOSTILE,),
    )


def test_controls_are_replaced_in_every_text() -> None:
    screen = Console(file=io.StringIO(), width=20, force_terminal=True)
    for line in lines(hostile()):
        assert line.plain.isprintable()
        screen.print(line, soft_wrap=True)

    assert isinstance(screen.file, io.StringIO)
    left = re.sub(r"\x1b\[[0-9;]*m", "", screen.file.getvalue())
    assert left.replace("\n", "").isprintable()


def test_long_values_are_cut_and_their_length_is_told() -> None:
    explanation = explained(
        HX, f"POST /v1/x?{'q' * 600}", KEY, f"x: {'v' * 900}", body=b"b" * 2500
    )

    shown = read(explanation)

    assert max(map(len, shown)) < 2100
    assert f"  {'b' * 2000}… and 500 characters more" in shown
    assert f"  x: {'v' * 495}… and 405 characters more" in shown
    assert shown[0].endswith("… and 111 characters more")


def test_body_of_several_lines_is_indented() -> None:
    shown = read(explained(HX, "POST /v1/x", KEY, body=b"a\r\n\tb\x1b[2J\xff"))

    assert "  a" in shown
    assert "   b\ufffd[2J\\xff" in shown


@pytest.mark.parametrize("width", [20, 40, 200])
def test_width_of_a_terminal_changes_no_line(width: int) -> None:
    explanation = explained(compiled(RICH), "PUT /call/a/b", body=b"{}")
    screen = Console(file=io.StringIO(), width=width)
    for line in lines(explanation):
        screen.print(line, soft_wrap=True)

    assert isinstance(screen.file, io.StringIO)
    assert screen.file.getvalue().split("\n") == [*read(explanation), ""]
