"""Calls: what every connector does alike, whichever client it speaks through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hxroute.errors import (
    BadResponse,
    ConnectFailed,
    ConnectTimeout,
    Disconnected,
    PoolTimeout,
    ProxyError,
    ReadTimeout,
    TotalTimeout,
    WriteTimeout,
)
from hxroute.http import Headers, Request, Timeout

__all__ = [
    "connect_timeout",
    "failures",
    "first_byte_timeout",
    "framing",
    "is_replayable",
    "pool_timeout",
    "read_timeout",
    "total_timeout",
    "write_timeout",
]

_IDEMPOTENT: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PUT", "TRACE"})
"""RFC 9110 §9.2.2: what may be sent again."""


def framing(request: Request) -> Headers:
    """Return the fields that frame a request with that body (RFC 9112 §6)."""
    body = request.body
    length = len(body) if isinstance(body, bytes) else request.length
    if length is None:
        return [(b"transfer-encoding", b"chunked")]
    if length or request.method in ("PATCH", "POST", "PUT"):
        return [(b"content-length", b"%d" % length)]
    return []


def is_replayable(request: Request) -> bool:
    """Tell whether a request may be sent again where nobody knows of its fate."""
    return request.method in _IDEMPOTENT and isinstance(request.body, bytes)


def connect_timeout(limits: Timeout) -> ProxyError:
    """Return how a call ends that gets no connection in time."""
    return ConnectTimeout(f"No connection to the upstream within {limits.connect:g} s.")


def pool_timeout(limits: Timeout) -> ProxyError:
    """Return how a call ends for which no connection becomes free."""
    return PoolTimeout(f"No free connection to the upstream within {limits.pool:g} s.")


def first_byte_timeout(limits: Timeout) -> ProxyError:
    """Return how a call ends whose answer does not begin in time."""
    seconds = limits.read if limits.first_byte is None else limits.first_byte
    return ReadTimeout(f"The upstream sent nothing for {seconds:g} s.")


def read_timeout(limits: Timeout) -> ProxyError:
    """Return how a call ends whose answer stops."""
    return ReadTimeout(f"The upstream sent nothing for {limits.read:g} s.")


def write_timeout(limits: Timeout) -> ProxyError:
    """Return how a call ends whose request is not taken."""
    return WriteTimeout(f"The upstream took nothing for {limits.write:g} s.")


def total_timeout(limits: Timeout) -> ProxyError:
    """Return how a call ends that takes too long in all."""
    return TotalTimeout(f"The call took more than {limits.total:g} s.")


_TIMEOUTS: Final[tuple[Callable[[Timeout], ProxyError], ...]] = (
    connect_timeout,
    pool_timeout,
    first_byte_timeout,
    write_timeout,
)


def failures(limits: Timeout) -> tuple[ProxyError, ...]:
    """Return the errors that a call can end in, as they are worded."""
    total = () if limits.total is None else (total_timeout(limits),)
    timeouts = (make(limits) for make in _TIMEOUTS)
    return (*timeouts, *total, ConnectFailed(), Disconnected(), BadResponse())
