"""The clients towards upstreams: what is promised of one is tried on both.

A test that uses the fixture `each_client` runs once for each; all that it serves or
opens calls its upstreams by that one.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Final, get_args

from hxroute.ir import Client, Gateway, Upstream
from hxroute.runtime import connectors
from hxroute.runtime.connectors import Connector
from hxroute.runtime.resolve import Lookup, look_up

__all__ = ["CLIENTS", "called_by", "open_connector", "stated", "through"]

CLIENTS: Final[tuple[Client, ...]] = get_args(Client)

_CHOSEN: Final[ContextVar[Client | None]] = ContextVar("chosen", default=None)
"""What everything is called by; None leaves to each upstream what it states."""


@contextlib.contextmanager
def through(client: Client) -> Iterator[Client]:
    """Choose a client for what is served and opened in here."""
    token = _CHOSEN.set(client)
    try:
        yield client
    finally:
        _CHOSEN.reset(token)


def called_by(gateway: Gateway) -> Gateway:
    """Return a gateway whose upstreams are called by the chosen client."""
    upstreams = tuple(map(_chosen, gateway.upstreams))
    return dataclasses.replace(gateway, upstreams=upstreams)


def open_connector(upstream: Upstream, url: str, lookup: Lookup = look_up) -> Connector:
    """Return what calls an upstream, by the chosen client."""
    return connectors.open_connector(_chosen(upstream), url, lookup)


def stated(routes: str) -> str:
    """Return a routes file in which each `url: "…"` stands beside the chosen client."""
    chosen = _CHOSEN.get()
    if chosen is None:
        return routes
    in_flow = routes.replace('{url: "', f'{{client: {chosen}, url: "')
    return re.sub(
        r'^( +)url: "', rf"\1client: {chosen}\n\g<0>", in_flow, flags=re.MULTILINE
    )


def _chosen(upstream: Upstream) -> Upstream:
    chosen = _CHOSEN.get()
    if chosen is None:
        return upstream
    return dataclasses.replace(upstream, client=chosen)
