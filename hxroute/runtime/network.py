"""The network: connections to one upstream, under the client library's pool."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

import httpcore2

from hxroute.runtime.race import first_of
from hxroute.runtime.resolve import Lookup, Resolver, look_up
from hxroute.runtime.wire import Stream

__all__ = ["Network"]

_STAGGER_SECONDS: Final = 0.25
"""How much later the next address of a name is tried (RFC 8305 §5)."""


class Network(httpcore2.AsyncNetworkBackend):
    """Connects to one upstream."""

    def __init__(self, lookup: Lookup = look_up) -> None:
        self._resolver = Resolver(lookup)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Stream:
        """Connect to the first address of a host that takes the connection.

        Raises:
            httpcore2.ConnectTimeout: where none does within `timeout` seconds.
            httpcore2.ConnectError: where none does.
        """
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._resolver.addresses(host, port)
                attempts = [_attempt(address, port) for address in addresses]
                return await first_of(attempts, _STAGGER_SECONDS, Stream.abort)
        except TimeoutError as exc:
            raise httpcore2.ConnectTimeout from exc
        except OSError as exc:
            raise httpcore2.ConnectError from exc

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


def _attempt(address: str, port: int) -> Callable[[], Coroutine[Any, Any, Stream]]:
    async def connect() -> Stream:
        loop = asyncio.get_running_loop()
        _, stream = await loop.create_connection(Stream, address, port)
        return stream

    return connect
