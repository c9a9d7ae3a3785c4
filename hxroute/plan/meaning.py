"""Meaning: templates and names of two gateways, made comparable.

What the new gateway only calls by another name gets its old one: settings and upstreams
of the same content. A path parameter is its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from hxroute import units
from hxroute.ir import Gateway, Node, Setting, Upstream
from hxroute.paths import Pattern

__all__ = ["Meaning", "View", "aligned", "parameters_of"]

_TEXT: Final = r"'(?:[^'\\]|\\.)*+'|\"(?:[^\"\\]|\\.)*+\""
_EXPRESSION: Final = re.compile(
    rf"\{{\{{(?:{_TEXT}|[^'\"}}]|\}}(?!\}}))*+(?:\}}\}}|\Z)", re.DOTALL
)
_NAMED: Final = re.compile(
    rf"(?<![\w.])(settings|path)(?:\.(\w+)|\[(?:'(\w+)'|\"(\w+)\")\])|{_TEXT}|\s+",
    re.DOTALL,
)
"""A setting or a parameter; a text, in which there is none; and blanks."""

_WHOLE_PATH: Final = re.compile(rf"(?<![\w.])(path)(?![\w.])|{_TEXT}", re.DOTALL)

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Meaning:
    """A gateway's settings and upstreams, and what the old gateway calls them."""

    settings: Mapping[str, Setting]
    upstreams: Mapping[str, Upstream]
    old_settings: Names = field(default_factory=dict)
    old_upstreams: Names = field(default_factory=dict)

    def template(self, source: str, parameters: Names) -> str:
        """Return what is the same for templates that say the same."""
        if "{{" not in source:
            return source
        names = {"settings": self.old_settings, "path": parameters}
        return _EXPRESSION.sub(lambda found: _renamed(found[0], names), source)

    def document(self, text: str, parameters: Names) -> str:
        """Return what is the same for JSON templates that say the same."""
        return json.dumps(self._value(json.loads(text), parameters))

    def _value(self, value: object, parameters: Names) -> object:
        if isinstance(value, str):
            return self.template(value, parameters)
        if isinstance(value, list):
            return [self._value(item, parameters) for item in value]
        if isinstance(value, dict):
            return {key: self._value(item, parameters) for key, item in value.items()}
        return value


@dataclass(frozen=True, slots=True)
class View:
    """A pipeline, with what its names mean; an endpoint's parameters by their places."""

    meaning: Meaning
    pipeline: tuple[Node, ...]
    parameters: Names = field(default_factory=dict)

    def reads_as(self, new: View) -> bool:
        """Tell whether equal templates of two pipelines say the same."""
        renamed = new.meaning.old_settings or new.meaning.old_upstreams
        return not renamed and self.parameters == new.parameters

    def template(self, source: str) -> str:
        """Return what is the same for templates that say the same."""
        return self.meaning.template(source, self.parameters)

    def document(self, text: str) -> str:
        """Return what is the same for JSON templates that say the same."""
        return self.meaning.document(text, self.parameters)


def parameters_of(pattern: Pattern) -> Names:
    """Return which part of the path each parameter is."""
    places = {name: str(place) for name, place in pattern.parameters}
    if pattern.rest is not None:
        places[pattern.rest] = f"{len(pattern.segments)}:"
    return places


def aligned(old: Gateway, new: Gateway) -> tuple[Meaning, Meaning]:
    """Return what the names of two gateways mean."""
    before, after = _stated(old), _stated(new)
    settings = _renamings(
        {name: _content(item) for name, item in before.settings.items()},
        {name: _content(item) for name, item in after.settings.items()},
    )
    after = replace(after, old_settings=settings)
    upstreams = _renamings(_reached(before), _reached(after))
    return before, replace(after, old_upstreams=upstreams)


def _stated(gateway: Gateway) -> Meaning:
    return Meaning(
        {setting.name: setting for setting in gateway.settings},
        {upstream.name: upstream for upstream in gateway.upstreams},
    )


def _content(setting: Setting) -> Hashable:
    default = setting.default
    if setting.type == "size" and isinstance(default, str):
        default = units.size(default)
    return replace(setting, name="", default=default)


def _reached(meaning: Meaning) -> dict[str, Hashable]:
    return {
        name: _renamed_in(upstream, meaning)
        for name, upstream in meaning.upstreams.items()
    }


def _renamed_in(upstream: Upstream, meaning: Meaning) -> Upstream:
    """Return an upstream without its name, and the settings as the old gateway's."""
    places = (
        replace(target, url=meaning.template(target.url, {}))
        for target in upstream.targets
    )
    url, key = meaning.template(upstream.url, {}), upstream.balance.key
    hashed = None if key is None else meaning.template(key, {})
    balance = replace(upstream.balance, key=hashed)
    return replace(upstream, name="", url=url, targets=tuple(places), balance=balance)


def _renamings(
    old: Mapping[str, Hashable], new: Mapping[str, Hashable]
) -> dict[str, str]:
    """Return what the old gateway calls that which the new one calls otherwise."""
    free = {content: name for name, content in old.items() if name not in new}
    return {
        name: free.pop(content)
        for name, content in new.items()
        if name not in old and content in free
    }


def _renamed(expression: str, names: Mapping[str, Names]) -> str:
    def renamed(found: re.Match[str]) -> str:
        root, *keys = found.groups()
        if root is None:
            return found[0] if found[0].strip() else " "
        name = next(filter(None, keys))
        return f"{root}.{names[root].get(name, name)}"

    inner = expression[2:-2]
    if not inner.startswith(("-", "+")) and not inner.endswith(("-", "+")):
        inner = f" {inner.strip()} "  # those signs are about the text around
    result = f"{{{{{_NAMED.sub(renamed, inner)}}}}}"
    if any(found[1] for found in _WHOLE_PATH.finditer(result)):
        result += repr(sorted(names["path"].items()))
    return result
