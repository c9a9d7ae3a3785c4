"""Connectors: upstream calls as handlers, and the one place that maps their errors.

They work on the pool of the client library, below its client object: that one keeps a
cookie jar shared by all callers, adds fields of its own, rewrites paths and reads
proxies from the environment.
"""

from __future__ import annotations

import functools
import ssl
from collections.abc import AsyncGenerator, AsyncIterable, Callable
from dataclasses import asdict
from typing import Final

# The library would import this at its first call, when no descriptor may be left.
import anyio._backends._asyncio  # noqa: F401
import httpcore2
import httpx2

from hxroute import urls
from hxroute.errors import (
    BadResponse,
    ConnectFailed,
    ConnectTimeout,
    Disconnected,
    PoolTimeout,
    ProxyError,
    ReadTimeout,
    StartError,
    Unreachable,
    WriteTimeout,
)
from hxroute.http import Handler, Headers, Request, Response, Timeout
from hxroute.ir import Upstream
from hxroute.runtime.network import Network
from hxroute.runtime.resolve import Lookup, look_up
from hxroute.runtime.tls import context
from hxroute.runtime.upload import Upload
from hxroute.runtime.wire import IN_USE, Stream

__all__ = ["Connector", "base_url", "failures", "framing"]

_IDEMPOTENT: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PUT", "TRACE"})
"""RFC 9110 §9.2.2: what may be sent again."""

_MAPPED: Final[tuple[tuple[type[Exception], Callable[[Timeout], ProxyError]], ...]] = (
    (
        httpcore2.ConnectTimeout,
        lambda t: ConnectTimeout(
            f"No connection to the upstream within {t.connect:g} s."
        ),
    ),
    (
        httpcore2.PoolTimeout,
        lambda t: PoolTimeout(
            f"No free connection to the upstream within {t.pool:g} s."
        ),
    ),
    (
        httpcore2.ReadTimeout,
        lambda t: ReadTimeout(f"The upstream sent nothing for {t.read:g} s."),
    ),
    (
        httpcore2.WriteTimeout,
        lambda t: WriteTimeout(f"The upstream took nothing for {t.write:g} s."),
    ),
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


class Connector:
    """One upstream's connection pool, and its resolver."""

    def __init__(self, upstream: Upstream, url: str, lookup: Lookup = look_up) -> None:
        self._upstream = upstream
        self._url = base_url(upstream, url)
        self._base_path = self._url.raw_path.rstrip(b"/")
        self._host = (b"host", self._url.netloc)
        network = Network(lookup)
        # The system's authorities are loaded only where they are needed: it takes a while.
        tls = context(upstream) if self._url.scheme == "https" else None
        self._pooled = _pool(upstream, network, tls, idle=upstream.max_connections)
        self._unpooled = _pool(upstream, network, tls, idle=0)

    def handler(self, timeout: Timeout | None) -> Handler:
        """Return the call with those limits, by default the upstream's own."""
        limits = timeout or self._upstream.timeout

        async def call(request: Request) -> Response:
            try:
                return await self._send(self._pooled, request, limits)
            except Disconnected:
                if not _is_stale(IN_USE.get()) or not _is_replayable(request):
                    raise
            # A pooled connection may have been closed while it was idle: what may be
            # sent again is sent once more, on a connection that cannot be stale.
            return await self._send(self._unpooled, request, limits)

        return call

    async def close(self) -> None:
        """Close every connection."""
        await self._pooled.aclose()
        await self._unpooled.aclose()

    async def _send(
        self, pool: httpcore2.AsyncConnectionPool, request: Request, limits: Timeout
    ) -> Response:
        target = self._base_path + request.path
        if request.query:
            target += b"?" + request.query
        url = self._url
        made = httpcore2.Request(
            request.method,
            httpcore2.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=target
            ),
            headers=[self._host, *request.headers, *framing(request)],
            content=_content(request),
            extensions={"timeout": _seconds(limits)},
        )
        IN_USE.set(None)
        try:
            response = await pool.handle_async_request(made)
        except _FAILURES as exc:
            raise _mapped(exc, limits) from exc
        if response.extensions["http_version"] not in _VERSIONS:
            await response.aclose()
            raise BadResponse
        headers: Headers = [(name.lower(), value) for name, value in response.headers]
        body = _body(response, limits)
        return Response(response.status, headers, body, response.aclose)


def _content(request: Request) -> bytes | Upload:
    if isinstance(request.body, bytes):
        return request.body
    return Upload(request.body, chunked=request.length is None)


def _is_stale(stream: Stream | None) -> bool:
    """Tell whether a connection may have been closed before the call reached it."""
    return stream is not None and stream.reused and not stream.answered


def base_url(upstream: Upstream, text: str) -> httpx2.URL:
    """Return what every call to an upstream begins with.

    Raises:
        StartError: where that is no URL of an upstream.
    """
    where = f"line {upstream.at}: upstream `{upstream.name}`: url {upstream.url}"
    wrong = urls.mistake(text)
    if wrong:
        raise StartError(f"{where} {wrong}")
    try:
        return httpx2.URL(text)
    except httpx2.InvalidURL as exc:
        raise StartError(f"{where} is no URL") from exc


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


@functools.cache
def _seconds(limits: Timeout) -> dict[str, float]:
    return asdict(limits)


def failures(limits: Timeout) -> tuple[ProxyError, ...]:
    """Return the errors that a call can end in, as they are worded."""
    return tuple(make(limits) for _, make in _MAPPED)


def framing(request: Request) -> Headers:
    """Return the fields that frame a request with that body (RFC 9112 §6)."""
    if request.length is None:
        return [(b"transfer-encoding", b"chunked")]
    if request.length or request.method in ("PATCH", "POST", "PUT"):
        return [(b"content-length", b"%d" % request.length)]
    return []


def _is_replayable(request: Request) -> bool:
    return request.method in _IDEMPOTENT and isinstance(request.body, bytes)


async def _body(
    response: httpcore2.Response, limits: Timeout
) -> AsyncGenerator[bytes, None]:
    stream = response.stream
    assert isinstance(stream, AsyncIterable)
    try:
        async for chunk in stream:
            yield chunk
    except httpcore2.TimeoutException as exc:
        raise _mapped(exc, limits) from exc
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
