"""Key sets: the public keys of an issuer (RFC 7517), and what they have signed.

A key is good for the algorithms of its type alone, whatever a token says: a public RSA
key is never the secret of an HMAC, and symmetric keys in a set are left out.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from joserfc import jwk
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jws import JWSRegistry

from hxroute.tokens.reading import Token, members

__all__ = ["KeySet"]

_MOST: Final = 100
"""Keys of a set that are looked at."""

_TRIED: Final = 8
"""Keys that a token is tried with which does not name its own."""

_PUBLIC: Final = ("kty", "n", "e", "crv", "x", "y")
_LEAST_BITS: Final = 2048
_MOST_BITS: Final = 16384
_OF_CURVES: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA", "Ed25519"),
}
_RSA: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")


class _Key(NamedTuple):
    kid: str | None
    algorithms: tuple[str, ...]
    key: Any


class KeySet:
    """The keys of a JWK set that can check a signature; others are left out.

    Args:
        data: the set, as JSON.

    Raises:
        ValueError: where it is no set, or holds no such key.
    """

    def __init__(self, data: bytes) -> None:
        listed = (members(data) or {}).get("keys")
        stated = listed[:_MOST] if isinstance(listed, list) else []
        made = (_key(item) for item in stated if isinstance(item, dict))
        self._keys = [key for key in made if key is not None]
        if not self._keys:
            raise ValueError("no key that checks signatures")

    def knows(self, token: Token) -> bool:
        """Tell whether there is a key that may have signed a token."""
        return bool(self._fitting(token))

    def signed(self, token: Token) -> bool:
        """Tell whether one of the keys signed a token."""
        return any(_verifies(token, key.key) for key in self._fitting(token))

    def _fitting(self, token: Token) -> list[_Key]:
        found = [
            key
            for key in self._keys
            if token.alg in key.algorithms and token.kid in (None, key.kid)
        ]
        return found[:_TRIED]


def _key(stated: Mapping[str, Any]) -> _Key | None:
    """Import a key; None for one of another purpose, or that is weak or broken."""
    kid, use, operations = (stated.get(name) for name in ("kid", "use", "key_ops"))
    if use not in (None, "sig"):
        return None
    if operations is not None and "verify" not in _listed(operations):
        return None
    algorithms = _algorithms(stated)
    public = {name: stated[name] for name in _PUBLIC if name in stated}
    try:
        with warnings.catch_warnings(action="ignore", category=SecurityWarning):
            key = jwk.import_key(public)
            bits = getattr(key.public_key, "key_size", _LEAST_BITS)
    except (JoseError, ValueError, TypeError, AttributeError, KeyError):
        return None
    weak = public["kty"] == "RSA" and not _LEAST_BITS <= bits <= _MOST_BITS
    if not algorithms or weak:
        return None
    return _Key(kid if isinstance(kid, str) else None, algorithms, key)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _algorithms(stated: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a key is good for: that of its type, and of that what it says."""
    kind, curve, alg = (str(stated.get(name)) for name in ("kty", "crv", "alg"))
    found = _RSA if kind == "RSA" else _OF_CURVES.get((kind, curve), ())
    return tuple(name for name in found if alg in ("None", name))


def _verifies(token: Token, key: Any) -> bool:
    algorithm = JWSRegistry.algorithms[token.alg]
    try:
        algorithm.check_key(key)
        return algorithm.verify(token.signed, token.signature, key)
    except (JoseError, ValueError, TypeError):
        return False
