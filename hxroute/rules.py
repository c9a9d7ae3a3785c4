"""Header rules: drop or keep, then set; each field has exactly one fate.

A name that is dropped or set is gone under its other spelling too, with `_` for `-`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from hxroute import templates
from hxroute.errors import BadRequest
from hxroute.http import Headers, meant
from hxroute.ir import HeaderRules

__all__ = [
    "FIELD_NAME",
    "FIELD_VALUE_REFUSED",
    "Apply",
    "Fate",
    "fate",
    "prepare",
    "stated",
]

FIELD_NAME: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
"""A field name (RFC 9110 §5.1)."""

FIELD_VALUE_REFUSED: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
"""What no field value holds (RFC 9110 §5.5)."""

Apply = Callable[[Headers, templates.Values], Headers]
_Setter = tuple[bytes, bytes | templates.Render]


def stated(
    pairs: Iterable[tuple[str, str]], content_type: bytes | None = None
) -> Headers:
    """Return the fields that the file states, with a content type unless it has one."""
    fields = [(name.encode(), value.encode()) for name, value in pairs]
    if content_type is None or b"content-type" in dict(fields):
        return fields
    return [(b"content-type", content_type), *fields]


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a field: kept, dropped or set, and the rule set that says so.

    `template` is what it is set to; a field that is set to nothing is dropped.
    """

    outcome: Literal["kept", "dropped", "set"] = "kept"
    rule: HeaderRules | None = None
    template: str = ""


def fate(name: str, rules: Iterable[HeaderRules]) -> Fate:
    """Return what rule sets, applied in order, make of the fields of a name."""
    found = Fate()
    for rule in rules:
        if name in dict(rule.set):
            found = Fate("set", rule, dict(rule.set)[name])
        elif found.outcome != "dropped" and _drops(rule, name):
            found = Fate("dropped", rule)
    return found


def _drops(rule: HeaderRules, name: str) -> bool:
    if name in rule.drop or (rule.keep is not None and name not in rule.keep):
        return True
    read = name.replace("_", "-")
    stated = (*rule.drop, *(name for name, _ in rule.set))
    return any(other.replace("_", "-") == read for other in stated)


def prepare(rules: Iterable[HeaderRules], settings: templates.Values) -> Apply:
    """Fold rule sets, applied in order, into one function from headers to headers."""
    steps = [_step(rule, settings) for rule in rules]

    def apply(headers: Headers, values: templates.Values) -> Headers:
        for step in steps:
            headers = step(headers, values)
        return headers

    return apply


def _step(rule: HeaderRules, settings: templates.Values) -> Apply:
    stated = (*rule.drop, *(name for name, _ in rule.set))
    removed = frozenset(meant(name.encode()) for name in stated)
    kept = None if rule.keep is None else frozenset(name.encode() for name in rule.keep)
    setters = [_setter(name, source, settings) for name, source in rule.set]

    def step(headers: Headers, values: templates.Values) -> Headers:
        result = [field for field in headers if meant(field[0]) not in removed]
        if kept is not None:
            result = [field for field in result if field[0] in kept]
        for name, value in setters:
            shown = value if isinstance(value, bytes) else _checked(value(values))
            if shown:
                result.append((name, shown))
        return result

    return step


def _setter(name: str, source: str, settings: templates.Values) -> _Setter:
    value = templates.text(source, settings)
    return name.encode(), _checked(value) if isinstance(value, str) else value


def _checked(text: str) -> bytes:
    value = templates.to_bytes(text.strip(" \t"))
    if FIELD_VALUE_REFUSED.search(value):
        raise BadRequest("A header value made from the request holds a control.")
    return value
