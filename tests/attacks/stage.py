"""Many requests to one gateway, each with what the upstream saw of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass

from hxroute.ir import Gateway
from hxroute.sandbox.scripted import Script, ScriptedUpstream
from hxroute.sandbox.seen import Seen
from tests.runtime.serving import Answer, ask, served

__all__ = ["Exchange", "exchanges", "get", "post"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a client got, and what the upstream saw meanwhile."""

    answer: Answer
    seen: tuple[Seen, ...]

    @property
    def status(self) -> int:
        """The status that the client got."""
        return self.answer.status

    @property
    def call(self) -> Seen:
        """The one request that the upstream saw."""
        (call,) = self.seen
        return call

    @property
    def sent(self) -> object:
        """The JSON that the upstream got."""
        return json.loads(self.call.body.encode("latin-1"))


def get(path: str, *fields: bytes, method: str = "GET") -> bytes:
    """Return a request without a body."""
    head = (b"%b %b HTTP/1.1" % (method.encode(), path.encode()), b"Host: a", *fields)
    return b"\r\n".join((*head, b"", b""))


def post(path: str, body: object, *fields: bytes) -> bytes:
    """Return a request with a body: bytes, or a value to be written as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return get(path, *fields, b"Content-Length: %d" % len(data), method="POST") + data


def exchanges(
    gateway: Gateway,
    requests: Mapping[str, bytes],
    scripts: Mapping[str, Script] | None = None,
    environ: Mapping[str, str] | None = None,
) -> dict[str, Exchange]:
    """Send each request on a connection of its own, one after the other."""

    async def scenario() -> dict[str, Exchange]:
        found = {}
        async with (
            ScriptedUpstream(scripts) as upstream,
            served(gateway, {"URL": upstream.url, **(environ or {})}) as port,
        ):
            for name, request in requests.items():
                before = len(upstream.seen)
                answer = await ask(port, request)
                found[name] = Exchange(answer, tuple(upstream.seen[before:]))
        return found

    return asyncio.run(scenario())
