"""What was said and what happened, in one form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from hxroute.explain import Explanation
from hxroute.explain.data import Field
from hxroute.passing import HOP_BY_HOP
from hxroute.sandbox.seen import Seen
from tests.runtime.serving import Answer

Pairs = list[tuple[str, str]]

_FRAMING = {"content-length", "transfer-encoding", "connection", "date"}
KEPT_ALIVE = {"date", "connection"}
"""What the server adds by itself."""


def text_of(latin_1: str) -> str:
    """Return what was read from a socket as an explanation shows it."""
    return latin_1.encode("latin-1").decode("utf-8", "backslashreplace")


class Veil:
    """Knows every secret, and puts in its place what an explanation shows."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = dict(sorted(known.items(), key=lambda item: -len(item[0])))

    def text(self, text: str) -> str:
        """Veil a header value or a body."""
        for secret, shown in self._known.items():
            text = text.replace(secret, shown)
        return text

    def json(self, text: str) -> str:
        """Veil a body in which secrets may stand as JSON strings."""
        for secret, shown in self._known.items():
            escaped = secret.replace("\\", "\\\\").replace('"', '\\"')
            text = text.replace(escaped, shown)
        return text

    def target(self, text: str) -> str:
        """Veil a target; secrets stand in it as they are, or percent-encoded."""
        for secret, shown in self._known.items():
            named = shown if shown.startswith("<") else quote(shown, safe="")
            for form in (secret, quote(secret), quote(secret, safe="")):
                text = text.replace(form, named)
        return text


def call_of(seen: Seen, veil: Veil) -> tuple[str, str, Pairs, str]:
    """Return the method, target, fields and body that reached the upstream."""
    raw = text_of(seen.body)
    body = veil.json(raw)
    fields = []
    for name, value in seen.headers:
        shown = veil.text(text_of(value))
        if name.lower() == "content-length" and body != raw:
            shown = str(len(body.encode()))
        fields.append((name.lower(), shown))
    return seen.method, veil.target(seen.target), fields, body


def said_of(explanation: Explanation) -> tuple[str, str, Pairs, str]:
    """Return the same of what an explanation says."""
    call = explanation.call
    assert call is not None
    target = re.sub(r"^https?://[^/]+", "", call.url)
    return call.method, target, list(call.headers), call.body


def expected_fields(came: Pairs, ledger: Iterable[Field]) -> Pairs:
    """Apply a ledger of answered fields to those of an upstream's answer."""
    named = {
        token.strip().lower()
        for name, value in came
        if name == "connection"
        for token in value.split(",")
    }
    gone = named | {name.decode() for name in HOP_BY_HOP} | _FRAMING
    gone |= {item.name for item in ledger if item.outcome != "kept"}
    kept = {item.name for item in ledger if item.outcome == "kept"}
    only = any(item.name == "*" for item in ledger)
    left = [
        (name, value)
        for name, value in came
        if name not in gone and (name in kept or not only)
    ]
    return [*left, *((i.name, i.value) for i in ledger if i.outcome == "set")]


def without(fields: Pairs, names: set[str]) -> Pairs:
    """Return the fields of other names."""
    return [item for item in fields if item[0] not in names]


def got(answer: Answer, veil: Veil, names: set[str]) -> Pairs:
    """Return the fields that a client got, but for some names."""
    fields = [(name, veil.text(text_of(value))) for name, value in answer.headers]
    return without(fields, names)
