"""Collect: comprehensions over fields, and over constants."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Final

from hxroute.importing.bags import bag_of, filtered, key_of
from hxroute.importing.values import (
    Bag,
    Field,
    Incoming,
    Known,
    Many,
    Op,
    Part,
    Put,
    Value,
)

if TYPE_CHECKING:
    from hxroute.importing.evaluate import Evaluator

__all__ = ["bind", "comprehension", "fields_of"]

_MOST: Final = 400
"""Items of a constant collection that a loop is followed through."""


def fields_of(value: Value) -> Bag | None:
    """Return the mapping of which `.items()`, `.raw` or `.keys()` is looped over."""
    if isinstance(value, Op) and value.name in ("items", "keys", "values"):
        return bag_of(value.args[0])
    if isinstance(value, Incoming | Part | Bag):
        return bag_of(value)
    return None


def bind(reader: Evaluator, target: ast.expr, bag: Bag, *, pairs: bool) -> None:
    """Bind the names of a loop over fields."""
    of = bag.origin or bag
    if isinstance(target, ast.Tuple) and len(target.elts) == 2:
        for item, which in zip(target.elts, ("name", "value"), strict=True):
            if isinstance(item, ast.Name):
                found = Field(of, "name" if which == "name" else "value")
                reader.names[item.id] = found
    elif isinstance(target, ast.Name):
        reader.names[target.id] = Op("pair", (of,)) if pairs else Field(of, "name")


def comprehension(reader: Evaluator, node: Any) -> Value:
    """Evaluate a comprehension: fields filtered, or constants one by one."""
    first = node.generators[0]
    over = reader.value(first.iter)
    saved = dict(reader.names)
    try:
        if len(node.generators) > 1:
            return reader.unknown(node)
        fields = fields_of(over)
        if isinstance(over, Many) and fields is None:
            fields = None
        if fields is not None and not _is_constant(fields):
            return _of_fields(reader, node, fields, over)
        items = _constants(over)
        return reader.unknown(node) if items is None else _each(reader, node, items)
    finally:
        reader.names = saved


def _is_constant(bag: Bag) -> bool:
    return bag.origin is None


def _of_fields(reader: Evaluator, node: Any, fields: Bag, over: Value) -> Value:
    first = node.generators[0]
    pairs = isinstance(over, Op) and over.name == "items"
    bind(reader, first.target, fields, pairs=pairs)
    bag = fields.copy()
    tests = [(reader.value(test), True) for test in first.ifs]
    filtered(bag, tests, first.ifs[0].lineno if first.ifs else node.lineno)
    name, value = _parts(reader, node)
    if not (isinstance(name, Field) and name.which == "name"):
        return reader.unknown(node)
    if not (isinstance(value, Field) or _is_item(value)):
        bag.odd.append((node.lineno, "values that are changed on the way"))
    return bag


def _is_item(value: Value) -> bool:
    return isinstance(value, Op) and value.name == "item"


def _parts(reader: Evaluator, node: Any) -> tuple[Value, Value]:
    """Return what a comprehension makes: names and values."""
    if isinstance(node, ast.DictComp):
        return reader.value(node.key), reader.value(node.value)
    made = reader.value(node.elt)
    if isinstance(made, Many) and len(made.items) == 2:
        return made.items[0], made.items[1]
    if isinstance(made, Op) and made.name == "pair":
        return Field(made.args[0], "name"), Field(made.args[0], "value")
    return Known(None), Known(None)


def _constants(over: Value) -> tuple[Value, ...] | None:
    if isinstance(over, Many):
        return over.items[:_MOST]
    if isinstance(over, Op) and over.name in ("items", "keys"):
        over = over.args[0]
    if isinstance(over, Bag) and over.origin is None:
        return tuple(Many((Known(k), p.value)) for k, p in over.put.items())
    return None


def _each(reader: Evaluator, node: Any, items: tuple[Value, ...]) -> Value:
    """Evaluate a comprehension for each of several constants."""
    first = node.generators[0]
    bag, listed = Bag(), list[Value]()
    for item in items:
        if not _bound(reader, first.target, item):
            return reader.unknown(node)
        tests = [reader.value(test) for test in first.ifs]
        if any(isinstance(t, Known) and not t.value for t in tests):
            continue
        if not isinstance(node, ast.DictComp):
            listed.append(reader.value(node.elt))
            continue
        _take(bag, reader.value(node.key), reader.value(node.value), node)
    return bag if isinstance(node, ast.DictComp) else Many(tuple(listed))


def _bound(reader: Evaluator, target: ast.expr, item: Value) -> bool:
    if isinstance(target, ast.Name):
        reader.names[target.id] = item
        return True
    if isinstance(target, ast.Tuple) and isinstance(item, Many):
        for name, value in zip(target.elts, item.items, strict=False):
            if isinstance(name, ast.Name):
                reader.names[name.id] = value
        return True
    return False


def _take(bag: Bag, key: Value, value: Value, node: Any) -> None:
    """Take one field of the request or the answer over by its name."""
    name = key_of(key)
    if name is None:
        bag.odd.append((node.lineno, "names that are no constants"))
        return
    if isinstance(value, Incoming) and value.what == "header" and value.name == name:
        origin: Value | None = Incoming("headers")
    elif isinstance(value, Part) and value.name == "header" and value.key == name:
        origin = Part(value.call, "headers")
    else:
        bag.store(name, Put(value, node.lineno))
        return
    if bag.origin is None:
        bag.origin, bag.keep = origin, {}
    if bag.keep is not None:
        bag.keep[name.lower()] = node.lineno
