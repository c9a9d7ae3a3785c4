"""Claims: what a signed token must say of itself (RFC 7519 §4.1, RFC 8725 §3)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Wanted"]

_LATEST: Final = 253402300800.0
"""The year 10000 in seconds since 1970: no token is meant to last so long."""

_NAME: Final = re.compile(r"[^\x00-\x1f\x7f]{1,256}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of a token; `leeway` is in seconds, `key` the claim that names."""

    issuer: str
    audience: frozenset[str]
    leeway: float
    claims: tuple[tuple[str, str | int | float | bool], ...]
    key: str

    def name_of(self, said: Mapping[str, Any], now: float) -> str | None:
        """Return the name of who shows it, None where it does not say what it must."""
        name = said.get(self.key)
        good = (
            isinstance(name, str)
            and _NAME.fullmatch(name)
            and said.get("iss") == self.issuer
            and self._is_for_us(said.get("aud"))
            and self._is_now(said, now)
            and all(_same(said.get(claim), value) for claim, value in self.claims)
        )
        return name if good else None

    def ends(self, said: Mapping[str, Any]) -> float:
        """Return when a token that is good ends, in seconds since 1970."""
        return float(said["exp"]) + self.leeway

    def _is_for_us(self, audience: object) -> bool:
        listed = audience if isinstance(audience, list) else [audience]
        strings = all(isinstance(item, str) for item in listed)
        return strings and not self.audience.isdisjoint(listed)

    def _is_now(self, said: Mapping[str, Any], now: float) -> bool:
        """Tell whether a token has begun and not ended; every token has an end."""
        ends, begins = _date(said.get("exp")), _date(said.get("nbf", 0))
        if ends is None or begins is None or _date(said.get("iat", 0)) is None:
            return False
        return begins - self.leeway <= now < ends + self.leeway


def _date(value: object) -> float | None:
    """Return a NumericDate; texts, booleans and what no calendar holds are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < _LATEST and math.isfinite(value) else None


def _same(said: object, wanted: object) -> bool:
    """Compare, `1` and `true` being two things."""
    return isinstance(said, bool) == isinstance(wanted, bool) and said == wanted
