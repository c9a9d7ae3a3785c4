"""Oracles: the old gateway of a recording, made ready to be asked."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from hxroute.compiler import Compiled
from hxroute.diagnostics.shown import printable
from hxroute.errors import StartError
from hxroute.ir import Gateway
from hxroute.proof.corpus import Oracle
from hxroute.proof.exchange import DEFAULT
from hxroute.proof.play import Environments, Way, lane
from hxroute.proof.targets import Target
from hxroute.proof.targets.asgi import Asgi
from hxroute.proof.targets.upstreams import UPSTREAM, Where, wheres
from hxroute.proof.targets.url import Url

__all__ = ["Oracled", "Wish", "oracled", "with_keys"]

_HOST: Final = "127.0.0.1:8000"
"""What requests name where no routes file says where the gateway listens."""

_FIELD: Final = re.compile(r"[!-~]+")
"""What the field `Host` may say."""


@dataclass(frozen=True, slots=True)
class Oracled:
    """An old gateway, what it is, and how it is asked.

    `notes` say what it called or read besides, and get more while it is asked.
    """

    target: Target
    oracle: Oracle
    upstreams: tuple[str, ...]
    host: str
    notes: set[str] = field(default_factory=set)


def with_keys(gateway: Gateway | None, environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which every key that a gateway needs is made up."""
    needed = () if gateway is None else gateway.settings
    made_up = {
        item.env[0]: f"sk-recorded-{item.name.replace('_', '-')}"
        for item in needed
        if item.secret and item.env and item.default is None and not item.optional
        if not any(environ.get(name) for name in item.env)
    }
    return {**made_up, **environ}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a command line says of the old gateway: an app, or the URL of one that runs.

    `upstreams` are the places where it finds them, `allowed` what it may call besides,
    `host` what the field `Host` says; `python` is the interpreter that an app wants.
    """

    app: str | None
    url: str | None
    upstreams: Sequence[str]
    python: str
    host: str | None = None
    allowed: Sequence[str] = ()


def oracled(wish: Wish, environments: Environments, routes: Compiled | None) -> Oracled:
    """Return the old gateway of a wish; an app is started once.

    Raises:
        StartError: where it names none, or that does not start.
    """
    app, url, host = wish.app, wish.url, wish.host
    gateway = None if routes is None else routes.gateway
    names = [] if gateway is None else [item.name for item in gateway.upstreams]
    places = wheres(wish.upstreams, names[0] if len(names) == 1 else UPSTREAM)
    _check(app, url, places, environments)
    if host is not None and not _FIELD.fullmatch(host):
        raise StartError(
            f"`{printable(host)}` is no host; write it as --host HOST:PORT"
        )
    ways = ", ".join(place.text for place in places.values())
    if url is not None:
        target = Url(url, places, environments[DEFAULT])
        oracle = Oracle(url, {}, f"ran already, its upstream at {ways}")
        named = host or urlsplit(url).netloc
        return Oracled(target, oracle, tuple(places), named)
    assert app is not None
    listens = _HOST
    if gateway is not None:
        listens = f"{gateway.server.host}:{gateway.server.port}"
    served = Asgi(app, Path(), places, wish.python, allowed=wish.allowed)
    way = Way(environments, host or listens)
    asyncio.run(_once(served, way))
    oracle = Oracle(app, served.about, f"by uvicorn, its upstream at {ways}")
    return Oracled(served, oracle, tuple(places), way.host, served.notes)


def _check(
    app: str | None,
    url: str | None,
    places: Mapping[str, Where],
    environments: Environments,
) -> None:
    if (app is None) == (url is None):
        raise StartError(
            "name the old gateway: --asgi MODULE:APP, or --url where it runs"
        )
    if not places:
        raise StartError(
            "say how the old gateway finds its upstream, for ours takes its place: "
            "--upstream env:VARIABLE, --upstream PORT or --upstream map:HOST:PORT"
        )
    led = {place.variable for place in places.values() if place.variable}
    for name, variables in environments.items():
        for variable in sorted(led & variables.keys()):
            raise StartError(
                f"{variable} leads to our upstream; take it out of the environment `{name}`"
            )


async def _once(target: Target, way: Way) -> None:
    """Start a gateway and end it, so that it says what it is."""
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(lane(target, way.environments[DEFAULT], way))
