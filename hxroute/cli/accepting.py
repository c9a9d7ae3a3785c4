"""Which differences `hxroute prove --accept` takes into the ledger."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from hxroute.errors import StartError

if TYPE_CHECKING:
    from hxroute.proof.verdict import Difference, Verdict

__all__ = ["to_accept"]


def to_accept(
    verdicts: Iterable[Verdict],
    named: Sequence[str],
    facts: Sequence[str],
    rules: Sequence[str],
) -> list[Verdict]:
    """Return verdicts with those differences that are to be accepted.

    Args:
        verdicts: of all cases that fit what is named.
        named: names of cases, and patterns: of these only the unexplained.
        facts: patterns of facts; without any, every fact.
        rules: parts of the words of rules; without any, every rule.

    Raises:
        StartError: where facts and rules leave nothing.
    """
    found = [v for v in verdicts if v.name in named or v.outcome == "unexplained"]
    if not (facts or rules):
        return found
    left = [
        dataclasses.replace(verdict, differences=kept)
        for verdict in found
        if (kept := tuple(_fitting(verdict.differences, facts, rules)))
    ]
    if not left:
        wish = " and ".join(f"`{item}`" for item in (*facts, *rules))
        raise StartError(f"no unexplained difference fits {wish}")
    return left


def _fitting(
    differences: Iterable[Difference], facts: Sequence[str], rules: Sequence[str]
) -> Iterable[Difference]:
    for item in differences:
        by_fact = not facts or any(fnmatchcase(item.fact, each) for each in facts)
        by_rule = not rules or any(each in item.rule for each in rules)
        if by_fact and by_rule and item.pinned is None:
            yield item
