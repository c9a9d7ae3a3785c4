"""Connectors: upstream calls as handlers, through the client that the file chooses."""

from __future__ import annotations

from typing import Protocol

from hxroute.http import Handler, Timeout
from hxroute.ir import Upstream
from hxroute.runtime.base import base_of
from hxroute.runtime.h1.connector import H1Connector
from hxroute.runtime.resolve import Lookup, look_up

__all__ = ["Connector", "open_connector"]


class Connector(Protocol):
    """One upstream's connections."""

    def handler(self, timeout: Timeout | None, per_try: float | None = None) -> Handler:
        """Return the call with those limits, by default the upstream's own.

        Args:
            timeout: the limits.
            per_try: seconds within which an answer begins; one that does not ends in
                ReadTimeout.
        """

    async def close(self) -> None:
        """Close every connection."""


def open_connector(upstream: Upstream, url: str, lookup: Lookup = look_up) -> Connector:
    """Return what calls an upstream.

    Args:
        upstream: as it is declared.
        url: what every call to it begins with.
        lookup: what resolves names.

    Raises:
        StartError: where that is no URL of an upstream, or nobody is to be trusted.
    """
    base = base_of(upstream, url)
    if upstream.client == "h1":
        return H1Connector(upstream, base, lookup)
    # It takes a while to load, and only those who choose it need it.
    from hxroute.runtime.library.connector import LibraryConnector

    return LibraryConnector(upstream, base, lookup)
