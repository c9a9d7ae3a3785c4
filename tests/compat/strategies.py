"""Generated exchanges: requests that a client may send, answers that LiteLLM may give.

Left out is what the recording leaves open: control characters and bare non-ASCII in
targets, tabs in answers (the old server broke off), TRACE and CONNECT, `Connection:
upgrade`, nesting near Python's limit, and answers that take the gateway's 30 seconds.
"""

from __future__ import annotations

import gzip
import json
from typing import Any

from hypothesis import strategies as st

from hxroute.proof.messages import Header, Headers, Request
from hxroute.sandbox.scripted import Script

KEYS = {"default": "sk-hx-dev-default", "mixed": "sk-mixed"}
ENVIRONMENTS = {
    "default": {},
    "mixed": {
        "HX_MASTER_KEY": "sk-mixed",
        "HX_FORWARD_AUTH": "Yes",
        "HX_TRUST_PROXY_IP": "TRUE",
        "HX_MAX_BODY_SIZE": "48",
    },
}
METHODS = ["GET", "POST", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]
SEGMENTS = [
    *("models", "embeddings", "chat", "completions", "a+b", "@cf", "a[0]", "~x", ""),
    *("caf%C3%A9", "a%20b", "org%2Fm", "100%25", "a%23b", "a%3Fb", "%e2%82%ac"),
    *("a%5Cb", "a%7Cb", "%65mbeddings", "..", "%2e%2E", ".", "a%00b", "...", "a:b"),
]
TARGETS = ["/healthz", "/%68ealthz", "/healthz/", "/v1", "/V1/models", "/", "/docs"]
QUERIES = [
    *("", "", "", "?", "?a=1&a=2", "?q=a+b", "?q=a%20b", "?flag", "?x[]=1", "?a=1;b"),
    *("?q=%", "?q='y'", "?q=a/b?c", "?a=%2e%2e", "?a|b", "?a\\b", "?caf%C3%A9"),
]
REQUEST_FIELDS = [
    *("X-Request-ID", "OpenAI-Beta", "accept", "User-Agent", "Cookie", "CF-IPCountry"),
    *("X-Forwarded-For", "X-HX-Client-IP", "TE", "Keep-Alive", "Proxy-Connection"),
    *("X-Real-IP", "Accept-Encoding", "x-a", "X-A", "Trailer", "content-type"),
]
RESPONSE_FIELDS = [
    *("x-a", "X-A", "Set-Cookie", "Server", "date", "via", "x-frame-options", "etag"),
    *("Referrer-Policy", "keep-alive", "Trailer", "retry-after", "x-request-id", "te"),
    *(
        "Upgrade",
        "Proxy-Authenticate",
        "Location",
        "link",
        "Digest",
        "www-authenticate",
    ),
]
VALUES = st.sampled_from(["1", "a, b", "", "x  y", "10.1.2.3", "k=v; p", '"q"'])
ODD_VALUES = st.sampled_from(["caf\xe9", "caf\xc3\xa9", "\xe2\x82\xac", "\xa0z"])
STATUSES = [200, 200, 201, 204, 206, 301, 400, 401, 404, 429, 500, 502, 503, 529]
TEXTS = ["", "plain", "<html>", '{"error":', '"error"', "[1]", "null", "\x00\xff"]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.text('aé€\ud83d"\\', max_size=4),
)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=2), max_leaves=4)
OBJECTS = st.dictionaries(
    st.sampled_from(["prompt", "input", "model", "x", "error"]), JSON, max_size=4
)
CODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32-be", "ascii"]


@st.composite
def requests(draw: st.DrawFn, profile: str) -> Request:
    """Draw a request; most carry the right key."""
    key = draw(st.sampled_from([KEYS[profile]] * 8 + ["nope", " " + KEYS[profile]]))
    scheme = draw(st.sampled_from(["Bearer"] * 6 + ["bEARER", "Basic"]))
    padding = draw(st.sampled_from([""] * 9 + [" "]))
    headers = draw(_fields(REQUEST_FIELDS, padded=True))
    method = draw(st.sampled_from(METHODS))
    target = draw(_targets())
    body = draw(_bodies()) if method in {"POST", "PUT", "PATCH"} else ""
    if draw(st.sampled_from([False] * 5 + [True])) and body:
        headers = (*headers, ("Transfer-Encoding", "chunked"))
        body = _chunked(body, draw(st.integers(1, 9)))
    if draw(st.sampled_from([False] * 6 + [True])):
        headers = (*headers, ("Connection", "close, X-A , te"))
    auth = ("Authorization", f"{scheme} {key}{padding}")
    return Request(method, target, (auth, *headers), body)


