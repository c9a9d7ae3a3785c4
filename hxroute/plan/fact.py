"""A fact: a value to compare, and what is said where it differs."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from hxroute.plan.changes import Difference
from hxroute.plan.wording import Shown, arrow, quoted

__all__ = ["NONE", "Fact", "difference", "differing"]


@dataclass(frozen=True, slots=True)
class Fact:
    """A value to compare, how it is shown, and its line.

    `detail` tells values apart that are shown as the same; `upstream` is whose it is.
    """

    value: Hashable
    text: str
    line: int | None = None
    detail: str = ""
    upstream: str = ""


NONE: Final = Fact(None, Shown("none"))
"""What is not stated."""


def difference(key: str, old: Fact, new: Fact) -> Difference:
    """Say how two facts differ."""
    text = f"{key} {arrow(old.text, new.text)}"
    if old.text == new.text and not isinstance(old.text, Shown):
        detail = "reads another part of the path"
        if old.detail != new.detail:
            detail = arrow(old.detail, new.detail)
        text = f"{key} {quoted(old.text)}: {detail}"
    return Difference(text, old.line or None, new.line or None)


def differing(old: Mapping[str, Fact], new: Mapping[str, Fact]) -> Iterator[Difference]:
    """Say how facts differ that have the same words."""
    for key in dict.fromkeys((*old, *new)):
        one, other = old.get(key, NONE), new.get(key, NONE)
        if one.value != other.value:
            yield difference(key, one, other)
