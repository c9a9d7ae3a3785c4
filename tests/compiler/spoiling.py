"""The rich file as data, and everything that the schema refuses in its place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from hxroute.compiler import schemas
from hxroute.compiler.source import read
from hxroute.compiler.tree import plain
from hxroute.diagnostics import Diagnostic, Report
from tests.compiler.compiling import report_of
from tests.compiler.rich import RICH

Path = tuple[str | int, ...]
Steps = tuple[str, ...]
Schema = dict[str, Any]

WHOLE = schemas.document()
ANY = "*"
MANY = 1000
"""A bound above it is not tried out."""


def rich() -> Any:
    """Return the rich file as data, to be changed at will."""
    document = read(RICH.encode(), Report("routes.yaml"))
    assert document is not None
    return plain(document)


def found_in(data: object) -> list[Diagnostic]:
    """Return what is wrong; that what is left out uses no name is no mistake."""
    source = json.dumps(data, indent=1)
    found = report_of(source).diagnostics
    return [item for item in found if item.code != "HX207" or stands(item, source)]


def stands(found: Diagnostic, source: str) -> bool:
    """Tell whether a name that is said to be never used stands anywhere else."""
    name = found.message.split("`")[1]
    return len(re.findall(rf"(?<!\w){re.escape(name)}(?!\w)", source)) > 1


def at(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step]
    return data


def shortened(path: Path) -> Any:
    """Return the file with the few error kinds that a change at a path needs."""
    data = rich()
    kinds = data["errors"]["full"]
    for kind in kinds.keys() - {*SHOWN, "other", *path}:
        del kinds[kind]
    return data


def with_value(path: Path, value: object) -> Any:
    data = shortened(path)
    at(data, path[:-1])[path[-1]] = value
    return data


def without(path: Path) -> Any:
    data = shortened(path)
    del at(data, path[:-1])[path[-1]]
    return data


def renamed(path: Path, name: str) -> Any:
    """Return the file with another name for a key, at the same place."""
    data = shortened(path)
    parent = at(data, path[:-1])
    items = [(name if key == path[-1] else key, item) for key, item in parent.items()]
    parent.clear()
    parent.update(items)
    return data


def _children(schema: Schema, value: Any) -> Iterator[tuple[str | int, str, Schema]]:
    """Yield the keys of a value, each with the step of the schema that it takes."""
    if isinstance(value, dict):
        known, other = schema.get("properties", {}), schema.get("additionalProperties")
        for key in value:
            step, child = (key, known[key]) if key in known else (ANY, other)
            if child:
                yield key, step, schemas.resolved(child, WHOLE)
    elif isinstance(value, list) and "items" in schema:
        for place in range(len(value)):
            yield place, ANY, schemas.resolved(schema["items"], WHOLE)


def _places(
    schema: Schema, value: Any, path: Path = (), steps: Steps = ()
) -> Iterator[tuple[Path, tuple[Steps, Schema]]]:
    yield path, (steps, schema)
    for key, step, child in _children(schema, value):
        yield from _places(child, value[key], (*path, key), (*steps, step))


def keys_of(schema: Schema, steps: Steps = ()) -> Iterator[Steps]:
    """Yield the steps to every key that a schema has."""
    for key, child in schema.get("properties", {}).items():
        yield (*steps, key)
        yield from keys_of(schemas.resolved(child, WHOLE), (*steps, key))
    for word in ("additionalProperties", "items"):
        child = schemas.resolved(schema.get(word) or {}, WHOLE)
        if child and child.get("properties", {}) != schema.get("properties"):
            yield from keys_of(child, (*steps, ANY))


def _is_one_of_many(path: Path) -> bool:
    """Tell whether a place is in an error answer: those of all kinds are alike."""
    return path[:2] == ("errors", "full") and len(path) > 3 and path[2] not in SHOWN


SHOWN = ("bad_request", "upstream_status")
ALL = dict(_places(WHOLE, rich()))
PLACES = {path: found for path, found in ALL.items() if not _is_one_of_many(path)}
"""Everything in the file with its steps through the schema, and its schema there."""

_OTHERS: dict[str, tuple[object, ...]] = {
    "object": ({},),
    "array": ([],),
    "string": ("?!",),
    "null": (None,),
}


def refused(schema: Schema, value: object) -> Iterator[object]:
    """Yield values that a schema refuses, some for each way to miss it."""
    types = schema.get("type", list(_OTHERS))
    listed = [types] if isinstance(types, str) else types
    for name, others in _OTHERS.items():
        yield from () if name in listed else others
    if {"number", "null"}.isdisjoint(listed):
        yield True if "integer" not in listed and "boolean" not in listed else 5.5
    for word, spoilt in SPOILT.items():
        if word in schema:
            yield from spoilt(schema, value)


def _too_few(schema: Schema, value: object) -> Iterator[object]:
    yield {} if isinstance(value, dict) and "minProperties" in schema else []


def _too_many(schema: Schema, value: object) -> Iterator[object]:
    if isinstance(value, list) and schema["maxItems"] <= MANY:
        unlike = [f"M{'X' * n}" for n in range(schema["maxItems"] + 1)]
        yield unlike if schema.get("uniqueItems") else value[:1] * len(unlike)


def _too_many_keys(schema: Schema, value: object) -> Iterator[object]:
    if isinstance(value, dict) and schema["maxProperties"] <= MANY:
        one = next(iter(value.values()))
        yield {f"x{n}": one for n in range(schema["maxProperties"] + 1)}


SPOILT: dict[str, Callable[[Schema, Any], Iterator[object]]] = {
    "const": lambda *_: iter([2, "?!", [], None]),
    "enum": lambda *_: iter(["?!", 5, [], None]),
    "pattern": lambda *_: iter(["?!", "a b"]),
    "minimum": lambda schema, _: iter([schema["minimum"] - 1]),
    "maximum": lambda schema, _: iter([schema["maximum"] + 1]),
    "minLength": lambda *_: iter([""]),
    "maxLength": lambda schema, value: iter([f"{value}{'x' * schema['maxLength']}"]),
    "minItems": _too_few,
    "minProperties": _too_few,
    "maxItems": _too_many,
    "maxProperties": _too_many_keys,
    "uniqueItems": lambda _, value: iter([[*value, *value]]),
}
"""For each word of the schema language, values that it refuses."""
