"""Limit concurrency: so many requests at a time, a few more wait, the rest is shed.

Comes after authentication, so that a stranger takes no place, and before the body is
read: what is shed has cost nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hxroute.errors import Overloaded, ProxyError
from hxroute.http import Handler, Start
from hxroute.resilience import Concurrency
from hxroute.slots import Slots, limited

__all__ = ["LimitConcurrency"]


@dataclass(frozen=True, slots=True)
class LimitConcurrency:
    """Limit the requests of the endpoint of that name, in this process."""

    endpoint: str
    limit: Concurrency
    at: int = field(default=0, compare=False)

    def raises(self) -> tuple[type[ProxyError], ...]:
        """Return the errors that this node can end a request in."""
        return (Overloaded,)

    def wrap(self, next: Handler, start: Start) -> Handler:
        """Count from here on; the count outlives a reload."""
        slots = start.kept.once((LimitConcurrency, self.endpoint), Slots)
        return limited(next, self.limit, slots)
