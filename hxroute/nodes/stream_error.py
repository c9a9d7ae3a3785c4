"""Stream error: an event stream that breaks off ends with an event that says so.

Stands right around the upstream call, whose failures become an event once the first
byte is out, when it is too late for an answer. The stream is cut behind the event all
the same: to whoever does not know the event it must not look like a normal end.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final

from hxroute import templates
from hxroute.errors import Internal, Overloaded, ProxyError
from hxroute.http import Handler, Request, Response, Start, firsts

__all__ = ["StreamError"]

_FRESH: Final = b"\n\n"
"""Ends a line and an event that are under way, and changes nothing where none is."""

_EVENT_STREAM: Final = b"text/event-stream"


@dataclass(frozen=True, slots=True)
class StreamError:
    """Send one event before an event stream is cut; `json` is a template over `error`.

    Without `event` it has no type, as the events of OpenAI's API.
    """

    json: str
    event: str = ""
    at: int = field(default=0, compare=False)

    def raises(self) -> tuple[type[ProxyError], ...]:
        """Return the errors that this node can end a request in."""
        return ()

    def wrap(self, next: Handler, start: Start) -> Handler:
        """Prepare the event, then look after each event stream."""
        event_type = f"event: {self.event}\n".encode() if self.event else b""
        data = templates.document(self.json, start.settings)

        def event(error: ProxyError) -> bytes:
            shown = data if isinstance(data, bytes) else data(_values(error))
            return b"%b%bdata: %b\n\n" % (_FRESH, event_type, shown)

        async def stream_error(request: Request) -> Response:
            response = await next(request)
            if not isinstance(response.body, bytes) and _takes_events(response):
                response.body = told(response.body, request)
            return response

        async def told(
            body: AsyncGenerator[bytes, None], request: Request
        ) -> AsyncGenerator[bytes, None]:
            try:
                async with aclosing(body):
                    async for chunk in body:
                        yield chunk
            except ProxyError as exc:
                yield event(exc)
                raise
            except asyncio.CancelledError:
                if not request.gone.is_set():
                    yield event(Overloaded("The gateway is shutting down."))
                raise
            except Exception:
                yield event(Internal())
                raise

        return stream_error


def _takes_events(response: Response) -> bool:
    """Tell whether an event fits: into a stream as it is, of no declared length."""
    fields = firsts(response.headers)
    media_type = fields.get(b"content-type", b"").partition(b";")[0]
    coding = fields.get(b"content-encoding", b"identity")
    return (
        media_type.strip().lower() == _EVENT_STREAM
        and coding.lower() == b"identity"
        and b"content-length" not in fields
    )


def _values(error: ProxyError) -> templates.Values:
    shown = {"kind": error.kind, "status": error.status, "detail": error.detail}
    return {"error": {**shown, "max_size": None}}
