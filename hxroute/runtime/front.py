"""The front: what stands between the gateway and whoever connects to it.

uvicorn's protocol class parses; this subclass owns what that one lacks. Each phase of
a request has a deadline and a bound on what it may take. A head is frozen when it is
complete: trailers never join it. A refusal comes after the answers to earlier requests,
and the client is given a while to read it before the connection closes (RFC 9112 §9.6).
A request learns through its link that its client has left.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, cast
from urllib.parse import unquote

import httptools
from uvicorn._types import HTTPScope
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from hxroute.http import Gone, Headers
from hxroute.ir import Limits
from hxroute.runtime.cycle import Cycle, head
from hxroute.runtime.flow import Flow, has_left
from hxroute.runtime.reception import Phase, Reception
from hxroute.runtime.strict import FRAMING, Head, Refused, check_trailer, read_head

__all__ = ["EXTENSION", "LIMITS", "Front", "Link", "refusal"]

EXTENSION: Final = "hxroute.link"
"""The ASGI extension under which a request finds its link."""

LIMITS: Final = "hxroute.limits"
"""The state of the lifespan that holds a function: the limits of a new connection."""

_LOG: Final = logging.getLogger("hxroute.front")
_MAX_PIPELINED: Final = 16
"""Requests that may wait behind one another on a connection before it is paused."""

_LINGER_SECONDS: Final = 2.0
_LINGER_BYTES: Final = 8 << 20
_LOOK_SECONDS: Final = 0.25
"""How often it is looked whether a client that is held back is still there."""

_TEXTS: Final = {
    400: b"Invalid HTTP request received.",
    408: b"The request did not arrive in time.",
    414: b"The target is too long.",
    417: b"The expectation cannot be met.",
    431: b"The header fields are too large.",
    501: b"The request asks for what is not implemented.",
    505: b"This version of HTTP is not supported.",
}


def refusal(status: int) -> tuple[Headers, bytes]:
    """Return what the front answers by itself: the fields and the body."""
    text = _TEXTS[status]
    fields = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(text)),
        (b"connection", b"close"),
    ]
    return fields, text


class Link:
    """One request's view of its connection."""

    __slots__ = ("cycle", "gone")

    def __init__(self, cycle: Cycle) -> None:
        self.cycle = cycle
        self.gone = Gone()

    def has_whole_body(self) -> bool:
        """Tell whether nothing more of the request will come."""
        return not self.cycle.more_body

    def cut(self) -> None:
        """Close the connection in the middle of the response, and nothing else."""
        self.cycle.disconnected = True
        self.cycle.transport.close()


