"""Observe: one access log line for each answered request.

Comes first, so that it sees every answer, the error table's included.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final

from hxroute.errors import ClientGone, ProxyError
from hxroute.http import Handler, Request, Response, Start

__all__ = ["Observe"]

_LOG: Final = logging.getLogger("hxroute.access")
_LINE: Final = "%s %s %s %d %d B %.1f ms%s"


@dataclass(frozen=True, slots=True)
class Observe:
    """Log method, path (never the query), status, bytes and time of each request."""

    access_log: bool = True
    at: int = field(default=0, compare=False)

    def raises(self) -> tuple[type[ProxyError], ...]:
        """Return the errors that this node can end a request in."""
        return ()

    def wrap(self, next: Handler, start: Start) -> Handler:
        """Log around everything else."""
        if not self.access_log:
            return next

        async def observe(request: Request) -> Response:
            began = time.perf_counter()
            try:
                response = await next(request)
            except (ClientGone, asyncio.CancelledError):
                _write(request, ClientGone.status, 0, began)
                raise
            if isinstance(response.body, bytes):
                _write(request, response.status, len(response.body), began)
            else:
                response.body = _counted(response.body, request, response.status, began)
            return response

        return observe


async def _counted(
    body: AsyncGenerator[bytes, None], request: Request, status: int, began: float
) -> AsyncGenerator[bytes, None]:
    size, outcome = 0, "cut"
    try:
        async with aclosing(body):
            async for chunk in body:
                size += len(chunk)
                yield chunk
        outcome = ""
    finally:
        _write(request, status, size, began, outcome)


def _write(
    request: Request, status: int, size: int, began: float, outcome: str = ""
) -> None:
    if _LOG.isEnabledFor(logging.INFO):
        values = (
            request.client,
            request.method,
            request.path.decode("latin-1"),
            status,
            size,
            (time.perf_counter() - began) * 1000,
            f" {outcome}" if outcome else "",
        )
        _LOG.handle(_record(values))


def _record(values: tuple[object, ...]) -> logging.LogRecord:
    """Return the record of a line, without finding out what all of them share.

    Where code was called from, by which thread: that takes longer than the line.
    """
    record = logging.LogRecord.__new__(logging.LogRecord)
    now = time.time()
    record.__dict__.update(_shared(), args=values, created=now)
    record.msecs = (now - int(now)) * 1000
    return record


@functools.cache
def _shared() -> dict[str, object]:
    made = logging.LogRecord(_LOG.name, logging.INFO, __file__, 0, _LINE, (), None)
    return vars(made)
