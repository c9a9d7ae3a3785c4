"""The upstream's own error statuses, by what becomes of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from hxroute import templates
from hxroute.ir import StatusRule
from hxroute.nodes import Execute
from hxroute.plan.answers import stated_facts
from hxroute.plan.changes import Difference
from hxroute.plan.fact import Fact, differing
from hxroute.plan.meaning import View
from hxroute.plan.wording import Shown

__all__ = ["status_differences", "status_sources"]

_STATUSES: Final = range(200, 600)
_PASSED: Final = Fact(None, Shown("passed on"))


def status_differences(
    old: tuple[View, Execute], new: tuple[View, Execute]
) -> Iterator[Difference]:
    """Yield what becomes of the statuses that are answered otherwise."""
    rules, new_rules = old[1].errors.upstream_status, new[1].errors.upstream_status
    if rules == new_rules and old[0].reads_as(new[0]):
        return
    groups: dict[tuple[StatusRule | None, StatusRule | None], list[int]] = {}
    for status in _STATUSES:
        pair = _first(rules, status), _first(new_rules, status)
        groups.setdefault(pair, []).append(status)
    for (rule, new_rule), statuses in groups.items():
        head = f"errors: upstream_status {_named(statuses)}:"
        before, after = (
            _facts(old[0], rule, statuses),
            _facts(new[0], new_rule, statuses),
        )
        if not (before and after):
            before, after = _replaced(before), _replaced(after)
        for item in differing(before, after):
            yield Difference(f"{head} {item.text}", item.old, item.new)


def status_sources(node: Execute) -> Iterator[str]:
    """Yield the templates that replace bodies."""
    for rule in node.errors.upstream_status:
        yield from templates.strings(rule.json or "null")
        yield rule.text or ""


def _first(rules: Sequence[StatusRule], status: int) -> StatusRule | None:
    names = {str(status), f"{status // 100}xx"}
    return next((rule for rule in rules if not names.isdisjoint(rule.match)), None)


def _facts(view: View, rule: StatusRule | None, statuses: list[int]) -> dict[str, Fact]:
    if rule is None:
        return {}
    status = None if statuses == [rule.status] else rule.status
    shown = Shown("as it came" if status is None else str(status))
    unless = Shown(rule.unless or "nothing")
    return {
        "status": Fact(status, shown, rule.at),
        "unless": Fact(rule.unless, unless, rule.at),
        **stated_facts(view, rule),
    }


def _replaced(facts: dict[str, Fact]) -> dict[str, Fact]:
    """Say of a rule that there is one, and of none that bodies are passed on."""
    return {"bodies": facts.get("body", _PASSED)}


def _named(statuses: list[int]) -> str:
    """Name statuses as rules do: `5xx`, `503`, `5xx but 503`."""
    names: list[str] = []
    for hundred in sorted({status // 100 for status in statuses}):
        own = [status for status in statuses if status // 100 == hundred]
        others = sorted(set(range(hundred * 100, hundred * 100 + 100)) - {*own})
        if len(own) > len(others):
            but = f" but {', '.join(map(str, others))}" if others else ""
            names.append(f"{hundred}xx{but}")
        else:
            names += map(str, own)
    return ", ".join(names)
