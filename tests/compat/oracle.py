"""The old gateway as one pure function: what it sent upstream and what it answered.

A model of the hand-written main.py with all its faults; those of what it stood on
are in `old_stack`. `test_oracle.py` holds it to every recorded exchange, the
deviating ones included.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from urllib.parse import unquote

from hxroute.proof.exchange import (
    Case,
    Facts,
    client_facts,
    upstream_facts,
    without_invented,
)
from hxroute.proof.messages import Answer, Headers, Request
from hxroute.sandbox.scripted import Script
from hxroute.sandbox.seen import Seen
from tests.compat.handed import DATA, HOST
from tests.compat.old_stack import (
    FIELD_VALUE,
    INVENTED,
    Crash,
    client_host,
    decoded,
    requoted,
    response_headers,
    worded,
)
from tests.compat.unchanged import (
    ALL_FAILED,
    BAD_REQUEST,
    HEALTH,
    NOT_ALLOWED,
    NOT_FOUND,
    REQUEST_DROPS,
    SECURITY,
    Answered,
    Settings,
    authenticate,
    error,
    for_method,
    json_answer,
    limit,
    own_answer,
    plain_answer,
    renamed,
)
from tests.compat.upstream_reply import BODILESS, Fault, Reply, read

FRAMING = {
    "host",
    "content-length",
    "accept-encoding",
    "connection",
    "transfer-encoding",
}
PAGES = {
    "/docs": own_answer(
        200, "text/html; charset=utf-8", (DATA / "docs.html").read_text()
    ),
    "/openapi.json": json_answer(
        200,
        '{"openapi":"3.1.0","info":{"title":"FastAPI","version":"0.1.0"},"paths":{}}',
    ),
}
ROUTE = re.compile("^/v1/.*$")  # as Starlette compiles `/v1/{path:path}`
CRASHED = plain_answer(500, "Internal Server Error")


def old_facts(case: Case, env: Mapping[str, str]) -> Facts:
    """State what the old gateway makes of an exchange."""
    settings = Settings.of(case.environment, env)
    seen, answer = handle(case.request, settings, case.script)
    sent = [("litellm", seen)] if seen else []
    facts = client_facts(answer) | upstream_facts(case.request, sent)
    return without_invented(case.request, facts)


def handle(
    request: Request, settings: Settings, script: Script
) -> tuple[Seen | None, Answer]:
    """Answer a request as the old gateway did; say what the upstream saw."""
    if request.method.upper() != request.method:
        return None, BAD_REQUEST
    path = unquote(request.path)
    seen, answer = _route(request, path, settings, script)
    return seen, for_method(request.method, answer)


def _route(
    request: Request, path: str, settings: Settings, script: Script
) -> tuple[Seen | None, Answer]:
    if path == "/healthz":
        return None, HEALTH
    if path in PAGES:
        readable = request.method in {"GET", "HEAD"}
        return None, PAGES[path] if readable else NOT_ALLOWED
    match = ROUTE.match(path)
    if not match:
        return None, NOT_FOUND
    try:
        return _proxy(request, match[0], settings, script)
    except Answered as early:
        return None, early.answer
    except Crash:
        return None, CRASHED


def _proxy(
    request: Request, path: str, settings: Settings, script: Script
) -> tuple[Seen | None, Answer]:
    client_value = next(iter(request.values("authorization")), "").lstrip(" \t")
    authenticate(client_value, settings)
    body = _read_body(request, settings)
    if request.method == "POST" and path == "/v1/embeddings":
        body = _renamed(body)
    target = requoted(path, request.target.partition("?")[2])
    headers = _request_headers(request, settings, client_value)
    if settings.down:
        return None, ALL_FAILED
    for _, value in headers:
        if not FIELD_VALUE.fullmatch(value):
            raw = value.encode("latin-1")
            return None, _unreachable(f"Illegal header value {raw!r}")
    seen = Seen(request.method, target, headers, body)
    try:
        return seen, _answer(read(script, request.method))
    except Crash:
        return seen, CRASHED


def _read_body(request: Request, settings: Settings) -> str:
    body = request.content
    try:
        limit(body, settings)
    except ValueError as exc:
        raise Answered(error(400, "Invalid request body", str(exc))) from exc
    return body


def _renamed(body: str) -> str:
    try:
        return renamed(body)
    except json.JSONDecodeError as exc:
        answer = error(400, "Invalid JSON in request body", worded(exc))
    except ValueError as exc:
        answer = error(500, "Request processing failed", str(exc))
    raise Answered(answer)


def _request_headers(
    request: Request, settings: Settings, client_value: str
) -> Headers:
    """Of fields of one name the last wins; values must be ASCII."""
    received = ((name.lower(), value) for name, value in request.fields(HOST))
    drops = FRAMING | REQUEST_DROPS
    kept = {name: value for name, value in received if name not in drops}
    headers = INVENTED | kept | dict(settings.credential(client_value))
    if settings.trust_proxy_ip:
        headers["X-HX-Client-IP"] = client_host(request)
    values = [(name, value.lstrip(" \t")) for name, value in headers.items()]
    if not all(value.isascii() for _, value in values):
        raise Crash("UnicodeEncodeError")
    return tuple(values)


def _answer(reply: Reply | Fault) -> Answer:
    if isinstance(reply, Fault):
        return _unreachable(reply.text)
    if reply.fault:
        return _unreachable(reply.fault.text)
    try:
        body = decoded(reply)
    except zlib.error as exc:
        return _unreachable(f"{exc}")
    headers = (*response_headers(reply), *SECURITY)
    if reply.status not in BODILESS:
        headers = (*headers, ("content-length", str(len(body))))
    return Answer(reply.status, headers, body)


def _unreachable(detail: str) -> Answer:
    return error(502, "upstream_unreachable", detail)