class Front(HttpToolsProtocol):
    """HTTP/1.1 on the client's side, within limits."""

    cycle: Cycle
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
        self._limits = limits = in_force()
        self.parser = httptools.HttpRequestParser(self)  # without uvicorn's leniencies
        self._reception = Reception(limits)
        self._links: list[Link] = []
        self._timer: asyncio.TimerHandle | None = None
        self._resumes = False
        self._is_last = False
        self._refusal: Refused | None = None
        self._discarded: int | None = None

    # -- the connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request, but not for ever."""
        super().connection_made(transport)
        self.flow = Flow(transport, self._limits.send_timeout, self._restart_clock)
        self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell every request that is not yet answered."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._stop_clock()
        self.flow.stop()
        for link in self._links:
            link.gone.set()

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived, step by step, and bound what comes to nothing."""
        left = memoryview(data)
        try:
            while left and not self._discard(len(left)):
                step = left[: self._reception.step(len(left))]
                mark = self._reception.mark()
                self._feed(step)
                self._reception.account(mark, len(step))
                left = left[len(step) :]
        except Refused as exc:
            self._refuse(exc)
        if self._timer is None or self.flow.read_paused:
            self._start_clock()

    def shutdown(self) -> None:
        """Take no further request."""
        if self._discarded is None:
            super().shutdown()

    def _feed(self, data: bytes | memoryview) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as exc:
            self._ignore_upgrade(bytes(data[exc.args[0] :]))
        except httptools.HttpParserCallbackError as exc:
            raise (exc.__context__ or exc) from None
        except httptools.HttpParserError:
            if not self._is_last:
                raise Refused(400, "no HTTP") from None
            self._refusal = Refused(400, "bytes behind the last request")

    def _ignore_upgrade(self, rest: bytes) -> None:
        """Go on in HTTP/1.1 (RFC 9110 §7.8), where the parser gives the body up.

        A new parser is told how the body is framed, and reads on behind the head.
        """
        fields = (field for field in self.headers if field[0] in FRAMING)
        framing = b"".join(b"%b: %b\r\n" % field for field in fields)
        self.parser = httptools.HttpRequestParser(self)
        self._resumes = True
        self._feed(b"POST / HTTP/1.1\r\n" + framing + b"\r\n" + rest)

    # -- the parser's callbacks

    def on_message_begin(self) -> None:
        """Begin a request."""
        if self._resumes:
            return
        self._unset_keepalive_if_required()
        self._reception.begin(self.loop.time())
        self.url = b""
        self.headers = []

    def on_url(self, url: bytes) -> None:
        """Take a piece of the target."""
        if not self._resumes:
            self._reception.target(len(url))
            self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field of the head; trailers are dropped (RFC 9110 §6.5.1)."""
        if self._resumes:
            return
        name = name.lower()
        self._reception.field(len(name) + len(value))
        if self._reception.phase is Phase.BODY:
            check_trailer(name)
        else:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Freeze the head and begin the exchange, behind those before it."""
        if self._resumes:
            self._resumes = False
            return
        method, version = self.parser.get_method(), self.parser.get_http_version()
        read = read_head(method, version, self.url, self.headers)
        self._reception.end_head(self.loop.time(), read.length)
        before = self.cycle
        self.cycle = self._new_cycle(method, version, read)
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.pipeline.appendleft((self.cycle, self.app))

    def on_chunk_header(self) -> None:
        """Count a chunk."""
        self._reception.chunk()

    def on_body(self, body: bytes) -> None:
        """Keep a piece of a body, and hold the client back until it is wanted."""
        self._reception.body(len(body))
        cycle = self.cycle
        if not cycle.response_complete:
            cycle.body += body
            if len(cycle.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            cycle.message_event.set()

    def on_message_complete(self) -> None:
        """End a request; one that asks for an upgrade has its body still to come.

        Reading goes on: a client that leaves would not be noticed otherwise.
        """
        if self.parser.should_upgrade():
            return
        self._reception.end()
        self.cycle.more_body = False
        self.cycle.message_event.set()
        if len(self.pipeline) < _MAX_PIPELINED:
            self.flow.resume_reading()
        else:
            self.flow.pause_reading()

    def _new_cycle(self, method: bytes, version: str, read: Head) -> Cycle:
        keeps = version == "1.1" and self.parser.should_keep_alive()
        self._is_last = not keeps
        scope: dict[str, object] = {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": version,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "method": method.decode("ascii"),
            "root_path": self.root_path,
            "path": self.root_path + unquote(read.path.decode("latin-1")),
            "raw_path": self.root_path.encode() + read.path,
            "query_string": read.query,
            "headers": self.headers,
            "state": self.app_state.copy(),
        }
        cycle = Cycle(
            self._finish,
            scope=cast("HTTPScope", scope),
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=[],
            message_event=asyncio.Event(),
            expect_100_continue=read.expects_continue,
            keep_alive=keeps,
            on_response=self.on_response_complete,
        )
        link = Link(cycle)
        scope["extensions"] = {EXTENSION: link}
        self._links = [link for link in self._links if not link.cycle.response_complete]
        self._links.append(link)
        return cycle

    # -- answers

    def on_response_complete(self) -> None:
        """Go on with what waits behind an answer."""
        self.server_state.total_requests += 1
        if self.transport.is_closing() or self._discarded is not None:
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._refusal is not None:
            self._answer(self._refusal)
        else:
            self._await_request()

    def _finish(self) -> None:
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
            self._give_up(self._links.pop())
        if all(link.cycle.response_complete for link in self._links):
            self._answer(refused)

    def _give_up(self, link: Link) -> None:
        """End a request whose body cannot be had."""
        if self.pipeline and self.pipeline[0][0] is link.cycle:
            self.pipeline.popleft()
        elif link.cycle.response_started:
            link.cut()
        link.cycle.disconnected = True
        link.gone.set()

    def _answer(self, refused: Refused) -> None:
        fields, text = refusal(refused.status)
        if not self.transport.is_closing():
            self.transport.write(head(refused.status, fields) + text)
            self._linger()

    def _linger(self) -> None:
        """Let a client that still sends read its answer first, for a while."""
        self._discarded = 0
        self._stop_clock()
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._timer = self.loop.call_later(_LINGER_SECONDS, self.flow.close)

    def _discard(self, size: int) -> bool:
        """Tell whether bytes come too late for anybody to read them."""
        if self._discarded is None:
            return self._refusal is not None
        self._discarded += size
        if self._discarded > _LINGER_BYTES:
            self.flow.close()
        return True

    # -- the clock

    def _await_request(self) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            self._limits.idle_timeout, self.timeout_keep_alive_handler
        )

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection on which nothing has begun."""
        if self._reception.phase is Phase.IDLE:
            super().timeout_keep_alive_handler()

    def _start_clock(self) -> None:
        if self._reception.phase is Phase.IDLE or self._discarded is not None:
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
        if self._reception.phase is Phase.IDLE:
            return
        if self._is_held_back():
            self._restart_clock()
            if has_left(self.transport):
                self.transport.abort()
        elif self.loop.time() >= self._reception.due():
            self._refuse(Refused(408, "too slow"))
            return
        self._start_clock()

    def _is_held_back(self) -> bool:
        """Tell whether it is the gateway that the client waits for."""
        in_body = self._reception.phase is Phase.BODY
        return self.flow.read_paused or (
            in_body and self.cycle.waiting_for_100_continue
        )

    def _client_name(self) -> str:
        return self.client[0] if self.client else "a client"
