"""Bags: mappings copied, merged and filtered as the program does it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hxroute.importing.inside import text_of
from hxroute.importing.values import (
    Answer,
    Bag,
    Field,
    Foreign,
    Guard,
    Incoming,
    Known,
    Many,
    Op,
    Part,
    Put,
    Unknown,
    Value,
)

__all__ = ["bag_of", "filtered", "key_of", "merge", "names_in"]

_MAPPINGS: Final = frozenset({"headers", "query", "cookies"})


def bag_of(value: Value | None) -> Bag | None:
    """Return a mapping as a bag of its own; None where it is none."""
    if isinstance(value, Bag):
        return value
    if isinstance(value, Incoming) and value.what in _MAPPINGS:
        return Bag(value)
    if isinstance(value, Part) and value.name == "headers":
        return Bag(value)
    if isinstance(value, Answer):
        return value.headers
    if value is None or (isinstance(value, Known) and value.value is None):
        return Bag()
    if isinstance(value, Many):
        return _of_pairs(value)
    return None


def _of_pairs(value: Many) -> Bag | None:
    bag = Bag()
    for item in value.items:
        if not isinstance(item, Many) or len(item.items) != 2:
            return None
        name = key_of(item.items[0])
        if name is None:
            return None
        bag.store(name, Put(item.items[1], 0))
    return bag


def key_of(value: Value) -> str | None:
    """Return a constant key."""
    text = text_of(value)
    if text is None and isinstance(value, Known) and isinstance(value.value, int):
        return str(value.value)
    return text


def merge(bag: Bag, other: Value, guards: tuple[Guard, ...]) -> bool:
    """Put all of another mapping into a bag; False where it is none."""
    found = bag_of(other)
    if found is None:
        return False
    if found.origin is not None:
        if bag.origin is not None and bag.origin != found.origin:
            return False
        bag.origin = found.origin
        bag.keep = None if found.keep is None else dict(found.keep)
        bag.drop = dict(found.drop)
        bag.moved.update(found.moved)
    bag.odd += found.odd
    for name, put in found.put.items():
        bag.store(name, Put(put.value, put.line, (*guards, *put.when)))
    return True


def names_in(value: Value) -> dict[str, None] | None:
    """Return the constant texts of a collection; None where one is none."""
    if isinstance(value, Known) and isinstance(value.value, str):
        return {value.value: None}
    if isinstance(value, Bag) and value.origin is None:
        return dict.fromkeys(value.put)
    if not isinstance(value, Many):
        return None
    found = [text_of(item) for item in value.items]
    return None if None in found else dict.fromkeys(str(item) for item in found)


def filtered(bag: Bag, tests: Iterable[tuple[Value, bool]], line: int) -> None:
    """Take out of a bag what tests on the names of its fields do not let pass."""
    for test, truth in tests:
        _filter(bag, test, line, truth=truth)


def _filter(bag: Bag, test: Value, line: int, *, truth: bool) -> None:
    """Apply one test, of which all that pass have the truth given."""
    if isinstance(test, Op) and test.name == "not":
        _filter(bag, test.args[0], line, truth=not truth)
        return
    joins = ("and", True) if truth else ("or", False)
    if isinstance(test, Op) and (test.name, truth) == joins:
        for item in test.args:
            _filter(bag, item, line, truth=truth)
        return
    names = _named(test)
    if names is None:
        bag.odd.append((line, _said(test)))
        return
    kept = {name.lower() if bag.is_fields else name: line for name in names}
    if truth:
        bag.keep = {k: v for k, v in kept.items() if bag.keep is None or k in bag.keep}
    else:
        for name, place in kept.items():
            bag.drop.setdefault(name, place)


def _named(test: Value) -> dict[str, None] | None:
    """Return the names that a test is true for."""
    if not isinstance(test, Op) or len(test.args) != 2:
        return None
    left, right = test.args
    if test.name == "in" and isinstance(right, Incoming | Part | Bag):
        return names_in(left) or (names_in(right) if isinstance(right, Bag) else None)
    if not (isinstance(left, Field) and left.which == "name"):
        return None
    return names_in(right) if test.name in ("==", "in") else None


def _said(test: Value) -> str:
    if isinstance(test, Unknown):
        return test.text
    if isinstance(test, Op) and test.name == "startswith":
        names = names_in(test.args[1])
        return f"names that start with {', '.join(names or ('…',))}"
    if isinstance(test, Op) and any(isinstance(arg, Foreign) for arg in test.args):
        return "names in a collection of another file"
    return "a test that names no constant header names"
