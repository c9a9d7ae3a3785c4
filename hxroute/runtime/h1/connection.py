"""A connection to an upstream: one call at a time, its request and its answer.

The answer is read while the request is written, so that one which comes early is heard
(RFC 9112 §9.5). A connection on which anything is in doubt serves no second call.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final, Protocol

from hxroute.errors import BadResponse, Disconnected, ProxyError
from hxroute.http import Body, Response, Timeout
from hxroute.runtime import calls
from hxroute.runtime.clock import Clock
from hxroute.runtime.h1.reader import Answer, Malformed, Reader
from hxroute.runtime.tls import is_closed_in_order

__all__ = ["Connection", "Owner"]

_HIGH: Final = 256 * 1024
"""Bytes of an answer that wait to be read: where reading stops."""

_COPIED: Final = 64 * 1024
"""Bytes of a body that are sent in one piece with its head."""


class Owner(Protocol):
    """Whom a connection tells what becomes of it."""

    idle_timeout: float

    def release(self, connection: Connection) -> None:
        """Take back a connection that can serve another call."""

    def forget(self, connection: Connection) -> None:
        """Give no call to a connection that has come to its end."""

    def closed(self, connection: Connection) -> None:
        """Note that a connection is closed."""


class Connection(asyncio.Protocol):
    """One connection; `is_closing` tells whether it can serve no call any more."""

    _transport: asyncio.Transport

    def __init__(self, owner: Owner) -> None:
        self._loop = asyncio.get_running_loop()
        self._owner = owner
        self._reader = Reader()
        self._clock = Clock(self._loop, owner.idle_timeout, self._late)
        self._answer: Answer | None = None
        self._limits = Timeout()
        self._upload: asyncio.Task[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._left = 0
        self._is_sent = self._is_paused = self._is_stuck = False
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
        _wake(answer)

    def eof_received(self) -> None:
        """Close too: an upstream that will say no more has no use for more."""
        self._has_ended = not self._is_tls or is_closed_in_order(self._transport)
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """End what is under way."""
        if exc is not None:
            self._has_ended = False
            self._hear_out()
        self._end()
        self._clock.stop()
        self._owner.closed(self)

    def pause_writing(self) -> None:
        """Wait for the upstream to take what is written."""
        self._is_stuck = True
        self._left = self._transport.get_write_buffer_size()
        self._clock.wait(self._limits.write)

    def resume_writing(self) -> None:
        """Write on."""
        self._is_stuck = False
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        self._clock.rest()
        self._await_answer()

    # -- what a call does

    async def ask(
        self, method: str, head: bytes, body: Body, limits: Timeout, ends: float
    ) -> Response:
        """Send a request and return its answer, whose body may still have to come.

        Args:
            method: which may say that the answer has no body.
            head: of the request, as it goes out.
            body: of the request, framed here where `head` says it is chunked.
            limits: how long each phase may take.
            ends: when the call must be over, in the loop's time.

        Raises:
            ProxyError: where no answer comes, or none that can be passed on.
        """
        waiter = self._loop.create_future()
        self._answer = answer = Answer(waiter)
        self._reader.begin(method, answer)
        self._limits, self._clock.ends = limits, ends
        self._served += 1
        self._is_sent = isinstance(body, bytes)
        if not isinstance(body, bytes):
            self._transport.write(head)
            self._begin_upload(body, is_chunked=head.endswith(_CHUNKED))
        elif len(body) <= _COPIED:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            self._transport.write(body)
        self._await_answer()
        try:
            await waiter
        except BaseException:
            if self._answer is answer:
                self.abort()  # the client has left
            raise
        if answer.error is not None and not answer.has_head:
            raise answer.error
        if answer.ended:
            return Response(answer.status, answer.headers, answer.take())
        stream, close = self._stream(answer), self._closing(answer)
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
                raise answer.error
            else:
                answer.waiter = waiter = self._loop.create_future()
                self._clock.wait(self._limits.read)
                await waiter

    def _take(self, answer: Answer) -> bytes:
        data = answer.take()
        if self._is_paused and self._answer is answer and not self.is_closing:
            self._is_paused = False
            self._transport.resume_reading()
        return data

    def _closing(self, answer: Answer) -> Callable[[], Awaitable[None]]:
        async def close() -> None:
            if self._answer is answer:
                self.abort()

        return close

    # -- the request's body

    def _begin_upload(
        self, body: AsyncGenerator[bytes, None], *, is_chunked: bool
    ) -> None:
        upload = self._loop.create_task(self._send(body, is_chunked=is_chunked))
        upload.add_done_callback(self._uploaded)
        self._upload = upload

    async def _send(
        self, body: AsyncGenerator[bytes, None], *, is_chunked: bool
    ) -> None:
        """Send a body while it comes, as fast as the upstream takes it."""
        async for data in body:
            if not data:
                continue
            framed = b"%x\r\n%b\r\n" % (len(data), data) if is_chunked else data
            self._transport.write(framed)
            await asyncio.sleep(0)  # the answer may be here before the next piece goes
            while self._is_stuck:
                self._room = self._loop.create_future()
                await self._room
        if is_chunked:
            self._transport.write(b"0\r\n\r\n")

    def _uploaded(self, upload: asyncio.Task[None]) -> None:
        if self._upload is not upload:
            return
        self._upload = None
        if upload.cancelled():
            return
        error = upload.exception()
        if error is not None:
            self._fail(error)
            return
        self._is_sent = True
        self._await_answer()

    # -- how a call goes on and ends

    def _hear_out(self) -> None:
        """Read what came before a connection broke: in writing, that is seen first."""
        sock = self._transport.get_extra_info("socket")
        if self._answer is None or self._is_tls or sock is None:
            return
        with contextlib.suppress(OSError):
            while self._answer is not None and self._answer.size < _HIGH:
                data = os.read(sock.fileno(), _HIGH)
                if not data:
                    return
                self.data_received(data)

    def _await_answer(self) -> None:
        """Wait for the head of an answer, as soon as the request is on its way."""
        answer, limits = self._answer, self._limits
        if answer is None or answer.has_head or self._is_stuck or not self._is_sent:
            return
        if limits.first_byte is None or self._reader.begun:
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
        if keeps and not self._transport.get_write_buffer_size():
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
            self._close()
            self._transport.close()
        elif self._clock.has_ended():
            self._fail(calls.total_timeout(limits))
        elif self._reader.begun:
            self._fail(calls.read_timeout(limits))
        elif not self._is_stuck:
            self._fail(calls.first_byte_timeout(limits))
        elif self._transport.get_write_buffer_size() < self._left:
            self.pause_writing()  # it takes something
        else:
            self._fail(calls.write_timeout(limits))

    def _end(self) -> None:
        """Take the connection's end, which may be that of the answer."""
        answer = self._answer
        if answer is None:
            self._close()
        elif self._has_ended and self._reader.end():
            self._finish()
            _wake(answer)
        elif answer.has_head:
            self._fail(BadResponse())
        else:
            self._fail(Disconnected())

    def _fail(self, error: BaseException) -> None:
        """Break a call off."""
        if self._answer is not None and isinstance(error, ProxyError):
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
            _wake(answer)


_CHUNKED: Final = b"transfer-encoding: chunked\r\n\r\n"


def _wake(answer: Answer) -> None:
    waiter, answer.waiter = answer.waiter, None
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
