"""The verifier: whose token it is, which costs a signature only now and then."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Container
from typing import Final, NamedTuple

from hxroute.errors import Overloaded
from hxroute.tokens.claims import Wanted
from hxroute.tokens.keyset import KeySet
from hxroute.tokens.reading import MAX_TOKEN, Token, members, token_of
from hxroute.tokens.source import Known, Source

__all__ = ["Verifier"]

_REMEMBERED: Final = 1024
"""Tokens of which is remembered whose they are."""

_SECONDS: Final = 60.0
"""For how long it is remembered at most."""


class _Found(NamedTuple):
    name: str
    until: float
    keys: KeySet


class Verifier:
    """Tells whose a token is.

    Args:
        wanted: what tokens must say.
        algorithms: those that may have signed them.
        known: the keys that are known.
        source: what fetches them; None where they are as they are.
        now: tells the time in seconds since 1970.
    """

    def __init__(
        self,
        wanted: Wanted,
        algorithms: Container[str],
        known: Known,
        source: Source | None,
        now: Callable[[], float],
    ) -> None:
        self._wanted = wanted
        self._algorithms = algorithms
        self._known = known
        self._source = source
        self._now = now
        self._found: OrderedDict[bytes, _Found] = OrderedDict()

    async def name_of(self, text: bytes) -> str | None:
        """Return whose a token is, None where it is none that is good.

        Raises:
            Overloaded: where no key is known to check it with.
        """
        if len(text) > MAX_TOKEN:
            return None
        digest = hashlib.sha256(text).digest()
        found = self._found.get(digest)
        if found and found.keys is self._known.keys and self._now() < found.until:
            return found.name
        token = token_of(text, self._algorithms)
        if token is None:
            return None
        keys = await self._keys_for(token)
        return self._checked(token, keys, digest) if keys.signed(token) else None

    async def _keys_for(self, token: Token) -> KeySet:
        keys = self._known.keys
        if self._source is not None and (keys is None or not keys.knows(token)):
            await self._source.refresh()
            keys = self._known.keys
        if keys is None:
            detail = "The keys that tokens are checked with are not known yet."
            raise Overloaded(detail, fields=((b"retry-after", b"5"),))
        return keys

    def _checked(self, token: Token, keys: KeySet, digest: bytes) -> str | None:
        said, now = members(token.payload) or {}, self._now()
        name = self._wanted.name_of(said, now)
        if name is not None:
            until = min(now + _SECONDS, self._wanted.ends(said))
            self._found[digest] = _Found(name, until, keys)
            if len(self._found) > _REMEMBERED:
                self._found.popitem(last=False)
        return name
