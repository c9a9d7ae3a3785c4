"""Cors: which scripts of other origins may call, and read the answers.

Comes outside the error mapping, as a script learns of no error that it may not read,
and inside observation, which is to see preflights too. By the Fetch standard.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from hxroute.errors import ProxyError
from hxroute.http import Handler, Headers, Request, Response, Start
from hxroute.preflight import METHOD, asked_for, only

__all__ = ["ANY", "Cors"]

ANY: Final = "*"
"""Every origin, or every request field."""

_OURS: Final = b"access-control-"
_ASKED_FIELDS: Final = b"access-control-request-headers"
_TOKEN: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VARY: Final = (b"vary", b"Origin")
_VARY_PREFLIGHT: Final = (
    b"vary",
    b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
)


@dataclass(frozen=True, slots=True)
class Cors:
    """Let scripts of the origins in; a preflight gets an answer of its own.

    An origin is compared whole, byte for byte. No `methods` are whichever the endpoint
    takes; `headers` are the request fields that a script may add, `expose` the fields of
    an answer that it may read besides the common ones. `max_age` is in seconds.
    """

    origins: tuple[str, ...]
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ("authorization", "content-type")
    expose: tuple[str, ...] = ()
    credentials: bool = False
    max_age: int | None = None
    at: int = field(default=0, compare=False)

    def raises(self) -> tuple[type[ProxyError], ...]:
        """Return the errors that this node can end a request in."""
        return ()

    def wrap(self, next: Handler, start: Start) -> Handler:
        """Put the fields on every answer, in the place of the upstream's own.

        A preflight that gets here is not this endpoint's to answer: the endpoint that
        takes what it asks for has no `cors`.
        """
        origins = _Origins(self)
        exposed = _listed(b"access-control-expose-headers", self.expose)

        async def cors(request: Request) -> Response:
            response = await next(request)
            headers = [f for f in response.headers if not f[0].startswith(_OURS)]
            if origins.differ and not _varies(headers):
                headers.append(_VARY)
            granted = origins.granted(request)
            if granted and self._takes(request.method) and asked_for(request) is None:
                headers += [*granted, *exposed]
            response.headers = headers
            return response

        return cors

    def preflight(self) -> Handler:
        """Return what answers a preflight for this endpoint, without going further."""
        origins = _Origins(self)
        age = () if self.max_age is None else (b"%d" % self.max_age,)
        fields = [(b"access-control-max-age", value) for value in age]

        async def preflight(request: Request) -> Response:
            asked = only(request, METHOD) or b""
            granted = origins.granted(request)
            names = self._allowed(request)
            allows = _TOKEN.fullmatch(asked) and self._takes(asked.decode("latin-1"))
            if not granted or not allows or names is None:
                return Response(204, [_VARY_PREFLIGHT])
            method = (b"access-control-allow-methods", asked)
            return Response(204, [_VARY_PREFLIGHT, *granted, method, *names, *fields])

        return preflight

    def _takes(self, method: str) -> bool:
        return not self.methods or method in self.methods

    def _allowed(self, request: Request) -> Headers | None:
        """Return the field that allows what is asked for; None where that may not be."""
        asked = set(_names(request))
        if ANY not in self.headers:
            known = {name.encode() for name in self.headers}
            allowed = asked <= known
        else:  # as `*`, browsers would not take it for Authorization
            allowed = all(map(_TOKEN.fullmatch, asked))
        if not allowed:
            return None
        value = b", ".join(sorted(asked))
        return [(b"access-control-allow-headers", value)] if asked else []


class _Origins:
    """Whom a node lets in; `differ` tells whether that depends on who asks."""

    def __init__(self, cors: Cors) -> None:
        allowed = [(b"access-control-allow-credentials", b"true")]
        self._more: Headers = allowed if cors.credentials else []
        self._named = frozenset(origin.encode() for origin in cors.origins)
        self.differ = ANY not in cors.origins

    def granted(self, request: Request) -> Headers:
        """Return the fields that let whoever asks read the answer, or none.

        What everyone may read says so whether or not an origin asks: caches hold one
        answer for all (Fetch standard, "CORS protocol and HTTP caches").
        """
        if not self.differ:
            return [(b"access-control-allow-origin", ANY.encode())]
        origin = only(request, b"origin")
        if origin is None or origin not in self._named:
            return []
        return [(b"access-control-allow-origin", origin), *self._more]


def _names(request: Request) -> Iterator[bytes]:
    """Yield the fields that a preflight asks for, in lower case."""
    for name, value in request.headers:
        if name == _ASKED_FIELDS:
            found = (item.strip(b" \t").lower() for item in value.split(b","))
            yield from (item for item in found if item)


def _listed(name: bytes, values: tuple[str, ...]) -> Headers:
    return [(name, ", ".join(values).encode())] if values else []


def _varies(headers: Headers) -> bool:
    """Tell whether an answer already says that it depends on the origin."""
    named = (
        item.strip(b" \t").lower()
        for name, value in headers
        if name == b"vary"
        for item in value.split(b",")
    )
    return any(item in (b"origin", b"*") for item in named)
