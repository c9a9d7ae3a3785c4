"""Resolving: the addresses of one upstream's name.

The event loop's own look-ups share a few threads: forty slow ones of one upstream would
keep all others waiting. Here each upstream waits for itself alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ipaddress
import socket
import threading
from collections.abc import Callable
from typing import Final

__all__ = ["Lookup", "Resolver", "look_up"]

Lookup = Callable[[str, int], list[str]]

_FRESH_SECONDS: Final = 5.0
_PATIENCE_SECONDS: Final = 1.0
"""How long a new answer is waited for where an old one is known."""


def look_up(host: str, port: int) -> list[str]:
    """Ask the system for the addresses of a name.

    Raises:
        OSError: where it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Resolver:
    """One upstream's: at most one look-up at a time, in a thread of its own.

    An answer is used for five seconds. Where a later look-up fails or takes long, the
    last good answer is used on.
    """

    def __init__(self, lookup: Lookup = look_up) -> None:
        self._lookup = lookup
        self._pending: asyncio.Future[list[str]] | None = None
        self._known: list[str] = []
        self._fresh_until = 0.0

    async def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host, which may be one itself.

        Raises:
            OSError: where there are none.
        """
        with contextlib.suppress(ValueError):
            return [str(ipaddress.ip_address(host))]
        if asyncio.get_running_loop().time() < self._fresh_until:
            return self._known
        if self._pending is None:
            self._pending = self._start(host, port)
        pending = asyncio.shield(self._pending)
        if not self._known:
            return await pending
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await pending
        return self._known

    def _start(self, host: str, port: int) -> asyncio.Future[list[str]]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[str]] = loop.create_future()
        future.add_done_callback(self._ended)

        def run() -> None:
            try:
                end = functools.partial(_set_result, future, self._lookup(host, port))
            except OSError as exc:
                end = functools.partial(_set_exception, future, exc)
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(end)

        # Not of a pool: one that hangs must not keep the process from ending.
        threading.Thread(target=run, name=f"resolve {host}", daemon=True).start()
        return future

    def _ended(self, future: asyncio.Future[list[str]]) -> None:
        self._pending = None
        if not future.cancelled() and future.exception() is None:
            self._known = future.result()
            self._fresh_until = future.get_loop().time() + _FRESH_SECONDS


def _set_result(future: asyncio.Future[list[str]], found: list[str]) -> None:
    if not future.done():
        future.set_result(found)


def _set_exception(future: asyncio.Future[list[str]], exc: OSError) -> None:
    if not future.done():
        future.set_exception(exc)
