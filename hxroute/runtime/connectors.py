"""Connectors: upstream calls as handlers. The only module that imports an HTTP client.

It works on the client library's transport, below its client object: that one keeps a
cookie jar shared by all callers, adds fields of its own, rewrites paths and reads
proxies from the environment.
"""

from __future__ import annotations

import functools
import ssl
from collections.abc import AsyncGenerator, Callable
from dataclasses import asdict
from typing import Any, Final

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

__all__ = ["Connector", "base_url", "failures", "framing"]

_IDEMPOTENT: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PUT", "TRACE"})
"""RFC 9110 §9.2.2: what may be sent again."""

_MAPPED: Final[
    tuple[tuple[type[httpx2.TransportError], Callable[[Timeout], ProxyError]], ...]
] = (
    (
        httpx2.ConnectTimeout,
        lambda t: ConnectTimeout(
            f"No connection to the upstream within {t.connect:g} s."
        ),
    ),
    (
        httpx2.PoolTimeout,
        lambda t: PoolTimeout(
            f"No free connection to the upstream within {t.pool:g} s."
        ),
    ),
    (
        httpx2.ReadTimeout,
        lambda t: ReadTimeout(f"The upstream sent nothing for {t.read:g} s."),
    ),
    (
        httpx2.WriteTimeout,
        lambda t: WriteTimeout(f"The upstream took nothing for {t.write:g} s."),
    ),
    (httpx2.ConnectError, lambda _: ConnectFailed()),
    (httpx2.ReadError, lambda _: Disconnected()),
    (httpx2.WriteError, lambda _: Disconnected()),
    (httpx2.CloseError, lambda _: Disconnected()),
    (httpx2.ProtocolError, lambda _: BadResponse()),
    (httpx2.TransportError, lambda _: Unreachable()),
)
"""The library's exceptions and ours; the first that fits counts."""

_NO_ANSWER: Final = "Server disconnected without sending a response."


class Connector:
    """One upstream's connection pool."""

    def __init__(self, upstream: Upstream, url: str) -> None:
        self._upstream = upstream
        self._url = base_url(upstream, url)
        self._base_path = self._url.raw_path.rstrip(b"/")
        self._host = (b"host", self._url.netloc)
        tls = _tls(self._url)
        self._pooled = _transport(upstream, tls=tls, idle=upstream.max_connections)
        self._unpooled = _transport(upstream, tls=tls, idle=0)

    def handler(self, timeout: Timeout | None) -> Handler:
        """Return the call with those limits, by default the upstream's own."""
        limits = timeout or self._upstream.timeout

        async def call(request: Request) -> Response:
            if not _is_replayable(request):
                return await self._send(self._pooled, request, limits)
            trace = _Trace()
            try:
                return await self._send(self._pooled, request, limits, trace)
            except Disconnected:
                if trace.connected:
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
        self,
        transport: httpx2.AsyncHTTPTransport,
        request: Request,
        limits: Timeout,
        trace: _Trace | None = None,
    ) -> Response:
        target = self._base_path + request.path
        if request.query:
            target += b"?" + request.query
        extensions: dict[str, Any] = {"timeout": _seconds(limits), "target": target}
        if trace is not None:
            extensions["trace"] = trace
        made = httpx2.Request(
            request.method,
            self._url,
            headers=[self._host, *request.headers, *framing(request)],
            stream=_Stream(request.body),
            extensions=extensions,
        )
        try:
            response = await transport.handle_async_request(made)
        except httpx2.TransportError as exc:
            raise _mapped(exc, limits) from exc
        headers: Headers = [(n.lower(), v) for n, v in response.headers.raw]
        body = _body(response, limits)
        return Response(response.status_code, headers, body, response.aclose)


class _Trace:
    """Notes whether a call made a connection of its own."""

    connected = False

    async def __call__(self, event: str, info: dict[str, Any]) -> None:
        if event == "connection.connect_tcp.started":
            self.connected = True


class _Stream(httpx2.AsyncByteStream):
    """A request's body, as the library wants it."""

    def __init__(self, body: bytes | AsyncGenerator[bytes, None]) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        if not isinstance(self._body, bytes):
            async for chunk in self._body:
                yield chunk
        elif self._body:
            yield self._body


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


def _tls(url: httpx2.URL) -> ssl.SSLContext | bool:
    """Load the system's authorities only where they are needed: it takes a while."""
    return ssl.create_default_context() if url.scheme == "https" else False


def _transport(
    upstream: Upstream, *, tls: ssl.SSLContext | bool, idle: int
) -> httpx2.AsyncHTTPTransport:
    return httpx2.AsyncHTTPTransport(
        verify=tls,
        trust_env=False,
        limits=httpx2.Limits(
            max_connections=upstream.max_connections,
            max_keepalive_connections=idle,
            keepalive_expiry=upstream.idle_timeout,
        ),
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
    response: httpx2.Response, limits: Timeout
) -> AsyncGenerator[bytes, None]:
    stream = response.stream
    assert isinstance(stream, httpx2.AsyncByteStream)
    try:
        async for chunk in stream:
            yield chunk
    except httpx2.TimeoutException as exc:
        raise _mapped(exc, limits) from exc
    except httpx2.TransportError as exc:
        raise BadResponse from exc
    if _has_left_over(stream):
        await response.extensions["network_stream"].aclose()


def _has_left_over(stream: object) -> bool:
    """Tell whether bytes came behind a response (RFC 9112 §9.2).

    The library would give them to the connection's next caller as an answer. It keeps
    them where only its own parts look; where they are not found, none is trusted.
    """
    for part in ("_httpcore_stream", "_stream", "_connection", "_h11_state"):
        stream = getattr(stream, part, None)
    left_over: tuple[bytes, bool] = getattr(stream, "trailing_data", (b"?", False))
    return bool(left_over[0])


def _mapped(exc: httpx2.TransportError, limits: Timeout) -> ProxyError:
    if isinstance(exc, httpx2.RemoteProtocolError) and str(exc) == _NO_ANSWER:
        return Disconnected()
    return next(make(limits) for foreign, make in _MAPPED if isinstance(exc, foreign))
