"""Respond: answer without an upstream.

Stands where the execution node stands: nothing comes after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from hxroute import rules, templates
from hxroute.errors import ProxyError
from hxroute.http import BODILESS, Handler, Request, Response, Start

__all__ = ["Respond"]


@dataclass(frozen=True, slots=True)
class Respond:
    """Answer with a JSON or text template over the request."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    json: str | None = None
    text: str | None = None
    at: int = field(default=0, compare=False)

    def raises(self) -> tuple[type[ProxyError], ...]:
        """Return the errors that this node can end a request in."""
        return templates.raised(self.sources())

    def wrap(self, next: Handler, start: Start) -> Handler:
        """Prepare the answer; one that no request changes is made once."""
        content_type, content = templates.content(self.json, self.text, start.settings)
        roots = templates.roots(self.sources())
        headers = rules.stated(self.headers, content_type if content != b"" else None)

        async def respond(request: Request) -> Response:
            if self.status in BODILESS:
                return Response(self.status, headers)
            body = content
            if not isinstance(body, bytes):
                body = body(templates.values(request, roots))
            length = (b"content-length", b"%d" % len(body))
            return Response(self.status, [*headers, length], body)

        return respond

    def sources(self) -> Iterator[str]:
        """Yield every template of the answer."""
        yield from templates.strings(self.json or "null")
        yield self.text or ""
