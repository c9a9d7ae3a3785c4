"""Kept: what one gateway leaves to the next that comes in its place.

Standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar, cast

__all__ = ["Kept"]

_Made = TypeVar("_Made")


class Kept:
    """State that outlives a reload, such as rate-limit buckets and breakers.

    Args:
        before: what the gateway before has kept; what nobody asks for again is left.
    """

    def __init__(self, before: Kept | None = None) -> None:
        self._before: Mapping[Hashable, Any] = {} if before is None else before.state
        self.state: dict[Hashable, Any] = {}

    def once(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """Return the state of a key; a key begins with what makes the state."""
        if key not in self.state:
            self.state[key] = self._before[key] if key in self._before else make()
        return cast("_Made", self.state[key])
