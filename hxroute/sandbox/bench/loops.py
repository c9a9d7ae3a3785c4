"""The event loop of the client and of the upstream: the fastest that is there."""

from __future__ import annotations

import asyncio

__all__ = ["runner"]


def runner() -> asyncio.Runner:
    """Return what runs coroutines, on uvloop where the platform has it."""
    try:
        import uvloop
    except ImportError:
        return asyncio.Runner()
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)
