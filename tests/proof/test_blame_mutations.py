"""Each single fault is blamed on its line: a case with the facts that the fault gives."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from hxroute.compiler import compile
from hxroute.proof.blame import blamed
from hxroute.proof.exchange import Case, Exchange, Facts
from hxroute.proof.messages import Request
from hxroute.proof.verdict import Difference, Verdict, differing
from hxroute.sandbox.scripted import OK, Script
from tests.proof.mutations import MUTATIONS, Mutation

KEY = ("Authorization", "Bearer sk-hx-dev-default")
JSON = ("Content-Type", "application/json")
MODELS = Request("GET", "/v1/models", (KEY,))
CHAT = Request("POST", "/v1/chat/completions", (KEY, JSON), "{}")
HEALTH = Request("GET", "/healthz")
OK_BODY = '{"ok":true}'
REFUSED: Script = ({"refuse": True},)
ENVIRONMENTS = {
    "keyed": {"HX_MASTER_KEY": "sk-master", "MASTER_KEY": "sk-old"},
    "forward_and_key": {"HX_FORWARD_AUTH": "1", "HX_UPSTREAM_KEY": "sk-upstream"},
    "trusted": {"HX_TRUST_PROXY_IP": "yes"},
    "small": {"HX_MAX_BODY_SIZE": "1024"},
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a case shows: the facts of the old gateway and those of the faulty one."""

    request: Request
    old: Facts
    new: Facts
    script: Script = OK


def own(status: int, body: str, **more: str) -> Facts:
    """State an answer of the gateway's own."""
    return {
        "client.status": (str(status),),
        "client.body": (body,),
        "client.headers.content-length": (str(len(body)),),
        "client.headers.content-type": (more.pop("type", "application/json"),),
        "upstream.requests": ("0",),
        **{f"client.headers.{k.replace('_', '-')}": (v,) for k, v in more.items()},
    }


def called(status: int = 200, body: str = OK_BODY, **more: str) -> Facts:
    """State an answer behind an upstream call, with more facts of the upstream's."""
    request = {f"upstream.{name.replace('_', '-')}": (v,) for name, v in more.items()}
    return {**own(status, body), "upstream.requests": ("1",), **request}


def response(**fields: str) -> Facts:
    """State an answer of the upstream that passes, and its other fields."""
    named = {f"client.headers.{k.replace('_', '-')}": (v,) for k, v in fields.items()}
    return called() | named


def sent(name: str, *values: str) -> Facts:
    """State a field of the upstream request."""
    return called() | ({f"upstream.headers.{name}": values} if values else {})


def with_fields(*fields: tuple[str, str]) -> Request:
    """Return a request with more fields."""
    return Request("GET", "/v1/models", (KEY, *fields))


def embeddings(body: str) -> Request:
    """Return a request for embeddings."""
    return Request("POST", "/v1/embeddings", (KEY, JSON), body)


def reply(status: str, body: str, type: str = "application/json") -> Script:
    """Return a script that answers with a status and a body."""
    fields = f"content-type: {type}\r\ncontent-length: {len(body)}\r\n"
    return (f"HTTP/1.1 {status}\r\n{fields}\r\n{body}",)


def unreachable(detail: str) -> str:
    """Return the body of a 502."""
    return f'{{"error":"upstream_unreachable","detail":"{detail}"}}'


def replaced(status: int) -> str:
    """Return the body that stands for an error of the upstream."""
    detail = f"The upstream answered with status {status}."
    return f'{{"error":"upstream_error","detail":"{detail}"}}'


UNAUTHORIZED = own(401, '{"error":"Unauthorized"}', www_authenticate="Bearer")
NOT_FOUND = own(404, '{"detail":"Not Found"}')
TOO_LARGE = '{"error":"Payload too large","max_size":%d}'
BIG = Request("POST", "/v1/chat/completions", (KEY, JSON), "x", repeat=(1 << 20) + 1)
OVER_1_KIB = Request("POST", "/v1/chat/completions", (KEY, JSON), "x" * 1025)
DOTS = '{"error":"Invalid request path","detail":"dot segments are not allowed"}'
BAD_JSON = '{"error":"Invalid JSON in request body","detail":"not valid JSON at line 1 column 14"}'
DISCONNECTED = "Server disconnected without sending a response."
GARBAGE = unreachable("The upstream sent no valid HTTP response.")
LATE = '{"error":"upstream_timeout","detail":"The upstream sent nothing for %s s."}'
HEALTHY = '{"ok":true,"note":"HX wrapper \xe2\x80\x93 proxy mode"}'
PAGE = "<html><body><h1>502 Bad Gateway</h1></body></html>"
NO_OBJECT = "Request body must be %s object"
NO_LISTENER = "All connection attempts failed"

