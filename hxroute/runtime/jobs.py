"""Jobs: what runs beside the requests does not end unnoticed."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Final

from hxroute.http import Job

__all__ = ["lasting"]

_LOG: Final = logging.getLogger("hxroute.error")
_PAUSE: Final = 1.0
"""Seconds before a job that has failed begins again."""


async def lasting(
    job: Job,
    sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep,
) -> None:
    """Run a job; one that fails, which is a defect, is told of and begins again.

    Args:
        job: what runs until it is cancelled.
        sleep: waits so many seconds.
    """
    while True:
        try:
            return await job()
        except Exception as exc:
            # Without the exceptions' texts: they may hold a secret.
            for cause in _causes(exc):
                frames = "".join(traceback.format_tb(cause.__traceback__))
                _LOG.error("%s in a job\n%s", type(cause).__name__, frames)
        await sleep(_PAUSE)


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """Yield what an exception consists of, where it is a group."""
    if not isinstance(exc, BaseExceptionGroup):
        yield exc
        return
    for part in exc.exceptions:
        yield from _causes(part)
