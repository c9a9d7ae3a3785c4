"""The connector over the client library, and the one place that maps its errors.

It works on the library's pool, below its client object: that one keeps a cookie jar
shared by all callers, adds fields of its own, rewrites paths and reads proxies from the
environment.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import ssl
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from typing import Final

# The library would import this at its first call, when no descriptor may be left.
import anyio._backends._asyncio  # noqa: F401
import httpcore2

from hxroute.errors import (
    BadResponse,
    ConnectFailed,
    Disconnected,
    ProxyError,
    Unreachable,
)
from hxroute.http import Handler, Headers, Request, Response, Timeout
from hxroute.ir import Upstream
from hxroute.runtime import calls
from hxroute.runtime.library.network import Network
from hxroute.runtime.library.upload import Upload
from hxroute.runtime.library.wire import IN_USE, Stream
from hxroute.runtime.prompt import prompt
from hxroute.runtime.resolve import Lookup
from hxroute.runtime.tls import context
from hxroute.urls import Base

__all__ = ["LibraryConnector"]

_MAPPED: Final[tuple[tuple[type[Exception], Callable[[Timeout], ProxyError]], ...]] = (
    (httpcore2.ConnectTimeout, calls.connect_timeout),
    (httpcore2.PoolTimeout, calls.pool_timeout),
    (httpcore2.ReadTimeout, calls.first_byte_timeout),
    (httpcore2.WriteTimeout, calls.write_timeout),
    (httpcore2.ConnectError, lambda _: ConnectFailed()),
    (httpcore2.ReadError, lambda _: Disconnected()),
    (httpcore2.WriteError, lambda _: Disconnected()),
    (httpcore2.ProtocolError, lambda _: BadResponse()),
    (httpcore2.NetworkError, lambda _: Unreachable()),
)
"""The library's exceptions and ours; the first that fits counts."""

_VERSIONS: Final = (b"HTTP/1.1", b"HTTP/1.0")
_FAILURES: Final = tuple(foreign for foreign, _ in _MAPPED)

_NO_ANSWER: Final = "Server disconnected without sending a response."


class LibraryConnector:
    """One upstream's connection pool."""

    def __init__(self, upstream: Upstream, base: Base, lookup: Lookup) -> None:
        self._upstream = upstream
        self._base = base
        network = Network(lookup)
        # The system's authorities are loaded only where they are needed: it takes a while.
        tls = context(upstream) if base.scheme == "https" else None
        self._pooled = _pool(upstream, network, tls, idle=upstream.max_connections)
        self._unpooled = _pool(upstream, network, tls, idle=0)

    def handler(self, timeout: Timeout | None, per_try: float | None = None) -> Handler:
        """Return the call with those limits, and with one for each try, where stated."""
        limits = timeout or self._upstream.timeout

        async def call(request: Request) -> Response:
            total = _Total(limits, request.ends)
            async with total.bounding():
                try:
                    return await self._send(self._pooled, request, limits, total)
                except Disconnected:
                    if not _is_stale(IN_USE.get()) or not calls.is_replayable(request):
                        raise
                # A pooled connection may have been closed while it was idle: what may be
                # sent again is sent once more, on a connection that cannot be stale.
                return await self._send(self._unpooled, request, limits, total)

        return prompt(call, per_try)

    async def close(self) -> None:
        """Close every connection."""
        await self._pooled.aclose()
        await self._unpooled.aclose()

    async def _send(
        self,
        pool: httpcore2.AsyncConnectionPool,
        request: Request,
        limits: Timeout,
        total: _Total,
    ) -> Response:
        base = self._base
        target = base.path + request.path
        if request.query:
            target += b"?" + request.query
        seconds = {
            "connect": limits.connect,
            "pool": limits.pool,
            "read": limits.read if limits.first_byte is None else limits.first_byte,
            "write": limits.write,
        }
        made = httpcore2.Request(
            request.method,
            httpcore2.URL(
                scheme=base.scheme.encode(),
                host=base.host.encode(),
                port=base.port,
                target=target,
            ),
            headers=[
                (b"host", base.authority),
                *request.headers,
                *calls.framing(request),
            ],
            content=_content(request),
            extensions={"timeout": seconds},
        )
        IN_USE.set(None)
        try:
            response = await pool.handle_async_request(made)
        except _FAILURES as exc:
            raise _mapped(exc, limits) from exc
        seconds["read"] = limits.read  # the library looks at each call of its own
        if response.extensions["http_version"] not in _VERSIONS:
            await response.aclose()
            raise BadResponse
        headers: Headers = [(name.lower(), value) for name, value in response.headers]
        body = _body(response, limits, total)
        return Response(response.status, headers, body, response.aclose)


