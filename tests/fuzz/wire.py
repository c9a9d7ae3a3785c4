"""A connection of the front without a network: bytes in, bytes and requests out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final

from uvicorn.server import ServerState

from hxroute.ir import Limits
from hxroute.runtime.connection import LIMITS
from hxroute.runtime.cycle import EXTENSION
from hxroute.runtime.front import Front
from hxroute.runtime.serve import configuration
from tests.fuzz.instant import InstantLoop

__all__ = ["EARLY", "LIMITS_OF_A_WIRE", "Asked", "Wire", "connected"]

LIMITS_OF_A_WIRE: Final = Limits(max_head=2048, max_fields=24, max_target=512)
"""Small enough to be met by small inputs."""

_RECORDER: Final = "recorder"
EARLY: Final = b"/early"
"""Where the paths begin whose requests are answered before their body is read."""

_MAX_TICKS: Final = 1000
"""How often a clock may be looked at before a connection must have come to its end."""


@dataclass
class Asked:
    """A request as the application has seen it; `body` is None where it never ended."""

    scope: MutableMapping[str, Any]
    body: bytes | None = None
    gone: Any = None

    @property
    def is_early(self) -> bool:
        """Tell whether it was answered before its body was read."""
        return bool(self.scope["raw_path"].startswith(EARLY))


class Wire(asyncio.Transport):
    """The gateway's end of a connection."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 1), "sockname": ("192.0.2.2", 2)})
        self.sent = bytearray()
        self.asked: list[Asked] = []
        self.paused = False
        self.ended = False
        self.closed = False
        self.asked_in_time = 0

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Take what the client is to get."""
        assert not self.ended, "bytes behind the end"
        if not self.closed:
            self.sent += data

    def write_eof(self) -> None:
        """End what the client gets, and note how much it had asked for."""
        self.ended, self.asked_in_time = True, len(self.asked)

    def can_write_eof(self) -> bool:
        """Say that this side can end by itself."""
        return True

    def is_closing(self) -> bool:
        """Tell whether the connection is at its end."""
        return self.closed

    def close(self) -> None:
        """End the connection."""
        self.closed = True

    def abort(self) -> None:
        """End the connection."""
        self.closed = True

    def pause_reading(self) -> None:
        """Hold the client back."""
        self.paused = True

    def resume_reading(self) -> None:
        """Let the client go on."""
        self.paused = False

    def get_write_buffer_size(self) -> int:
        """Say that the client takes everything at once."""
        return 0


@dataclass
class _Errors(logging.Handler):
    """Keeps what is logged as an error."""

    found: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(logging.ERROR)

    __hash__ = logging.Handler.__hash__

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self.found.append(logging.Formatter().format(record))


async def _app(scope: Any, receive: Any, send: Any) -> None:
    """Record a request, and answer it by its number."""
    wire: Wire = scope["state"][_RECORDER]
    asked = Asked(scope, gone=scope["extensions"][EXTENSION].gone)
    assert not asked.gone.is_set(), "a request of a client that has been refused"
    number = len(wire.asked)
    wire.asked.append(asked)
    if not asked.is_early:
        asked.body = await _body(receive)
        if asked.body is None:
            return
    text = b"answer %d" % number
    length = [(b"content-length", b"%d" % len(text))] if number % 2 else []
    start = {"type": "http.response.start", "status": 203, "headers": length}
    await send(start)
    for piece in (text[:3], text[3:]):
        message = {"type": "http.response.body", "body": piece}
        await send({**message, "more_body": piece == text[:3]})


async def _body(receive: Any) -> bytes | None:
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message["body"]
        if not message["more_body"]:
            return body


_CONFIG: Final = configuration(_app)
_CONFIG.load()
_LOGGERS: Final = [logging.getLogger(name) for name in ("uvicorn.error", "hxroute")]


@contextlib.contextmanager
def _watched() -> Iterator[None]:
    """Fail where anything is logged as an error; say nothing of the rest."""
    errors = _Errors()
    before = [(logger.propagate, logger.handlers[:]) for logger in _LOGGERS]
    for logger in _LOGGERS:
        logger.propagate, logger.handlers[:] = False, [errors]
    try:
        yield
    finally:
        for logger, (propagate, handlers) in zip(_LOGGERS, before, strict=True):
            logger.propagate, logger.handlers[:] = propagate, handlers
    assert not errors.found, errors.found[0]


def connected(packets: Iterable[bytes]) -> Wire:
    """Send packets to a front, then nothing until it closes, and return what came of it."""
    loop = InstantLoop()  # type: ignore[abstract]  # as much of one as is needed
    wire = Wire()
    state = {_RECORDER: wire, LIMITS: lambda: LIMITS_OF_A_WIRE}
    with _watched(), loop.running():
        front = Front(_CONFIG, ServerState(), state, loop)
        front.connection_made(wire)
        for packet in packets:
            loop.settle()
            if wire.closed:
                break
            assert not wire.paused, "held back, though everything is taken at once"
            front.data_received(packet)
        loop.settle()
        for _ in range(_MAX_TICKS):
            if wire.closed or not loop.advance():
                break
        assert wire.closed, "the connection stays for ever"
        front.connection_lost(None)
        loop.settle()
        while loop.advance():
            pass
    assert not wire.ended or wire.asked_in_time == len(wire.asked)
    assert not loop.failures, loop.failures[0]
    assert not front.tasks, "a task has not ended"
    assert not front.connections
    return wire
