"""What the old gateway and the new one have in common: settings and own answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from hxroute.proof.messages import Answer, Headers

TRUE = {"true", "1", "yes"}
SECURITY: Headers = (
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("x-xss-protection", "1; mode=block"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none';"),
)
REQUEST_DROPS = frozenset(
    [
        "authorization",
        "cf-connecting-ip",
        "cf-ipcountry",
        "cookie",
        "proxy-authenticate",
        "proxy-authorization",
        "set-cookie",
        "www-authenticate",
        "x-cluster-client-ip",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-forwarded-server",
        "x-original-forwarded-for",
        "x-real-ip",
    ]
)
RESPONSE_DROPS = {"content-length", "transfer-encoding", "connection", "server", "date"}


class Answered(Exception):
    """The answer is settled before the upstream is called."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Settings:
    """What the gateway reads from its environment."""

    key: str
    upstream_key: str | None
    forward_auth: bool
    trust_proxy_ip: bool
    max_body_size: str
    down: bool = False

    @classmethod
    def of(cls, profile: str, env: Mapping[str, str]) -> Settings:
        """Read the environment of a profile."""
        key = env.get("HX_MASTER_KEY") or env.get("MASTER_KEY") or "sk-hx-dev-default"
        return cls(
            key,
            env.get("HX_UPSTREAM_KEY"),
            env.get("HX_FORWARD_AUTH", "").lower() in TRUE,
            env.get("HX_TRUST_PROXY_IP", "").lower() in TRUE,
            env.get("HX_MAX_BODY_SIZE", "1048576"),
            profile == "down",
        )

    def credential(self, client_value: str) -> Headers:
        """Return the Authorization field that goes upstream, if any."""
        if self.upstream_key:
            return (("Authorization", f"Bearer {self.upstream_key}"),)
        return (("Authorization", client_value),) if self.forward_auth else ()


def authenticate(client_value: str, settings: Settings) -> None:
    """Check the client's key: one space, and the token exactly."""
    scheme, _, token = client_value.partition(" ")
    if scheme.lower() != "bearer" or token != settings.key:
        raise Answered(UNAUTHORIZED)


def limit(body: str, settings: Settings) -> None:
    """Check the size of a body."""
    most = int(settings.max_body_size)
    if len(body) > most:
        text = f'{{"error":"Payload too large","max_size":{most}}}'
        raise Answered(json_answer(413, text))


def renamed(body: str) -> str:
    """Rename `prompt` to `input`; a body that needs no change stays as it is.

    Raises:
        ValueError: It is no JSON, of which a JSONDecodeError tells more.
    """
    data = json.loads(body.encode("latin-1")) if body else {}
    if not isinstance(data, dict):
        raise Answered(NOT_AN_OBJECT)
    if "prompt" not in data or "input" in data:
        return body
    data["input"] = data.pop("prompt")
    return json.dumps(data)


def error(status: int, error: str, detail: str) -> Answer:
    """Answer in the gateway's own format."""
    content = {"error": error, "detail": detail}
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return json_answer(status, text.encode().decode("latin-1"))


def json_answer(status: int, body: str, *more: tuple[str, str]) -> Answer:
    """Answer JSON."""
    return own_answer(status, "application/json", body, *more)


def plain_answer(status: int, body: str) -> Answer:
    """Answer plain text."""
    return own_answer(status, "text/plain; charset=utf-8", body)


def own_answer(
    status: int, content_type: str, body: str, *more: tuple[str, str]
) -> Answer:
    """Answer without the upstream."""
    headers = (("content-type", content_type), ("content-length", str(len(body))))
    return Answer(status, (*headers, *more), body)


def for_method(method: str, answer: Answer) -> Answer:
    """Take the body away from the answer to HEAD."""
    if method != "HEAD":
        return answer
    return Answer(answer.status, answer.headers, "", answer.complete)


HEALTH = json_answer(200, '{"ok":true,"note":"HX wrapper \xe2\x80\x93 proxy mode"}')
BAD_REQUEST = plain_answer(400, "Invalid HTTP request received.")
NOT_FOUND = json_answer(404, '{"detail":"Not Found"}')
NOT_ALLOWED = json_answer(
    405, '{"detail":"Method Not Allowed"}', ("allow", "GET, HEAD")
)
NOT_AN_OBJECT = json_answer(400, '{"error":"Request body must be a JSON object"}')
UNAUTHORIZED = json_answer(
    401, '{"error":"Unauthorized"}', ("www-authenticate", "Bearer")
)
ALL_FAILED = error(502, "upstream_unreachable", "All connection attempts failed")
