"""The wire: TCP and TLS to an upstream, under the client library's HTTP/1.1.

The library writes a whole request before it reads. This stream reads on its own while
it writes, so that an answer which comes early is heard (RFC 9112 §9.5), and knows what
the library does not tell: whether a byte of the answer has come, and whether bytes came
that nobody had asked for.
"""

from __future__ import annotations

import asyncio
import ssl
from contextvars import ContextVar
from typing import Any, Final

import httpcore2

from hxroute.runtime.library.answering import Answering, TooMuch
from hxroute.runtime.tls import is_closed_in_order

__all__ = ["IN_USE", "Stream"]

IN_USE: ContextVar[Stream | None] = ContextVar("stream", default=None)
"""The stream that the current task's call has written to last."""

_HIGH: Final = 256 * 1024
_LOW: Final = 64 * 1024
"""Bytes of an answer that wait to be read: where reading stops, and where it goes on."""


class Stream(asyncio.Protocol, httpcore2.AsyncNetworkStream):
    """One connection: what was written and read of the current call, and what waits.

    `reused` tells whether the current call is not the first.
    """

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._paused = self._ended = self._writable = False
        self._error: Exception | None = None
        self._waiters: set[asyncio.Future[None]] = set()
        self._is_cut_short = self._is_tls = False
        self._calls = 0
        self._reads = True
        self._answering = Answering()
        self._rest: asyncio.Task[None] | None = None

    @property
    def reused(self) -> bool:
        """Whether the connection has been used before."""
        return self._calls > 1

    @property
    def answered(self) -> bool:
        """Whether any byte has come since the call began."""
        return self._answering.begun

    # -- what the event loop calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        self._transport = transport
        self._writable = True

    def data_received(self, data: bytes) -> None:
        """Keep what comes, up to a bound."""
        self._received += data
        try:
            self._answering.feed(data)
        except TooMuch:
            self._error = httpcore2.RemoteProtocolError("the heads are too large")
            self._transport.abort()
            return
        if len(self._received) > _HIGH and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Close too: an upstream that will say no more has no use for more."""
        if self._is_tls and not is_closed_in_order(self._transport):
            self._error = ConnectionError("the connection was cut")
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let nobody wait any longer."""
        if self._is_tls and not self._ended:
            exc = exc or ConnectionError("the connection was cut")
        self._ended = True
        self._error = self._error or exc
        self._wake()

    def pause_writing(self) -> None:
        """Wait for the upstream to take what is written."""
        self._writable = False

    def resume_writing(self) -> None:
        """Write on."""
        self._writable = True
        self._wake()

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def _change(self, *others: asyncio.Task[Any]) -> None:
        """Wait until anything has happened, here or with other tasks."""
        waiter = self._loop.create_future()
        self._waiters.add(waiter)
        try:
            if others:
                ends = {waiter, *others}
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            else:
                await waiter
        finally:
            self._waiters.discard(waiter)

    # -- what the library calls

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return bytes of the answer, none where it has ended.

        Raises:
            httpcore2.ReadTimeout: where none come within `timeout` seconds.
            httpcore2.ReadError: where the connection breaks.
            httpcore2.RemoteProtocolError: where its heads are too large.
        """
        self._reads = True
        if not self._received and not self._ended:
            try:
                async with asyncio.timeout(timeout):
                    while not self._received and not self._ended:
                        await self._change()
            except TimeoutError as exc:
                raise httpcore2.ReadTimeout from exc
        if isinstance(self._error, httpcore2.RemoteProtocolError):
            raise self._error
        if not self._received and self._error is not None:
            raise httpcore2.ReadError from self._error
        data = bytes(self._received[:max_bytes])
        del self._received[:max_bytes]
        if self._paused and len(self._received) < _LOW and not self._ended:
            self._paused = False
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write, until the upstream has taken nearly all or has answered.

        Raises:
            httpcore2.WriteTimeout: where it takes nothing for `timeout` seconds.
            httpcore2.WriteError: where there is no more use in writing; the library
                then reads the answer.
            httpcore2.RemoteProtocolError: where bytes came before the call.
        """
        if self._reads:
            self._begin_call()
        if not buffer:
            return
        if self._ended or (self._answering.status and not self._answering.succeeds):
            self._is_cut_short = True  # the library may think that all was sent
            raise httpcore2.WriteError
        self._transport.write(buffer)
        if self._answering.status:
            raise httpcore2.WriteError
        while not self._writable:
            await self._drain(timeout)

    async def _drain(self, timeout: float | None) -> None:
        """Wait until the upstream takes something."""
        left = self._transport.get_write_buffer_size()
        try:
            async with asyncio.timeout(timeout):
                await self._change()
        except TimeoutError as exc:
            if self._transport.get_write_buffer_size() >= left:
                raise httpcore2.WriteTimeout from exc
        if self._ended or self._answering.status:
            raise httpcore2.WriteError

    def _begin_call(self) -> None:
        self._reads = False
        self._calls += 1
        IN_USE.set(self)
        if self._is_spoilt():
            if self.reused:  # the pool takes another one: nothing has been sent
                raise httpcore2.ConnectionNotAvailable
            if not self._received:
                raise httpcore2.ReadError
            raise httpcore2.RemoteProtocolError("bytes before the call")
        self._answering = Answering()

    def _is_spoilt(self) -> bool:
        """Tell whether no further call can be made."""
        ended = self._ended or self._transport.is_closing()
        return ended or self._is_cut_short or bool(self._received)

    # -- what an upload calls

    @property
    def goes_on(self) -> bool:
        """Whether a request is sent beside its answer."""
        return self._rest is not None

    async def unless_answered(self, task: asyncio.Task[Any]) -> None:
        """Wait for a task.

        Raises:
            httpcore2.WriteError: where the answer, or the end, comes first.
        """
        while not task.done():
            if self._ended or self._answering.status:
                raise httpcore2.WriteError
            await self._change(task)

    @property
    def wants_rest(self) -> bool:
        """Whether the upstream answers with success before it has all."""
        return self._answering.succeeds and not self._ended

    def go_on(self, rest: asyncio.Task[None]) -> None:
        """Let the rest of a request be sent beside its answer, up to its end."""
        self._rest = rest

    async def send(self, data: bytes) -> None:
        """Send a part of the rest.

        Raises:
            httpcore2.WriteError: where the connection has ended.
        """
        if self._ended or self._transport.is_closing():
            raise httpcore2.WriteError
        self._transport.write(data)
        while not (self._writable or self._ended):
            await self._change()

    async def aclose(self) -> None:
        """Close at once: what is not yet taken is of no use to anybody."""
        self.abort()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()
        if self._rest is not None:
            self._rest.cancel()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> Stream:
        """Speak TLS from here on.

        Raises:
            httpcore2.ConnectTimeout: where that takes longer than `timeout` seconds.
            httpcore2.ConnectError: where it fails.
        """
        try:
            async with asyncio.timeout(timeout):
                transport = await self._loop.start_tls(
                    self._transport, self, ssl_context, server_hostname=server_hostname
                )
        except TimeoutError as exc:
            self.abort()
            raise httpcore2.ConnectTimeout from exc
        except OSError as exc:
            self.abort()
            raise httpcore2.ConnectError from exc
        except BaseException:
            self.abort()
            raise
        if transport is None:
            raise httpcore2.ConnectError
        self._transport, self._is_tls = transport, True
        return self

    def get_extra_info(self, info: str) -> Any:
        """Tell about the connection; one that is `is_readable` while idle is closed."""
        if info == "is_readable":
            return self._is_spoilt() or self._transport.get_write_buffer_size() > 0
        return self._transport.get_extra_info(info)
