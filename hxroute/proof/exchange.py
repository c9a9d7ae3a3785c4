"""One exchange with a gateway: what is played, and the facts it is compared by.

`Facts` is a flat mapping from a name to values: `client.*` says what the client got,
`upstream.*` what reached the upstream (`upstream.2.*` the second request of it), and
`start.error` that the gateway did not start. Two gateways are identical where their
facts are equal; what is not compared never becomes a fact.

    client.status, client.headers.NAME, client.body, client.complete,
    client.trailers.NAME, client.failure, client.excess, client.version, client.interim
    upstream.requests, upstream.name, upstream.method, upstream.target,
    upstream.headers.NAME, upstream.body, upstream.trailers.NAME, upstream.framing,
    upstream.version, upstream.torn
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from hxroute.proof import oddities
from hxroute.proof.messages import Answer, Header, Request
from hxroute.sandbox.scripted import OK, Script
from hxroute.sandbox.seen import Seen

__all__ = [
    "DEFAULT",
    "LARGE",
    "NAME",
    "REFUSED",
    "Case",
    "Exchange",
    "Facts",
    "canonical",
    "client_facts",
    "digested",
    "is_rewritten",
    "upstream_facts",
    "without_invented",
]

Facts = dict[str, tuple[str, ...]]

DEFAULT: Final = "default"
"""The environment in which nothing is set."""

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,119}")
"""What a case may be called: it names a file."""

REFUSED: Final[Script] = ({"refuse": True},)
"""The script of an upstream that does not listen."""

LARGE: Final = 16 * 1024
"""Bytes of the longest body that a fact holds; of a longer one it holds the digest."""

_NOT_COMPARED: Final = frozenset({"date", "server", "connection", "transfer-encoding"})
"""The fields of an answer that are the server's own, and no gateway's."""

_FRAMING: Final = frozenset(
    {"host", "connection", "content-length", "transfer-encoding"}
)
"""The fields of an upstream request that belong to the connection."""

_UPSTREAM_FIELD: Final = re.compile(r"upstream\.(?:[0-9]+\.)?headers\.(.+)")

_INVENTED: Final = ("accept", "accept-encoding", "user-agent")
"""What client libraries add of their own, where the client has sent none."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is played: a request, the upstream's script, the gateway's environment."""

    name: str
    request: Request
    script: Script = OK
    environment: str = DEFAULT


@dataclass(frozen=True, slots=True)
class Exchange:
    """A case, and the facts of what became of it: the recorded ones of the oracle."""

    case: Case
    facts: Facts = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the case."""
        return self.case.name


def client_facts(answer: Answer, script: Script = ()) -> Facts:
    """State what the client got; `script` is what the upstream answered."""
    headers = [item for item in answer.headers if item[0].lower() not in _NOT_COMPARED]
    return {
        "client.status": (str(answer.status),),
        **_header_facts("client.headers.", headers),
        "client.body": (digested(answer.body),),
        **_header_facts("client.trailers.", answer.trailers),
        "client.complete": (str(answer.complete).lower(),),
        **oddities.of_answer(answer, script),
    }


def upstream_facts(
    request: Request,
    seen: Iterable[tuple[str, Seen]],
    *,
    usual: str | None = None,
    hosts: Mapping[str, Collection[str]] | None = None,
) -> Facts:
    """State what reached the upstreams.

    Args:
        request: what the client sent.
        seen: the name of an upstream and what it saw, in the order of arrival.
        usual: the upstream whose name is no fact, "" for none; None where no name is.
        hosts: what the field Host may say to each, None where that is not known.
    """
    facts: Facts = {}
    count = 0
    for count, (name, one) in enumerate(seen, 1):
        prefix = "upstream." if count == 1 else f"upstream.{count}."
        if usual is not None and name != usual:
            facts[f"{prefix}name"] = (name,)
        facts |= _seen_facts(request, one, prefix)
        facts |= oddities.of_request(
            one, prefix, None if hosts is None else hosts[name]
        )
    return facts | {"upstream.requests": (str(count),)}


def _seen_facts(request: Request, seen: Seen, prefix: str) -> Facts:
    headers = [item for item in seen.headers if item[0].lower() not in _FRAMING]
    body = canonical(seen.body) if is_rewritten(request, seen.body) else seen.body
    return {
        f"{prefix}method": (seen.method,),
        f"{prefix}target": (seen.target,),
        **_header_facts(f"{prefix}headers.", headers),
        f"{prefix}body": (digested(body),),
    }


def without_invented(request: Request, facts: Facts) -> Facts:
    """Drop the fields that a client library added of its own."""
    gone = {name for name in _INVENTED if not request.values(name)}
    return {
        name: value
        for name, value in facts.items()
        if not ((found := _UPSTREAM_FIELD.fullmatch(name)) and found[1] in gone)
    }


def is_rewritten(request: Request, body: str) -> bool:
    """Tell whether a body that reached the upstream was written by the gateway."""
    return bool(body) and body != request.content


def canonical(body: str) -> str:
    """Write JSON in one way, so that equal values are equal texts; leave all else.

    The order of names, white space and escapes are no part of a value, nor how a number
    with a fraction is written; that it has one is. A repeated name and a number too
    large for a double are read in more than one way (RFC 8259 sections 4 and 6), and a
    byte order mark or another encoding than UTF-8 by some readers only: they are left.
    """
    try:
        value = json.loads(
            body.encode("latin-1").decode(),
            object_pairs_hook=_members,
            parse_float=_double,
        )
        return json.dumps(value, sort_keys=True)
    except (ValueError, RecursionError):
        return body


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name is repeated")
    return members


def _double(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("no double is so large")
    return number


def digested(body: str) -> str:
    """Return a small body as it is, and a large one as its length and digest."""
    if len(body) <= LARGE:
        return body
    sha256 = hashlib.sha256(body.encode("latin-1")).hexdigest()
    return f"({len(body)} bytes, sha256 {sha256})"


def _header_facts(prefix: str, headers: Iterable[Header]) -> Facts:
    facts: Facts = {}
    for name, value in headers:
        key = prefix + name.lower()
        facts[key] = (*facts.get(key, ()), value)
    return facts
