"""Samples: values that fit the schemas of an OpenAPI document.

What the document gives as an example comes first; else a value is made of the type. No
reference is followed out of the document, and none for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["Samples", "mapping", "printable", "sequence", "text"]

_MAX_HOPS: Final = 32
"""References that lead to references, before they are given up."""

_MAX_DEPTH: Final = 12
_MAX_VALUES: Final = 2000
"""Values that are made for one request: required members multiply in each other."""

_OPTIONAL: Final = 8
"""Members that are made of an object of which none is required."""

_FORMATS: Final = {
    "byte": "aGVsbG8=",
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000001",
}
_PLAIN: Final[dict[str, Any]] = {"boolean": True, "null": None, "number": 1.5}


def mapping(value: object) -> Mapping[str, Any]:
    """Return a mapping as it is, and anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """Return a list as it is, and anything else as an empty one."""
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """Return a text as it is, and anything else as an empty one."""
    return value if isinstance(value, str) else ""


def printable(value: str) -> str:
    """Return a text without the lone surrogates that JSON may hold."""
    return value.encode("utf-8", "replace").decode("utf-8")


class Samples:
    """Follows references and makes values; `notes` says what could not be done."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._left = _MAX_VALUES
        self.notes: list[str] = []

    def follow(self, part: object) -> Mapping[str, Any]:
        """Return a mapping of the document, with what its `$ref` leads to."""
        found = part
        for _ in range(_MAX_HOPS):
            if not isinstance(found, dict):
                return {}
            reference = found.get("$ref")
            if not isinstance(reference, str):
                return found
            found = self._at(reference)
        self.note(f"$ref {mapping(part).get('$ref')} leads round in a circle")
        return {}

    def _at(self, reference: str) -> object:
        if not reference.startswith("#/"):
            self.note(f"$ref {reference} leads out of the document and is not followed")
            return None
        found: object = self._document
        for step in reference[2:].split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, dict) or name not in found:
                self.note(f"$ref {reference} leads nowhere")
                return None
            found = found[name]
        return found

    def note(self, said: str) -> None:
        """Note something once."""
        said = printable(said)
        if said not in self.notes:
            self.notes.append(said)

    def value(self, schema: object) -> Any:
        """Return a value of a schema; None where nothing can be said of it."""
        self._left = _MAX_VALUES
        return self._value(schema, 0)

    def _value(self, schema: object, depth: int) -> Any:
        self._left -= 1
        if depth > _MAX_DEPTH or self._left < 0:
            return None
        found = self._whole(self.follow(schema), depth)
        stated = next(_stated(found), _NOTHING)
        if stated is not _NOTHING:
            return stated
        chosen = next(self._choices(found), None)
        if chosen is not None:
            return self._value(chosen, depth + 1)
        return self._made(found, depth)

    def _whole(self, schema: Mapping[str, Any], depth: int) -> Mapping[str, Any]:
        """Put what `allOf` lists into one schema."""
        parts = sequence(schema.get("allOf"))
        if not parts or depth > _MAX_DEPTH or self._left < 0:
            return schema
        self._left -= len(parts)
        whole: dict[str, Any] = {}
        for part in (*parts, {k: v for k, v in schema.items() if k != "allOf"}):
            more = self._whole(self.follow(part), depth + 1)
            properties = {**mapping(whole.get("properties"))}
            properties |= mapping(more.get("properties"))
            required = [
                *sequence(whole.get("required")),
                *sequence(more.get("required")),
            ]
            whole |= {**more, "properties": properties, "required": required}
        return whole

    def _choices(self, schema: Mapping[str, Any]) -> Iterator[object]:
        """Yield what a value may be one of, `null` left out."""
        for word in ("oneOf", "anyOf"):
            for choice in sequence(schema.get(word)):
                if mapping(choice).get("type") != "null":
                    yield choice

    def _made(self, schema: Mapping[str, Any], depth: int) -> Any:
        kind = _kind(schema)
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            item = self._value(schema.get("items"), depth + 1)
            return [] if item is None else [item]
        if kind == "string":
            return _string(schema)
        if kind == "integer":
            return _integer(schema)
        return _PLAIN.get(kind)

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        known = mapping(schema.get("properties"))
        required = [name for name in sequence(schema.get("required")) if name in known]
        names = list(dict.fromkeys(required)) or list(known)[:_OPTIONAL]
        return {name: self._value(known[name], depth + 1) for name in names}


_NOTHING: Final = object()


def _stated(schema: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the values that a schema itself states, the best first."""
    if "example" in schema:
        yield schema["example"]
    yield from sequence(schema.get("examples"))[:1]
    if "const" in schema:
        yield schema["const"]
    if schema.get("default") is not None:
        yield schema["default"]
    yield from [one for one in sequence(schema.get("enum")) if one is not None][:1]


def _kind(schema: Mapping[str, Any]) -> str:
    """Return the type of a schema; of several (3.1) the first that is not null."""
    stated = schema.get("type")
    names = [name for name in sequence(stated) if isinstance(name, str)]
    named = next((name for name in names if name != "null"), text(stated))
    if named:
        return named
    if "properties" in schema:
        return "object"
    return "array" if "items" in schema else "string" if "pattern" in schema else ""


def _string(schema: Mapping[str, Any]) -> str:
    made = _FORMATS.get(text(schema.get("format")), "text")
    least, most = _count(schema, "minLength", 0), _count(schema, "maxLength", 1000)
    return made.ljust(min(least, 1000), "x")[:most]


def _integer(schema: Mapping[str, Any]) -> int:
    return max(1, _count(schema, "minimum", 1))


def _count(schema: Mapping[str, Any], word: str, otherwise: int) -> int:
    value = schema.get(word)
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if fits and abs(value) < 1e15 else otherwise  # type: ignore[arg-type]
