"""Requests that a person may ask about, and answers that an upstream may give."""

from __future__ import annotations

import json
import re

from hypothesis import strategies as st

from hxroute.explain import Question, ask
from hxroute.ir import Server
from hxroute.sandbox.scripted import Script
from tests.explain.files import SECRETS

CREDENTIALS = ["Zx-cred-1.", "Zx/cred=2", "Zx cred 3"]
"""What only the client knows."""

_NAMES = [
    *("x-keep", "X-A", "x-b", "x-drop", "x-team", "x-other", "X-Twice", "accept"),
    *("x-first", "content-type", "content-encoding", "user-agent", "x-forwarded-for"),
    *("keep-alive", "te", "proxy-connection", "trailer", "x-hx-client-ip", "X-ID"),
]
_SENSITIVE = [
    *("cookie", "X-Api-Key", "proxy-authorization", "api-key", "x-auth-token"),
    *("set-cookie", "x-goog-api-key", "Authorization", "x-access-key", "X_Access_Key"),
]
_VALUES = ["1", "a, b", "", "x  y", 'k="v"; p', "caf\u00e9", "\udce9\udcff", "<one>"]
_CONNECTIONS = ["close", "keep-alive, X-A", "x-keep,x-other", "Authorization", "te"]
_SEGMENTS = [
    *("a", "a+b", "caf%C3%A9", "%e2%82%ac", "a%20b", "a:b", "~x", "@", "é", "%41"),
    *("{id}", "a;b=c", "a.b"),
]
_ODD_SEGMENTS = ["%2F", "..", "%2e", "", "a%00", "a%zz", "a\\b", "100%25", "signed"]
_SEGMENT = st.one_of(*[st.sampled_from(_SEGMENTS)] * 9, st.sampled_from(_ODD_SEGMENTS))
_QUERIES = [
    *("", "?", "?q=1", "?q=a+b&q=2", "?q=%20x%C3%A9", "?none=&q", "?q=%0d%0aX", "?q=%"),
    *("?a=<one>&q=%3Cteam%3E", "?q=é", "?q=a/b?c", "?x[]=1"),
]
_METHODS = ["GET", "get", "POST", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"]
_DOCUMENTS = st.dictionaries(
    st.sampled_from(["prompt", "input", "a", "b", "put", "name", "model"]),
    st.one_of(
        st.sampled_from(["", "x", "a/b?", "é", "\x1b[31m", "\ud800", "\r\nX: y"]),
        st.integers(-5, 5),
        st.booleans(),
        st.none(),
        st.lists(st.integers(0, 3), max_size=2),
    ),
    max_size=3,
)
_BODIES = st.one_of(
    st.just(b""),
    _DOCUMENTS.map(lambda data: json.dumps(data).encode()),
    _DOCUMENTS.map(lambda data: json.dumps(data, ensure_ascii=True).encode("utf-16")),
    st.binary(max_size=30),
    st.sampled_from([b"[]", b'{"a":', b'"x"', b"null", b"x" * 100, b"{}", b" {} "]),
)


@st.composite
def fields(draw: st.DrawFn) -> list[str]:
    """Draw header fields, among them credentials."""
    plain = st.tuples(st.sampled_from(_NAMES), st.sampled_from(_VALUES))
    sensitive = st.tuples(st.sampled_from(_SENSITIVE), _credentials())
    connection = st.tuples(st.just("Connection"), st.sampled_from(_CONNECTIONS))
    some = st.one_of(plain, plain, plain, sensitive, connection)
    drawn = draw(st.lists(some, max_size=7))
    scheme = draw(st.sampled_from(["Bearer"] * 8 + ["bEARER", "Basic"]))
    keys = [*[SECRETS["one"], SECRETS["two"]] * 4, CREDENTIALS[0]]
    if draw(st.sampled_from([True] * 5 + [False])):
        drawn.insert(0, ("Authorization", f"{scheme} {draw(st.sampled_from(keys))}"))
    if draw(st.booleans()):
        drawn.insert(0, ("X-Access-Key", draw(st.sampled_from(keys))))
    return [f"{name}:{value}" for name, value in drawn]


def _credentials() -> st.SearchStrategy[str]:
    words = st.sampled_from(CREDENTIALS)
    return st.one_of(words, words.map("Bearer {}".format), words.map("Basic {}".format))


@st.composite
def questions(draw: st.DrawFn, paths: tuple[str, ...]) -> Question:
    """Draw a request to one of some patterns, as it stands on a command line."""
    method = draw(st.sampled_from(_METHODS))
    pattern = draw(st.sampled_from(paths))
    path = re.sub(r"\{.*?\}", lambda _: draw(_SEGMENT), pattern)
    if draw(st.sampled_from([False] * 9 + [True])):
        path += draw(st.sampled_from(["/", "x", "/x"]))
    target = path + draw(st.sampled_from(_QUERIES))
    body = draw(_BODIES) if method not in ("GET", "get", "HEAD", "OPTIONS") else b""
    headers = draw(fields())
    if body and draw(st.sampled_from([False, False, False, True])):
        headers.append("Transfer-Encoding: chunked")
    return ask(method, target, headers, body, Server())


@st.composite
def scripts(draw: st.DrawFn, method: str) -> tuple[Script, list[tuple[str, str]]]:
    """Draw an answer of an upstream, and its fields."""
    named = st.tuples(
        st.sampled_from(
            [
                *("server", "X-Internal", "set-cookie", "x-q", "X-Kept", "etag", "via"),
                *("x-frame-options", "keep-alive", "trailer", "retry-after", "date"),
            ]
        ),
        st.sampled_from(["1", "a=b; c", "", "caf\xc3\xa9", "\xff"]),
    )
    found = draw(st.lists(named, max_size=6))
    if draw(st.booleans()):
        found.append(("Connection", draw(st.sampled_from(["x-q", "keep-alive, via"]))))
    found.append(("Content-Type", "text/plain"))
    found.append(("Content-Length", "2"))
    lines = ["HTTP/1.1 200 OK", *(f"{name}: {value}" for name, value in found)]
    script = ["\r\n".join([*lines, "", "" if method == "HEAD" else "ok"])]
    return script, [(name.lower(), value) for name, value in found]


@st.composite
def exchanges(
    draw: st.DrawFn, paths: tuple[str, ...]
) -> tuple[Question, Script, list[tuple[str, str]]]:
    """Draw a request, and what an upstream would answer to it."""
    question = draw(questions(paths))
    return question, *draw(scripts(question.method))
