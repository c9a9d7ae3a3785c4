"""The ceiling: how many connections a process can hold before it runs out of files.

A connection of a client takes a file descriptor, and so does the call behind it. What is
accepted beyond that would fail where nobody expects it, or not be accepted at all.
"""

from __future__ import annotations

import contextlib
import functools
from typing import Final

__all__ = ["RESERVE", "connections", "lift"]

RESERVE: Final = 32
"""Descriptors for all that is no connection: sockets that listen, logs, the loop."""

_UNKNOWN: Final = 1 << 30


def lift() -> None:
    """Raise the limit on open files as far as the system lets anyone."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # which is not everywhere

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@functools.cache
def connections() -> int:
    """Return how many connections of clients there may be at once."""
    try:
        import resource
    except ImportError:
        return _UNKNOWN
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _UNKNOWN
    return max(1, (soft - RESERVE) // 2)
