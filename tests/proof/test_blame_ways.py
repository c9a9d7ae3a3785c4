"""Where a request takes another way: the line that ends it there, or lets it go on."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from hxroute.compiler import Compiled
from hxroute.proof.exchange import REFUSED, Facts
from hxroute.proof.messages import Request
from hxroute.sandbox.scripted import OK, Script
from tests.proof.test_blame import FILE, HX, KEY, MODELS, told


@dataclass(frozen=True, slots=True)
class Way:
    """Two endings of one request, and what is blamed."""

    old: Facts
    new: Facts
    blamed: str
    request: Request = MODELS
    script: Script = OK
    file: Compiled = HX


def ends(status: int, body: str = "x", calls: int = 0) -> Facts:
    """State an ending."""
    return {
        "client.status": (str(status),),
        "client.body": (body,),
        "upstream.requests": (str(calls),),
    }


PASSES = ends(200, '{"ok":true}', 1)
CHAT = Request("POST", "/v1/chat/completions", (KEY,), "[")
JSON_ERROR: Script = ('HTTP/1.1 500 No\r\ncontent-length: 11\r\n\r\n{"error":1}',)
PLAIN_ERROR: Script = ("HTTP/1.1 500 No\r\ncontent-length: 1\r\n\r\nx",)
LATE = '{"error":"upstream_timeout","detail":"The upstream sent nothing for 9 s."}'

WAYS = {
    "it is refused as a path": Way(
        PASSES,
        ends(400, '{"error":"Invalid request path","detail":"NUL is not allowed"}'),
        "paths: as_sent",
        Request("GET", "/v1/a%00", (KEY,)),
    ),
    "it was refused as a path": Way(
        ends(400, '{"error":"Invalid request path","detail":"not allowed"}'),
        PASSES,
        "paths: as_sent",
        Request("GET", "/v1/a%2Fb", (KEY,)),
    ),
    "the path that it makes is refused": Way(
        PASSES,
        ends(400, '{"kind":"bad_path","detail":"dot segments are not allowed"}'),
        'path: "/to/{{ query.place }}"',
        Request("GET", "/moved?place=.."),
        file=FILE,
    ),
    "a body too large is taken whole": Way(
        ends(413, '{"kind":"payload_too_large","detail":"x"}'),
        PASSES,
        'request: {max_body: "{{ settings.limit }}"}',
        Request("POST", "/call"),
        file=FILE,
    ),
    "a time limit of another phase": Way(
        PASSES,
        ends(504, '{"kind":"total_timeout","detail":"The call took more than 9 s."}', 1),
        "total: 9s",
        Request("GET", "/timed"),
        ({"sleep": 33},),
        FILE,
    ),
    "no endpoint took it": Way(
        ends(404, '{"detail":"Not Found"}'), PASSES, "- path: /v1/{rest:path}"
    ),
    "no endpoint took the method": Way(
        ends(405, '{"detail":"Method Not Allowed"}'),
        ends(200, '{"ok":true}'),
        "- path: /healthz",
        Request("POST", "/healthz"),
    ),
    "another key was wanted": Way(
        ends(401, '{"error":"Unauthorized"}'), PASSES, "master: {bearer:"
    ),
    "the body was too large": Way(
        ends(413), PASSES, "- path: /timed", Request("POST", "/timed"), file=FILE
    ),
    "the body was no JSON": Way(
        ends(400, '{"error":"Invalid JSON in request body","detail":"x"}'),
        PASSES,
        "- path: /v1/{rest:path}",
        CHAT,
    ),
    "it was answered": Way(ends(200), PASSES, "- path: /v1/{rest:path}"),
    "it is answered": Way(
        PASSES,
        ends(200, '{"ok":true,"note":"HX wrapper \xe2\x80\x93 proxy mode"}'),
        "respond:",
        Request("GET", "/healthz"),
    ),
    "it was late": Way(ends(504, LATE, 1), PASSES, "timeout: {connect: 30s, read: 30s"),
    "it is late": Way(
        PASSES, ends(504, LATE, 1), "timeout: {connect: 30s", script=({"sleep": 33},)
    ),
    "it was not connected": Way(
        ends(502, '{"error":"upstream_unreachable","detail":"All connection attempts failed"}'),
        PASSES,
        'url: "{{ settings.upstream_url }}"',
    ),
    "it is not connected": Way(
        PASSES,
        ends(502, '{"kind":"connect_failed","detail":"x"}'),
        'url: "{{ settings.upstream_url }}"',
        script=REFUSED,
    ),
    "it was hung up on": Way(
        ends(502, '{"error":"upstream_unreachable","detail":"x"}', 1), PASSES, "litellm:"
    ),
    "there were too many": Way(
        ends(503, '{"error":"overloaded","detail":"x"}'), PASSES, "litellm:"
    ),
    "there are too many": Way(
        PASSES, ends(503, '{"error":"overloaded","detail":"x"}'), "litellm:"
    ),
    "it fails by a defect": Way(
        PASSES,
        ends(500, '{"error":"Internal Server Error"}'),
        "- path: /v1/{rest:path}",
    ),
    "a value is missing": Way(
        PASSES,
        ends(400, '{"error":"Invalid request","detail":"x"}'),
        "upstream: litellm",
    ),
    "an error was replaced": Way(
        ends(500, '{"error":"upstream_error","detail":"The upstream answered with status 500."}', 1),
        ends(500, '{"error":1}', 1),
        "unless: json_error",
        script=JSON_ERROR,
    ),
    "an error is replaced": Way(
        ends(500, "x", 1),
        ends(500, '{"error":"upstream_error","detail":"The upstream answered with status 500."}', 1),
        "- match: 5xx",
        script=PLAIN_ERROR,
    ),
    "an error was replaced elsewhere": Way(
        ends(500, "replaced", 1),
        ends(500, "x", 1),
        "errors: none",
        Request("GET", "/plain"),
        PLAIN_ERROR,
        FILE,
    ),
    "an answer without an upstream was an error": Way(
        ends(401), ends(204, ""), "defaults: {auth: none", Request("GET", "/empty"), file=FILE
    ),
    "there was no answer": Way(
        {"client.status": (), "client.failure": ("reset",)},
        PASSES,
        "upstream: litellm",
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_way_is_blamed_on_its_line(way: str) -> None:
    case = WAYS[way]
    old = {name: value for name, value in case.old.items() if value}

    found = told(case.request, old, case.new, case.script, case.file)

    for line, rule in found.values():
        assert line.startswith(case.blamed), rule
    assert found
