"""A client's connection: how long it may wait, and how it comes to its end.

A refusal comes after the answers to earlier requests, and the client is given a while
to read it before the connection closes (RFC 9112 §9.6). Requests that are not answered
when the connection is lost learn through their links that their client has left.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from hxroute.ir import Limits
from hxroute.runtime import ceiling
from hxroute.runtime.clock import Clock
from hxroute.runtime.cycle import Cycle
from hxroute.runtime.flow import Flow, has_left
from hxroute.runtime.head import head
from hxroute.runtime.lingering import LINGER_BYTES, LINGER_SECONDS
from hxroute.runtime.phase import Phase
from hxroute.runtime.reception import Reception
from hxroute.runtime.refusals import Refused, refusal

if TYPE_CHECKING:
    from uvicorn._types import HTTPScope

__all__ = ["LIMITS", "Connection"]

LIMITS: Final = "hxroute.limits"
"""The state of the lifespan that holds a function: the limits of a new connection."""

_LOG: Final = logging.getLogger("hxroute.front")
_TURNED_AWAY: Final = 64 * 1024
"""Bytes that are read of a client for whom there is no room."""

_LOOK_SECONDS: Final = 0.25
"""How often it is looked whether a client that is held back is still there."""

_ON_ITS_WAY_SECONDS: Final = 0.05
"""How long a server that ends waits for what a client may have sent before it knew."""

_Request = tuple[Cycle, "HTTPScope"]
"""A request that has not begun: its cycle does not hold its scope, which holds it."""


class Connection(HttpToolsProtocol):
    """The server's protocol without its parsing, within limits."""

    cycle: Cycle  # type: ignore[assignment]
    flow: Flow

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        in_force: Callable[[], Limits] = app_state.get(LIMITS, Limits)
        self._limits = in_force()
        self._reception = Reception(self._limits)
        self._cycles: deque[Cycle] = deque()
        self._queue: deque[_Request] = deque()
        self._begun: _Request | None = None
        self._idle = Clock(self.loop, self._limits.idle_timeout, self._close_idle)
        self._timer: asyncio.TimerHandle | None = None
        self._refusal: Refused | None = None
        self._lingers = False
        self._late = 0
        self._is_closing = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request, but not for ever."""
        super().connection_made(transport)
        self.flow = Flow(transport, self._limits.send_timeout, self._restart_clock)
        if len(self.connections) > ceiling.connections():
            self._turn_away()
        else:
            self._await_request()

    def _turn_away(self) -> None:
        """Close a connection for which there is no room, and say so.

        What has already come is read first: a connection that is closed with bytes
        unread is reset, and the answer is lost with it.
        """
        self._lingers = True
        self.connections.discard(self)
        with contextlib.suppress(OSError):
            os.read(self.transport.get_extra_info("socket").fileno(), _TURNED_AWAY)
        fields, text = refusal(503)
        self.transport.write(head(503, fields) + text)
        self.flow.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell every request that is not yet answered."""
        self.connections.discard(self)
        self._idle.end()
        self._stop_clock()
        self.flow.resume_writing()
        self.flow.end()
        self.transport.close()
        for cycle in self._cycles:
            cycle.leave()
        self._let_go()

    def _let_go(self) -> None:
        """Drop what holds on to this, so that it is freed without a search for cycles."""
        self.parser = self.cycle = None  # type: ignore[assignment]
        self._begun = self._refusal = None
        self._cycles.clear()
        self._queue.clear()

    def shutdown(self) -> None:
        """Take no request behind those that have begun or are on their way."""
        if self._lingers:
            return
        self._is_closing = True
        if self.cycle is None or self.cycle.response_complete:
            self._await_request()
        else:
            self.cycle.keep_alive = False

    def cut(self) -> None:
        """Close now; what the client has not got is not to look whole."""
        if self.transport.get_write_buffer_size():
            self.flow.reset()
        else:
            self.transport.abort()

    def on_response_complete(self) -> None:
        """Go on with what waits behind an answer."""
        self.server_state.total_requests += 1
        if self.transport.is_closing() or self._lingers:
            return
        self.flow.resume_reading()
        if self._queue:
            self._run(*self._queue.popleft())
        elif self._refusal is not None:
            self._answer(self._refusal)
        else:
            self._await_request()

    def finish(self) -> None:
        """Close the connection behind its last answer."""
        if self._reception.phase is Phase.IDLE and self._refusal is None:
            self.flow.close()
        else:
            self._linger()

    def _refuse(self, refused: Refused) -> None:
        """Read no further, and say so behind the answers to earlier requests."""
        _LOG.warning("%s refused: %s", self._client_name(), refused.why)
        self._refusal = refused
        has_begun = self._reception.phase is Phase.BODY
        self._reception.end()
        if has_begun:
            self._give_up(self._cycles.pop())
        if all(cycle.response_complete for cycle in self._cycles):
            self._answer(refused)

    def _run(self, cycle: Cycle, scope: HTTPScope) -> None:
        self._idle.rest()
        cycle.task = self.loop.create_task(cycle.run_asgi(self.app, scope))
        self.tasks.add(cycle.task)

    def forget(self, cycle: Cycle) -> None:
        """Wait no longer for a cycle's task."""
        if cycle.task is not None:
            self.tasks.discard(cycle.task)
            cycle.task = None

    def _give_up(self, cycle: Cycle) -> None:
        """End a request whose body cannot be had."""
        if self._begun is not None and self._begun[0] is cycle:
            self._begun = None
        elif self._queue and self._queue[-1][0] is cycle:
            self._queue.pop()
        elif cycle.response_started:
            cycle.cut()
        cycle.leave()

    def _answer(self, refused: Refused) -> None:
        fields, text = refusal(refused.status)
        if not self.transport.is_closing():
            self.transport.write(head(refused.status, fields) + text)
            self._linger()

    def _linger(self) -> None:
        """Let a client that still sends read its answer first, for a while."""
        self._lingers, self._late = True, 0
        self._stop_clock()
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._timer = self.loop.call_later(LINGER_SECONDS, self.flow.close)

    def _discard(self, size: int) -> bool:
        """Tell whether bytes come too late for anybody to read them."""
        if self._refusal is None and not self._lingers:
            return False
        self._late += size
        if self._late > LINGER_BYTES and self._lingers:
            self.flow.close()
        elif self._late > LINGER_BYTES:
            self.transport.abort()  # it waits for no answer that it sends so much
        return True

    # -- the clock

    def _await_request(self) -> None:
        closing = self._is_closing
        self._idle.wait(_ON_ITS_WAY_SECONDS if closing else self._limits.idle_timeout)

    def _close_idle(self) -> None:
        """Close a connection on which nothing has begun."""
        if self._reception.phase is Phase.IDLE:
            self.flow.close()

    def _start_clock(self) -> None:
        if self._lingers or not self._is_watched():
            return
        self._stop_clock()
        looks = self.loop.time() + _LOOK_SECONDS
        when = looks if self._is_held_back() else self._reception.due()
        self._timer = self.loop.call_at(when, self._tick)

    def _stop_clock(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _restart_clock(self) -> None:
        self._reception.restart_clock(self.loop.time())

    def _tick(self) -> None:
        """Look whether what must have come has come."""
        self._timer = None
        if not self._is_watched():
            return
        if self._is_held_back():
            self._restart_clock()
            if has_left(self.transport):
                self.transport.abort()
        elif self.loop.time() >= self._reception.due():
            self._refuse(Refused(408, "too slow"))
            return
        self._start_clock()

    def _is_watched(self) -> bool:
        """Tell whether something must come, or the client's leaving would go unseen."""
        return self._reception.phase is not Phase.IDLE or self.flow.read_paused

    def _is_held_back(self) -> bool:
        """Tell whether it is the gateway that the client waits for."""
        in_body = self._reception.phase is Phase.BODY
        return self.flow.read_paused or (
            in_body and self.cycle.waiting_for_100_continue
        )

    def _client_name(self) -> str:
        return self.client[0] if self.client else "a client"
