"""Request: a valid one for an endpoint, as it goes over the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from hxroute import templates
from hxroute.ir import Endpoint
from hxroute.nodes import Authenticate, RenameJson
from hxroute.sandbox.bench.target import Target

__all__ = ["Own", "written"]

_WITH_BODY: Final = ("PATCH", "POST", "PUT")
_NO_SAMPLE: Final = frozenset(
    {
        *(b"accept", b"authorization", b"connection", b"content-length"),
        *(b"content-type", b"cookie", b"expect", b"host", b"transfer-encoding"),
    }
)
"""Fields that mean something, also where no template names them."""

_SAMPLE: Final = "sample"
_CHAT: Final = {
    "model": "hx-chat",
    "messages": [{"role": "user", "content": "Hello"}],
}


@dataclass(frozen=True, slots=True)
class Own:
    """Fields and a body of the user's own, which take the place of ours."""

    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes | None = None


def written(target: Target, own: Own, settings: Mapping[str, Any]) -> bytes:
    """Write a request; what the endpoint's templates read of it gets a sample.

    Args:
        target: what is asked.
        own: what the user says of it.
        settings: which know the key that the endpoint asks for.
    """
    body = own.body
    if body is None:
        body = _body(target) if target.method in _WITH_BODY else b""
    named = {name for name, _ in own.headers}
    ours = [field for field in _fields(target, settings) if field[0] not in named]
    fields = [*ours, *own.headers, (b"content-length", b"%d" % len(body))]
    query = "" if "?" in target.target else _query(target)
    start = f"{target.method} {target.target}{query} HTTP/1.1\r\n".encode()
    lines = (b"%b: %b\r\n" % field for field in fields)
    return start + b"".join(lines) + b"\r\n" + body


def _fields(
    target: Target, settings: Mapping[str, Any]
) -> Iterator[tuple[bytes, bytes]]:
    yield b"host", b"127.0.0.1"
    yield b"accept", b"*/*"
    yield b"content-type", b"application/json"
    for name in _read(target, "headers"):
        field = name.lower().encode()
        if field not in _NO_SAMPLE:
            yield field, _SAMPLE.encode()
    key = _key(target.endpoint, settings)
    if key:
        yield b"authorization", b"Bearer " + key


def _key(endpoint: Endpoint, settings: Mapping[str, Any]) -> bytes:
    """Return a key that the endpoint takes, where it asks for one."""
    for node in endpoint.pipeline:
        if isinstance(node, Authenticate):
            source = next(iter(node.auth.sources()), "")
            key = templates.text(source, settings)
            return templates.to_bytes(key.strip()) if isinstance(key, str) else b""
    return b""


def _body(target: Target) -> bytes:
    """Return a chat request with a member for each that is read."""
    named = set(_read(target, "body"))
    for node in target.endpoint.pipeline:
        if isinstance(node, RenameJson):
            named |= {old for old, _ in node.rename}
    return json.dumps(dict.fromkeys(sorted(named), _SAMPLE) | _CHAT).encode()


def _query(target: Target) -> str:
    pairs = (f"{quote(name, safe='')}={_SAMPLE}" for name in _read(target, "query"))
    query = "&".join(pairs)
    return f"?{query}" if query else ""


def _read(target: Target, root: str) -> list[str]:
    """Return the names of what the call's templates read of one variable."""
    found = (
        pair for source in target.call.sources() for pair in templates.names(source)
    )
    return sorted({name for first, name in found if first == root and name})
