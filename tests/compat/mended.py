"""The new gateway as one pure function, as routes.yaml and the README of the
recording promise it: what must be seen where the old one's fault is mended.

Only what `rules` lets differ is ever taken from here.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from hxroute.proof.exchange import Case, Facts, client_facts, upstream_facts
from hxroute.proof.messages import Answer, Headers, Request
from hxroute.sandbox.scripted import Script
from hxroute.sandbox.seen import Seen
from tests.compat.handed import HOST
from tests.compat.old_stack import PEER, decoded, position
from tests.compat.unchanged import (
    ALL_FAILED,
    BAD_REQUEST,
    HEALTH,
    NOT_FOUND,
    REQUEST_DROPS,
    SECURITY,
    Answered,
    Settings,
    authenticate,
    error,
    for_method,
    limit,
    renamed,
)
from tests.compat.upstream_reply import Fault, Reply, read

SMALL = 64 * 1024
HOP_BY_HOP = frozenset(
    [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ]
)
# What the gateway itself has read and answered; Host is the connection's own.
CONSUMED = {"host", "content-length", "expect", "x-hx-client-ip"}
OF_THE_BODY = frozenset(
    [
        "content-type",
        "content-length",
        "content-encoding",
        "etag",
        "digest",
        "content-digest",
        "repr-digest",
        "content-md5",
    ]
)
UNRESERVED = re.compile(r"%(2[DE]|3[0-9]|[46][1-9A-F]|[57][0-9A]|5F|7E)", re.IGNORECASE)
FAULTS = {
    "garbage": error(
        502, "upstream_unreachable", "The upstream sent no valid HTTP response."
    ),
    "disconnected": error(
        502, "upstream_unreachable", "Server disconnected without sending a response."
    ),
    "timeout": error(504, "upstream_timeout", "The upstream sent nothing for 30 s."),
}
FAULTS["cut"] = FAULTS["garbage"]


def mended_facts(case: Case, env: Mapping[str, str]) -> Facts:
    """State what the new gateway must make of an exchange."""
    settings = Settings.of(case.environment, env)
    seen, answer = handle(case.request, settings, case.script)
    sent = [("litellm", seen)] if seen else []
    return client_facts(answer) | upstream_facts(case.request, sent)


def handle(
    request: Request, settings: Settings, script: Script
) -> tuple[Seen | None, Answer]:
    """Answer a request; say what the upstream must see."""
    try:
        seen = _forwarded(request, settings)
    except Answered as early:
        return None, for_method(request.method, early.answer)
    if settings.down:
        return None, for_method(request.method, ALL_FAILED)
    answer = _answer(read(script, request.method), request.method)
    return seen, for_method(request.method, answer)


def _forwarded(request: Request, settings: Settings) -> Seen:
    if request.method.upper() != request.method:
        raise Answered(BAD_REQUEST)
    check_path(request.path)
    path = comparable(request.path)
    if path == "/healthz":
        raise Answered(HEALTH)
    if not path.startswith("/v1/"):
        raise Answered(NOT_FOUND)
    client_value = next(iter(request.values("authorization")), "").strip(" \t")
    authenticate(client_value, settings)
    body = request.content
    limit(body, settings)
    if request.method == "POST" and path == "/v1/embeddings":
        body = _renamed(body)
    headers = (*kept(request), *settings.credential(client_value))
    if settings.trust_proxy_ip:
        headers = (*headers, ("x-hx-client-ip", PEER))
    return Seen(request.method, _target(request), headers, body)


def _target(request: Request) -> str:
    """Return the raw target; ASGI cannot tell an empty query from none."""
    bare = request.target == f"{request.path}?"
    return request.path if bare else request.target


def check_path(raw_path: str) -> None:
    """Refuse dot segments and NUL, plain or encoded, whatever parts the segments."""
    decoded_path = unquote_to_bytes(raw_path)
    if {b".", b".."} & set(re.split(rb"[/\\]", decoded_path)):
        detail = "dot segments are not allowed"
        raise Answered(error(400, "Invalid request path", detail))
    if b"\0" in decoded_path:
        raise Answered(error(400, "Invalid request path", "NUL is not allowed"))


def comparable(raw_path: str) -> str:
    """Decode unreserved characters only: an encoded slash parts no segments."""
    return UNRESERVED.sub(lambda match: chr(int(match[1], 16)), raw_path)


def kept(request: Request) -> Headers:
    """Return the request fields that go on: each as it came, without its padding."""
    drops = HOP_BY_HOP | REQUEST_DROPS | CONSUMED | named_by_connection(request)
    return tuple(
        (name, value.strip(" \t"))
        for name, value in request.fields(HOST)
        if name.lower() not in drops
    )


def named_by_connection(message: Request | Reply) -> set[str]:
    """Return the fields that `Connection` names (RFC 9110 section 7.6.1)."""
    names = ",".join(message.values("connection")).lower().split(",")
    return {name.strip() for name in names}


def _renamed(body: str) -> str:
    try:
        return renamed(body)
    except json.JSONDecodeError as exc:
        detail = f"not valid JSON at {_place(exc.doc[: position(exc)])}"
    except UnicodeDecodeError as exc:
        coding = _coding(body)
        before = exc.object[: exc.start].decode(coding, "surrogatepass")
        name = re.sub(r"(utf-\d+).*", r"\1", coding).upper()
        detail = f"not {name} text at {_place(before)}"
    except ValueError:
        detail = "number too long"
    raise Answered(error(400, "Invalid JSON in request body", detail))


def _coding(body: str) -> str:
    coding: str = json.detect_encoding(body.encode("latin-1"))
    return coding


def _place(before: str) -> str:
    line = before.count("\n") + 1
    return f"line {line} column {len(before) - before.rfind(chr(10))}"


def _answer(reply: Reply | Fault, method: str) -> Answer:
    if isinstance(reply, Fault):
        return FAULTS[reply.kind]
    if reply.fault and is_gathered(reply):
        return FAULTS[reply.fault.kind]
    headers = response_headers(reply)
    if is_replaced(reply, method):
        detail = f"The upstream answered with status {reply.status}."
        own = error(reply.status, "upstream_error", detail)
        rest = [item for item in headers if item[0].lower() not in OF_THE_BODY]
        return Answer(reply.status, (*rest, *own.headers), own.body)
    if reply.length is not None:
        headers = (*headers, ("content-length", str(reply.length)))
    return Answer(reply.status, headers, reply.body, not reply.fault)


def response_headers(reply: Reply) -> Headers:
    """Return the fields that go to the client, but for the length of the body."""
    ours = {name for name, _ in SECURITY}
    drops = HOP_BY_HOP | named_by_connection(reply) | ours
    drops |= {"server", "date", "content-length"}
    rest = tuple(item for item in reply.headers if item[0].lower() not in drops)
    return (*rest, *SECURITY)


def is_gathered(reply: Reply) -> bool:
    """Say whether the body is read whole first, so that a cut one becomes a 502."""
    small = reply.length is not None and reply.length <= SMALL
    return small and not _is_event_stream(reply)


def is_replaced(reply: Reply, method: str) -> bool:
    """Say whether it is a 5xx that is not in the shape of an error."""
    if reply.status < 500 or method == "HEAD" or _is_event_stream(reply):
        return False
    if len(reply.body) > SMALL or not _is_readable(reply):
        return False
    try:
        data = json.loads(decoded(reply).encode("latin-1"))
    except (ValueError, zlib.error):
        return True
    return not (isinstance(data, dict) and "error" in data)


def _is_readable(reply: Reply) -> bool:
    codings = ",".join(reply.values("content-encoding")).lower().split(",")
    return {coding.strip() for coding in codings} <= {"", "identity", "gzip", "deflate"}


def _is_event_stream(reply: Reply) -> bool:
    return any(
        value.lower().startswith("text/event-stream")
        for value in reply.values("content-type")
    )
