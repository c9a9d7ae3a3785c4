"""Hand-written exchanges of the recorded kinds, for what chance would seldom draw."""

from __future__ import annotations

import gzip
import json

from hxroute.proof.exchange import Case
from hxroute.proof.messages import Header, Request
from hxroute.sandbox.scripted import Script

KEY = ("Authorization", "Bearer sk-hx-dev-default")
MIXED = ("Authorization", "Bearer sk-mixed")
JSON = ("Content-Type", "application/json")


def reply(status: int, *headers: str, body: str = "", length: bool = True) -> str:
    """Write a response."""
    lines = [f"HTTP/1.1 {status} Some", *headers]
    lines += [f"content-length: {len(body)}"] * length
    return "\r\n".join([*lines, "", body])


OK: Script = [reply(200, "content-type: application/json", body="{}")]
SSE = "content-type: text/event-stream"
CLOSE = {"close": True}
GZIPPED = gzip.compress(b'{"error":1}', mtime=0).decode("latin-1")
GZIPPED_TEXT = gzip.compress(b"oh no", mtime=0).decode("latin-1")


def get(name: str, *headers: Header, script: Script = OK, method: str = "GET") -> Case:
    """Ask for the models."""
    target = "/v1/models"
    return Case(name, Request(method, target, (KEY, *headers)), script)


def path(name: str, target: str, method: str = "GET") -> Case:
    """Ask for a target."""
    return Case(name, Request(method, target, (KEY,)), OK)


def embed(name: str, body: bytes) -> Case:
    """Post a body to the embeddings."""
    text = body.decode("latin-1")
    request = Request("POST", "/v1/embeddings", (KEY, JSON), text)
    return Case(name, request, OK)


def mixed(name: str, *headers: Header, body: str = "", method: str = "GET") -> Case:
    """Ask the gateway that forwards keys and addresses and takes 48 bytes."""
    request = Request(method, "/v1/chat/completions", headers, body)
    return Case(name, request, OK, "mixed")


