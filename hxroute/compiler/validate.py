"""Validate: the document's shape, by the JSON Schema, one diagnostic a mistake.

What is refused leaves a hole, so that the passes after this one can say what else is
wrong without meeting the same mistake again.
"""

from __future__ import annotations

from typing import Any, Final

from hxroute.compiler.schemas import ROUTES, validator
from hxroute.compiler.shapes import Found, Path, mistake
from hxroute.compiler.tree import Hole, Mapping, Node, Scalar, Sequence, plain
from hxroute.diagnostics import Report

__all__ = ["validate"]

_Holes = dict[str | int, Any]
"""The paths of what was refused, as a tree whose leaves are None."""


_ENOUGH: Final = 2000
"""How many mistakes are looked at; aliases make many of one, which is told once."""


def validate(document: Mapping, report: Report, schema: str = ROUTES) -> Mapping | None:
    """Report every way in which the document is not of the schema's shape.

    Args:
        document: what was read.
        report: of its file.
        schema: the name of the schema.

    Returns:
        The document with a hole for each value that was refused; None where there are
        too many to look at them all.
    """
    holes: _Holes = {}
    told: set[Path] = set()
    locate = _Locator(document)
    for looked_at, error in enumerate(validator(schema).iter_errors(plain(document))):
        if report.full or looked_at >= _ENOUGH:
            return None
        path = tuple(error.absolute_path)
        found = Found(error, path, *locate(path))
        if found.about in told:
            continue  # a value misses its shape once, in however many ways
        told.add(found.about)
        for refused in mistake(found, report):
            _add(holes, refused)
    pierced = _pierced(document, holes)
    return pierced if isinstance(pierced, Mapping) else Mapping((), document.span)


def _add(holes: _Holes, path: Path) -> None:
    """Add a path; what is refused as a whole needs no holes of its own."""
    for step in path[:-1]:
        inner = holes.setdefault(step, {})
        if inner is None:
            return
        holes = inner
    if path:
        holes[path[-1]] = None


def _pierced(node: Node, holes: _Holes | None) -> Node:
    if holes is None:
        return Hole(node.span)
    if isinstance(node, Mapping):
        pairs = [
            (
                key,
                _pierced(value, holes[str(key.value)]) if key.value in holes else value,
            )
            for key, value in node.items
        ]
        names = {key.value for key, _ in node.items}
        span = node.span
        pairs += [(Scalar(n, span), Hole(span)) for n in holes if n not in names]
        return Mapping(tuple(pairs), node.span, node.size, node.height)
    if isinstance(node, Sequence):
        return Sequence(
            tuple(
                _pierced(item, holes[place]) if place in holes else item
                for place, item in enumerate(node.items)
            ),
            node.span,
            node.size,
            node.height,
        )
    return node


class _Locator:
    """Finds the node at a path, and the key that it is the value of."""

    def __init__(self, document: Node) -> None:
        self._document = document
        self._indexes: dict[int, dict[Any, tuple[Scalar, Node]]] = {}

    def __call__(self, path: Path) -> tuple[Node, Scalar | None]:
        node, key = self._document, None
        for step in path:
            if isinstance(node, Mapping):
                key, node = self._index(node)[step]
            elif isinstance(node, Sequence) and isinstance(step, int):
                key, node = None, node.items[step]
        return node, key

    def _index(self, node: Mapping) -> dict[Any, tuple[Scalar, Node]]:
        if id(node) not in self._indexes:
            self._indexes[id(node)] = {item[0].value: item for item in node.items}
        return self._indexes[id(node)]
