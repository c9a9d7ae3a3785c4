"""Serving: `hxroute run`, on uvicorn with our own front."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ipaddress
import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.applications import Starlette

from hxroute.errors import StartError
from hxroute.ir import Gateway, Setting
from hxroute.kept import Kept
from hxroute.nodes import RateLimit
from hxroute.runtime import ceiling, collector, loader, logs, settings
from hxroute.runtime.app import Running, kept_of, prepare, replace
from hxroute.runtime.notify import Notify, notifier
from hxroute.runtime.reload import Change, Edits, Reloader, Renewed, attach
from hxroute.runtime.screen import screen
from hxroute.runtime.server import Server, configuration
from hxroute.runtime.signals import Ending, hangups
from hxroute.runtime.workers import Workers

__all__ = ["Options", "configuration", "listen", "run", "screen", "serve"]

_BACKLOG: Final = 2048
_COUNTED_ALONE: Final = (
    "warning: a `rate_limit` without `store` is counted by each worker for itself"
)

_Begin = Callable[[Gateway, Kept | None], Running]
_Start = Callable[[Renewed], Change]
_Context = Callable[[], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says; None leaves it to the file."""

    host: str | None = None
    port: int | None = None
    workers: int = 1
    allow_default_keys: bool = False
    watch: bool = False

    def address(self, gateway: Gateway) -> tuple[str, int]:
        """Return where a gateway is to listen."""
        port = gateway.server.port if self.port is None else self.port
        return self.host or gateway.server.host, port


def serve(
    build: Path,
    source: Path,
    options: Options,
    environ: Mapping[str, str],
    say: Callable[[str], object],
    edits: Edits,
) -> None:
    """Serve a build until a signal ends it.

    Args:
        build: the compiled module.
        source: the routes file that it must be as new as, where there is one.
        options: what the command line says.
        environ: where settings come from.
        say: what prints a line.
        edits: where another gateway comes from when one is asked for.

    Raises:
        StartError: where the build, a setting or the address does not allow it.
    """
    loaded = loader.load(build, None if options.watch else source)  # newer: an edit
    address = options.address(loaded.gateway)
    # Tries every setting and template before a port is taken.
    running = _started(loaded.gateway, address[0], options, environ)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is what loads again
    logs.to_stderr()
    ceiling.lift()
    begin = functools.partial(_restarted, address, options, environ, say)
    # By the time that Ctrl-C gets here the server has shut down.
    notify = notifier(environ)
    with listen(*address) as bound, contextlib.suppress(KeyboardInterrupt):
        for line in screen(loaded.gateway, bound, environ):
            say(line)
        if options.workers > 1 and _counts_alone(loaded.gateway):
            say(_COUNTED_ALONE)
        watched = source if options.watch else None
        if watched is not None:
            say(f"watching {watched}")

        def contexts(start: _Start, ending: Ending) -> list[_Context]:
            return [*_asking(Reloader(edits, start, say, notify), ending, watched)]

        if options.workers == 1:
            prepare(loaded.app, running)
            _alone(loaded.app, bound, begin, contexts, notify)
        else:
            workers = Workers(options.workers, loaded, bound, environ, say, notify)
            start = functools.partial(_passed_on, workers, begin)
            asyncio.run(workers.run(contexts(start, workers.ending)))


def _started(
    gateway: Gateway,
    host: str,
    options: Options,
    environ: Mapping[str, str],
    before: Kept | None = None,
) -> Running:
    running = Running(gateway, environ, before)
    public = settings.public_secrets(gateway.settings, environ)
    if public and not options.allow_default_keys and not is_loopback(host):
        raise StartError(_default_keys(public, host))
    return running


def _restarted(
    address: tuple[str, int],
    options: Options,
    environ: Mapping[str, str],
    say: Callable[[str], object],
    gateway: Gateway,
    before: Kept | None,
) -> Running:
    """Start a gateway in the place of another, where that one listens."""
    running = _started(gateway, address[0], options, environ, before)
    if options.address(gateway) != address:
        with contextlib.suppress(OSError):  # nobody reads it
            say("`server` names another address; that takes effect at the next start")
    return running


def _asking(
    reloader: Reloader, ending: Ending, watched: Path | None
) -> Iterator[_Context]:
    """Yield what reloads, and what asks for it."""
    yield reloader.working
    yield functools.partial(hangups, reloader.ask_anew, ending.ask)
    if watched is not None:
        from hxroute.runtime.watch import watching  # what it imports is an extra

        yield functools.partial(watching, watched, reloader.ask)


def _alone(
    app: Starlette,
    bound: socket.socket,
    begin: _Begin,
    contexts: Callable[[_Start, Ending], list[_Context]],
    notify: Notify,
) -> None:
    """Serve in this process."""
    started = functools.partial(notify, "READY=1")
    server = Server(app, started, functools.partial(notify, "STOPPING=1"))
    start = functools.partial(_in_place, app, begin)
    attach(app, *contexts(start, server.ending))
    collector.settle()
    server.run([bound])


def _in_place(app: Starlette, begin: _Begin, renewed: Renewed) -> Change:
    """Start another gateway for an app of this process."""
    running = begin(renewed.gateway, kept_of(app))

    async def change() -> str:
        await replace(app, running)
        return ""

    return change


def _passed_on(workers: Workers, begin: _Begin, renewed: Renewed) -> Change:
    """Prove that another gateway starts, for the workers to start it as well."""
    begin(renewed.gateway, None)
    build, server = renewed.build(), renewed.gateway.server
    return functools.partial(workers.pass_on, build, server)


def listen(host: str, port: int) -> socket.socket:
    """Bind a listening socket; port 0 takes a free one.

    Raises:
        StartError: where the address is taken or is none of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        bound = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as exc:
        why = os.strerror(exc.errno) if exc.errno and exc.errno > 0 else "no such host"
        message = f"{host}:{port} cannot be listened on ({why}); choose another --port"
        raise StartError(message) from exc
    # What is accepted inherits it; asyncio's own loop would leave the delay on.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


def run(app: Starlette, bound: socket.socket) -> None:
    """Serve an app on a listening socket until a signal ends it."""
    collector.settle()
    Server(app).run([bound])


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _default_keys(public: tuple[Setting, ...], host: str) -> str:
    names = ", ".join(
        f"`{setting.name}` ({settings.origins(setting)})" for setting in public
    )
    return (
        f"{host} can be reached from elsewhere, and {names} still has the default that "
        "stands in the file; set it, or pass --allow-default-keys"
    )


def _counts_alone(gateway: Gateway) -> bool:
    """Tell whether any limit is counted by each process for itself."""
    return any(
        limit.store is None
        for endpoint in gateway.endpoints
        for node in endpoint.pipeline
        if isinstance(node, RateLimit)
        for limit in node.limits
    )
