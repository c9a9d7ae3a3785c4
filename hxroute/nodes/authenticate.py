"""Authenticate: only a client that shows a key goes on.

Comes before anything that reads the body, renders a template or calls an upstream.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from hxroute import templates
from hxroute.errors import ProxyError, StartError, Unauthorized
from hxroute.http import Handler, Headers, Request, Response, Start
from hxroute.ir import BearerAuth

__all__ = ["Authenticate"]


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Check the first Authorization field for a bearer key (RFC 6750 §2.1)."""

    auth: BearerAuth
    at: int = field(default=0, compare=False)

    def raises(self) -> tuple[type[ProxyError], ...]:
        """Return the errors that this node can end a request in."""
        return (Unauthorized,)

    def wrap(self, next: Handler, start: Start) -> Handler:
        """Refuse what shows no key; of several fields only the checked one goes on."""
        digests = start.once(
            (Authenticate, self.auth),
            lambda: [_digest(self._key(source, start)) for source in self.auth.keys],
        )

        async def authenticate(request: Request) -> Response:
            given = [v for name, v in request.headers if name == b"authorization"]
            scheme, _, token = (given[0] if given else b"").partition(b" ")
            shown = _digest(token)
            # Every key is compared: how long it takes tells nothing about any of them.
            matches = [hmac.compare_digest(shown, digest) for digest in digests]
            if scheme.lower() != b"bearer" or not any(matches):
                raise Unauthorized
            if len(given) > 1:
                request.headers = _with_only(request.headers, given[0])
            return await next(request)

        return authenticate

    def _key(self, source: str, start: Start) -> bytes:
        """Return a key, without the padding that no field value keeps on its way."""
        key = templates.text(source, start.settings)
        read = [name for root, name in templates.names(source) if root == "settings"]
        unset = any(start.settings.get(name or "") is None for name in read)
        if unset or not isinstance(key, str) or not key.strip():
            raise StartError(
                f"line {self.auth.at}: auth `{self.auth.name}` has an empty key; "
                f"set the variable that {source} takes it from"
            )
        return templates.to_bytes(key.strip())


def _with_only(headers: Headers, checked: bytes) -> Headers:
    """Drop every Authorization field but the one that was checked."""
    others = [item for item in headers if item[0] != b"authorization"]
    return [*others, (b"authorization", checked)]


def _digest(key: bytes) -> bytes:
    """Digests have one length, so comparing them tells nothing about the keys'."""
    return hashlib.sha256(key).digest()
