"""Memory: whether this process holds more of it than it may.

Counted is what is resident, shared pages included. Only Linux tells it at little cost.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

__all__ = ["Memory", "give_back", "resident"]

_LOG: Final = logging.getLogger("hxroute.memory")
_STATM: Final = Path("/proc/self/statm")
_LOOK_SECONDS: Final = 0.2
_CALM: Final = 0.95
"""The share of the limit under which requests are let in again."""

_MIB: Final = 1 << 20
_UNKNOWN: Final = "warning: `max_memory` does nothing here: this system has no %s"
_OVER: Final = "%d MiB are resident, `max_memory` is %d MiB: requests are refused"
_UNDER: Final = "%d MiB are resident: requests are let in again"


def resident() -> int | None:
    """Return the bytes of this process that are in memory; None where nobody says."""
    try:
        pages = _STATM.read_bytes().split()[1]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def give_back() -> None:
    """Give the system what has been freed, which the C library would keep."""
    import ctypes  # takes a while, and only who is over its limit needs it

    with contextlib.suppress(OSError, AttributeError):  # not the GNU C library
        ctypes.CDLL(None).malloc_trim(0)


class Memory:
    """Whether the process is over a limit, until it is well below it again.

    Args:
        limit: bytes that may be resident.
        resident: tells how many are.
    """

    def __init__(
        self, limit: int, resident: Callable[[], int | None] = resident
    ) -> None:
        self.over = False
        self._limit = limit
        self._resident = resident

    def look(self) -> bool:
        """Look how much it is now; False where nobody can tell."""
        size = self._resident()
        if size is None:
            return False
        if size > self._limit and not self.over:
            self.over = True
            _LOG.warning(_OVER, size // _MIB, self._limit // _MIB)
        elif size < self._limit * _CALM and self.over:
            self.over = False
            _LOG.warning(_UNDER, size // _MIB)
        return True

    async def watch(self) -> None:
        """Look again and again; end where nobody can tell."""
        while self.look():
            if self.over:
                await asyncio.to_thread(give_back)
            await asyncio.sleep(_LOOK_SECONDS)
        _LOG.warning(_UNKNOWN, _STATM)
