"""Header rules, by what becomes of each field under all rule sets in effect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hxroute import rules
from hxroute.ir import HeaderRules
from hxroute.nodes import Execute
from hxroute.nodes.execute import FRAMING
from hxroute.passing import HOP_BY_HOP
from hxroute.plan.changes import Difference
from hxroute.plan.meaning import View
from hxroute.plan.wording import arrow, field_value, quoted
from hxroute.rules import Fate

__all__ = ["header_differences", "header_sources"]

_OTHERS: Final = ""
"""Stands for the fields that no rule names."""

_WORDS: Final = {
    ("kept", "dropped"): "dropped",
    ("dropped", "kept"): "no longer dropped",
    ("kept", "set"): "set to {new}",
    ("set", "kept"): "no longer set to {old}",
    ("dropped", "set"): "set to {new}, no longer dropped",
    ("set", "dropped"): "dropped, no longer set to {old}",
    ("set", "set"): "set to {both}",
}


@dataclass(frozen=True, slots=True)
class _Rules:
    """The rule sets that are applied to one message, in order."""

    view: View
    rules: tuple[HeaderRules, ...]
    made_anew: frozenset[bytes]

    @property
    def named(self) -> set[str]:
        return {
            name
            for rule in self.rules
            for name in (*rule.drop, *(rule.keep or ()), *(n for n, _ in rule.set))
        }

    def fate(self, name: str) -> Fate:
        """Return what becomes of a field; what each hop makes anew never goes on."""
        found = rules.fate(name, self.rules)
        if found.outcome == "kept" and name.encode() in self.made_anew:
            return Fate("dropped")
        if found.outcome == "set" and not found.template.strip(" \t"):
            return Fate("dropped", found.rule)  # an empty value is none
        return found

    def content(self, name: str) -> tuple[str, str]:
        found = self.fate(name)
        return found.outcome, self.view.template(found.template)


def header_differences(
    old: tuple[View, Execute], new: tuple[View, Execute]
) -> Iterator[Difference]:
    """Yield what becomes of a field otherwise, on the way there and back."""
    yield from _differences("request headers", _request(*old), _request(*new))
    yield from _differences("response headers", _response(*old), _response(*new))


def header_sources(view: View, node: Execute) -> Iterator[str]:
    """Yield the templates that set a field."""
    for side in (_request(view, node), _response(view, node)):
        yield from (side.fate(name).template for name in side.named)


def _request(view: View, node: Execute) -> _Rules:
    own = (HeaderRules(set=node.headers, at=node.at),) if node.headers else ()
    return _Rules(view, (*node.request_headers, *own), HOP_BY_HOP | FRAMING)


def _response(view: View, node: Execute) -> _Rules:
    return _Rules(view, node.response_headers, HOP_BY_HOP | {b"content-length"})


def _differences(side: str, old: _Rules, new: _Rules) -> Iterator[Difference]:
    if old.rules == new.rules and old.view.reads_as(new.view):
        return
    others = old.fate(_OTHERS).outcome, new.fate(_OTHERS).outcome
    named = sorted(old.named | new.named)
    if others[0] != others[1]:
        yield _of_others(side, old, new, named)
    for name in named:
        before, after = old.fate(name), new.fate(name)
        outcomes = before.outcome, after.outcome
        if old.content(name) == new.content(name) or outcomes == others:
            continue
        text = _WORDS[outcomes].format(
            old=quoted(field_value(name, before.template)),
            new=quoted(field_value(name, after.template)),
            both=arrow(
                field_value(name, before.template), field_value(name, after.template)
            ),
        )
        yield _difference(f"{side}: {quoted(name)} {text}", before, after)


def _of_others(side: str, old: _Rules, new: _Rules, named: list[str]) -> Difference:
    before, after = old.fate(_OTHERS), new.fate(_OTHERS)
    but = [name for name in named if new.fate(name).outcome != after.outcome]
    which = f"all but {', '.join(map(quoted, but))}" if but else "all"
    text = f"{side}: {which} {_WORDS[before.outcome, after.outcome]}"
    return _difference(text, before, after)


def _difference(text: str, old: Fate, new: Fate) -> Difference:
    lines = [None if fate.rule is None else fate.rule.at for fate in (old, new)]
    return Difference(text, *lines)
