"""Entries: the keys that a routes file states, and until when they are good."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from hxroute import units
from hxroute.compiler.resolve import Program
from hxroute.compiler.tree import Mapping, Node, Sequence, plain

__all__ = ["Entry", "entries", "listed"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A key under an auth; `not_after` is as the file has it, none without one."""

    auth: str
    place: int
    name: str
    not_after: str | None
    node: Node

    @property
    def line(self) -> int:
        """The line of the key."""
        return self.node.span.line

    @property
    def expires(self) -> float:
        """When the key ends, in seconds since 1970."""
        if self.not_after is None:
            return math.inf
        instant = units.instant(self.not_after)
        assert instant is not None, "the file has been compiled"
        return instant


def entries(program: Program) -> Iterator[Entry]:
    """Yield every key of a file without errors, also of an auth that nothing uses."""
    for auth in program.tables["auth"]:
        keys = listed(program, auth)
        for place, node in enumerate(keys.items if keys is not None else ()):
            said = plain(node) if isinstance(node, Mapping) else {}
            name = said.get("name") or f"key-{place + 1}"
            yield Entry(auth, place, name, said.get("not_after"), node)


def listed(program: Program, auth: str) -> Sequence | None:
    """Return the keys that an auth lists, where it does."""
    keys = program.tables["auth"][auth].node.get("bearer")
    return keys if isinstance(keys, Sequence) else None
