"""What a plan is made of: which requests change, and what does it to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hxroute.space import Witness

__all__ = ["Change", "Difference", "Kind", "Plan", "Shared", "Taker"]

Kind = Literal["added", "removed", "moved", "changed", "unmatched"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference in the words of the language, and its lines (None: none has it)."""

    text: str
    old: int | None = None
    new: int | None = None


@dataclass(frozen=True, slots=True)
class Taker:
    """Who answers requests: an endpoint on a line, or the errors of a kind."""

    name: str = ""
    line: int | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """Requests that are answered in another way, shown by one of them.

    `added`: an endpoint answers what none did; `removed`: the reverse; `moved`: another
    endpoint answers; `changed`: the same one answers, but differently; `unmatched`: no
    endpoint answers before or after, and the error is another one.
    """

    kind: Kind
    request: Witness
    old: Taker
    new: Taker
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Shared:
    """A thing that endpoints share and that differs, and the endpoints it touches.

    Those are the names that the new gateway has for them.
    """

    what: str
    differences: tuple[Difference, ...]
    endpoints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a new gateway does differently; empty where every request is as before."""

    shared: tuple[Shared, ...] = ()
    changes: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.shared or self.changes)
