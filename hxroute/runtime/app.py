"""The application: one Starlette app whose default is the gateway.

The app owns the lifespan, the user's own middleware, and routes and mounts that the
user adds, which come first. All else is the gateway's: Starlette's own matching and
its 404, 405 and 500 work on decoded paths and answer outside the error table.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
from collections.abc import AsyncIterator, Iterable, Mapping

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from hxroute import paths, templates
from hxroute.errors import ClientGone, Internal, ProxyError, StartError
from hxroute.http import Handler, Job, Request, Response, Start
from hxroute.ir import FORMAT, Endpoint, Gateway, Node
from hxroute.kept import Kept
from hxroute.nodes import NODES, Cors
from hxroute.runtime import collector, settings
from hxroute.runtime.clients import clients_of
from hxroute.runtime.connection import LIMITS
from hxroute.runtime.exchange import Exchange
from hxroute.runtime.jobs import lasting
from hxroute.runtime.placing import at_start
from hxroute.runtime.routing import Route, Router
from hxroute.runtime.upstreams.opening import Upstreams

__all__ = ["Running", "application", "kept_of", "prepare", "replace", "running_of"]


class Running:
    """A started gateway: pipelines folded, pools open.

    `requests` counts those whose answers have not come to their end; once `retired`,
    it gets no more, and the last of them closes the pools.

    Args:
        gateway: what is declared.
        environ: where settings come from.
        before: what the gateway before this one has kept for it.

    Raises:
        StartError: where a setting is missing or does not fit its place.
    """

    @collector.paused()
    def __init__(
        self,
        gateway: Gateway,
        environ: Mapping[str, str],
        before: Kept | None = None,
    ) -> None:
        self.requests = 0
        self.retired = False
        self.limits, self.server = gateway.limits, gateway.server
        self.clients = clients_of(gateway.server)
        values = templates.Settings(settings.resolve(gateway.settings, environ))
        self.kept = Kept(before)
        self._jobs: list[Job] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._upstreams = Upstreams(gateway.upstreams, values, self._jobs, self.kept)
        start = Start(values, self._upstreams.connect, self._jobs, self.kept)
        routes = [
            Route(
                place,
                endpoint,
                paths.parse_pattern(endpoint.path),
                _fold(endpoint.pipeline, _nothing_left, start, endpoint.at),
                _preflight(endpoint, start),
            )
            for place, endpoint in enumerate(gateway.endpoints)
        ]
        self._router = Router(routes, gateway.paths)
        self._unmatched = _fold(gateway.unmatched, self._refuse, start, 0)

    def handler(self, request: Request) -> Handler:
        """Return what answers a request: an endpoint's, or that of the error table."""
        try:
            return self._router.match(request)
        except ProxyError:
            return self._unmatched

    def begin(self) -> None:
        """Begin the jobs that run beside the requests."""
        self._tasks = [asyncio.create_task(lasting(job)) for job in self._jobs]

    async def retire(self) -> None:
        """Close every pool, as soon as no request is left."""
        self.retired = True
        if not self.requests:
            await self.close()

    async def close(self) -> None:
        """End every job and close every pool."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._upstreams.close()

    async def _refuse(self, request: Request) -> Response:
        """Raise again why nothing matched, inside the pipeline that answers it."""
        return await self._router.match(request)(request)


def _fold(pipeline: Iterable[Node], handler: Handler, start: Start, at: int) -> Handler:
    """Put nodes around a handler.

    Our own nodes keep nothing between requests, so that what is equal from one of them
    on inwards is one handler, whatever endpoints it stands in.
    """
    with at_start(at):
        for node in reversed(tuple(pipeline)):
            wrap = functools.partial(node.wrap, handler, start)
            shared = type(node) in NODES
            handler = start.once((_fold, node, handler), wrap) if shared else wrap()
    return handler


def _preflight(endpoint: Endpoint, start: Start) -> Handler | None:
    """Return what answers preflights: `cors`, within the nodes around it."""
    for place, node in enumerate(endpoint.pipeline):
        if isinstance(node, Cors):
            answer = start.once((_preflight, node), node.preflight)
            return _fold(endpoint.pipeline[:place], answer, start, endpoint.at)
    return None


async def _nothing_left(request: Request) -> Response:
    """Stand where a pipeline without an execution node ends."""
    raise Internal


async def _dispatch(scope: Scope, receive: Receive, send: Send) -> None:
    """Handle every HTTP request that no route of the user's own takes."""
    app: _Application = scope["app"]
    running = app.running
    if running is None:
        raise StartError("the server did not run the app's lifespan; let it")
    exchange = Exchange(scope, receive, send)
    if running.clients is not None:
        request = exchange.request
        request.client = running.clients.of(request.client, request.headers)
    gone, task = exchange.request.gone, exchange.task or asyncio.current_task()
    assert task is not None
    cancel = task.cancel
    gone.subscribe(cancel)
    running.requests += 1
    try:
        response = await running.handler(exchange.request)(exchange.request)
        try:
            await exchange.answer(response)
        finally:
            if response.on_close is not None:
                await response.close()
    except ClientGone:
        pass  # nobody is left to answer
    except asyncio.CancelledError:
        # By the client's leaving, or by a server that will not wait any longer.
        if not gone.is_set() and not exchange.cut():
            raise
        task.uncancel()
    finally:
        gone.unsubscribe(cancel)
        exchange.close()
        running.requests -= 1
        if running.retired and not running.requests:
            await running.close()


class _Application(Starlette):
    """A Starlette application that has a gateway for its default.

    `running` is the gateway while the app runs; one that is set before starts with it.
    """

    running: Running | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, without the layers that do nothing where the user adds nothing."""
        if scope["type"] == "http" and not (
            self.router.routes
            or self.user_middleware
            or self.exception_handlers
            or self.max_body_size
        ):
            scope["app"] = self
            await _dispatch(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def prepare(app: Starlette, running: Running) -> None:
    """Give an app that has not started the gateway that it is to start with."""
    assert isinstance(app, _Application)
    app.running = running


def kept_of(app: Starlette) -> Kept | None:
    """Return what an app's gateway keeps for the one in its place."""
    running = running_of(app)
    return None if running is None else running.kept


def running_of(app: Starlette) -> Running | None:
    """Return the gateway of an app, while it runs."""
    assert isinstance(app, _Application)
    return app.running


async def replace(app: Starlette, running: Running) -> None:
    """Give every request from now on to another gateway.

    Those under way end on the gateway they began on, which then closes its pools.
    """
    assert isinstance(app, _Application)
    running.begin()
    before, app.running = app.running, running
    if before is not None:
        await before.retire()


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
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, object]]:
        running = app.running = app.running or Running(gateway, environ)
        running.begin()
        try:
            yield {LIMITS: lambda: (app.running or running).limits}
        finally:
            running, app.running = app.running, None
            await running.close()

    app = _Application(lifespan=lifespan)
    websocket = app.router.default

    async def default(scope: Scope, receive: Receive, send: Send) -> None:
        handle = _dispatch if scope["type"] == "http" else websocket
        await handle(scope, receive, send)

    app.router.default = default
    app.router.redirect_slashes = False
    return app
