"""Serving: `hxroute run`, on uvicorn with our own front."""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import os
import socket
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp
from uvicorn.supervisors import Multiprocess

from hxroute import templates
from hxroute.errors import StartError
from hxroute.ir import Endpoint, Gateway, Setting
from hxroute.kept import Kept
from hxroute.nodes import RateLimit
from hxroute.runtime import ceiling, collector, loader, logs, settings
from hxroute.runtime.app import Running, prepare
from hxroute.runtime.front import Front
from hxroute.runtime.reload import Edits, Reloader, attach

__all__ = ["Options", "configuration", "listen", "run", "serve"]

_BACKLOG: Final = 2048
_GRACE_SECONDS: Final = 10
_COUNTED_ALONE: Final = (
    "warning: a `rate_limit` without `store` is counted by each worker for itself"
)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says; None leaves it to the file."""

    host: str | None = None
    port: int | None = None
    workers: int = 1
    allow_default_keys: bool = False

    def address(self, gateway: Gateway) -> tuple[str, int]:
        """Return where a gateway is to listen."""
        port = gateway.server.port if self.port is None else self.port
        return self.host or gateway.server.host, port


def serve(
    build: Path,
    source: Path,
    options: Options,
    environ: MutableMapping[str, str],
    say: Callable[[str], object],
    edits: Edits | None = None,
) -> None:
    """Serve a build until a signal ends it.

    Args:
        build: the compiled module.
        source: the routes file that it must be as new as, where there is one.
        options: what the command line says.
        environ: where settings come from.
        say: what prints a line.
        edits: what becomes of the routes file when it is edited; None to leave it
            unwatched.

    Raises:
        StartError: where the build, a setting or the address does not allow it.
    """
    # A watched file may be newer by now: that is its first edit.
    loaded = loader.load(build, None if edits else source)
    gateway = loaded.gateway
    host, port = options.address(gateway)
    # Tries every setting and template before a port is taken.
    if options.workers == 1:
        prepare(loaded.app, _started(gateway, host, options, environ))
    else:
        _started(gateway, host, options, environ)  # each worker starts its own
    logs.to_stderr()
    ceiling.lift()
    # Ctrl-C is how a gateway ends: by the time it gets here the server has shut down.
    with listen(host, port) as bound, contextlib.suppress(KeyboardInterrupt):
        for line in screen(gateway, bound, environ):
            say(line)
        if options.workers > 1 and _counts_alone(gateway):
            say(_COUNTED_ALONE)
        if edits is not None:
            start = functools.partial(_restarted, (host, port), options, environ, say)
            _watch(source, Reloader(loaded.app, edits, start, say), say)
        if options.workers == 1:
            run(loaded.app, bound)
        else:
            _serve_with_workers(build, options.workers, bound, environ)


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


def _watch(source: Path, reloader: Reloader, say: Callable[[str], object]) -> None:
    from hxroute.runtime.watch import watching  # what it imports is an extra

    watched = functools.partial(watching, source, reloader.ask)
    attach(reloader.app, reloader.working, watched)
    say(f"watching {source}")


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
    _Server(configuration(app)).run(sockets=[bound])


class _Server(uvicorn.Server):
    """Ends the app in order, even where a second signal lets it wait for nobody."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        if self.force_exit:
            await self.lifespan.shutdown()


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
        timeout_graceful_shutdown=_GRACE_SECONDS,
        **options,
    )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def screen(
    gateway: Gateway, bound: socket.socket, environ: Mapping[str, str]
) -> list[str]:
    """Return the one screen that says what is served: never a secret."""
    host, port = bound.getsockname()[:2]
    where = f"[{host}]" if ":" in host else host
    lines = [f"hxroute on http://{where}:{port}", "", "endpoints"]
    lines += _columns(
        (_methods(e), e.path, _target(e), _auth(e)) for e in gateway.endpoints
    )
    shown = _masked(gateway, environ)
    lines += ["", "upstreams"]
    lines += _columns(
        (u.name, ", ".join(str(templates.text(url, shown)) for url in u.urls()))
        for u in gateway.upstreams
    )
    lines.append("")
    lines += [
        f"warning: setting `{setting.name}` has its default, which everyone can read; "
        f"set {settings.origins(setting)}"
        for setting in settings.public_secrets(gateway.settings, environ)
    ]
    return [*lines, "Ctrl-C ends it."]


def _columns(rows: Iterable[tuple[str, ...]]) -> list[str]:
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  "
        + "  ".join(
            f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in table
    ]


def _masked(gateway: Gateway, environ: Mapping[str, str]) -> dict[str, object]:
    values = settings.resolve(gateway.settings, environ)
    secret = {setting.name: "***" for setting in gateway.settings if setting.secret}
    return {**values, **secret}


def _methods(endpoint: Endpoint) -> str:
    return ",".join(endpoint.methods) or "ANY"


def _target(endpoint: Endpoint) -> str:
    last: Any = endpoint.pipeline[-1]
    return str(getattr(last, "upstream", "an answer of its own"))


def _auth(endpoint: Endpoint) -> str:
    names = [node.auth.name for node in endpoint.pipeline if hasattr(node, "auth")]
    return f"auth {names[0]}" if names else "open"


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


def _serve_with_workers(
    build: Path,
    workers: int,
    bound: socket.socket,
    environ: MutableMapping[str, str],
) -> None:
    environ[loader.BUILD] = str(build.resolve())
    factory = f"{loader.__name__}:{loader.from_environment.__name__}"
    config = configuration(factory, factory=True, workers=workers)
    Multiprocess(config, sockets=[bound]).run()
