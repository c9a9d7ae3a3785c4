"""Readiness: whether whoever spreads requests may send more of them here.

Standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass

from hxroute.kept import Kept

__all__ = ["Readiness"]


@dataclass(slots=True)
class Readiness:
    """What the server tells the gateway of itself; it outlives reloads."""

    draining: bool = False

    @classmethod
    def of(cls, kept: Kept) -> Readiness:
        """Return the readiness of the server that a gateway runs in."""
        return kept.once((cls,), cls)
