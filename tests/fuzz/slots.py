"""The target `slots`: what a request says stays in the slots of the templates.

A request is a line of path and query, its fields, an empty line and a body. It goes
through one endpoint a slot; what comes out is held against what the file states.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_to_bytes

from hxroute import paths
from hxroute.compiler import compile
from hxroute.diagnostics.text import render
from hxroute.errors import BadRequest, Internal, PayloadTooLarge
from hxroute.http import Handler, Headers, Request, Response, Start, Timeout
from hxroute.nodes import MapErrors
from hxroute.resilience import Retry
from tests.fuzz.running import finished

__all__ = ["slots"]

_FILE: Final = b"""\
version: 1
paths: as_sent
upstreams: {u: {url: "http://127.0.0.1:9"}}
headers: {mine: {forward: [authorization, cookie]}}
defaults: {auth: none, request: {headers: mine, max_body: 64KiB}}
endpoints:
  - path: /path/{one}/{rest:path}
    upstream:
      name: u
      path: "/a/{{ path.one }}/{{ query.q }}/x{{ headers['x-a'] }}y/{{ path.rest }}"
  - path: /text/{one}/{rest:path}
    upstream: {name: u, path: "/a/{{ 'b' ~ path.one }}/.b{{ body.s }}", query: {}}
  - path: /query/{one}/{rest:path}
    upstream:
      name: u
      query:
        a: "{{ query.q }}"
        "b&=": "x{{ headers['x-a'] }}y"
        c: "{{ body.s }}"
        d: "{{ path.rest }}"
  - path: /header/{one}/{rest:path}
    upstream:
      name: u
      headers:
        x-query: "p {{ query.q }} s"
        x-field: "{{ headers['x-a'] }}"
        x-body: "{{ body.s }}"
        x-path: "{{ path.one }}-{{ path.rest }}"
  - path: /json/{one}/{rest:path}
    upstream:
      name: u
      method: POST
      body:
        q: "{{ query.q }}"
        mixed: "a{{ headers['x-a'] }}b"
        whole: "{{ body }}"
        list: ["{{ path.one }}", "{{ path.rest }}", 1]
  - path: /method/{one}/{rest:path}
    upstream: {name: u, method: "{{ query.q | d('GET') | upper }}"}
  - path: /answer/{one}/{rest:path}
    respond: {json: {q: "{{ query.q }}", t: "<{{ path.one }}>"}}
"""
_PARAMETERS: Final = "/{one}/{rest:path}"
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_METHOD: Final = re.compile(r"[A-Z][A-Z-]*")


@dataclass(frozen=True, slots=True)
class _Said:
    """What a request says, read without the gateway's help."""

    one: bytes
    rest: bytes
    q: str | None
    field: str | None
    body: object

    @property
    def s(self) -> object:
        return self.body.get("s") if isinstance(self.body, dict) else None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _bytes(value: object) -> bytes:
    """Return a value as mixed text shows it; a lone surrogate goes into no text."""
    if value is None:
        return b""
    if not isinstance(value, str):
        try:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        except UnicodeEncodeError:
            return json.dumps(value, separators=(",", ":")).encode()
    return value.encode(errors="surrogateescape")


def _is_path(said: _Said, made: Request) -> None:
    parts = made.path.split(b"/", 5)
    assert parts[:3] == [b"", b"a", said.one]
    assert unquote_to_bytes(parts[3]) == _bytes(said.q)
    assert unquote_to_bytes(parts[4]) == b"x" + _bytes(said.field) + b"y"
    assert parts[5] == said.rest
    _is_clean(made)


def _is_text(said: _Said, made: Request) -> None:
    assert made.path.count(b"/") == 3, made.path
    first, second = made.path.split(b"/")[2:]
    assert unquote_to_bytes(first) == b"b" + unquote_to_bytes(said.one)
    assert unquote_to_bytes(second) == b".b" + _bytes(said.s)
    assert not made.query
    _is_clean(made)


def _is_query(said: _Said, made: Request) -> None:
    rest = unquote_to_bytes(said.rest)
    wanted = [
        (b"a", _bytes(said.q)),
        (b"b&=", b"x" + _bytes(said.field) + b"y"),
        (b"c", _bytes(said.s)),
        (b"d", rest),
    ]
    pairs = [pair.split(b"=") for pair in made.query.split(b"&")]
    found = [(unquote_to_bytes(name), unquote_to_bytes(value)) for name, value in pairs]
    assert found == [(name, value) for name, value in wanted if value]
    _is_clean(made)