CHUNKED = ("Transfer-Encoding", "chunked")
EMBEDDINGS = [
    embed("bom-and-bad-byte", b'\xef\xbb\xbf{"a":"\xff"}'),
    embed("surrogate-and-bad-byte", b'"\xed\xa0\x80\xff"'),
    embed("bad-byte-on-line-two", b'{"a":"\xc3\xa9\n\xff"}'),
    embed("utf-16-cut", '{"a":"b"}'.encode("utf-16") + b"\x00"),
    embed("utf-16-be-bom-cut", b"\xfe\xff00000"),
    embed("utf-32-cut", '{"prompt":"b"}'.encode("utf-32")[:-1]),
    embed("utf-32-be", '{"prompt":"\xe9"}'.encode("utf-32-be")),
    embed("utf-16-le-no-bom", '{"prompt":"\xe9"}'.encode("utf-16-le")),
    embed("bom-trailing-comma", b'\xef\xbb\xbf{"a":1,\n }'),
    embed("list-trailing-comma", b'{"a":[1,\n\n]}'),
    embed("blank-body", b" \n "),
    embed("number-too-long", b'{"prompt":' + b"1" * 5000 + b"}"),
    embed("control-in-string", b'{"a":"x\ny"}'),
    embed("not-a-number", b'{"prompt":NaN,"x":-Infinity}'),
    embed(
        "float-and-big-number", b'{"prompt":1.10,"n":123456789012345678901234567890}'
    ),
    embed("prompt-twice", b'{"prompt":"a","prompt":"b"}'),
    embed("null-body", b"null"),
    embed("string-body", b'"prompt"'),
    Case(
        "embeddings-chunked",
        Request(
            "POST",
            "/v1/embeddings",
            (KEY, JSON, CHUNKED),
            '5\r\n{"pro\r\n9;x=y\r\nmpt":"a"}\r\n0\r\n\r\n',
        ),
        OK,
    ),
]
PATHS = [
    path("encoded-question-mark", "/v1/models/a%3Fb"),
    path("encoded-newline", "/v1/models/a%0Ab"),
    path("invalid-utf8", "/v1/models/%ff"),
    path("bad-escape", "/v1/models/100%"),
    path("double-encoded", "/v1/models/%252e%252e/x"),
    path("encoded-dot-and-slash", "/v1/%2e%2e%2ffiles"),
    path("single-dot", "/v1/./models"),
    path("dots-at-the-end", "/v1/models/.."),
    path("three-dots", "/v1/models/.../x"),
    path("dots-in-the-query", "/v1/models?p=/../x"),
    path("encoded-prefix", "/%76%31/models"),
    path("encoded-slash-prefix", "/v1%2Fmodels"),
    path("inner-double-slash", "/v1//models"),
    path("health-with-query", "/healthz?x=1"),
    path("health-head", "/healthz", "HEAD"),
    path("health-delete", "/healthz", "DELETE"),
    path("missing-head", "/nothing", "HEAD"),
    path("semicolon", "/v1/models;a=1"),
    path("quotes-and-braces", "/v1/m%22%3C%3E%60%7B%7D"),
]
REQUESTS = [
    get("accept-encoding", ("Accept-Encoding", "br;q=1, gzip")),
    get("te-trailers", ("TE", "trailers"), ("Keep-Alive", "1"), ("Upgrade", "h2c")),
    get(
        "connection-names-two",
        ("Connection", "close, x-a ,X-B"),
        ("X-A", "1"),
        ("x-b", "2"),
    ),
    get("tab-padding", ("X-Pad", "\t a b\t")),
    get("only-padding", ("X-Pad", "   ")),
    get("utf8-value", ("X-Name", "caf\xc3\xa9")),
    get("client-address", ("X-HX-Client-IP", "6.6.6.6")),
    get("date-and-server", ("Date", "now"), ("Server", "mine")),
    Case("unauthorized-head", Request("HEAD", "/v1/models")),
    mixed("forwards-the-first", MIXED, ("Authorization", "Bearer nope")),
    mixed("forwards-without-padding", ("authorization", "bearer sk-mixed ")),
    mixed("address-of-the-socket", MIXED, ("X-Forwarded-For", "1.2.3.4, 5.6.7.8")),
    mixed("address-without-proxy", MIXED),
    mixed("just-fits", MIXED, body="x" * 48, method="POST"),
    mixed("too-large", MIXED, body="x" * 49, method="PUT"),
    mixed("key-before-size", body="x" * 49, method="POST"),
]
ANSWERS = [
    get("not-modified", script=[reply(304, 'etag: "1"', length=False)]),
    get(
        "head-without-length",
        method="HEAD",
        script=[reply(200, "x-a: 1", length=False)],
    ),
    get(
        "head-of-an-error",
        method="HEAD",
        script=["HTTP/1.1 500 No\r\ncontent-length: 9\r\n\r\n"],
    ),
    get("no-length-close", script=[reply(200, body="all of it", length=False), CLOSE]),
    get("error-shape", script=[reply(500, body='{"error":null}')]),
    get("error-in-a-list", script=[reply(500, body='[{"error":1}]')]),
    get("error-gzipped", script=[reply(503, "content-encoding: gzip", body=GZIPPED)]),
    get(
        "text-gzipped", script=[reply(503, "content-encoding: gzip", body=GZIPPED_TEXT)]
    ),
    get(
        "error-unknown-coding", script=[reply(503, "content-encoding: br", body="zzz")]
    ),
    get("error-large", script=[reply(500, body="e" * 70_000)]),
    get("error-event-stream", script=[reply(500, SSE, body="data: x\n\n")]),
    get(
        "error-keeps-the-rest",
        script=[
            reply(
                *(500, "etag: 1", "digest: x", "retry-after: 3", "Set-Cookie: a=1"),
                *("set-cookie: b=2", "server: up", "x-frame-options: SAMEORIGIN"),
                body="oops",
            )
        ],
    ),
    get(
        "error-chunked",
        script=[
            reply(
                502,
                "transfer-encoding: chunked",
                body="2\r\nno\r\n0\r\n\r\n",
                length=False,
            )
        ],
    ),
    get(
        "error-shape-chunked",
        script=[
            reply(
                *(502, "transfer-encoding: chunked"),
                body='b\r\n{"error":1}\r\n0\r\n\r\n',
                length=False,
            )
        ],
    ),
    get("utf8-field", script=[reply(200, "x-name: caf\xc3\xa9", body="{}")]),
    get("euro-field", script=[reply(200, "x-name: \xe2\x82\xac", body="{}")]),
    get(
        "vary-twice", script=[reply(200, "vary: a", "Vary: b", "via: 1.1 x", body="{}")]
    ),
    get("identity", script=[reply(200, "content-encoding: identity", body="{}")]),
    get("server-reset", script=["HTTP/1.1 200 OK\r\n", {"reset": True}]),
    get("http-1.0", script=["HTTP/1.0 200 OK\r\nx-a: 1\r\n\r\nold", CLOSE]),
    get("teapot", script=[reply(418, body=json.dumps({"a": 1}))]),
]
MORE = [*EMBEDDINGS, *PATHS, *REQUESTS, *ANSWERS]
