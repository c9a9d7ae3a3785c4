"""A gateway that runs already: it is asked as it is, in the one environment it has."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from hxroute.diagnostics.shown import printable
from hxroute.errors import StartError
from hxroute.proof.targets import Address, NotStarted
from hxroute.proof.targets.upstreams import Where

__all__ = ["Url"]

_PATIENCE: Final = 10.0
"""Seconds in which a connection to it must come about."""


class Url:
    """A gateway by its address.

    Args:
        url: the address.
        upstreams: the ports on which it finds them.
        environment: what it was started with, as far as cases know.

    Raises:
        StartError: where that is none, or the places of its upstreams are open.
    """

    hosts: frozenset[str] = frozenset()
    invents = True

    def __init__(
        self, url: str, upstreams: Mapping[str, Where], environment: Mapping[str, str]
    ) -> None:
        self._address = _address(url)
        self._environment = environment
        self.says = url
        for place in upstreams.values():
            if not place.port or place.host:
                raise StartError(
                    f"`{place.text}` cannot lead {url} to our upstream, for it runs "
                    "already; give the port that it calls: `--upstream 4000`"
                )
        self.ports = {name: place.port for name, place in upstreams.items()}

    @contextlib.contextmanager
    def started(
        self, environment: Mapping[str, str], ports: Mapping[str, int], turn: int = 0
    ) -> Iterator[Address]:
        """Give its address, once something listens there."""
        if environment != self._environment:
            names = ", ".join(environment) or "an empty environment"
            raise NotStarted(f"{self.says} runs already and cannot be given {names}")
        try:
            socket.create_connection(self._address, _PATIENCE).close()
        except OSError as exc:
            raise StartError(
                f"nothing listens at {self.says}; start the gateway, or correct the "
                "address"
            ) from exc
        yield self._address


def _address(url: str) -> Address:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    more = parts.path.strip("/") or parts.query or parts.fragment
    if parts.scheme != "http" or not host or more or "@" in parts.netloc:
        raise StartError(
            f"`{printable(url)}` is no gateway's address; write http://HOST:PORT"
        )
    return host, port or 80
