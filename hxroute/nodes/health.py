"""Health: tell a load balancer or a supervisor how the server is.

Stands where the execution node stands: nothing comes after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from hxroute.errors import ProxyError
from hxroute.http import Handler, Headers, Request, Response, Start
from hxroute.readiness import Readiness

__all__ = ["Health"]


@dataclass(frozen=True, slots=True)
class Health:
    """Answer 200 while the server works; `ready`, 503 from the moment it is to end."""

    kind: Literal["live", "ready"] = "live"
    at: int = field(default=0, compare=False)

    def raises(self) -> tuple[type[ProxyError], ...]:
        """Return the errors that this node can end a request in: none."""
        return ()

    def wrap(self, next: Handler, start: Start) -> Handler:
        """Prepare the answers."""
        good, draining = _answer(self.kind), _answer("draining")
        readiness = Readiness.of(start.kept)
        turns = self.kind == "ready"

        async def health(request: Request) -> Response:
            if turns and readiness.draining:
                return Response(503, *draining)
            return Response(200, *good)

        return health


_FIELDS: Final = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
)


def _answer(status: str) -> tuple[Headers, bytes]:
    body = b'{"status":"%b"}' % status.encode()
    return [*_FIELDS, (b"content-length", b"%d" % len(body))], body
