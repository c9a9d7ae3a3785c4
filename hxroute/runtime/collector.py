"""The garbage collector of a process that serves, and does nothing else."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from typing import Final

__all__ = ["paused", "settle"]

_THRESHOLDS: Final = (10_000, 20, 50)


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """Look for no garbage while a start makes what stays: that would take half of it."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def settle() -> None:
    """Look at what serving makes, not at what the start has made, and less often.

    With thousands of connections a full collection stops every one of them for a tenth
    of a second; what a request makes is freed by its reference counts.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
