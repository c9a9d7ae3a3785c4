"""Proofs made by hand, of exchanges such as the repository's own."""

from __future__ import annotations

from hxroute.proof.exchange import Case, Exchange, Facts
from hxroute.proof.messages import Request
from hxroute.proof.verdict import Difference, Problem, Proof, Verdict, differing
from hxroute.sandbox.scripted import OK, Script

HOSTILE = (
    "</script><img src=x onerror=alert(1)>\x00\x1b[31m\u202e".encode().decode("latin-1")
    + "\xe2\x80\xaegnirts ]]> <!-- {{ 7 * 7 }} &amp; \"'` \x07\x9b\xff\\x00\r\nX: y"
)
"""What an enemy would have a report show: all of it latin-1, as on the wire."""

KEY = ("Authorization", "Bearer sk-hx-dev-default")
JSON = ("Content-Type", "application/json")
CHAT = '{"model":"hx-chat","messages":[{"role":"user","content":"Hello"}]}'
LIST = (
    '{"object":"list","data":[{"id":"hx-chat","object":"model","created":1677610602,'
    '"owned_by":"openai"},{"id":"emb-light","object":"model","created":1677610602,'
    '"owned_by":"openai"}]}'
)
SECURITY: Facts = {
    "client.headers.referrer-policy": ("strict-origin-when-cross-origin",),
    "client.headers.x-content-type-options": ("nosniff",),
    "client.headers.x-frame-options": ("DENY",),
}
GZIP = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xa5\xccA\x0a\x80 \x10@\xd1\xbb\xcc\xda"


def facts(
    status: int = 200,
    body: str = LIST,
    kind: str = "application/json",
    *,
    method: str = "GET",
    target: str = "/v1/models",
    sent: str = "",
    requests: int = 1,
    **others: tuple[str, ...],
) -> Facts:
    """Return what a gateway does with a request that it passes on."""
    found: Facts = {
        "client.status": (str(status),),
        "client.headers.content-type": (kind,),
        "client.headers.content-length": (str(len(body)),),
        **SECURITY,
        "client.body": (body,),
        "client.complete": ("true",),
        "upstream.requests": (str(requests),),
    }
    if requests:
        found |= {
            "upstream.method": (method,),
            "upstream.target": (target,),
            "upstream.headers.x-request-id": ("7f3a",),
            "upstream.body": (sent,),
        }
    return found | {name.replace("__", "."): found for name, found in others.items()}


def verdict(
    name: str,
    request: Request,
    old: Facts,
    new: Facts | None = None,
    *,
    script: Script = OK,
    environment: str = "default",
    rules: dict[str, tuple[int, str]] | None = None,
    reason: str = "",
) -> Verdict:
    """Compare by hand; with a reason, the ledger pins what is new."""
    got = old if new is None else new
    differences = []
    for fact in differing(old, got):
        line, rule = (rules or {}).get(fact, (0, ""))
        ours, theirs = old.get(fact, ()), got.get(fact, ())
        pinned = theirs if reason else None
        differences.append(Difference(fact, ours, theirs, pinned, line, rule))
    exchange = Exchange(Case(name, request, script, environment), old)
    reasons = (reason,) if reason else ()
    return Verdict(exchange, got, tuple(differences), reasons)


def identical(name: str = "models-ok", target: str = "/v1/models") -> Verdict:
    """Return a case in which nothing differs."""
    return verdict(name, Request("GET", target, (KEY,)), facts(target=target))


def renamed() -> Verdict:
    """Return a case whose body is not as it was."""
    new = facts(
        method="POST",
        target="/v1/chat/completions",
        sent=CHAT.replace("hx-chat", "hx-chat-2"),
        body=LIST.replace("emb-light", "emb-lite").replace(
            '"openai"}]', '"openai","x":1}]'
        ),
    )
    new.pop("client.headers.x-frame-options")
    return verdict(
        "chat-ok",
        Request("POST", "/v1/chat/completions", (KEY, JSON), CHAT),
        facts(method="POST", target="/v1/chat/completions", sent=CHAT),
        new,
        script=(
            f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{LIST}",
            {"sleep": 0.5},
            {"close": True},
        ),
        environment="forward-auth",
        rules={
            "client.headers.x-frame-options": (62, "headers.to_client.set"),
            "upstream.body": (103, "request.json.rename of POST /v1/chat/completions"),
        },
    )


def cookies() -> Verdict:
    """Return a case that the ledger sanctions: two cookies were one."""
    merged = "a=1; Path=/, b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT"
    old = facts(body="{}") | {"client.headers.set-cookie": (merged,)}
    new = old | {"client.headers.set-cookie": tuple(merged.split(", ", 1))}
    return verdict(
        "up-set-cookies",
        Request("GET", "/v1/models", (KEY,)),
        old,
        new,
        rules={"client.headers.set-cookie": (59, "headers.to_client")},
        reason="Merged fields are broken ones (two cookies became one).",
    )


def binary() -> Verdict:
    """Return a case whose body is no text, and pinned to another one."""
    old = facts(body=LIST[:40], kind="text/plain")
    new = facts(body=GZIP, kind="text/plain") | {"client.trailers.x-end": ("1",)}
    found = verdict("up-gzip", Request("GET", "/v1/models?a=%20b", (KEY,)), old, new)
    first, *rest = found.differences
    pinned = Difference(first.fact, first.old, first.new, ("other bytes",), 110, "")
    return Verdict(found.recorded, found.got, (pinned, *rest))


def hostile(text: str = HOSTILE) -> Verdict:
    """Return a case of an enemy's, who writes every text of the wire."""
    request = Request(text, f"/{text}", ((text, text),), text)
    old: Facts = {f"client.headers.{text}": (text, ""), "client.body": (text,)}
    new: Facts = {"client.body": (text + "x",), f"start.{text}": (text,)}
    rules = {"client.body": (7, text)}
    return verdict("hostile", request, old, new, script=(text,), rules=rules)


PROBLEMS = (
    Problem(
        "divergences.yaml", 12, "case `gone` is not in the corpus", "remove the entry"
    ),
    Problem("divergences.yaml", 30, "the entry has expired"),
)


def proof(*verdicts: Verdict, problems: tuple[Problem, ...] = ()) -> Proof:
    """Return a proof of the repository's own gateway."""
    oracle = "main.py at 3f2a91c, uvicorn main:app, fastapi 0.115.6"
    return Proof(oracle, "routes.yaml, compiled", "routes.yaml", verdicts, problems)


def realistic() -> Proof:
    """Return a proof that shows everything a report has to show."""
    shown = identical(), renamed(), cookies(), binary(), identical("health", "/healthz")
    return proof(*shown, problems=PROBLEMS)
