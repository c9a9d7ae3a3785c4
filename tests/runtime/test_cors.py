"""Scripts of other origins, at a gateway that is served."""

from __future__ import annotations

import asyncio

from hxroute.sandbox.scripted import ScriptedUpstream
from tests.runtime.serving import HEAD, KEYED_AUTH, Answer, ask, compiled, served

APP = "https://app.example"
CORS = f"cors: {{origins: ['{APP}']}}"
ALLOW = "access-control-allow-origin"
GATEWAY = compiled(
    """\
    - {path: /items, methods: [GET], auth: k, respond: {text: items}}
    - {path: /items, methods: [PUT], cors: none, respond: {text: put}}
    - {path: /inner, cors: none, upstream: u}
    - {path: /down, upstream: nobody}
    - {path: /large, methods: [POST], request: {max_body: 1}, respond: {text: all}}
    - {path: "/v1/{rest:path}", auth: k, upstream: u}
    """,
    HEAD.replace("upstreams: {", 'upstreams: {nobody: {url: "http://127.0.0.1:9"}, ')
    .replace("defaults: {", f"defaults: {{{CORS}, ")
    .replace("headers: {", KEYED_AUTH + "headers: {"),
)


def sent(line: str, *fields: str, origin: str = APP, body: str = "") -> bytes:
    head = [f"{line} HTTP/1.1", "Host: a", f"Origin: {origin}", *fields]
    return "\r\n".join([*head, f"Content-Length: {len(body)}", "", body]).encode()


def preflight(path: str, method: str, origin: str = APP) -> bytes:
    asked = f"Access-Control-Request-Method: {method}"
    return sent(f"OPTIONS {path}", asked, origin=origin)


def answers(*requests: bytes) -> tuple[list[Answer], int]:
    """Return the answers, and how many of the requests came to the upstream."""

    async def scenario() -> tuple[list[Answer], int]:
        async with ScriptedUpstream() as upstream:
            async with served(GATEWAY, {"URL": upstream.url}) as port:
                found = [await ask(port, request) for request in requests]
            return found, len(upstream.seen)

    return asyncio.run(scenario())


def test_preflight_is_answered_before_any_key_and_without_the_upstream() -> None:
    (listed, any_method), calls = answers(
        preflight("/items", "GET"), preflight("/v1/x", "DELETE")
    )
    assert (listed.status, any_method.status, calls) == (204, 204, 0)
    assert (listed.get(ALLOW), any_method.get(ALLOW)) == (APP, APP)
    assert any_method.get("access-control-allow-methods") == "DELETE"


def test_preflight_is_answered_by_who_would_take_the_method() -> None:
    (get, put, patch), _ = answers(
        *(preflight("/items", m) for m in ("GET", "PUT", "PATCH"))
    )
    assert (get.status, get.get(ALLOW)) == (204, APP)
    for refused in (put, patch):
        assert (refused.status, refused.get(ALLOW)) == (405, None)
        assert refused.get("allow") == "GET, PUT"


def test_preflight_without_cors_is_forwarded_and_opens_nothing() -> None:
    (inner, other), calls = answers(
        preflight("/inner", "GET"), preflight("/v1/x", "GET", "https://evil.example")
    )
    assert (inner.status, inner.get(ALLOW), calls) == (200, None, 1)
    assert (other.status, other.get(ALLOW)) == (204, None)


def test_options_that_is_no_preflight_goes_the_way_of_any_request() -> None:
    (bare, plain), calls = answers(
        sent("OPTIONS /v1/x"), sent("OPTIONS /v1/x", "Authorization: Bearer right")
    )
    assert (bare.status, plain.status, calls) == (401, 200, 1)


def test_preflight_is_logged_like_any_request(caplog) -> None:  # type: ignore[no-untyped-def]
    caplog.set_level("INFO", "hxroute.access")
    answers(preflight("/items", "GET"))
    assert "OPTIONS /items 204" in caplog.text


def test_errors_can_be_read_by_scripts() -> None:
    found, _ = answers(
        sent("GET /items"),
        sent("GET /nowhere"),
        sent("DELETE /items"),
        sent("GET /down"),
        sent("POST /large", body="ab"),
        sent("GET /%00"),
    )
    assert [answer.status for answer in found] == [401, 404, 405, 502, 413, 400]
    assert {answer.get(ALLOW) for answer in found} == {APP}
    assert {answer.get("vary") for answer in found} == {"Origin"}


def test_upstream_s_own_fields_are_replaced() -> None:
    fields = "Access-Control-Allow-Origin: *\r\naccess-control-allow-credentials: true"
    head = f"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nvary: accept\r\n{fields}\r\n\r\n"

    async def scenario() -> Answer:
        async with (
            ScriptedUpstream({"own": (head,)}) as upstream,
            served(GATEWAY, {"URL": upstream.url}) as port,
        ):
            own = "Authorization: Bearer right", "x-hx-case: own"
            return await ask(port, sent("GET /v1/x", *own))

    answer = asyncio.run(scenario())
    shown = [f for f in answer.headers if f[0].startswith("access-") or f[0] == "vary"]
    assert shown == [("vary", "accept"), ("vary", "Origin"), (ALLOW, APP)]
