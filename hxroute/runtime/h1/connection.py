"""A connection to an upstream: one call at a time, its request and its answer.

The answer is read while the request is written, so that one which comes early is heard
(RFC 9112 §9.5). A connection on which anything is in doubt serves no second call.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator
from functools import partial
from typing import Final

from hxroute.errors import BadResponse, Disconnected
from hxroute.http import Request, Response, Timeout
from hxroute.runtime import calls
from hxroute.runtime.clock import Clock
from hxroute.runtime.h1.outlet import Outlet
from hxroute.runtime.h1.owner import Owner
from hxroute.runtime.h1.reader import Answer, Malformed, Reader
from hxroute.runtime.h1.unread import unread
from hxroute.runtime.tls import is_closed_in_order

__all__ = ["Connection"]

_HIGH: Final = 256 * 1024
"""Bytes of an answer that wait to be read: where reading stops."""


class Connection(asyncio.Protocol):
    """One connection; `is_closing` tells whether it can serve no call any more."""

    _transport: asyncio.Transport
    _reader: Reader
    _clock: Clock
    _outlet: Outlet

    def __init__(self, owner: Owner) -> None:
        self._loop = asyncio.get_running_loop()
        self._owner = owner
        self._answer: Answer | None = None
        self._limits = Timeout()
        self._upload: asyncio.Task[None] | None = None
        self._is_sent = self._is_paused = False
        self._is_tls = self._has_ended = self.is_closing = False
        self._served = 0

    @property
    def is_stale(self) -> bool:
        """Whether it may have been closed before its call, not its first, reached it."""
        return self._served > 1 and not self._reader.begun

    # -- what the event loop calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        self._transport = transport
        self._reader = Reader()
        self._clock = Clock(self._loop, self._owner.idle_timeout, self._late)
        self._outlet = Outlet(transport)
        self._is_tls = transport.get_extra_info("ssl_object") is not None

    def data_received(self, data: bytes) -> None:
        """Read on; bytes that nobody has asked for end the connection."""
        answer = self._answer
        if answer is None:
            self.abort()
            return
        try:
            self._reader.feed(data)
        except Malformed:
            self._fail(BadResponse())
            return
        if answer.ended:
            self._finish()
        elif answer.has_head:
            self._go_on(answer)
        else:
            self._await_answer()
            return
        answer.wake()

    def eof_received(self) -> None:
        """Close too: an upstream that will say no more has no use for more."""
        self._has_ended = not self._is_tls or is_closed_in_order(self._transport)
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """End what is under way."""
        if exc is not None:
            self._has_ended = False
            if self._answer is not None:
                self._hear_out()
        self._end()
        self._clock.end()
        self._reader.close()
        self._owner.closed(self)

    def pause_writing(self) -> None:
        """Wait for the upstream to take what is written."""
        self._outlet.pause()
        self._await_answer()

    def resume_writing(self) -> None:
        """Write on."""
        self._outlet.resume()
        self._await_answer()

    # -- what a call does

    async def ask(
        self, request: Request, head: bytes, limits: Timeout, ends: float
    ) -> Response:
        """Send a request and return its answer, whose body may still have to come.

        Args:
            request: whose body goes out here.
            head: of the request, as it goes out.
            limits: how long each phase may take.
            ends: when the call must be over, in the loop's time.

        Raises:
            ProxyError: where no answer comes, or none that can be passed on.
        """
        if self.is_closing:  # the upstream has hung up already
            raise Disconnected
        waiter = self._loop.create_future()
        self._answer = answer = Answer(waiter)
        self._reader.begin(request.method, answer)
        self._limits, self._clock.ends = limits, ends
        self._served += 1
        body = request.body
        self._is_sent = isinstance(body, bytes)
        if isinstance(body, bytes):
            self._outlet.send(head, body)
        else:
            upload = self._outlet.upload(head, body, request.length)
            self._upload = self._loop.create_task(upload)
            self._upload.add_done_callback(self._uploaded)
        self._await_answer()
        try:
            await waiter
        except BaseException:
            if self._answer is answer:
                self.abort()  # the client has left
            raise
        if answer.error is not None and not answer.has_head:
            raise answer.take_error()
        if answer.ended:
            return Response(answer.status, answer.headers, answer.take())
        stream, close = self._stream(answer), partial(self._abandon, answer)
        return Response(answer.status, answer.headers, stream, close)

    def abort(self) -> None:
        """Close at once: what is not yet taken is of no use to anybody."""
        self._close()
        self._transport.abort()

    def rest(self) -> None:
        """Wait for another call, but not for ever."""
        self._clock.ends = math.inf
        self._clock.wait(self._owner.idle_timeout)

    async def _stream(self, answer: Answer) -> AsyncGenerator[bytes, None]:
        """Yield a body as it comes.

        Raises:
            ProxyError: where it breaks off or stops.
        """
        while True:
            if answer.pieces:
                yield self._take(answer)
            elif answer.ended:
                return
            elif answer.error is not None:
                raise answer.take_error()
            else:
                answer.waiter = waiter = self._loop.create_future()
                self._clock.wait(self._limits.read)
                await waiter

    def _take(self, answer: Answer) -> bytes:
        """Take what has come, and read on where reading had stopped."""
        data = answer.take()
        if self._is_paused and self._answer is answer and not self.is_closing:
            self._is_paused = False
            self._transport.resume_reading()
        return data

    async def _abandon(self, answer: Answer) -> None:
        """Close, unless the answer has come to its end."""
        if self._answer is answer:
            self.abort()

    def _uploaded(self, upload: asyncio.Task[None]) -> None:
        if self._upload is not upload:
            return
        self._upload = None
        if upload.cancelled():
            return
        error = upload.exception()
        if error is None:
            self._is_sent = True
            self._await_answer()
        else:
            self._fail(error)

    # -- how a call goes on and ends

    def _hear_out(self) -> None:
        """Read what came before the connection broke."""
        for data in unread(self._transport):
            self.data_received(data)
            if self._answer is None or self._answer.size > _HIGH:
                return

    def _await_answer(self) -> None:
        """Wait for the head of an answer, or first for the request to be taken."""
        answer, limits = self._answer, self._limits
        if answer is None or answer.has_head:
            return
        if self._outlet.is_stuck:
            self._clock.wait(limits.write)
        elif not self._is_sent:
            self._clock.rest()  # the client may take its time
        elif limits.first_byte is None or self._reader.begun:
            self._clock.wait(limits.read)
        else:
            self._clock.wait(limits.first_byte)

    def _go_on(self, answer: Answer) -> None:
        """Read on in a body, unless nobody takes what has come of it."""
        self._clock.rest()
        if answer.size > _HIGH and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()
        if self._upload is not None and answer.status // 100 != 2:
            self._upload.cancel()  # it is refused: the rest is of no use

    def _finish(self) -> None:
        """Give the connection back behind an answer, or close it."""
        self._answer = None
        keeps = self._reader.keeps and self._is_sent and not self.is_closing
        if keeps and self._outlet.is_empty():
            if self._is_paused:
                self._is_paused = False
                self._transport.resume_reading()
            self._owner.release(self)
        else:
            self.abort()

    def _late(self) -> None:
        """End a call that has waited long enough, or a connection that nobody wants."""
        answer, limits = self._answer, self._limits
        if answer is None:
            self.abort()
        elif self._clock.has_ended():
            self._fail(calls.total_timeout(limits))
        elif self._outlet.is_stuck and not answer.has_head:
            if self._outlet.has_moved():
                self.pause_writing()
            else:
                self._fail(calls.write_timeout(limits))
        elif self._reader.begun:
            self._fail(calls.read_timeout(limits))
        else:
            self._fail(calls.first_byte_timeout(limits))

    def _end(self) -> None:
        """Take the connection's end, which may be that of the answer."""
        answer = self._answer
        if answer is None:
            self._close()
        elif self._has_ended and self._reader.end():
            self._finish()
            answer.wake()
        elif answer.has_head:
            self._fail(BadResponse())
        else:
            self._fail(Disconnected())

    def _fail(self, error: BaseException) -> None:
        """Break a call off."""
        if self._answer is not None:
            self._answer.error = error
        self.abort()

    def _close(self) -> None:
        """Serve no call any more; one that is under way breaks off."""
        self.is_closing = True
        self._clock.stop()
        self._owner.forget(self)
        upload, self._upload = self._upload, None
        if upload is not None:
            upload.cancel()
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.error = answer.error or BadResponse()
            answer.wake()