class _Total:
    """The time that one call may take in all, its answer included."""

    def __init__(self, limits: Timeout, ends: float) -> None:
        self._limits = limits
        if limits.total is not None:
            ends = min(ends, asyncio.get_running_loop().time() + limits.total)
        self._ends = None if ends == math.inf else ends

    @contextlib.asynccontextmanager
    async def bounding(self) -> AsyncIterator[None]:
        """Bound what is done in here.

        Raises:
            TotalTimeout: where the time is over.
        """
        try:
            async with asyncio.timeout_at(self._ends):
                yield
        except TimeoutError as exc:
            raise calls.total_timeout(self._limits) from exc


def _content(request: Request) -> bytes | Upload:
    if isinstance(request.body, bytes):
        return request.body
    return Upload(request.body, chunked=request.length is None)


def _is_stale(stream: Stream | None) -> bool:
    """Tell whether a connection may have been closed before the call reached it."""
    return stream is not None and stream.reused and not stream.answered


def _pool(
    upstream: Upstream, network: Network, tls: ssl.SSLContext | None, *, idle: int
) -> httpcore2.AsyncConnectionPool:
    return httpcore2.AsyncConnectionPool(
        ssl_context=tls,
        max_connections=upstream.max_connections,
        max_keepalive_connections=idle,
        keepalive_expiry=upstream.idle_timeout,
        network_backend=network,
    )


async def _body(
    response: httpcore2.Response, limits: Timeout, total: _Total
) -> AsyncGenerator[bytes, None]:
    stream = response.stream
    assert isinstance(stream, AsyncIterable)
    chunks = aiter(stream)
    assert isinstance(chunks, AsyncGenerator)
    try:
        async with contextlib.aclosing(chunks):
            while True:
                async with total.bounding():
                    chunk = await anext(chunks, None)
                if chunk is None:
                    break
                yield chunk
    except httpcore2.ReadTimeout as exc:
        raise calls.read_timeout(limits) from exc
    except _FAILURES as exc:
        raise BadResponse from exc
    if _has_left_over(stream) or _is_ambiguous(response):
        await response.extensions["network_stream"].aclose()


def _has_left_over(stream: object) -> bool:
    """Tell whether bytes came behind a response (RFC 9112 §9.2).

    The library would give them to the connection's next caller as an answer. It keeps
    them where only its own parts look; where they are not found, none is trusted.
    """
    for part in ("_stream", "_connection", "_h11_state"):
        stream = getattr(stream, part, None)
    left_over: tuple[bytes, bool] = getattr(stream, "trailing_data", (b"?", False))
    return bool(left_over[0])


def _is_ambiguous(response: httpcore2.Response) -> bool:
    """Tell whether others may see another end of a response (RFC 9112 §6.3)."""
    names = {name.lower() for name, _ in response.headers}
    return {b"content-length", b"transfer-encoding"} <= names


def _mapped(exc: Exception, limits: Timeout) -> ProxyError:
    if isinstance(exc, httpcore2.RemoteProtocolError) and str(exc) == _NO_ANSWER:
        return Disconnected()
    return next(make(limits) for foreign, make in _MAPPED if isinstance(exc, foreign))
