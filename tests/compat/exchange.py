"""One exchange with the gateway, and the facts that two gateways are compared by.

`Facts` is a flat mapping, `client.*` for what the client got and `upstream.*` for
what reached the upstream: two gateways are identical where their facts are equal.
What the recording's README leaves out of the comparison never becomes a fact.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from hxroute.sandbox.scripted import Script
from hxroute.sandbox.seen import CASE_FIELD, Seen

DATA = Path(__file__).parent / "data"
Header = tuple[str, str]
Headers = tuple[Header, ...]
Facts = dict[str, tuple[str, ...]]

LARGE = 16 * 1024
NOT_COMPARED = {"date", "server", "connection", "transfer-encoding"}
FRAMING = {"host", "connection", "content-length", "transfer-encoding", CASE_FIELD}
INVENTED = ("accept", "accept-encoding", "user-agent")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the client puts it on the wire, in latin-1."""

    method: str
    target: str
    headers: Headers = ()
    body: str = ""
    case: str = ""

    def values(self, name: str) -> list[str]:
        """Return the values of a header field, in order."""
        return [value for key, value in self.headers if key.lower() == name]

    @property
    def path(self) -> str:
        """The raw path."""
        return self.target.partition("?")[0]

    @property
    def content(self) -> str:
        """The body without its framing."""
        if not self.values("transfer-encoding"):
            return self.body
        content, rest = "", self.body
        while True:
            size, _, rest = rest.partition("\r\n")
            wanted = int(size.split(";")[0], 16)
            if not wanted:
                return content
            content, rest = content + rest[:wanted], rest[wanted + 2 :]

    @property
    def fields(self) -> Headers:
        """Its header fields with those added that each recorded request carried."""
        added = {"Host": "127.0.0.1:4010", "Connection": "close"}
        if not self.values("transfer-encoding"):
            added["Content-Length"] = str(len(self.body))
        missing = {key: added[key] for key in added if not self.values(key.lower())}
        case = ((CASE_FIELD, self.case),)
        return (*self.headers, *missing.items(), *case)

    @property
    def wire(self) -> bytes:
        """The bytes to send."""
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in self.fields]
        return "\r\n".join([*lines, "", self.body]).encode("latin-1")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the client got."""

    status: int
    headers: Headers
    body: str
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, the environment of the gateway and the script of the upstream."""

    name: str
    request: Request
    script: Script = ()
    profile: str = "default"
    codes: tuple[str, ...] = ()
    seen_may_differ: bool = False
    old: Facts = field(default_factory=dict, compare=False)


def client_facts(answer: Answer) -> Facts:
    """State what the client got."""
    headers = [item for item in answer.headers if item[0].lower() not in NOT_COMPARED]
    return {
        "client.status": (str(answer.status),),
        **_header_facts("client.headers.", headers),
        "client.body": (digested(answer.body),),
        "client.complete": (str(answer.complete).lower(),),
    }


def upstream_facts(request: Request, seen: Iterable[Seen]) -> Facts:
    """State what reached the upstream."""
    facts: Facts = {}
    count = 0
    for count, one in enumerate(seen, 1):
        prefix = "upstream." if count == 1 else f"upstream.{count}."
        facts |= _seen_facts(request, one, prefix)
    return facts | {"upstream.requests": (str(count),)}


def _seen_facts(request: Request, seen: Seen, prefix: str) -> Facts:
    headers = [item for item in seen.headers if item[0].lower() not in FRAMING]
    body = seen.body
    if rewritten(request, body):
        body = canonical(body)
    return {
        f"{prefix}method": (seen.method,),
        f"{prefix}target": (seen.target,),
        **_header_facts(f"{prefix}headers.", headers),
        f"{prefix}body": (digested(body),),
    }


def without_invented(request: Request, facts: Facts) -> Facts:
    """Drop the fields that the old client library added of its own."""
    gone = {f"upstream.headers.{name}" for name in INVENTED if not request.values(name)}
    return {name: value for name, value in facts.items() if name not in gone}


def rewritten(request: Request, body: str) -> bool:
    """Say whether a body that reached the upstream is JSON written by the gateway."""
    embeddings = unquote(request.path) == "/v1/embeddings"
    return embeddings and request.method == "POST" and body != request.content


def canonical(body: str) -> str:
    """Write JSON in one way, so that equal values are equal texts."""
    try:
        return json.dumps(json.loads(body.encode("latin-1")), sort_keys=True)
    except ValueError:
        return body


def digested(body: str) -> str:
    """Return a small body as it is and a large one as its length and digest."""
    if len(body) <= LARGE:
        return body
    return _digest(len(body), hashlib.sha256(body.encode("latin-1")).hexdigest())


def _digest(length: int, sha256: str) -> str:
    return f"({length} bytes, sha256 {sha256})"


def _header_facts(prefix: str, headers: Iterable[Header]) -> Facts:
    facts: Facts = {}
    for name, value in headers:
        key = prefix + name.lower()
        facts[key] = (*facts.get(key, ()), value)
    return facts


def recorded() -> list[Exchange]:
    """Read the exchanges of the old gateway."""
    with (DATA / "exchanges.jsonl").open(encoding="utf-8") as lines:
        return [_exchange(json.loads(line)) for line in lines]


def profiles() -> dict[str, dict[str, str]]:
    """Read the environments they were recorded in."""
    loaded: dict[str, dict[str, str]] = json.loads((DATA / "profiles.json").read_text())
    return loaded


def _exchange(line: Mapping[str, Any]) -> Exchange:
    asked = line["request"]
    request = Request(
        asked["method"],
        asked["target"],
        tuple((name, value) for name, value in asked["headers"]),
        asked["body"] * asked.get("repeat_body", 1),
        line["name"],
    )
    return Exchange(
        line["name"],
        request,
        (line["upstream"] or {}).get("reply", ()),
        line["profile"],
        tuple(line["deviation"] or ()),
        line["seen_may_differ"],
        _recorded_facts(request, line),
    )


def _recorded_facts(request: Request, line: Mapping[str, Any]) -> Facts:
    got = line["response"]
    answer = Answer(got["status"], got["headers"], _body(got), got["complete"])
    seen = [
        Seen(
            one["method"], one["target"], tuple(map(tuple, one["headers"])), _body(one)
        )
        for one in line["seen"]
    ]
    facts = client_facts(answer) | upstream_facts(request, seen)
    return without_invented(request, facts)


def _body(message: Mapping[str, Any]) -> str:
    body = message["body"]
    return body if isinstance(body, str) else _digest(body["length"], body["sha256"])