SHOWN = {
    "cookie forwarded": Shown(
        with_fields(("Cookie", "sid=1")), called(), sent("cookie", "sid=1")
    ),
    "forwarded-for kept": Shown(
        with_fields(("X-Forwarded-For", "10.0.0.1")),
        called(),
        sent("x-forwarded-for", "10.0.0.1"),
    ),
    "traceparent dropped": Shown(
        with_fields(("traceparent", "00-4b-00")),
        sent("traceparent", "00-4b-00"),
        called(),
    ),
    "credential forwarded by default": Shown(
        MODELS, called(), sent("authorization", KEY[1])
    ),
    "credential first, upstream key second": Shown(
        MODELS,
        sent("authorization", "Bearer sk-upstream"),
        sent("authorization", KEY[1]),
    ),
    "client address untrusted": Shown(
        with_fields(("X-HX-Client-IP", "6.6.6.6")),
        sent("x-hx-client-ip", "127.0.0.1"),
        called(),
    ),
    "nosniff missing": Shown(
        MODELS, response(x_content_type_options="nosniff"), called()
    ),
    "frame options changed": Shown(
        MODELS,
        response(x_frame_options="DENY"),
        response(x_frame_options="SAMEORIGIN"),
    ),
    "location dropped": Shown(
        MODELS,
        response(location="http://127.0.0.1:4000/v1/elsewhere"),
        called(),
        ("HTTP/1.1 200 OK\r\nlocation: /v1\r\ncontent-length: 11\r\n\r\n", OK_BODY),
    ),
    "response rules missing": Shown(MODELS, response(x_frame_options="DENY"), called()),
    "not found reworded": Shown(
        Request("GET", "/"), NOT_FOUND, own(404, '{"detail":"Nothing here"}')
    ),
    "unauthorized is 403": Shown(
        Request("GET", "/v1/models"),
        UNAUTHORIZED,
        UNAUTHORIZED | {"client.status": ("403",)},
    ),
    "challenge missing": Shown(
        Request("GET", "/v1/models"), UNAUTHORIZED, own(401, '{"error":"Unauthorized"}')
    ),
    "unauthorized is text": Shown(
        Request("GET", "/v1/models", ((KEY[0], KEY[1] + "x"),)),
        UNAUTHORIZED,
        own(401, "Unauthorized", www_authenticate="Bearer", type="text/plain"),
    ),
    "size of the limit missing": Shown(
        OVER_1_KIB,
        own(413, TOO_LARGE % 1024),
        own(413, '{"error":"Payload too large"}'),
    ),
    "bad path is 404": Shown(
        Request("GET", "/v1/%2e%2e/files", (KEY,)), own(400, DOTS), own(404, DOTS)
    ),
    "detail of bad JSON missing": Shown(
        embeddings('{"prompt":"a"'),
        own(400, BAD_JSON),
        own(400, '{"error":"Invalid JSON in request body"}'),
    ),
    "no object reworded": Shown(
        embeddings("[1]"),
        own(400, '{"error":"%s"}' % (NO_OBJECT % "a JSON")),
        own(400, '{"error":"%s"}' % (NO_OBJECT % "an")),
    ),
    "unreachable reworded": Shown(
        MODELS,
        own(502, unreachable(NO_LISTENER)),
        own(502, unreachable("No connection")),
        REFUSED,
    ),
    "disconnected unnamed": Shown(
        MODELS,
        called(502, unreachable(DISCONNECTED)),
        called(
            502,
            '{"type":"about:blank","title":"Bad Gateway","status":502,"detail":"The '
            'upstream closed the connection without an answer."}',
        ),
        ({"close": True},),
    ),
    "bad response is 500": Shown(
        MODELS,
        called(502, GARBAGE),
        called(500, GARBAGE),
        ("this is not http\r\n\r\n", {"close": True}),
    ),
    "statuses not replaced": Shown(
        CHAT,
        called(500, replaced(500)),
        called(500, "Failed") | {"client.headers.content-type": ("text/plain",)},
        reply("500 Internal Server Error", "Failed", "text/plain"),
    ),
    "JSON errors replaced": Shown(
        CHAT,
        called(501, '{"error":{"code":"501"}}'),
        called(501, replaced(501)),
        reply("501 Not Implemented", '{"error":{"code":"501"}}'),
    ),
    "only 503 replaced": Shown(
        CHAT,
        called(502, replaced(502)),
        called(502, PAGE) | {"client.headers.content-type": ("text/html",)},
        reply("502 Bad Gateway", PAGE, "text/html"),
    ),
    "replacement is 502": Shown(
        CHAT,
        called(503, replaced(503)),
        called(502, replaced(503)),
        reply("503 Service Unavailable", ""),
    ),
    "rename missing": Shown(
        embeddings('{"prompt":"x"}'),
        called() | {"upstream.body": ('{"input": "x"}',)},
        called() | {"upstream.body": ('{"prompt":"x"}',)},
    ),
    "renamed to another key": Shown(
        embeddings('{"prompt":"x"}'),
        called() | {"upstream.body": ('{"input": "x"}',)},
        called() | {"upstream.body": ('{"text": "x"}',)},
    ),
    "limit doubled": Shown(BIG, own(413, TOO_LARGE % (1 << 20)), called()),
    "limit halved": Shown(
        BIG, own(413, TOO_LARGE % (1 << 20)), own(413, TOO_LARGE % (1 << 19))
    ),
    "limit fixed": Shown(OVER_1_KIB, own(413, TOO_LARGE % 1024), called()),
    "endpoint open": Shown(Request("GET", "/v1/models"), UNAUTHORIZED, called()),
    "health wants a key": Shown(HEALTH, own(200, HEALTHY), UNAUTHORIZED),
    "variables of the key swapped": Shown(
        Request("GET", "/v1/models", ((KEY[0], "Bearer sk-master"),)),
        called(),
        UNAUTHORIZED,
    ),
    "health reworded": Shown(
        HEALTH, own(200, HEALTHY), own(200, '{"ok":true,"note":"HX wrapper"}')
    ),
    "health is 201": Shown(HEALTH, own(200, HEALTHY), own(201, HEALTHY)),
    "health by GET only": Shown(
        Request("POST", "/healthz"),
        own(200, HEALTHY),
        own(405, '{"detail":"Method Not Allowed"}', allow="GET"),
    ),
    "health elsewhere": Shown(HEALTH, own(200, HEALTHY), NOT_FOUND),
    "embeddings by PUT": Shown(
        embeddings('{"prompt":"x"}'),
        called() | {"upstream.body": ('{"input": "x"}',)},
        called() | {"upstream.body": ('{"prompt":"x"}',)},
    ),
    "embeddings elsewhere": Shown(
        embeddings('{"prompt":"x"}'),
        called() | {"upstream.body": ('{"input": "x"}',)},
        called() | {"upstream.body": ('{"prompt":"x"}',)},
    ),
    "rest restricted": Shown(CHAT, called(), NOT_FOUND),
    "query lost": Shown(
        Request("GET", "/v1/models?limit=2", (KEY,)),
        called(target="/v1/models?limit=2"),
        called(target="/v1/models"),
    ),
    "path rewritten": Shown(
        MODELS, called(target="/v1/models"), called(target="/models")
    ),
    "method rewritten": Shown(MODELS, called(method="GET"), called(method="POST")),
    "paths strict": Shown(
        Request("GET", "/v1/models/org%2Fmodel", (KEY,)),
        called(),
        own(400, DOTS.replace("dot segments are", "an encoded slash is")),
    ),
    "patience lost": Shown(
        CHAT, called(504, LATE % 30), called(504, LATE % 1), ({"sleep": 33},)
    ),
    "targets short": Shown(
        Request("GET", "/v1/models/" + "a" * 300, (KEY,)),
        called(),
        own(414, "The target is too long.", type="text/plain; charset=utf-8"),
    ),
}


def verdict_of(mutation: Mutation) -> Verdict:
    """Return what `prove` finds where a file has a fault."""
    shown = SHOWN[mutation.name]
    case = Case(mutation.case, shown.request, shown.script, mutation.environment)
    differences = tuple(
        Difference(name, shown.old.get(name, ()), shown.new.get(name, ()))
        for name in differing(shown.old, shown.new)
    )
    return Verdict(Exchange(case, shown.old), shown.new, differences)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda item: item.name)
def test_mutation_is_blamed_on_its_line(mutation: Mutation) -> None:
    compiled = compile(mutation.text.encode(), "routes.yaml")
    environ = ENVIRONMENTS.get(mutation.environment, {})
    lines = ["", *(line.strip() for line in mutation.text.splitlines())]

    found = blamed(compiled, verdict_of(mutation), environ)

    told = {item.fact: (lines[item.line], item.rule) for item in found.differences}
    assert told.keys() >= set(mutation.facts)
    for fact in mutation.facts:
        line, rule = told[fact]
        assert line.startswith(mutation.blamed), (fact, rule)
        assert rule
