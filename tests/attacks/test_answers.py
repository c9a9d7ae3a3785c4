"""Error answers tell a client what to do, and nothing of the machine or the upstream."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import dataclass

import pytest

from hxroute.errors import ProxyError
from hxroute.http import Handler, Request, Response, Start
from hxroute.ir import Client, Endpoint, Gateway
from hxroute.nodes import MapErrors
from hxroute.sandbox.scripted import Script, ScriptedUpstream
from tests.attacks.stage import get, post
from tests.processes import ROOT
from tests.runtime.serving import Answer, ask, compiled, served

CANARY = "cAnArY"
HOST = f"{CANARY}-host.invalid"
FORMATS = ("problem", "openai")
HEAD = """\
version: 1
settings: {up: {env: UP}, closed: {env: CLOSED}, key: {env: KEY, secret: true}}
upstreams:
  up: {url: "{{ settings.up }}/base", timeout: {read: 300ms, connect: 2s}}
  closed: {url: "{{ settings.closed }}"}
  named: {url: "http://HOST/"}
auth: {k: {bearer: ["{{ settings.key }}"]}}
headers: {h: {forward: [authorization, cookie]}}
defaults: {auth: none, errors: FORMAT, request: {headers: h, max_body: 1KiB}}
"""
ENDPOINTS = """\
- {path: /up, upstream: up}
- {path: /closed, upstream: closed}
- {path: /named, upstream: named}
- {path: /keyed, auth: k, upstream: up}
- {path: /get, methods: [GET], upstream: up}
- {path: /rename, request: {json: {rename: {a: b}}}, upstream: up}
- path: /call
  upstream: {name: up, path: "/{{ body.a }}", method: "{{ body.m | default('GET') }}", \
headers: {x-h: "{{ body.h | default('') }}"}}
"""
SCRIPTS: dict[str, Script] = {
    "reset": [{"reset": True}],
    "close": [{"close": True}],
    "banner": [f"SSH-2.0-{CANARY}\r\n", {"close": True}],
    "garbage": [f"\x00\x16{CANARY}\r\n\r\n", {"close": True}],
    "control": [f"HTTP/1.1 200 OK\r\nx: {CANARY}\x01\r\ncontent-length: 0\r\n\r\n"],
    "name": [f"HTTP/1.1 200 OK\r\nx {CANARY}: 1\r\ncontent-length: 0\r\n\r\n"],
    "status": [f"HTTP/1.1 999 {CANARY}\r\ncontent-length: 0\r\n\r\n"],
    "length": [f"HTTP/1.1 200 {CANARY}\r\ncontent-length: -1\r\n\r\n"],
    "cut": [f"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{CANARY}", {"close": True}],
    "chunk": [f"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{CANARY}\r\n"],
    "head": ["HTTP/1.1 200 OK\r\n", {"repeat": [f"x: {CANARY}\r\n", 20_000]}],
    "slow": [{"sleep": 9}],
}


def _script(case: str) -> bytes:
    return get("/up", b"x-hx-case: " + case.encode())


REQUESTS = {
    **{case: _script(case) for case in SCRIPTS if case != "chunk"},
    "closed": get("/closed"),
    "named": get("/named"),
    "key": get("/keyed", f"Authorization: Bearer {CANARY}".encode()),
    "path": get(f"/{CANARY}/../x"),
    "nothing": get(f"/{CANARY}"),
    "method": get("/get", method="PUT"),
    "size": post("/rename", CANARY.encode() * 400),
    "json": post("/rename", b'{"' + CANARY.encode()),
    "text": post("/rename", b'{"\xff' + CANARY.encode()),
    "depth": post("/rename", b"[" * 1_000),
    "list": post("/rename", [CANARY]),
    "member": post("/call", {}),
    "dots": post("/call", {"a": f"../{CANARY}"}),
    "call-method": post("/call", {"a": "x", "m": CANARY}),
    "value": post("/call", {"a": "x", "h": f"{CANARY}\n"}),
}
TO_THE_FRONT = {
    "line": f"{CANARY}\r\n\r\n".encode(),
    "host": get("/up").replace(b"Host: a", f"Host: {CANARY} x".encode()),
    "fields": get("/up", *[f"X-{n}: {CANARY}".encode() for n in range(200)]),
    "head-size": get("/up", b"X: " + CANARY.encode() * 20_000),
    "target": get("/up?" + CANARY * 4_000),
    "version": f"GET /{CANARY} HTTP/2.0\r\nHost: a\r\n\r\n".encode(),
    "connect": f"CONNECT {CANARY}:80 HTTP/1.1\r\nHost: {CANARY}:80\r\n\r\n".encode(),
    "expect": post("/up", {}, f"Expect: {CANARY}".encode()),
    "coding": get("/up", f"Transfer-Encoding: {CANARY}".encode(), method="POST"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """Answers, and what stands in none of them."""

    answers: dict[str, Answer]
    secrets: tuple[str, ...]


@pytest.fixture(scope="module", params=FORMATS)
def found(request: pytest.FixtureRequest, each_client: Client) -> Found:
    head = HEAD.replace("FORMAT", request.param).replace("HOST", HOST)
    gateway = compiled(ENDPOINTS, head)

    async def scenario() -> Found:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            closed = listener.getsockname()[1]
        async with ScriptedUpstream(SCRIPTS) as upstream:
            environ = {
                "UP": upstream.url,
                "CLOSED": f"http://127.0.0.1:{closed}",
                "KEY": "k",
            }
            async with served(gateway, environ) as port:
                sent = {**REQUESTS, **TO_THE_FRONT}
                answers = {name: await ask(port, data) for name, data in sent.items()}
            return Found(answers, (str(upstream.port), str(closed), str(port)))

    return asyncio.run(scenario())


WORDS = (
    CANARY,
    "127.0.0.1",
    "localhost",
    ".invalid",
    "/base",
    str(ROOT),
    "/usr",
    "/root",
    ".py",
    "Traceback",
    "Error(",
    "Exception",
    "Errno",
    "errno",
    "httpx",
    "httpcore",
    "httptools",
    "h11",
    "uvicorn",
    "starlette",
    "hxroute",
    "python",
    "jinja",
    "bytearray",
    "b'",
    "getaddrinfo",
    "ssl",
    "SSL",
    "refused by",
    "{{",
)
"""What no error answer holds."""


def assert_silent(answer: Answer, secrets: tuple[str, ...]) -> None:
    """Look for the machine, the upstream and the request in an answer."""
    fields = [item for item in answer.headers if item[0] not in ("date", "allow")]
    text = answer.body.decode() + repr(fields)
    text = text.replace(f"('content-length', '{len(answer.body)}')", "")
    for word in (*WORDS, *secrets):
        assert word not in text, word


@pytest.mark.parametrize("name", REQUESTS, ids="G19-{}".format)
def test_error_is_told_in_fixed_words(found: Found, name: str) -> None:
    answer = found.answers[name]

    assert 400 <= answer.status <= 504
    assert answer.complete
    assert_silent(answer, found.secrets)
    document = json.loads(answer.body)
    if "error" in document:
        assert set(document["error"]) == {"message", "type", "param", "code"}
    else:
        assert set(document) == {"type", "title", "status", "detail"}
        assert answer.get("content-type") == "application/problem+json"
        assert document["type"] == "about:blank"
        assert document["status"] == answer.status


@pytest.mark.parametrize("name", TO_THE_FRONT, ids="G19-front-{}".format)
def test_front_refuses_in_a_short_text(found: Found, name: str) -> None:
    answer = found.answers[name]

    assert answer.status in (400, 408, 414, 417, 431, 501, 505)
    assert answer.get("connection") == "close"
    assert len(answer.body) < 100
    assert_silent(answer, found.secrets)


class Failing:
    """A node with a defect."""

    def raises(self) -> tuple[type[ProxyError], ...]:
        """Return nothing: nobody knew."""
        return ()

    def wrap(self, next: Handler, start: Start) -> Handler:
        """Fail in words that hold everything that they should not."""

        async def failing(request: Request) -> Response:
            raise RuntimeError(f"{CANARY} at 127.0.0.1 in {ROOT}/x.py")

        return failing


def test_g19_defect_is_told_in_fixed_words(caplog: pytest.LogCaptureFixture) -> None:
    gateway = Gateway((Endpoint("/x", (MapErrors(), Failing()), ("GET",)),))

    async def scenario() -> Answer:
        async with served(gateway, {}) as port:
            return await ask(port, get("/x"))

    answer = asyncio.run(scenario())

    assert answer.status == 500
    assert_silent(answer, ())
    assert "RuntimeError" in caplog.text
    assert CANARY not in caplog.text
