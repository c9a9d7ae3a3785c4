"""Limit memory: while the process holds too much, it takes no more.

Comes as soon as errors have their answers: what is refused must cost nothing. What is
under way goes on, and frees what it holds when it ends.
"""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from hxroute.errors import Overloaded, ProxyError
from hxroute.http import Handler, Request, Response, Start
from hxroute.memory import Memory

__all__ = ["LimitMemory"]

_LATER: Final = ((b"retry-after", b"1"),)


@dataclass(frozen=True, slots=True)
class LimitMemory:
    """Refuse requests while more than `max` bytes of the process are resident."""

    max: int
    at: int = field(default=0, compare=False)

    def raises(self) -> tuple[type[ProxyError], ...]:
        """Return the errors that this node can end a request in."""
        return (Overloaded,)

    def wrap(self, next: Handler, start: Start) -> Handler:
        """Look at a flag, which one job of the gateway keeps for all endpoints."""
        memory = start.once((LimitMemory, self.max), lambda: self._watched(start))

        def limit_memory(request: Request) -> Coroutine[Any, Any, Response]:
            if memory.over:
                raise Overloaded(fields=_LATER)
            return next(request)

        return limit_memory

    def _watched(self, start: Start) -> Memory:
        memory = start.kept.once((LimitMemory, self.max), lambda: Memory(self.max))
        start.jobs.append(memory.watch)
        return memory
