"""The front: what stands between the gateway and whoever connects to it.

uvicorn's protocol class parses; this subclass owns what that one lacks. What arrives
is bounded in each phase of a request, and nothing is begun before all of it is known to
be sound. A head is frozen when it is complete: trailers never join it.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast
from urllib.parse import unquote

import httptools
from uvicorn._types import HTTPScope
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.server import ServerState

from hxroute.runtime.connection import Connection
from hxroute.runtime.cycle import Cycle
from hxroute.runtime.link import EXTENSION, Link
from hxroute.runtime.phase import Phase
from hxroute.runtime.refusals import Refused
from hxroute.runtime.strict import (
    FRAMING,
    Head,
    StartLines,
    check_trailer,
    read_head,
)

__all__ = ["Front"]

_MAX_PIPELINED: Final = 16
"""Requests that may wait behind one another on a connection before it is paused."""


class Front(Connection):
    """HTTP/1.1 on the client's side, read strictly."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.parser = httptools.HttpRequestParser(self)  # without uvicorn's leniencies
        self._kept = b""
        self._lines = StartLines()
        self._resumes = False
        self._is_last = False

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived, step by step, and bound what comes to nothing."""
        left, self._kept = memoryview(self._kept + data), b""
        try:
            while left and not self._discard(len(left)):
                if len(self.pipeline) >= _MAX_PIPELINED:
                    self._kept = bytes(left)
                    self.flow.pause_reading()
                    break
                step = left[: self._reception.step(len(left))]
                mark = self._reception.mark()
                self._lines.add(step, self._reception.phase)
                self._feed(step)
                self._reception.account(mark, len(step))
                left = left[len(step) :]
        except Refused as exc:
            self._refuse(exc)
        if self._reception.phase is Phase.IDLE:
            self._lines.clear()
        if self._begun is not None:
            self._start_asgi_task(self._begun, self.app)
            self._begun = None
        if self._timer is None or self.flow.read_paused:
            self._start_clock()

    def on_response_complete(self) -> None:
        """Go on with what waits behind an answer, and with what was kept for later."""
        super().on_response_complete()
        if self._kept and not self.transport.is_closing():
            self.data_received(b"")

    def _feed(self, data: bytes | memoryview) -> None:
        """Parse bytes.

        Raises:
            Refused: where they are no request, or none that may be served.
        """
        upgraded: int | None = None
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as exc:
            upgraded = exc.args[0]
        except httptools.HttpParserCallbackError as exc:
            raise (exc.__context__ or exc) from None
        except httptools.HttpParserError:
            if not self._is_last or self._reception.phase is not Phase.IDLE:
                raise Refused(400, "no HTTP") from None
            self._refusal = Refused(400, "bytes behind the last request")
        if upgraded is not None:
            self._ignore_upgrade(bytes(data[upgraded:]))

    def _ignore_upgrade(self, rest: bytes) -> None:
        """Go on in HTTP/1.1 (RFC 9110 §7.8), where the parser gives the body up.

        A new parser is told how the body is framed, and reads on behind the head.
        """
        fields = (field for field in self.headers if field[0] in FRAMING)
        framing = b"".join(b"%b: %b\r\n" % field for field in fields)
        self.parser = httptools.HttpRequestParser(self)
        self._resumes = True
        self._feed(b"POST / HTTP/1.1\r\n" + framing + b"\r\n" + rest)

    def on_message_begin(self) -> None:
        """Begin a request."""
        if self._resumes:
            return
        self._unset_keepalive_if_required()
        self._stop_clock()
        self._lines.begin()
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
        self._lines.check(method, self.url, version)
        read = read_head(method, version, self.url, self.headers)
        self._lines.end_head(has_body=read.length != 0)
        self._reception.end_head(self.loop.time(), read.length)
        before = self.cycle
        self.cycle = self._new_cycle(method, version, read)
        if before is None or before.response_complete:
            self._begun = self.cycle  # once all that has arrived is known to be sound
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
        self.flow.resume_reading()
        if self.cycle.response_complete:
            self._await_request()

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
        while self._links and self._links[0].cycle.response_complete:
            self._links.popleft()  # answers come in order
        self._links.append(link)
        return cycle
