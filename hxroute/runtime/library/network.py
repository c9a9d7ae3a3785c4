"""The network: connections to one upstream, under the client library's pool."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import httpcore2

from hxroute.runtime.dial import Dialer
from hxroute.runtime.library.wire import Stream
from hxroute.runtime.resolve import Lookup

__all__ = ["Network"]


class Network(httpcore2.AsyncNetworkBackend):
    """Connects to one upstream."""

    def __init__(self, lookup: Lookup) -> None:
        self._dialer = Dialer(lookup)

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
                return await self._dialer.dial(Stream, host, port, discard=Stream.abort)
        except TimeoutError as exc:
            raise httpcore2.ConnectTimeout from exc
        except OSError as exc:
            raise httpcore2.ConnectError from exc

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
