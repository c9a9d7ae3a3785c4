"""A gateway as the runtime has it, on upstreams that tell what they were asked."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from hxroute import paths, templates
from hxroute.errors import (
    BadPath,
    ConnectFailed,
    MethodNotAllowed,
    NotFound,
    ReadTimeout,
    TotalTimeout,
)
from hxroute.http import Handler, Request, Response, Start, Timeout, read_whole
from hxroute.ir import Gateway, Node
from hxroute.resilience import Retry
from hxroute.runtime import settings
from hxroute.runtime.routing import Route, Router

__all__ = ["Probe", "Served"]

Answer = tuple[int, tuple[tuple[bytes, bytes], ...], bytes]


@dataclass(frozen=True, slots=True)
class Probe:
    """What a client sends besides its path; `upstream` says how that one answers."""

    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    upstream: int | type[Exception] = 200


PROBES = (
    Probe(),
    Probe(((b"authorization", b"Bearer one"), (b"cookie", b"c"), (b"x-a", b"a"))),
    Probe(((b"authorization", b"Bearer two"), (b"x-b", b"b"))),
    Probe(((b"authorization", b"Bearer one"),), b"0123456789"),
    Probe(((b"authorization", b"Bearer one"),), b'{"p":1}'),
    Probe(((b"authorization", b"Bearer one"),), upstream=503),
    Probe(((b"authorization", b"Bearer one"),), upstream=404),
    Probe(((b"authorization", b"Bearer one"),), upstream=ReadTimeout),
    Probe(((b"authorization", b"Bearer one"),), upstream=TotalTimeout),
    Probe(((b"authorization", b"Bearer one"),), upstream=ConnectFailed),
)


class Served:
    """The pipelines of a gateway, folded around upstreams that echo."""

    def __init__(self, gateway: Gateway) -> None:
        self._values = settings.resolve(gateway.settings, {})
        self._upstreams = {upstream.name: upstream for upstream in gateway.upstreams}
        self._upstream: int | type[Exception] = 200
        start = Start(self._values, self._connect)
        routes = [
            Route(
                place,
                endpoint,
                paths.parse_pattern(endpoint.path),
                _folded(endpoint.pipeline, start, _nothing),
            )
            for place, endpoint in enumerate(gateway.endpoints)
        ]
        self._router = Router(routes, gateway.paths)
        self._unmatched = _folded(gateway.unmatched, start, self._refuse)

    async def answer(self, method: str, path: bytes, probe: Probe) -> Answer:
        """Return the status, the fields and the body that a client gets."""
        self._upstream = probe.upstream
        request = Request(
            method, path, b"q=1", [*probe.headers], probe.body, len(probe.body)
        )
        try:
            handler = self._router.match(request)
        except (BadPath, MethodNotAllowed, NotFound):
            handler = self._unmatched
        response = await handler(request)
        headers = (field for field in response.headers if field[0] != b"allow")
        return response.status, tuple(sorted(headers)), await read_whole(response.body)

    def _connect(
        self, name: str, timeout: Timeout | None, retry: Retry | None
    ) -> Handler:
        upstream = self._upstreams[name]
        url = templates.text(upstream.url, self._values)
        limits = timeout or upstream.timeout
        if limits.first_byte is None:
            limits = dataclasses.replace(limits, first_byte=limits.read)
        means = limits, upstream.client, upstream.max_connections

        async def call(request: Request) -> Response:
            if self._upstream is TotalTimeout and limits.total is None:
                raise ReadTimeout
            if isinstance(self._upstream, type):
                raise self._upstream
            asked = (request.method, request.path, request.query, request.body)
            told = repr((url, means, asked, sorted(request.headers))).encode()
            fields = [(b"server", b"s"), (b"x-a", b"1"), (b"x-b", b"2")]
            length = (b"content-length", b"%d" % len(told))
            return Response(self._upstream, [*fields, length], told)

        return call

    async def _refuse(self, request: Request) -> Response:
        return await self._router.match(request)(request)


def _folded(pipeline: tuple[Node, ...], start: Start, handler: Handler) -> Handler:
    for node in reversed(pipeline):
        handler = node.wrap(handler, start)
    return handler


async def _nothing(request: Request) -> Response:
    raise AssertionError
