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
from hxroute.runtime.cycle import EXTENSION, Cycle
from hxroute.runtime.glance import Glance, glance
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
        self._bare = 0
        self._lines = StartLines()
        self._resumes = False
        self._is_last = False

    def data_received(self, data: bytes) -> None:
        """Read what has arrived: most of it at a glance, all else step by step."""
        if self._is_between_requests():
            found = glance(data, self._limits)
            if found is not None:
                self._take(found, data)
                return
        self._parse(data)

    def _is_between_requests(self) -> bool:
        """Tell whether nothing waits to be answered, read or refused."""
        answered = self.cycle is None or self.cycle.response_complete
        idle = self._reception.phase is Phase.IDLE and not self._kept
        return idle and answered and not (self._is_last or self._lingers)

    def _take(self, found: Glance, data: bytes) -> None:
        """Begin a request that needed no parser, though its body may still come."""
        self.headers = found.headers
        request = self._new_request(found.method, "1.1", found.head, keeps=True)
        self.cycle = cycle = request[0]
        length, came = found.head.length or 0, len(data) - found.body
        if came == length:
            cycle.body, cycle.more_body = data[found.body :], False
            cycle.notify()
        else:
            now = self.loop.time()
            self._reception.begin(now)
            self._reception.end_head(now, length)
            self._bare = length - came
            if came:
                self.on_body(data[found.body :])
            self._start_clock()
        self._run(*request)

    def _parse(self, data: bytes) -> None:
        """Parse what has arrived, step by step, and bound what comes to nothing."""
        left, self._kept = memoryview(self._kept + data), b""
        try:
            while left and not self._discard(len(left)):
                if len(self._queue) >= _MAX_PIPELINED:
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
            self._run(*self._begun)
            self._begun = None
        if self._timer is None or self.flow.read_paused:
            self._start_clock()

    def on_response_complete(self) -> None:
        """Go on with what waits behind an answer, and with what was kept for later."""
        super().on_response_complete()
        if self._kept and not self.transport.is_closing():
            self._parse(b"")

    def _feed(self, data: bytes | memoryview) -> None:
        """Parse bytes.

        Raises:
            Refused: where they are no request, or none that may be served.
        """
        if self._bare:  # the rest of a body whose head needed no parser
            self._bare -= len(data)
            self.on_body(bytes(data))
            if not self._bare:
                self._end_message()
            return
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
        self._idle.rest()
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
            self.headers.append((name, value.rstrip(b" \t")))

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
        keeps = version == "1.1" and self.parser.should_keep_alive()
        request = self._new_request(method.decode("ascii"), version, read, keeps=keeps)
        self.cycle = request[0]
        if before is None or before.response_complete:
            self._begun = request  # once all that has arrived is known to be sound
        else:
            self._queue.append(request)

    def on_chunk_header(self) -> None:
        """Count a chunk."""
        self._reception.chunk()

    def on_body(self, body: bytes) -> None:
        """Keep a piece of a body, and hold the client back until it is wanted."""
        self._reception.body(len(body))
        cycle = self.cycle
        if not cycle.response_complete and cycle.take(body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()

    def on_message_complete(self) -> None:
        """End a request; one that asks for an upgrade has its body still to come.

        Reading goes on: a client that leaves would not be noticed otherwise.
        """
        if self.parser.should_upgrade():
            return
        self._end_message()

    def _end_message(self) -> None:
        self._reception.end()
        self.cycle.end()
        self.flow.resume_reading()
        if self.cycle.response_complete:
            self._await_request()

    def _new_request(
        self, method: str, version: str, read: Head, *, keeps: bool
    ) -> tuple[Cycle, HTTPScope]:
        keeps = keeps and not self._is_closing
        self._is_last = not keeps
        path = read.path.decode("latin-1")
        scope: dict[str, object] = {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": version,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "method": method,
            "root_path": self.root_path,
            "path": self.root_path + (unquote(path) if "%" in path else path),
            "raw_path": self.root_path.encode() + read.path,
            "query_string": read.query,
            "headers": self.headers,
            "state": self.app_state.copy(),
        }
        cycle = Cycle(
            self,
            method,
            version,
            read.length,
            keep_alive=keeps,
            expects=read.expects_continue,
        )
        scope["extensions"] = {EXTENSION: cycle}
        while self._cycles and self._cycles[0].response_complete:
            self._cycles.popleft()  # answers come in order
        self._cycles.append(cycle)
        return cycle, cast("HTTPScope", scope)
