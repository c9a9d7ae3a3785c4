"""The document: nodes that know their place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from hxroute.span import Span

__all__ = [
    "Hole",
    "Mapping",
    "Node",
    "Scalar",
    "Sequence",
    "Value",
    "plain",
    "unrepeated",
]

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value."""

    value: Value
    span: Span
    size: ClassVar[int] = 1
    height: ClassVar[int] = 0


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    span: Span
    size: int = 1
    height: int = 0


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values, in file order."""

    items: tuple[tuple[Scalar, Node], ...]
    span: Span
    size: int = 1
    height: int = 0

    def get(self, name: str) -> Node | None:
        """Return the value of a key."""
        for key, node in self.items:  # the loop that a large file is in most often
            if key.value == name:
                return node
        return None

    def key(self, name: str) -> Scalar | None:
        """Return the key itself, for its place."""
        return next((key for key, _ in self.items if key.value == name), None)


@dataclass(frozen=True, slots=True)
class Hole:
    """A value that was refused, and reported: it is there, but says nothing."""

    span: Span
    size: ClassVar[int] = 1
    height: ClassVar[int] = 0


Node = Scalar | Sequence | Mapping | Hole


def unrepeated(node: Mapping) -> Mapping:
    """Return a mapping in which, at any depth, the first of equal keys is the only one."""
    first: dict[Value, tuple[Scalar, Node]] = {}
    for key, value in node.items:
        first.setdefault(key.value, (key, _unrepeated(value)))
    return Mapping(tuple(first.values()), node.span, node.size, node.height)


def _unrepeated(node: Node) -> Node:
    if isinstance(node, Mapping):
        return unrepeated(node)
    if isinstance(node, Sequence):
        items = tuple(map(_unrepeated, node.items))
        return Sequence(items, node.span, node.size, node.height)
    return node


def plain(node: Node) -> Any:
    """Return the data of a node, without places and without holes."""
    if isinstance(node, Mapping):
        return {
            key.value: plain(value)
            for key, value in node.items
            if not isinstance(value, Hole)
        }
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items if not isinstance(item, Hole)]
    return None if isinstance(node, Hole) else node.value
