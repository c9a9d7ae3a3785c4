"""The connector over our own HTTP/1.1."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hxroute.errors import ConnectFailed, Disconnected, ProxyError
from hxroute.http import Handler, Request, Response, Timeout
from hxroute.ir import Upstream
from hxroute.runtime import calls
from hxroute.runtime.dial import Dialer
from hxroute.runtime.h1.connection import Connection
from hxroute.runtime.h1.pool import Pool
from hxroute.runtime.prompt import prompt
from hxroute.runtime.resolve import Lookup
from hxroute.runtime.tls import context
from hxroute.urls import Base

__all__ = ["H1Connector"]


class H1Connector:
    """One upstream's pool, and the calls through it."""

    def __init__(self, upstream: Upstream, base: Base, lookup: Lookup) -> None:
        self._limits = upstream.timeout
        self._base = base
        self._dialer = Dialer(lookup)
        # The system's authorities are loaded only where they are needed: it takes a while.
        self._tls = context(upstream) if base.scheme == "https" else None
        if self._tls is not None:
            self._tls.set_alpn_protocols(["http/1.1"])
        self._pool = Pool(self._dial, upstream.max_connections, upstream.idle_timeout)

    def handler(self, timeout: Timeout | None, per_try: float | None = None) -> Handler:
        """Return the call with those limits, and with one for each try, where stated."""
        limits, pool = timeout or self._limits, self._pool
        write_head = self._head_writer()

        async def call(request: Request) -> Response:
            ends = request.ends
            if limits.total is not None:
                ends = min(ends, asyncio.get_running_loop().time() + limits.total)
            head = write_head(request)
            connection = pool.take()
            if connection is None:
                connection = await self._connection(limits, ends)
            try:
                return await connection.ask(request, head, limits, ends)
            except Disconnected:
                if not connection.is_stale or not calls.is_replayable(request):
                    raise
            # A pooled connection may have been closed while it was idle: what may be
            # sent again is sent once more, on a connection that cannot be stale.
            connection = await self._connection(limits, ends, fresh=True)
            return await connection.ask(request, head, limits, ends)

        return prompt(call, per_try)

    async def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    async def _connection(
        self, limits: Timeout, ends: float, *, fresh: bool = False
    ) -> Connection:
        """Return a connection that has to be waited for, or made.

        Raises:
            ProxyError: where there is none in time.
        """
        deadline = _Deadline(limits, ends)
        try:
            async with deadline.clock:
                return await self._pool.acquire(deadline.connecting, fresh=fresh)
        except TimeoutError as exc:
            raise deadline.passed() from exc
        except OSError as exc:
            raise ConnectFailed from exc

    async def _dial(self) -> Connection:
        base = self._base
        return await self._dialer.dial(
            lambda: Connection(self._pool),
            base.host,
            base.port,
            discard=Connection.abort,
            tls=self._tls,
        )

    def _head_writer(self) -> Callable[[Request], bytes]:
        """Return what writes the head of a request, as far as it can be known now."""
        before = self._base.path
        behind = b" HTTP/1.1\r\nhost: %b\r\n" % self._base.authority

        def write_head(request: Request) -> bytes:
            target = before + request.path
            if request.query:
                target += b"?" + request.query
            method = request.method.encode()
            fields = [*request.headers, *calls.framing(request)]
            lines = b"".join([b"%b: %b\r\n" % field for field in fields])
            head = b"%b %b%b%b\r\n" % (method, target, behind, lines)
            ends = len(fields) + 3
            if head.count(b"\n") != ends or head.count(b"\r") != ends or b"\0" in head:
                raise RuntimeError("a field of the request holds a line break")
            if b" " in method or b" " in target:
                raise RuntimeError("the method or the target holds a blank")
            return head

        return write_head


class _Deadline:
    """The limits of waiting for a connection: first for room in the pool, then for it."""

    def __init__(self, limits: Timeout, ends: float) -> None:
        self._limits, self._ends = limits, ends
        self._is_connecting = False
        self.clock = asyncio.timeout_at(self._at(limits.pool))

    def connecting(self) -> None:
        """Note that there is room."""
        self._is_connecting = True
        self.clock.reschedule(self._at(self._limits.connect))

    def passed(self) -> ProxyError:
        """Return how a call ends whose time is over."""
        if asyncio.get_running_loop().time() >= self._ends:
            return calls.total_timeout(self._limits)
        if self._is_connecting:
            return calls.connect_timeout(self._limits)
        return calls.pool_timeout(self._limits)

    def _at(self, seconds: float) -> float:
        return min(asyncio.get_running_loop().time() + seconds, self._ends)
