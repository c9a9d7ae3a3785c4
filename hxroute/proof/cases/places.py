"""Places: what a generator has to know of each endpoint.

A compiled gateway says how an endpoint is opened, limited and passed on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeVar
from urllib.parse import urlencode

from hxroute import jsontext, paths, templates, units
from hxroute.errors import StartError
from hxroute.ir import Endpoint, Gateway, Node, Timeout
from hxroute.nodes import (
    Authenticate,
    Execute,
    LimitBody,
    MapErrors,
    RenameJson,
    Respond,
)
from hxroute.passing import HOP_BY_HOP
from hxroute.proof.messages import Headers
from hxroute.runtime.settings import resolve

__all__ = [
    "BODILESS",
    "JSON",
    "UNKNOWN",
    "USUAL",
    "WITH_BODY",
    "Place",
    "labelled",
    "of_gateway",
    "slug",
    "wire",
]

JSON: Final = "application/json"

UNKNOWN: Final = "upstream"
"""The upstream of a place of which nobody has said what it calls."""

BODILESS: Final = frozenset({"GET", "HEAD", "OPTIONS", "DELETE", "TRACE"})
"""Methods whose requests mean nothing by a body (RFC 9110 section 9.3)."""

WITH_BODY: Final = ("POST", "PUT", "PATCH")
"""Methods whose requests have a body where nobody says otherwise."""

USUAL: Final = '{"model":"hx-model","input":"hello"}'
"""The body of a request of which nobody has said more."""

_LABEL: Final = 36
"""Characters of a label: what is varied has to find room behind it in a name."""

_BY_DIGEST: Final = "known-by-its-digest"
"""What is shown where no key is to be had from the file: it is refused."""

_OWN: Final = frozenset(
    {"authorization", "connection", "content-length", "content-type", "host"}
)
"""Fields that a generator has reasons of its own to send or not to send."""

_Node = TypeVar("_Node")


@dataclass(frozen=True, slots=True)
class Place:
    """An endpoint, as a generator needs it.

    `path` is one that it takes, as it goes over the wire, `method` what is usually
    asked for there; `methods` are all that it takes, () for any. `key` opens it where
    `auth` is bearer. `query`, `headers`, `content_type` and `body` (in latin-1) are
    those of a request that it takes. `max_body` is in bytes; `upstream` is None where
    it answers by itself; `named` are the fields that its rules name; `wait` is how many seconds it waits for the upstream, None
    where that is not known. Places of one `kin` are handled alike behind their paths.
    `origin` says where it is stated.
    """

    label: str
    path: str
    method: str = "GET"
    methods: tuple[str, ...] = ()
    auth: Literal["none", "bearer"] = "none"
    key: str = ""
    query: str = ""
    headers: Headers = ()
    content_type: str = ""
    body: str = ""
    renames: tuple[tuple[str, str], ...] = ()
    max_body: int | None = None
    upstream: str | None = UNKNOWN
    named: tuple[str, ...] = ()
    wait: float | None = None
    kin: str = ""
    origin: str = ""

    def takes_body(self, method: str) -> bool:
        """Tell whether requests of a method have a body here."""
        return method not in BODILESS or (method == self.method and bool(self.body))


def wire(text: str) -> str:
    """Return a text as its UTF-8 bytes go over the wire, each as one character."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def slug(text: str) -> str:
    """Make a label of a text; of a long one words in the middle are left out."""
    plain = text.lower().replace(":path}", "}")
    words = re.findall(r"[a-z0-9]+", plain) or ["root"]
    while len("-".join(words)) > _LABEL and len(words) > 1:
        del words[len(words) // 2]
    return "-".join(words)[:_LABEL]


def labelled(places: Iterable[Place]) -> tuple[Place, ...]:
    """Give each place a label that no other has: the second `x` is `x-2`."""
    taken: set[str] = set()
    found = []
    for place in places:
        label, number = place.label, 1
        while label in taken:
            number += 1
            end = f"-{number}"
            label = place.label[: _LABEL - len(end)] + end
        taken.add(label)
        found.append(replace(place, label=label))
    return tuple(found)


def of_gateway(gateway: Gateway, environ: Mapping[str, str]) -> tuple[Place, ...]:
    """Return the places of a compiled gateway.

    Args:
        gateway: what the routes file became.
        environ: the environment that it starts in.

    Raises:
        StartError: where it could not start in that environment.
    """
    settings = templates.Settings(resolve(gateway.settings, environ))
    known: list[Place] = []
    kinds: list[tuple[Node, ...]] = []
    for number, endpoint in enumerate(gateway.endpoints):
        path = _sample(endpoint, gateway.endpoints[:number])
        place = _place(endpoint, path, gateway, settings)
        kinds.append(_handling(endpoint))
        kin = gateway.endpoints[kinds.index(kinds[-1])].path
        known.append(replace(place, kin=kin))
    return labelled(known)


def _place(
    endpoint: Endpoint, path: str, gateway: Gateway, settings: templates.Values
) -> Place:
    limit = _node(endpoint, LimitBody)
    renaming = _node(endpoint, RenameJson)
    call = _node(endpoint, Execute)
    asked = _asked_for(endpoint)
    key = _key(_node(endpoint, Authenticate), settings)
    method = _usual(endpoint.methods, has_body=bool(call or limit))
    body = _body(asked["body"], renaming) if method in WITH_BODY else ""
    return Place(
        slug(endpoint.name or f"{method} {endpoint.path}"),
        path,
        method,
        endpoint.methods,
        "none" if key is None else "bearer",
        key or "",
        query=urlencode(dict.fromkeys(asked["query"], "hello")),
        headers=tuple((name, "hello") for name in asked["headers"] if name not in _OWN),
        content_type=JSON if body else "",
        body=body,
        renames=renaming.rename if renaming else (),
        max_body=_max_body(limit, settings),
        upstream=call.upstream if call else None,
        named=_named(call) if call else (),
        wait=_wait(call, gateway),
        origin=f"endpoint {endpoint.name or endpoint.path} (line {endpoint.at})",
    )


def _named(call: Execute) -> tuple[str, ...]:
    """Return the names of fields in the rules for a request, each once."""
    names = [
        name.lower()
        for rule in call.request_headers
        for name in (
            *rule.drop, *(rule.keep or ()), *rule.forward, *(name for name, _ in rule.set)
        )
    ]  # fmt: skip
    frames = {name.decode() for name in HOP_BY_HOP} | {"expect"}
    return tuple(name for name in dict.fromkeys(names) if name not in _OWN | frames)


def _node(endpoint: Endpoint, kind: type[_Node]) -> _Node | None:
    return next((node for node in endpoint.pipeline if isinstance(node, kind)), None)


def _usual(methods: tuple[str, ...], *, has_body: bool) -> str:
    """Choose the method that says most: one with a body, where that is read or sent."""
    if not methods:
        return "POST" if has_body else "GET"
    likely = (method for method in methods if method in WITH_BODY and has_body)
    return next(likely, methods[0])


def _handling(endpoint: Endpoint) -> tuple[Node, ...]:
    """Return what is done with any request: its nodes, but for those of the body."""
    told = (MapErrors, Authenticate, Execute, Respond)
    return tuple(node for node in endpoint.pipeline if isinstance(node, told))


def _sample(endpoint: Endpoint, earlier: Sequence[Endpoint]) -> str:
    """Return a path of the endpoint that no earlier one takes: its parameters' names."""
    pattern = paths.parse_pattern(endpoint.path)
    others = [paths.parse_pattern(other.path) for other in earlier]
    for end in ("", *(f"-{number}" for number in range(1, 10))):
        path = re.sub(r"\{(\w+)(?::path)?\}", rf"\1{end}", endpoint.path)
        segments = paths.comparable(wire(path).encode("latin-1")).split(b"/")
        if not any(other.matches(segments) for other in others if other != pattern):
            break
    return paths.printable(path.encode()).decode("ascii")


def _asked_for(endpoint: Endpoint) -> dict[str, list[str]]:
    """Return what its templates read of a request, by variable, in one order."""
    found: dict[str, set[str]] = {"body": set(), "headers": set(), "query": set()}
    for node in (_node(endpoint, Execute), _node(endpoint, Respond)):
        for source in node.sources() if node else ():
            for root, name in templates.names(source):
                if root in found and name:
                    found[root].add(name)
    return {root: sorted(names) for root, names in found.items()}


def _body(asked: Iterable[str], renaming: RenameJson | None) -> str:
    renamed = [new for _, new in renaming.rename] if renaming else []
    read = dict.fromkeys([*asked, *renamed], "hello")
    if not read:
        return USUAL
    members = {"model": "hx-model", **read}
    return jsontext.encode(members).decode("latin-1")


def _key(node: Authenticate | None, settings: templates.Values) -> str | None:
    """Return the first of the keys that open an endpoint, None where none is needed.

    Raises:
        StartError: where it is not set.
    """
    if node is None:
        return None
    source = next(iter(node.auth.sources()), None)
    if source is None:
        return _BY_DIGEST
    key = (templates.decided(source, settings) or "").strip()
    if not key:
        raise StartError(
            f"line {node.auth.at}: auth `{node.auth.name}` has an empty key; "
            f"set the variable that {source} takes it from"
        )
    return wire(key)


def _max_body(node: LimitBody | None, settings: templates.Values) -> int | None:
    if node is None:
        return None
    return units.size(templates.decided(node.max_body, settings) or "")


def _wait(call: Execute | None, gateway: Gateway) -> float | None:
    if call is None:
        return None
    stated = (item.timeout for item in gateway.upstreams if item.name == call.upstream)
    timeout = call.timeout or next(stated, Timeout())
    return timeout.read if timeout.first_byte is None else timeout.first_byte
