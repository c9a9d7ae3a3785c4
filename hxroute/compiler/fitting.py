"""Fitting: whether a value is of the shape of a schema, and nothing else.

jsonschema can say what is wrong with a value, and takes ten times as long. Of most
values there is nothing to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

__all__ = ["Fits", "fits"]

Fits = Callable[[Any], bool]

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_SAY_NOTHING: Final = frozenset(
    {"title", "description", "examples", "default", "expects", "code"}
    | {"additionalProperties"}
)


def fits(schema: Mapping[str, Any]) -> Fits:
    """Return a function that tells whether a value is of the shape of a schema.

    It may say no of a value that is: then jsonschema has the last word.
    """
    stated: dict[str, Any] = dict(schema)
    if "additionalProperties" in stated:  # what `properties` does not name
        stated.setdefault("properties", {})
    if not stated.keys() <= _MADE.keys() | _SAY_NOTHING:
        return lambda _: False
    tests = [make(stated[key], stated) for key, make in _MADE.items() if key in stated]

    def test(value: Any) -> bool:
        for fit in tests:  # noqa: SIM110  takes half the time of `all`
            if not fit(value):
                return False
        return True

    return test


def _type(wanted: str | list[str], schema: object) -> Fits:
    names = [wanted] if isinstance(wanted, str) else wanted
    types = frozenset(item for name in names for item in _TYPES[name])
    return lambda value: type(value) in types


def _properties(stated: Mapping[str, Any], schema: Mapping[str, Any]) -> Fits:
    known = {name: fits(part) for name, part in stated.items()}
    more = schema.get("additionalProperties", True)
    other = fits(more) if isinstance(more, Mapping) else lambda _: more is True

    def test(value: Any) -> bool:
        if type(value) is dict:
            for name, item in value.items():
                if not known.get(name, other)(item):
                    return False
        return True

    return test


def _items(part: Mapping[str, Any], schema: object) -> Fits:
    fit = fits(part)
    return lambda value: type(value) is not list or all(map(fit, value))


def _names(part: Mapping[str, Any], schema: object) -> Fits:
    fit = fits(part)
    return lambda value: type(value) is not dict or all(map(fit, value))


def _required(names: list[str], schema: object) -> Fits:
    wanted = frozenset(names)
    return lambda value: type(value) is not dict or wanted <= value.keys()


def _enum(allowed: list[object], schema: object) -> Fits:
    return lambda value: any(type(value) is type(i) and value == i for i in allowed)


def _pattern(pattern: str, schema: object) -> Fits:
    search = re.compile(re.sub(r"\$$", r"\\Z", pattern)).search
    return lambda value: type(value) is not str or search(value) is not None


def _unique(wanted: bool, schema: object) -> Fits:  # noqa: FBT001  the schema's word
    def test(value: Any) -> bool:
        if type(value) is not list:
            return True
        return all(type(item) is str for item in value) and len(set(value)) == len(
            value
        )

    return test


def _least(
    types: tuple[type, ...], measure: Callable[[Any], Any]
) -> Callable[..., Fits]:
    def make(bound: float, schema: object) -> Fits:
        return lambda value: type(value) not in types or measure(value) >= bound

    return make


def _most(
    types: tuple[type, ...], measure: Callable[[Any], Any]
) -> Callable[..., Fits]:
    def make(bound: float, schema: object) -> Fits:
        return lambda value: type(value) not in types or measure(value) <= bound

    return make


_MADE: Final[dict[str, Callable[..., Fits]]] = {
    "type": _type,
    "const": lambda value, schema: _enum([value], schema),
    "enum": _enum,
    "required": _required,
    "minProperties": _least((dict,), len),
    "maxProperties": _most((dict,), len),
    "propertyNames": _names,
    "minItems": _least((list,), len),
    "maxItems": _most((list,), len),
    "items": _items,
    "uniqueItems": _unique,
    "minLength": _least((str,), len),
    "maxLength": _most((str,), len),
    "minimum": _least((int, float), lambda value: value),
    "maximum": _most((int, float), lambda value: value),
    "pattern": _pattern,
    "properties": _properties,
}
