"""Rename JSON: give members of the body's object other names.

Comes after the limit, which has the body at hand, and before the upstream call.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hxroute import jsontext
from hxroute.errors import InvalidJson, NotAnObject, ProxyError
from hxroute.http import Handler, Request, Response, Start, read_whole

__all__ = ["RenameJson"]


@dataclass(frozen=True, slots=True)
class RenameJson:
    """Rename each member where its new name is free; an empty body counts as `{}`."""

    rename: tuple[tuple[str, str], ...]
    at: int = field(default=0, compare=False)

    def raises(self) -> tuple[type[ProxyError], ...]:
        """Return the errors that this node can end a request in."""
        return (InvalidJson, NotAnObject)

    def wrap(self, next: Handler, start: Start) -> Handler:
        """Rewrite the body; one that needs no change goes on byte for byte."""

        async def rename_json(request: Request) -> Response:
            body = await read_whole(request.body)
            document = jsontext.decode(body) if body else {}
            if not isinstance(document, dict):
                raise NotAnObject
            if self._apply(document):
                body = jsontext.encode(document)
            request.body, request.length, request.json = body, len(body), document
            return await next(request)

        return rename_json

    def _apply(self, document: dict[str, object]) -> bool:
        changed = False
        for old, new in self.rename:
            if old in document and new not in document:
                document[new] = document.pop(old)
                changed = True
        return changed
