"""The application: one Starlette app whose only route is the gateway.

The only module that builds on Starlette: the app owns the lifespan, mounts and the
user's own middleware. Starlette's router, its 404, 405 and 500 are not used: they
match decoded paths and answer outside the error table.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Final

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from hxroute import paths, templates
from hxroute.errors import ClientGone, Internal, ProxyError, StartError
from hxroute.http import Handler, Request, Response, Start, Timeout
from hxroute.ir import FORMAT, Endpoint, Gateway, Node
from hxroute.runtime import settings
from hxroute.runtime.connectors import Connector
from hxroute.runtime.exchange import Exchange
from hxroute.runtime.routing import Route, Router

__all__ = ["Running", "application"]

_STATE: Final = "hxroute"


class Running:
    """A started gateway: pipelines folded, pools open."""

    def __init__(self, gateway: Gateway, environ: Mapping[str, str]) -> None:
        values = settings.resolve(gateway.settings, environ)
        self._connectors = {
            upstream.name: Connector(
                upstream, str(templates.text(upstream.url, values))
            )
            for upstream in gateway.upstreams
        }
        start = Start(settings=values, connect=self._connect)
        routes = [
            Route(
                place,
                endpoint,
                pattern := paths.parse_pattern(endpoint.path),
                pattern.prefix,
                _started(endpoint, start),
            )
            for place, endpoint in enumerate(gateway.endpoints)
        ]
        self._router = Router(routes, gateway.paths)
        self._unmatched = _fold(gateway.unmatched, self._refuse, start)

    async def handle(self, request: Request) -> Response:
        """Answer a request by the endpoint that takes it, or by the error table."""
        try:
            handler = self._router.match(request)
        except ProxyError:
            handler = self._unmatched
        return await handler(request)

    async def close(self) -> None:
        """Close every pool."""
        for connector in self._connectors.values():
            await connector.close()

    def _connect(self, upstream: str, timeout: Timeout | None) -> Handler:
        return self._connectors[upstream].handler(timeout)

    async def _refuse(self, request: Request) -> Response:
        """Say why nothing matched, inside the pipeline that answers and observes it."""
        await self._router.match(request)(request)
        raise Internal


def _started(endpoint: Endpoint, start: Start) -> Handler:
    try:
        return _fold(endpoint.pipeline, _nothing_left, start)
    except ProxyError as exc:  # a template that settings alone decide, and badly
        where = f"line {endpoint.at}: endpoint `{endpoint.name}`"
        message = f"{where}: a setting does not fit its place: {exc.detail}"
        raise StartError(message) from exc


def _fold(pipeline: Iterable[Node], handler: Handler, start: Start) -> Handler:
    for node in reversed(tuple(pipeline)):
        handler = node.wrap(handler, start)
    return handler


async def _nothing_left(request: Request) -> Response:
    """Stand where a pipeline without an execution node ends."""
    raise Internal


class _Dispatch(BaseRoute):
    """The route that takes every HTTP request."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return (Match.FULL if scope["type"] == "http" else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        running: Running = scope["app"].state.hxroute
        exchange = Exchange(scope, receive, send)
        gone, task = exchange.request.gone, asyncio.current_task()
        assert task is not None
        gone.subscribe(task.cancel)
        try:
            response = await running.handle(exchange.request)
            try:
                await exchange.answer(response)
            finally:
                await response.close()
        except ClientGone:
            pass  # nobody is left to answer
        except asyncio.CancelledError:
            if not gone.is_set():
                raise
            task.uncancel()
        finally:
            gone.unsubscribe(task.cancel)
            exchange.close()


def application(
    gateway: Gateway, *, format: int = FORMAT, environ: Mapping[str, str] = os.environ
) -> Starlette:
    """Make the ASGI application of a gateway; settings are read when it starts.

    Args:
        gateway: the compiled gateway.
        format: the format that the compiled module was written in.
        environ: where settings come from.

    Raises:
        StartError: where the module was written in another format.
    """
    if format != FORMAT:
        raise StartError(
            f"the compiled gateway has format {format}, this hxroute reads {FORMAT}; "
            "run `hxroute compile`"
        )

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.hxroute = running = Running(gateway, environ)
        try:
            yield
        finally:
            await running.close()

    return Starlette(routes=[_Dispatch()], lifespan=lifespan)
