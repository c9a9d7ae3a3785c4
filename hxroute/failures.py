"""Failures of a call that something is done about: kinds of errors, and statuses."""

from __future__ import annotations

from collections.abc import Iterable

from hxroute.errors import (
    ConnectFailed,
    ConnectTimeout,
    Overloaded,
    PoolTimeout,
    ProxyError,
    lineage,
)

__all__ = ["Failures", "is_unsent", "statuses"]

_UNSENT = (ConnectFailed, ConnectTimeout, PoolTimeout, Overloaded)


def statuses(words: Iterable[str]) -> frozenset[int]:
    """Return the statuses that words such as `503` and `5xx` name."""
    found: set[int] = set()
    for word in words:
        if word[:1].isdigit():
            low, high = word.replace("x", "0"), word.replace("x", "9")
            found.update(range(int(low), int(high) + 1))
    return frozenset(found)


def is_unsent(error: ProxyError) -> bool:
    """Tell whether nothing of a request has been sent, nor been read of its body."""
    return isinstance(error, _UNSENT)


class Failures:
    """The failures that a list of words names: kinds, and statuses such as `5xx`."""

    def __init__(self, words: Iterable[str]) -> None:
        words = tuple(words)
        self.statuses = statuses(words)
        self._kinds = frozenset(words)

    def has(self, error: ProxyError) -> bool:
        """Tell whether an error, or a kind that it is a kind of, is among them."""
        return not self._kinds.isdisjoint(lineage(error.kind))
