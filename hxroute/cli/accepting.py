"""Which differences `hxroute prove --accept` takes into the ledger."""

from __future__ import annotations

import dataclasses
import getpass
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hxroute.cli.common import fail
from hxroute.errors import StartError

if TYPE_CHECKING:
    from hxroute.proof.verdict import Difference, Verdict

__all__ = ["Acceptance"]


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What `--accept` says, and the options that go with it.

    `cases` are names and patterns; `facts` are patterns of facts, and `rules` parts of
    the words of rules, without which every difference of a case is accepted.
    """

    cases: Sequence[str]
    facts: Sequence[str] = ()
    rules: Sequence[str] = ()
    reason: str | None = None
    owner: str | None = None

    def check(self, cases: Sequence[str]) -> None:
        """Fail where that does not go together, also with the cases to prove."""
        besides = self.facts or self.rules or self.reason or self.owner
        if self.cases and not self.reason:
            fail("--accept wants a --reason: why is the new gateway right?")
        if besides and not self.cases:
            fail("--fact, --rule, --reason and --owner go with --accept CASE")
        if self.cases and cases:
            name = cases[0]
            fail(f"--accept names the cases itself; write --accept {name}, or leave it")

    def write(self, ledger: Path, verdicts: Iterable[Verdict]) -> None:
        """Write entries into a ledger, and print them."""
        from hxroute.proof.ledger import accept

        wanted = _to_accept(verdicts, self.cases, self.facts, self.rules)
        if not wanted:
            fail("nothing to accept: no case that fits is unexplained")
        entries = accept(ledger, wanted, self.reason or "", self.owner or _user())
        click.echo(entries.encode(), nl=False)
        click.echo(f"written to {ledger}")


def _to_accept(
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


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # of a number without a name, as in a container
        fail("--owner: say who may end the difference")