def _is_header(said: _Said, made: Request) -> None:
    path = unquote_to_bytes(said.one) + b"-" + unquote_to_bytes(said.rest)
    wanted = [
        (b"x-query", b"p " + _bytes(said.q) + b" s"),
        (b"x-field", _bytes(said.field).strip(b" \t")),
        (b"x-body", _bytes(said.s).strip(b" \t")),
        (b"x-path", path.strip(b" \t")),
    ]
    own = [(name, value) for name, value in wanted if value]
    assert made.headers[len(made.headers) - len(own) :] == own
    assert not any(_CONTROLS.search(value) for _, value in own)


def _is_json(said: _Said, made: Request) -> None:
    assert isinstance(made.body, bytes)
    assert made.length == len(made.body)
    field = "" if said.field is None else said.field
    parameters = [_text(unquote_to_bytes(part)) for part in (said.one, said.rest)]
    wanted = {
        "q": said.q,
        "mixed": f"a{field}b",
        "whole": said.body,
        "list": [*parameters, 1],
    }
    assert json.dumps(json.loads(made.body)) == json.dumps(wanted)


def _is_method(said: _Said, made: Request) -> None:
    assert _METHOD.fullmatch(made.method)
    assert made.method not in ("CONNECT", "TRACE")
    assert made.method == ("GET" if said.q is None else said.q.upper())


def _is_answer(said: _Said, made: Request) -> None:
    assert isinstance(made.body, bytes)
    wanted = {"q": said.q, "t": f"<{_text(unquote_to_bytes(said.one))}>"}
    assert json.loads(made.body) == wanted


def _is_clean(made: Request) -> None:
    """Assert that a target is one, and climbs nowhere (RFC 9112 §3.2)."""
    assert re.fullmatch(rb"/[\x21-\x7e]*", made.path)
    assert re.fullmatch(rb"[\x21-\x7e]*", made.query)
    assert not re.search(rb"[?#]", made.path)
    assert b"#" not in made.query
    segments = unquote_to_bytes(made.path).replace(b"\\", b"/").split(b"/")
    assert {b".", b".."}.isdisjoint(segments)


_SLOTS: Final[dict[str, Callable[[_Said, Request], None]]] = {
    "path": _is_path,
    "text": _is_text,
    "query": _is_query,
    "header": _is_header,
    "json": _is_json,
    "method": _is_method,
    "answer": _is_answer,
}


async def _captured(request: Request) -> Response:
    return Response(200, [(b"x-made", b"")], b"", _Made(request))


class _Made:
    """Carries a request that was made out of a pipeline."""

    def __init__(self, request: Request) -> None:
        self.request = request

    async def __call__(self) -> None:
        """Close nothing."""


async def _nothing_left(request: Request) -> Response:
    raise Internal


def _prepared() -> dict[str, Handler]:
    """Fold the pipeline of each endpoint, without what maps its failures."""

    def connect(name: str, timeout: Timeout | None, retry: Retry | None) -> Handler:
        return _captured

    result = compile(_FILE, "routes.yaml")
    assert result.gateway is not None, render(result.report)
    found = {}
    for endpoint in result.gateway.endpoints:
        handler: Handler = _nothing_left
        for node in reversed(endpoint.pipeline):
            if not isinstance(node, MapErrors):
                handler = node.wrap(handler, Start({}, connect))
        found[endpoint.path.split("/")[1]] = handler
    return found


_PIPELINES: Final = _prepared()
_PATTERN: Final = paths.parse_pattern(_PARAMETERS)


def slots(data: bytes) -> None:
    """Send a request through a pipeline for each slot."""
    head, _, body = data.partition(b"\n\n")
    target, *lines = head.split(b"\n")
    if b"#" in target:
        return  # the front refuses it
    target, _, query = target.partition(b"?")
    target, query = paths.printable(target), paths.printable(query)
    headers = [
        (name.lower(), value.strip(b" \t"))
        for name, _, value in (line.partition(b":") for line in lines)
    ]
    try:
        paths.check(target, "as_sent")
    except BadRequest:
        return
    if not _PATTERN.matches(paths.comparable(target).split(b"/")):
        return
    said = _said(target, query, headers, body)
    for name, handler in _PIPELINES.items():
        request = Request("GET", target, query, list(headers), body, len(body))
        request.params = _PATTERN.extract(target)
        try:
            response = finished(handler(request))
        except (BadRequest, PayloadTooLarge):
            continue
        made: Any = response.on_close
        if isinstance(made, _Made):
            _SLOTS[name](said, made.request)
        else:
            _SLOTS[name](said, Request("", b"", body=response.body))


def _said(target: bytes, query: bytes, headers: Headers, body: bytes) -> _Said:
    _, one, rest = target.split(b"/", 2)
    pairs = parse_qsl(query.decode(), keep_blank_values=True, errors="surrogateescape")
    asked = [value for name, value in pairs if name == "q"]
    fields = [_text(value) for name, value in headers if name == b"x-a"]
    try:
        read = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        read = None  # nothing that reads it comes out
    return _Said(one, rest, (*asked, None)[0], (*fields, None)[0], read)
