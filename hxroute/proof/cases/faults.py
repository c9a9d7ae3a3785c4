"""Faults of the upstream: what is no whole answer, and what comes late."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hxroute.proof.cases.levels import Level
from hxroute.proof.cases.places import Place
from hxroute.proof.cases.replies import (
    CHUNKED,
    CLOSE,
    JSON,
    OBJECT,
    SHORT,
    answer,
    fault,
)
from hxroute.sandbox.scripted import Script, Step

__all__ = ["faults", "late"]

_IN_TIME: Final[Step] = {"sleep": 0.3}
"""Before an answer that is slow, but no slower than anybody waits."""

_LATE: Final = 1.5
"""Seconds before an answer that is right, and too late for a limit that is too short."""

_BEYOND: Final = 2
"""Seconds that an upstream is silent after it has been given up."""


def faults() -> Iterator[Level]:
    """Yield answers that are cut, broken or none at all."""
    head = answer(200, (("Content-Length", "100"),))[0]
    chunks = answer(200, (CHUNKED,))[0]
    yield fault("closed", CLOSE, rank=1)
    yield fault("reset", {"reset": True})
    yield fault("garbage", "this is not HTTP\r\n\r\n", CLOSE)
    yield fault("bad-status", "HTTP/1.1 abc OK\r\n\r\n", CLOSE)
    yield fault("half-head", "HTTP/1.1 200 OK\r\nContent-Le", CLOSE, rank=3)
    yield fault(
        "bad-length", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", CLOSE, rank=3
    )
    yield fault("short", head, "short", CLOSE, rank=1, any_method=False)
    yield fault("short-chunked", chunks, "5\r\nhe", CLOSE, any_method=False)
    yield fault(
        "no-last-chunk", chunks, "5\r\nhello\r\n", CLOSE, rank=3, any_method=False
    )
    yield fault("bad-chunk", chunks, "zz\r\nhello\r\n", CLOSE, rank=3, any_method=False)
    cut = (head, "begin", SHORT, {"reset": True})
    yield fault("reset-in-body", *cut, any_method=False)


def late(place: Place, patience: float) -> Iterator[Level]:
    """Yield an answer that is slow, and where there is patience two that are too slow."""
    head = answer(200, (JSON, ("Content-Length", "11")))[0]
    slow: Script = (_IN_TIME, head, OBJECT)
    yield Level("up-slow", script=slow, to_head=slow[:2])
    if place.wait is None or place.wait > patience:
        return
    if place.wait > _LATE:
        last: Script = ({"sleep": _LATE}, head, OBJECT)
        yield Level("up-late", script=last, to_head=last[:2])
    longer: Step = {"sleep": place.wait + _BEYOND}
    yield fault("timeout", longer, CLOSE)
    cut = (head, '{"ok"', longer, CLOSE)
    yield fault("timeout-in-body", *cut, any_method=False)
