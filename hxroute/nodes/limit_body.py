"""Limit body: read the body whole, up to a size, before the upstream is touched.

Comes after authentication, so that a stranger's body is never read, and before all
that needs the body at hand.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from hxroute import templates
from hxroute.errors import PayloadTooLarge, ProxyError, StartError
from hxroute.http import Handler, Request, Response, Start
from hxroute.units import size

__all__ = ["LimitBody"]


@dataclass(frozen=True, slots=True)
class LimitBody:
    """Refuse bodies over `max_body` bytes (a size, or a template over settings)."""

    max_body: str
    at: int = field(default=0, compare=False)

    def raises(self) -> tuple[type[ProxyError], ...]:
        """Return the errors that this node can end a request in."""
        return (PayloadTooLarge,)

    def wrap(self, next: Handler, start: Start) -> Handler:
        """Refuse by the declared length at once, else by what arrives."""
        limit = self.limit(start)

        async def limit_body(request: Request) -> Response:
            if request.length is not None and request.length > limit:
                raise PayloadTooLarge(max_size=limit)
            if not isinstance(request.body, bytes):
                request.body = await _read(request.body, limit)
                request.length = len(request.body)
            return await next(request)

        return limit_body

    def limit(self, start: Start) -> int:
        """Return the limit in bytes.

        Raises:
            StartError: where the settings make no size of it.
        """
        shown = templates.text(self.max_body, start.settings)
        limit = size(shown) if isinstance(shown, str) else None
        if limit is None:
            raise StartError(
                f"line {self.at}: max_body {self.max_body} gives no size; "
                "write bytes as a plain number, or 64KiB, 1MiB"
            )
        return limit


async def _read(body: AsyncGenerator[bytes, None], limit: int) -> bytes:
    chunks: list[bytes] = []
    total = 0
    async for chunk in body:
        total += len(chunk)
        if total > limit:
            raise PayloadTooLarge(max_size=limit)
        chunks.append(chunk)
    return b"".join(chunks)
