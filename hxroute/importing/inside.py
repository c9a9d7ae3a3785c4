"""Inside: what a value is made of."""

from __future__ import annotations

from collections.abc import Iterator

from hxroute.importing.values import (
    Answer,
    Bag,
    Choice,
    Field,
    Incoming,
    Known,
    Many,
    Op,
    Part,
    Text,
    Value,
)

__all__ = ["leaves", "text_of"]


def leaves(value: Value | None) -> Iterator[Value]:
    """Yield a value and everything that it is made of."""
    todo: list[Value | None] = [value]
    seen: set[int] = set()
    while todo:
        item = todo.pop()
        if item is None or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        todo += _inside(item)


def _inside(item: Value) -> list[Value | None]:
    if isinstance(item, Many):
        return list(item.items)
    if isinstance(item, Text):
        return list(item.parts)
    if isinstance(item, Op):
        return list(item.args)
    if isinstance(item, Incoming):
        return [item.default]
    if isinstance(item, Field):
        return [item.of]
    if isinstance(item, Bag):
        return [item.origin, *(put.value for put in item.put.values())]
    if isinstance(item, Answer):
        return [item.status, item.body, item.headers, item.media]
    if isinstance(item, Choice):
        return [
            inner
            for option in item.options
            for inner in (option.value, *(guard.test for guard in option.guards))
        ]
    return [item.call] if isinstance(item, Part) else []


def text_of(value: Value | None) -> str | None:
    """Return a constant text; bytes are read as Latin-1."""
    if isinstance(value, Known):
        if isinstance(value.value, str):
            return value.value
        if isinstance(value.value, bytes):
            return value.value.decode("latin-1")
    return None
