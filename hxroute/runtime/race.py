"""A race: the first of several attempts that succeeds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

__all__ = ["first_of"]

_T = TypeVar("_T")


async def first_of(
    attempts: Iterable[Callable[[], Coroutine[Any, Any, _T]]],
    stagger: float,
    discard: Callable[[_T], object],
) -> _T:
    """Return what the first attempt gives that succeeds.

    Each begins `stagger` seconds after the one before it, or once that one has failed.

    Args:
        attempts: in the order in which they begin.
        stagger: in seconds.
        discard: what becomes of what a later one gives.

    Raises:
        OSError: that of the last attempt, where all fail.
    """
    waiting = list(attempts)
    if len(waiting) == 1:
        return await waiting[0]()
    running: list[asyncio.Task[_T]] = []
    try:
        while True:
            if waiting:
                running.append(asyncio.create_task(waiting.pop(0)()))
            won = await _next(running, stagger if waiting else None)
            if won is not None:
                running.remove(won)
                return won.result()
            if not waiting and all(task.done() for task in running):
                return running[-1].result()  # raises
    finally:
        for task in running:
            task.cancel()
        for result in await asyncio.gather(*running, return_exceptions=True):
            if not isinstance(result, BaseException):
                discard(result)


async def _next(
    running: list[asyncio.Task[_T]], timeout: float | None
) -> asyncio.Task[_T] | None:
    """Wait for one more to end; return one that succeeded."""
    open_ = [task for task in running if not task.done()]
    done, _ = await asyncio.wait(
        open_, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
    )
    for task in done:
        if not isinstance(task.exception(), OSError):
            return task
    return None
