"""A gateway in front of a raw upstream, and the raw client that tries them both."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hxroute.errors import BadResponse
from hxroute.ir import Gateway
from tests.behaviours.origin import Origin, Script
from tests.clients import called_by
from tests.runtime.serving import (
    HEAD,
    Answer,
    Connection,
    client,
    compiled,
    read_answer,
    served,
)

ALL = "- {path: '/{rest:path}', upstream: u}"
"""One endpoint for every path."""

_STRIKING: Final[list[asyncio.Task[None]]] = []


@functools.cache
def gateway(
    endpoints: str = ALL, *, upstream: str = "", rules: str = "", more: str = ""
) -> Gateway:
    """Compile endpoints, with more keys of the upstream `u`, rule sets and keys."""
    head = HEAD
    for begin, stated in (("{u: {", upstream), ("headers: {", rules)):
        assert begin in head
        head = head.replace(begin, f"{begin}{stated}, ") if stated else head
    return compiled(endpoints, head + more)


def request(
    method: str = "GET",
    target: str = "/x",
    *fields: str,
    body: bytes = b"",
    host: str = "a",
) -> bytes:
    """Return a request; a body brings its Content-Length."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


@dataclass(frozen=True)
class Stage:
    """What a behaviour is played on."""

    origin: Origin
    port: int

    async def ask(self, data: bytes) -> Answer:
        """Send raw bytes on a connection of their own and read one answer."""
        async with self.client(data) as (reader, _):
            return await read_answer(reader, head_only=data.startswith(b"HEAD "))

    async def get(self, target: str = "/x", *fields: str) -> Answer:
        """Ask for a target."""
        return await self.ask(request("GET", target, *fields))

    async def post(self, body: bytes, target: str = "/x", *fields: str) -> Answer:
        """Post a body."""
        return await self.ask(request("POST", target, *fields, body=body))

    async def all(self, data: bytes) -> bytes:
        """Send raw bytes and read until the gateway closes the connection."""
        async with self.client(data) as (reader, _):
            return await reader.read()

    def client(self, data: bytes) -> contextlib.AbstractAsyncContextManager[Connection]:
        """Open a connection and write to it."""
        return client(self.port, data)

    async def canary(self) -> None:
        """Show that the next caller is served as if nothing had happened."""
        for method in ("GET", "POST"):
            answer = await self.ask(request(method, "/canary"))
            assert (answer.status, answer.body) == (200, b"ok")


@contextlib.asynccontextmanager
async def stage(
    script: Script | Mapping[str, Script] | None = None,
    endpoints: str = ALL,
    *,
    upstream: str = "",
    rules: str = "",
    more: str = "",
    base: str = "",
    host: str = "127.0.0.1",
) -> AsyncIterator[Stage]:
    """Serve a gateway on a scripted upstream; in the end it must still work.

    Args:
        script: what `/x` is answered with, or what each path is.
        endpoints: those of the gateway.
        upstream: more keys of the upstream.
        rules: more header rule sets.
        more: more keys of the file.
        base: what follows the authority in the upstream's URL.
        host: what the upstream is called in its URL.
    """
    scripts = script if isinstance(script, Mapping) or not script else {"/x": script}
    configured = gateway(endpoints, upstream=upstream, rules=rules, more=more)
    stack = contextlib.AsyncExitStack()
    try:
        origin = await stack.enter_async_context(Origin(scripts))
        url = f"http://{host}:{origin.port}{base}"
        port = await stack.enter_async_context(served(configured, {"URL": url}))
        played = Stage(origin, port)
        yield played
        if endpoints == ALL and not base:
            await played.canary()
    finally:
        # A server takes a fifth of a second to end; the next play need not wait.
        _STRIKING.append(asyncio.create_task(stack.aclose()))


async def struck() -> None:
    """Wait until every stage is closed."""
    closing = tuple(_STRIKING)
    _STRIKING.clear()
    await asyncio.gather(*closing)


def fields(answer: Answer, name: str) -> list[str]:
    """Return the values of a field, in order."""
    return [value for key, value in answer.headers if key == name]


def is_refused_or_one(answer: Answer, body: bytes, lengths: list[str]) -> None:
    """Hold an answer whose framing was stated twice: each client has its own law."""
    assert answer.complete
    if called_by(gateway()).upstreams[0].client == "h1":
        assert answer.status == BadResponse.status
        assert BadResponse.detail.encode() in answer.body
    else:
        assert (answer.status, answer.body) == (200, body)
        assert fields(answer, "content-length") == lengths


@contextlib.contextmanager
def logged(name: str) -> Iterator[asyncio.Queue[str]]:
    """Collect what a logger is told."""
    lines: asyncio.Queue[str] = asyncio.Queue()
    handler = logging.Handler()
    handler.emit = lambda record: lines.put_nowait(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger(name)
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


async def drip(
    writer: asyncio.StreamWriter, pieces: Sequence[bytes], gap: float
) -> None:
    """Write one piece every `gap` seconds: that pace is what is tried."""
    with contextlib.suppress(ConnectionError):
        for piece in pieces:
            await asyncio.sleep(gap)
            writer.write(piece)
            await writer.drain()
