"""A front in a loop without waiting, with the glance or without it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import pytest
from uvicorn.server import ServerState

from hxroute.ir import Limits
from hxroute.runtime import front as fronts
from hxroute.runtime.connection import LIMITS
from hxroute.runtime.front import Front
from hxroute.runtime.serve import configuration
from tests.fuzz.instant import InstantLoop
from tests.fuzz.wire import Wire

__all__ = ["Told", "told"]

_SCOPE: Final = (
    "method",
    "path",
    "raw_path",
    "query_string",
    "headers",
    "http_version",
    "scheme",
    "server",
    "client",
    "root_path",
)
_KEPT: Final = "told"


class Told(NamedTuple):
    """What came of one connection.

    `requests` are the scopes and the bodies, None where one never ended; `stays` tells for each packet
    whether the connection was open behind it; `lasted` is when it closed.
    """

    requests: list[tuple[object, ...]]
    sent: bytes
    stays: list[bool]
    lasted: float


async def _app(scope: Any, receive: Any, send: Any) -> None:
    """Note a request, and answer it once it is whole."""
    requests: list[tuple[object, ...]] = scope["state"][_KEPT]
    place, head = len(requests), tuple(scope[name] for name in _SCOPE)
    requests.append((*head, None))
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body, more = body + message["body"], message["more_body"]
    requests[place] = (*head, body)
    fields = [(b"content-length", b"2"), (b"date", b"today")]
    await send({"type": "http.response.start", "status": 203, "headers": fields})
    await send({"type": "http.response.body", "body": b"ok"})


_CONFIG: Final = configuration(_app)
_CONFIG.load()


def told(
    packets: Sequence[bytes], limits: Limits, *, at_a_glance: bool, waits: bool = True
) -> Told:
    """Send packets to a front, then nothing until it closes.

    Args:
        packets: what arrives, piece by piece.
        limits: those of the connection.
        at_a_glance: whether the front may do without its parser.
        waits: whether each packet is dealt with before the next one comes.
    """
    loop, wire = InstantLoop(), Wire()  # type: ignore[abstract]  # as much as is needed
    requests: list[tuple[object, ...]] = []
    state: dict[str, Any] = {_KEPT: requests, LIMITS: lambda: limits}
    stays = []
    with _reading(at_a_glance=at_a_glance), loop.running():
        front = Front(_CONFIG, ServerState(), state, loop)
        front.connection_made(wire)
        for packet in packets:
            if not wire.closed:
                front.data_received(packet)
            if waits:
                loop.settle()
            stays.append(not (wire.closed or wire.ended))
        loop.settle()
        while not wire.closed:
            assert loop.advance(), "the connection stays for ever"
        lasted = loop.time()
        front.connection_lost(None)
        loop.settle()
        while loop.advance():
            pass
    assert not loop.failures, loop.failures[0]
    assert not front.tasks, "a task has not ended"
    return Told(requests, bytes(wire.sent), stays, lasted)


def _sees_nothing(data: bytes, limits: Limits) -> None:
    """Leave every request to the parser."""


@contextmanager
def _reading(*, at_a_glance: bool) -> Iterator[None]:
    """Take the glance away from the front, or leave it."""
    with pytest.MonkeyPatch.context() as patch:
        if not at_a_glance:
            patch.setattr(fronts, "glance", _sees_nothing)
        yield
