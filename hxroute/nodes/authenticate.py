"""Authenticate: only a client that shows a key goes on, under the name of the key.

Comes before anything that reads the body, renders a template or calls an upstream.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from hxroute import templates, units
from hxroute.errors import Overloaded, ProxyError, StartError, Unauthorized
from hxroute.http import Handler, Request, Response, Start
from hxroute.ir import BearerAuth
from hxroute.keys import Jwt, Key
from hxroute.passing import with_one

if TYPE_CHECKING:
    from hxroute.tokens.verifier import Verifier

__all__ = ["Authenticate", "refusal"]

_INVALID: Final = b'error="invalid_token"'


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Check the first Authorization field for a bearer key (RFC 6750 §2.1).

    Or the first of the field that the file names, whose whole value is the key.
    """

    auth: BearerAuth
    at: int = field(default=0, compare=False)

    def raises(self) -> tuple[type[ProxyError], ...]:
        """Return the errors that this node can end a request in."""
        if self.auth.jwt is None:
            return (Unauthorized,)
        return (Unauthorized, Overloaded)

    def wrap(self, next: Handler, start: Start) -> Handler:
        """Refuse what shows no key; of several fields only the checked one goes on."""
        ring = start.once(
            (Authenticate, self.auth),
            lambda: [self._known(key, start) for key in self.auth.entries()],
        )
        now = start.now
        verifier = None
        if self.auth.jwt is not None:
            tokens = functools.partial(_verifier, self.auth, self.auth.jwt, start)
            verifier = start.once((_verifier, self.auth), tokens)
        field = self.auth.shown_in.encode()
        token_of = _whole if self.auth.header else _bearer
        spelt_otherwise = b"-" in field or b"_" in field

        async def authenticate(request: Request) -> Response:
            given = [v for name, v in request.headers if name == field]
            token = token_of(given[0] if given else b"")
            name = _name_of(token, ring, now)
            if not token:
                raise Unauthorized
            if name is None and verifier is not None:
                name = await verifier.name_of(token)
            if name is None:
                raise refusal(self.auth)
            if len(given) > 1 or spelt_otherwise:
                request.headers = with_one(request.headers, field)
            request.key = name
            return await next(request)

        return authenticate

    def _known(self, key: Key, start: Start) -> _Known:
        """Return what a key is recognised by, and until when."""
        expires = math.inf
        if key.not_after is not None:
            instant = units.instant(key.not_after)
            assert instant is not None, "the compiler has read it"
            expires = instant
        if key.sha256 is not None:
            return _Known(key.name, bytes.fromhex(key.sha256), expires)
        return _Known(key.name, _digest(self._key(key.key or "", start)), expires)

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


def refusal(auth: BearerAuth) -> Unauthorized:
    """Return the refusal of a key or token that was shown and is not good, or no more.

    To where tokens are taken it tells a client to fetch another (RFC 6750 §3.1). Another
    key there is none, and keys are refused as they were before there were tokens.
    """
    tells = auth.jwt is not None and not auth.header
    return Unauthorized(challenge=_INVALID if tells else b"")


def _verifier(auth: BearerAuth, jwt: Jwt, start: Start) -> Verifier:
    """Return what checks tokens; what it needs is imported where it is asked for.

    Raises:
        StartError: where that is not installed, or a file of keys holds none.
    """
    try:
        from hxroute.tokens.wiring import verifier
    except ImportError as exc:
        raise StartError(
            f"line {jwt.at}: `jwt` of auth `{auth.name}` needs joserfc; "
            "`pip install 'hxroute[jwt]'`"
        ) from exc
    return verifier(auth.name, jwt, start)


def _bearer(value: bytes) -> bytes:
    """Return the token of an Authorization field, nothing where it is of another kind."""
    scheme, _, token = value.partition(b" ")
    return token if scheme.lower() == b"bearer" else b""


def _whole(value: bytes) -> bytes:
    """Return the token of a field that holds nothing else."""
    return value


class _Known(NamedTuple):
    """A key as it is recognised; `expires` is in seconds since 1970."""

    name: str
    digest: bytes
    expires: float


def _name_of(token: bytes, ring: list[_Known], now: Callable[[], float]) -> str | None:
    """Return the name of the key that a token is, None where it is none or too late.

    Every key is compared: how long it takes tells nothing about any of them.
    """
    shown, found = _digest(token), None
    for name, digest, expires in ring:
        fits = hmac.compare_digest(shown, digest)
        if fits and (expires == math.inf or now() < expires):
            found = found or name
    return found


def _digest(key: bytes) -> bytes:
    """Digests have one length, so comparing them tells nothing about the keys'."""
    return hashlib.sha256(key).digest()
