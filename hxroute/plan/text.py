"""A plan as text for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from hxroute.diagnostics.shown import printable
from hxroute.errors import KINDS
from hxroute.plan.changes import Change, Difference, Plan, Shared, Taker

__all__ = ["render"]

_MANY: Final = 3
"""How many names of endpoints are shown before they are counted only."""


def render(plan: Plan, old: str, new: str) -> str:
    """Render a plan.

    Args:
        plan: what differs.
        old: the name of the old file.
        new: that of the new one.
    """
    lines = list(_Text(old, new).lines(plan))
    return "\n".join([*lines, _count(plan)]) + "\n"


class _Text:
    def __init__(self, old: str, new: str) -> None:
        self._files = printable(old), printable(new)

    def lines(self, plan: Plan) -> Iterator[str]:
        for item in plan.shared:
            yield from self._shared(item)
        groups: dict[object, list[Change]] = {}
        for change in plan.changes:
            key = change.differences or change
            groups.setdefault(key, []).append(change)
        for changes in groups.values():
            yield from self._changes(changes)

    def _shared(self, item: Shared) -> Iterator[str]:
        yield f"{item.what}  ({_touched(item.endpoints)})"
        yield from self._differences(item.differences)
        yield ""

    def _changes(self, changes: list[Change]) -> Iterator[str]:
        """Show requests to which the same happens, and then once what it is."""
        width = max(len(str(change.request)) for change in changes)
        for change in changes:
            old, new = self._taker(change.old, 0), self._taker(change.new, 1)
            request = str(change.request).ljust(width)
            yield f"{change.kind:9} {request}  {old} -> {new}"
        yield from self._differences(changes[0].differences)
        yield ""

    def _differences(self, differences: Iterable[Difference]) -> Iterator[str]:
        for item in differences:
            sides = zip(self._files, (item.old, item.new), strict=True)
            lines = [f"{file}:{line}" for file, line in sides if line is not None]
            place = f"  ({' -> '.join(lines)})" if lines else ""
            yield f"    {item.text}{place}"

    def _taker(self, taker: Taker, side: int) -> str:
        if taker.error:
            return str(KINDS[taker.error].status)
        return f"{self._files[side]}:{taker.line or '?'}"


def _touched(names: tuple[str, ...]) -> str:
    if not names:
        return "touches no endpoint"
    if len(names) > _MANY:
        return f"touches {len(names)} endpoints"
    return f"touches {', '.join(map(printable, names))}"


def _count(plan: Plan) -> str:
    """Count the changes, of each kind."""
    if not plan:
        return "no request changes"
    kinds = [change.kind for change in plan.changes]
    counts = [f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds)]
    if plan.shared:
        counts.append(f"{len(plan.shared)} shared")
    return ", ".join(counts)