@st.composite
def scripts(draw: st.DrawFn, method: str) -> Script:
    """Draw what the upstream does: mostly it answers."""
    fault: Script = draw(st.sampled_from([NO_FAULT] * 12 + FAULTS))
    if fault:
        return fault
    status = draw(st.sampled_from(STATUSES))
    headers = draw(_fields(RESPONSE_FIELDS, padded=False))
    body = draw(_answers())
    if status == 204:
        return [_head(status, headers)]
    if body and status < 500 and draw(st.sampled_from([False] * 5 + [True])):
        headers = (*headers, ("Content-Encoding", "gzip"))
        body = gzip.compress(body.encode("latin-1"), mtime=0).decode("latin-1")
    content_type = draw(st.sampled_from(["application/json", "text/plain", ""]))
    if content_type:
        headers = (*headers, ("Content-Type", content_type))
    sent = "" if method == "HEAD" else body
    framed: Script = draw(st.sampled_from(_framed(status, headers, body, sent)))
    return framed


NO_FAULT: Script = ()
FAULTS: list[Script] = [
    [{"close": True}],
    [{"reset": True}],
    ["no http at all\r\n\r\n", {"close": True}],
    ["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort", {"close": True}],
    ["HTTP/1.1 200 OK\r\nx-a: 1", {"close": True}],
]


def _framed(status: int, headers: Headers, body: str, sent: str) -> list[Script]:
    """Frame a body in each way that HTTP/1.1 has."""
    length = (*headers, ("Content-Length", str(len(body))))
    chunked = (*headers, ("Transfer-Encoding", "chunked"))
    in_chunks = _chunked(sent, 7) if sent == body else ""
    return [
        [_head(status, length) + sent],
        [_head(status, length), *([sent] if sent else [])],
        [
            "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n",
            _head(status, length) + sent,
        ],
        [_head(status, chunked) + in_chunks],
        [_head(status, headers) + sent, {"close": True}],
    ]


def _head(status: int, headers: Headers) -> str:
    lines = [f"HTTP/1.1 {status} Whatever"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""])


def _chunked(body: str, size: int) -> str:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return "".join(f"{len(part):x}\r\n{part}\r\n" for part in [*parts, ""])


def _targets() -> st.SearchStrategy[str]:
    segments = st.lists(st.sampled_from(SEGMENTS), max_size=3)
    under_v1 = segments.map(lambda parts: "/v1/" + "/".join(parts))
    embeddings = st.just("/v1/embeddings")
    paths = st.one_of(embeddings, under_v1, under_v1, st.sampled_from(TARGETS))
    return st.builds("{}{}".format, paths, st.sampled_from(QUERIES))


def _fields(names: list[str], *, padded: bool) -> st.SearchStrategy[Headers]:
    ends = st.sampled_from([*[""] * 12, " ", "\t "] if padded else [""])
    plain = st.builds("{}{}".format, VALUES, ends)
    values = st.one_of(plain, plain, plain, plain, plain, plain, ODD_VALUES)
    field: st.SearchStrategy[Header] = st.tuples(st.sampled_from(names), values)
    return st.lists(field, max_size=5).map(tuple)


def _bodies() -> st.SearchStrategy[str]:
    """Draw bodies: JSON in all its codings, JSON with a mistake, and anything."""
    written = st.builds(_written, OBJECTS, st.sampled_from(CODINGS), st.booleans())
    broken = st.builds(
        _broken, written, st.integers(0, 40), st.sampled_from(",}]x\n\xff")
    )
    anything = st.text(st.characters(max_codepoint=255), max_size=12)
    return st.one_of(written, written, broken, anything, st.sampled_from(["", "[]"]))


def _answers() -> st.SearchStrategy[str]:
    errors = OBJECTS.map(lambda data: json.dumps({"error": 1, **data}))
    return st.one_of(errors, OBJECTS.map(json.dumps), st.sampled_from(TEXTS))


def _written(data: dict[str, Any], coding: str, spaced: bool) -> str:
    text = json.dumps(
        data, indent=1 if spaced else None, ensure_ascii=coding == "ascii"
    )
    return text.encode(coding, "surrogatepass").decode("latin-1")


def _broken(body: str, at: int, put: str) -> str:
    return body[:at] + put + body[at + 1 :]
