"""Header rules: drop or keep, then set; each field has exactly one fate.

A name that is dropped or set is gone under its other spelling too, with `_` for `-`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

from hxroute import templates
from hxroute.errors import BadRequest
from hxroute.http import Headers, Start
from hxroute.ir import HeaderRules
from hxroute.passing import Passing, meant

__all__ = [
    "FIELD_NAME",
    "FIELD_VALUE_REFUSED",
    "Fate",
    "Rules",
    "fate",
    "stated",
]

FIELD_NAME: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
"""A field name (RFC 9110 §5.1)."""

FIELD_VALUE_REFUSED: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
"""What no field value holds (RFC 9110 §5.5)."""

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


class Rules:
    """Rule sets, applied in order, as one pass over the fields of a message.

    Fields that are not end-to-end are dropped too. `renders` tells whether a value is
    made of the request.

    Args:
        rules: the rule sets.
        start: what is known once a gateway starts.
        never: names, as `http.meant` has them, that no rule lets pass.
    """

    def __init__(
        self,
        rules: Iterable[HeaderRules],
        start: Start,
        never: frozenset[bytes] = frozenset(),
    ) -> None:
        steps = [
            start.once((_Step, rule), partial(_Step.of, rule, start)) for rule in rules
        ]
        self._never = never
        self._steps = steps
        self._passing = Passing(self._passes)
        self._setters = [
            (name, value)
            for place, step in enumerate(steps)
            for name, value in step.setters
            if all(later.passes(name) for later in steps[place + 1 :])
        ]
        self.renders = any(callable(value) for _, value in self._setters)

    def __call__(self, headers: Headers, values: templates.Values) -> Headers:
        """Return what the rules make of fields.

        Raises:
            BadRequest: where a value made from the request is none.
        """
        result = self._passing.of(headers)
        for name, value in self._setters:
            shown = value if isinstance(value, bytes) else _checked(value(values))
            if shown:
                result.append((name, shown))
        return result

    def _passes(self, name: bytes) -> bool:
        return meant(name) not in self._never and all(
            step.passes(name) for step in self._steps
        )


@dataclass(frozen=True, slots=True)
class _Step:
    """One rule set, prepared."""

    removed: frozenset[bytes]
    kept: frozenset[bytes] | None
    setters: tuple[_Setter, ...]

    @classmethod
    def of(cls, rule: HeaderRules, start: Start) -> _Step:
        stated = (*rule.drop, *(name for name, _ in rule.set))
        return cls(
            frozenset(meant(name.encode()) for name in stated),
            None if rule.keep is None else frozenset(n.encode() for n in rule.keep),
            tuple(_setter(name, source, start.settings) for name, source in rule.set),
        )

    def passes(self, name: bytes) -> bool:
        return meant(name) not in self.removed and (
            self.kept is None or name in self.kept
        )


def _setter(name: str, source: str, settings: templates.Values) -> _Setter:
    value = templates.text(source, settings)
    return name.encode(), _checked(value) if isinstance(value, str) else value


def _checked(text: str) -> bytes:
    value = templates.to_bytes(text.strip(" \t"))
    if FIELD_VALUE_REFUSED.search(value):
        raise BadRequest("A header value made from the request holds a control.")
    return value
