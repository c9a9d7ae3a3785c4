"""Keywords of JSON Schema as they are meant here, where jsonschema means more or less.

Those that lead into a value pass over all in it that fits; jsonschema is left with what
is wrong. They go in the order of the file, so that of many mistakes the first are told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from jsonschema import ValidationError

from hxroute.compiler.fitting import Fits, fits

__all__ = ["KEYWORDS"]

_Errors = Iterator[ValidationError]
_Schema = Mapping[str, Any]

_FITS: Final[dict[int, tuple[_Schema, Fits]]] = {}
"""How to tell what fits each schema, which is kept, as its identity is the key."""


def _into(
    validator: Any, value: object, schema: _Schema, path: str | int | None = None
) -> _Errors:
    """Say what is wrong with a part of a value."""
    if id(schema) not in _FITS:
        _FITS[id(schema)] = schema, fits(schema)
    if not _FITS[id(schema)][1](value):
        yield from validator.descend(value, schema, path=path, schema_path=path)


def _properties(
    validator: Any, known: Mapping[str, _Schema], value: object, schema: object
) -> _Errors:
    for name, item in value.items() if isinstance(value, dict) else ():
        if name in known:
            yield from _into(validator, item, known[name], name)


def _additional(
    validator: Any,
    more: _Schema | bool,  # noqa: FBT001  the schema's word
    value: object,
    schema: _Schema,
) -> _Errors:
    known = schema.get("properties", {})
    for name, item in value.items() if isinstance(value, dict) else ():
        if name in known or more is True:
            continue
        if not isinstance(more, Mapping):
            yield ValidationError(f"{name!r} is unknown")
            return  # the one error stands for every unknown key
        yield from _into(validator, item, more, name)


def _names(validator: Any, part: _Schema, value: object, schema: object) -> _Errors:
    for name in value if isinstance(value, dict) else ():
        yield from _into(validator, name, part)


def _items(validator: Any, part: _Schema, value: object, schema: object) -> _Errors:
    for place, item in enumerate(value if isinstance(value, list) else ()):
        yield from _into(validator, item, part, place)


def _pattern(validator: object, pattern: str, value: object, schema: object) -> _Errors:
    """Match to the very end: Python's `$` lets a line end follow."""
    whole = re.sub(r"\$$", r"\\Z", pattern)
    if isinstance(value, str) and not re.search(whole, value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


KEYWORDS: Final[dict[str, Callable[..., _Errors]]] = {
    "additionalProperties": _additional,
    "items": _items,
    "pattern": _pattern,
    "properties": _properties,
    "propertyNames": _names,
}
