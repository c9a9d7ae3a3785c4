"""Dialling: connections to one upstream, whichever client speaks on them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from hxroute.runtime.race import first_of
from hxroute.runtime.resolve import Lookup, Resolver, look_up

__all__ = ["Dialer"]

_STAGGER_SECONDS: Final = 0.25
"""How much later the next address of a name is tried (RFC 8305 §5)."""


_T = TypeVar("_T", bound=asyncio.Protocol)


class Dialer:
    """Connects to one upstream, whose name it resolves by itself."""

    def __init__(self, lookup: Lookup = look_up) -> None:
        self._resolver = Resolver(lookup)

    async def dial(
        self,
        protocol: Callable[[], _T],
        host: str,
        port: int,
        *,
        discard: Callable[[_T], object],
        tls: ssl.SSLContext | None = None,
    ) -> _T:
        """Connect to the first address of a host that takes the connection.

        Args:
            protocol: what makes the protocol of a connection.
            host: a name or an address.
            port: of the host.
            discard: what becomes of a connection that is made too late.
            tls: what the connection is secured by.

        Raises:
            OSError: where none does.
        """
        name = None if tls is None else host

        def attempt(address: str) -> Callable[[], Coroutine[Any, Any, _T]]:
            async def connect() -> _T:
                loop = asyncio.get_running_loop()
                _, made = await loop.create_connection(
                    protocol, address, port, ssl=tls, server_hostname=name
                )
                return made

            return connect

        addresses = await self._resolver.addresses(host, port)
        attempts = [attempt(address) for address in addresses]
        return await first_of(attempts, _STAGGER_SECONDS, discard)
