"""The server: one process that accepts, answers, and ends in order.

The end is a drain. Readiness turns at once; for `drain_delay` all goes on, so that load
balancers notice; then nothing is accepted any more and what has begun has `grace` to
come to its end. What is left then is cut, so that its client sees that it is not whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from hxroute import ir
from hxroute.readiness import Readiness
from hxroute.runtime import ceiling
from hxroute.runtime.app import running_of
from hxroute.runtime.front import Front
from hxroute.runtime.signals import Ending

__all__ = ["LEFT_SECONDS", "Server", "configuration"]

_BACKLOG: Final = 2048

LEFT_SECONDS: Final = 0.3
"""How long what was cut may take to end, and after it what the app closes."""

_LOOK_SECONDS: Final = 0.02
"""How often it is looked whether all has come to its end."""


def configuration(app: ASGIApp | str, **options: Any) -> uvicorn.Config:
    """Return how every gateway is served."""
    return uvicorn.Config(
        app,
        http=Front,
        ws="none",
        lifespan="on",
        proxy_headers=False,
        server_header=False,
        date_header=False,
        backlog=min(_BACKLOG, ceiling.connections()),  # so many are accepted at once
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=int(ir.Server().grace),
        **options,
    )


class Server(uvicorn.Server):
    """Serves the application of a gateway until it is asked to end.

    Args:
        app: the application.
        started: what is called once clients are answered.
        draining: what is called once the end is asked for.
    """

    def __init__(
        self,
        app: Starlette,
        started: Callable[[], object] = lambda: None,
        draining: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(configuration(app))
        self.app = app
        self._started = started
        self._draining = draining
        self.ending = Ending(self._begin_to_end)

    def _begin_to_end(self) -> None:
        self.should_exit = True
        running = running_of(self.app)
        if running is not None:
            Readiness.of(running.kept).draining = True
        self._draining()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals that end a server."""
        with self.ending.captured():
            yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the app and accept."""
        await super().startup(sockets)
        self._started()

    async def main_loop(self) -> None:
        """Serve until the end is asked for."""
        await self.ending.asked.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End in order, or at once where that is asked for."""
        running = running_of(self.app)
        stated = ir.Server() if running is None else running.server
        await self.ending.wait(asyncio.sleep(stated.drain_delay), stated.drain_delay)
        for server in self.servers:
            server.close()
        for sock in sockets or ():
            sock.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await self.ending.wait(self._finished(), stated.grace)
        await self._cut()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEFT_SECONDS):
                await self.lifespan.shutdown()

    async def _finished(self) -> None:
        """Wait until there is neither connection nor request."""
        state = self.server_state
        while state.connections or state.tasks:  # noqa: ASYNC110  sets tell of no change
            await asyncio.sleep(_LOOK_SECONDS)

    async def _cut(self) -> None:
        """End what has not come to its end."""
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=LEFT_SECONDS)
        for connection in list(self.server_state.connections):
            connection.cut()  # type: ignore[union-attr]  # they are our own
