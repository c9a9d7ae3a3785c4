"""Execute: the execution node, which makes the upstream call.

Innermost: everything else has allowed, checked and rewritten the request by now.

    client            gateway                     upstream
      |--- request --->|  1 method, path, query      |
      |                |  2 end-to-end headers,      |
      |                |    header rules             |
      |                |  3 body                     |
      |                |--- the request that goes -->|
      |                |<-- response ----------------|
      |                |  4 fields checked           |
      |                |  5 small bodies gathered,   |
      |                |    mapped statuses replaced |
      |                |  6 end-to-end headers,      |
      |<-- response ---|    header rules             |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from hxroute import paths, rules, templates
from hxroute.errors import (
    BadPath,
    BadRequest,
    BadResponse,
    ConnectFailed,
    ConnectTimeout,
    Disconnected,
    PoolTimeout,
    ProxyError,
    ReadTimeout,
    TotalTimeout,
    WriteTimeout,
)
from hxroute.http import Handler, Headers, Request, Response, Start, Timeout, first
from hxroute.ir import (
    STANDARD_METHODS,
    UNLISTED_METHODS,
    Endpoint,
    ErrorTable,
    HeaderRules,
)
from hxroute.passing import forwardable, meant
from hxroute.resilience import Retry
from hxroute.responses import Responses

__all__ = ["BODY_FIELDS", "FRAMING", "METHOD", "Execute"]

FRAMING: Final = frozenset({b"host", b"content-length", b"expect"})
"""Made anew for each hop. The server has answered `Expect: 100-continue` itself."""

METHOD: Final = re.compile(rb"[A-Z][A-Z-]*")
"""What a call may use as its method."""

BODY_FIELDS: Final = frozenset({b"content-type", b"content-encoding"})
_OF_A_CALL: Final = (
    ConnectFailed,
    Disconnected,
    BadResponse,
    ConnectTimeout,
    PoolTimeout,
    ReadTimeout,
    TotalTimeout,
    WriteTimeout,
)
"""What any connector can end a call in."""

_COUNTED: Final = ("OPTIONS", "TRACE")
"""Methods whose requests say over how many hops they may go."""

_Part = Callable[[templates.Values], bytes]


@dataclass(frozen=True, slots=True)
class Execute:
    """Call an upstream; what is not stated goes on as it came.

    `method`, `path`, `query`, `headers` and `body` are templates; `body` is JSON.
    `request_headers` and `response_headers` are applied in order, `errors` states the
    upstream statuses whose bodies are replaced.
    """

    upstream: str
    method: str | None = None
    path: str | None = None
    query: tuple[tuple[str, str], ...] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    timeout: Timeout | None = None
    retry: Retry | None = None
    request_headers: tuple[HeaderRules, ...] = ()
    response_headers: tuple[HeaderRules, ...] = ()
    errors: ErrorTable = ErrorTable()
    at: int = field(default=0, compare=False)

    def raises(self) -> tuple[type[ProxyError], ...]:
        """Return the errors that this node can end a request in."""
        rendered = templates.raised(self.sources())
        refused = (BadPath,) if self.path is not None else ()
        return (*rendered, *refused, *_OF_A_CALL)

    def wrap(self, next: Handler, start: Start) -> Handler:
        """Prepare every template; nothing comes after this node."""
        call = start.connect(self.upstream, self.timeout, self.retry)
        outgoing = _Outgoing(self, start)
        responses = start.once(
            (Responses, self.errors.upstream_status, self.response_headers),
            lambda: Responses(
                self.errors.upstream_status, self.response_headers, start
            ),
        )
        roots: frozenset[str] = frozenset()
        if outgoing.renders or responses.renders:
            roots = templates.roots(self.sources())

        async def execute(request: Request) -> Response:
            if request.method in _COUNTED and not _hops_left(request.headers):
                return _from_the_last_hop(request)
            values = templates.values(request, roots)
            called = outgoing.made_of(request, values)
            response = await call(called)
            status = response.status
            try:
                accepted = await responses.accept(request, called, response, values)
            except BaseException:
                await response.close()
                raise
            accepted.upstream_status = status
            return accepted

        return execute

    def sources(self) -> Iterator[str]:
        """Yield every template of the call."""
        yield from (source for source in (self.method, self.path) if source is not None)
        yield from (source for _, source in (*(self.query or ()), *self.headers))
        yield from templates.strings(self.body or "null")
        for rule in (*self.request_headers, *self.response_headers):
            yield from (source for _, source in rule.set)


class _Outgoing:
    """What a node makes of a client's request.

    `renders` tells whether anything is made of the request's own values.
    """

    def __init__(self, node: Execute, start: Start) -> None:
        settings = start.settings
        self._method = _method(node.method, settings)
        self._path = _path(node.path, settings)
        self._query = _query(node.query, settings)
        own = (HeaderRules(set=node.headers),) if node.headers else ()
        applied = (*node.request_headers, *own)
        self._rules = start.once(
            (rules.Rules, applied), lambda: rules.Rules(applied, start, FRAMING)
        )
        self._body = (
            None if node.body is None else templates.document(node.body, settings)
        )
        stated = (self._method, self._path, self._query, self._body)
        self.renders = self._rules.renders or any(part is not None for part in stated)

    def made_of(self, request: Request, values: templates.Values) -> Request:
        """Return the request that goes to the upstream."""
        method, path, query = self._method, self._path, self._query
        headers, body, length = request.headers, request.body, request.length
        if self._body is not None:
            body = self._body if isinstance(self._body, bytes) else self._body(values)
            length = len(body)
            kept = [f for f in forwardable(headers) if meant(f[0]) not in BODY_FIELDS]
            headers = [*kept, (b"content-type", b"application/json")]
        headers = self._rules(headers, values)
        if request.method in _COUNTED:
            headers = [_counted(field) for field in headers]
        return Request(
            method(values).decode() if method else request.method,
            path(values) if path else request.path,
            query(values) if query else request.query,
            headers,
            body,
            length,
            request.client,
            request.gone,
            origin=request,
        )


def _hops_left(headers: Headers) -> bool:
    """Tell whether a request may be forwarded (RFC 9110 §7.6.2)."""
    return (first(headers, b"max-forwards") or b"1").strip(b"0") != b""


def _counted(field: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    name, value = field
    if name == b"max-forwards" and value.isdigit():
        return name, b"%d" % (int(value[:9]) - 1)
    return field


def _from_the_last_hop(request: Request) -> Response:
    endpoint = request.endpoint
    listed = endpoint.methods if isinstance(endpoint, Endpoint) else ()
    allow = ", ".join(sorted(listed or STANDARD_METHODS))
    return Response(204, [(b"allow", allow.encode())])


def _method(source: str | None, settings: templates.Values) -> _Part | None:
    if source is None:
        return None
    template = templates.text(source, settings)

    def method(values: templates.Values) -> bytes:
        shown = template if isinstance(template, str) else template(values)
        name = templates.to_bytes(shown)
        if not METHOD.fullmatch(name) or name.decode() in UNLISTED_METHODS:
            raise BadRequest("The method made from the request is no method.")
        return name

    return method


def _path(source: str | None, settings: templates.Values) -> _Part | None:
    if source is None:
        return None
    template = templates.path(source, settings)

    def path(values: templates.Values) -> bytes:
        shown = template if isinstance(template, str) else template(values)
        raw = paths.printable(templates.to_bytes(shown))
        if b"?" in raw or b"#" in raw:
            raise BadRequest("The path made from the request holds `?` or `#`.")
        paths.check(raw, "as_sent")
        return raw

    return path


def _query(
    pairs: tuple[tuple[str, str], ...] | None, settings: templates.Values
) -> _Part | None:
    if pairs is None:
        return None
    prepared = [
        (_quoted(name), templates.text(source, settings)) for name, source in pairs
    ]

    def query(values: templates.Values) -> bytes:
        shown = [(n, t if isinstance(t, str) else t(values)) for n, t in prepared]
        return "&".join(f"{n}={_quoted(t)}" for n, t in shown if t).encode()

    return query


def _quoted(text: str) -> str:
    return quote(templates.to_bytes(text), safe="")
