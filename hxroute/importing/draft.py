"""Draft: a routes file as data, each part with the line that it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Block", "Item", "Node", "Rows"]


@dataclass(slots=True)
class Item:
    """A value, the line of the program that says it, and what is left to do about it."""

    value: Node
    line: int = 0
    todos: list[tuple[int, str]] = field(default_factory=list)


@dataclass(slots=True)
class Block:
    """A mapping, a key a line."""

    items: dict[str, Item] = field(default_factory=dict)
    todos: list[tuple[int, str]] = field(default_factory=list)

    def put(self, key: str, value: Node, line: int = 0) -> Item:
        """Put a value in."""
        self.items[key] = Item(value, line)
        return self.items[key]


@dataclass(slots=True)
class Rows:
    """A list, an item a line."""

    items: list[Item] = field(default_factory=list)
    todos: list[tuple[int, str]] = field(default_factory=list)


Node = Block | Rows | object
