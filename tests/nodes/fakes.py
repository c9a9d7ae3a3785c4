"""What stands around one node in a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping

from hxroute.http import Handler, Request, Response, Start, Timeout
from hxroute.ir import Node
from hxroute.resilience import Retry


def start(
    settings: Mapping[str, object] | None = None, upstream: Handler | None = None
) -> Start:
    """Return a start whose every upstream is the given handler."""

    def connect(name: str, timeout: Timeout | None, retry: Retry | None) -> Handler:
        assert upstream is not None
        return upstream

    return Start(settings=settings or {}, connect=connect)


def through(node: Node, request: Request, begin: Start | None = None) -> Response:
    """Send a request through a node; what comes after it echoes the body."""
    return asyncio.run(_through(node, request, begin or start()))


async def _through(node: Node, request: Request, begin: Start) -> Response:
    return await node.wrap(echo, begin)(request)


async def echo(request: Request) -> Response:
    """Answer with the request's headers and body."""
    return Response(200, list(request.headers), request.body)


async def pieces(*chunks: bytes) -> AsyncGenerator[bytes, None]:
    """Return a body that arrives in pieces."""
    for chunk in chunks:
        yield chunk
