"""Reading: a token taken apart (RFC 7515 §7.1), strictly; nothing in it is believed yet.

Of the header only `alg`, `kid` and `typ` count. `jku`, `jwk`, `x5u` and `x5c` would let
a token say which key it is to be checked with, and are never looked at; what makes
itself critical (`crit`) is refused, as there is no extension here to understand.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Container
from typing import Any, Final, NamedTuple, NoReturn

__all__ = ["MAX_TOKEN", "Token", "members", "token_of"]

MAX_TOKEN: Final = 8192
"""Bytes of a token that is looked at."""

_PARTS: Final = re.compile(rb"([\w-]{2,})\.([\w-]{2,})\.([\w-]{2,})", re.ASCII)
_TYPES: Final = frozenset({"jwt", "at+jwt", "application/jwt", "application/at+jwt"})
"""What a token may say it is, in lower case (RFC 9068 §4, RFC 8725 §3.11)."""


class Token(NamedTuple):
    """The parts of a token: which key may have signed which bytes of it."""

    alg: str
    kid: str | None
    payload: bytes
    signed: bytes
    signature: bytes


def token_of(text: bytes, algorithms: Container[str]) -> Token | None:
    """Take a token apart; None where it is none, or one that is not taken."""
    found = _PARTS.fullmatch(text) if len(text) <= MAX_TOKEN else None
    if found is None:
        return None
    try:
        head, payload, signature = map(_decoded, found.groups())
    except ValueError:
        return None
    header = members(head)
    if header is None or "crit" in header or "b64" in header:
        return None
    alg, kid, kind = (header.get(name) for name in ("alg", "kid", "typ"))
    if not isinstance(alg, str) or alg not in algorithms:
        return None
    if kid is not None and not isinstance(kid, str):
        return None
    if kind is not None and str(kind).lower() not in _TYPES:
        return None
    return Token(alg, kid, payload, text[: found.end(2)], signature)


def members(data: bytes) -> dict[str, Any] | None:
    """Return the members of a JSON object; None for anything else.

    An object in which a name comes twice says two things, and counts as none.
    """
    try:
        found = json.loads(
            data.decode(), object_pairs_hook=_unique, parse_constant=_refuse
        )
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _decoded(part: bytes) -> bytes:
    """Decode base64url without padding, and with no bit too many (RFC 7515 §2)."""
    data = base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    if base64.urlsafe_b64encode(data).rstrip(b"=") != part:
        raise ValueError
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _refuse(constant: str) -> NoReturn:
    """Refuse NaN and the infinities, which are no JSON."""
    raise ValueError(constant)
