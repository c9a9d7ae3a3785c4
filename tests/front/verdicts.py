"""What came of a case, in a word or two: for the table, and to compare proxies."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

from tests.front.cases import Case, Outcome, Seen
from tests.front.harness import Bench, CanaryDied, Exchange, seen_in
from tests.front.reader import read

__all__ = ["Verdict", "verdict", "verdicts"]

Requests: TypeAlias = tuple[Seen, ...]

_OWN: Final = frozenset(
    b"accept-encoding connection user-agent via x-forwarded-for x-forwarded-host"
    b" x-forwarded-proto x-real-ip".split()
)
"""What other proxies add unasked; it counts only where a case sends it."""


class Verdict(NamedTuple):
    """What came of a case, and whether that is as it should be.

    A status: it was refused, or answered by that proxy itself. `served`: it arrived as
    it must, or, where it must not, it arrived; `changed`: something else arrived.
    """

    word: str
    fits: bool

    @property
    def kind(self) -> str:
        """The verdict, whatever the status of a refusal."""
        if self.word.isdigit():
            return "refused" if int(self.word) >= 400 else "answered"
        return "refused" if self.word == "closed" else self.word


async def verdicts(benches: Sequence[Bench], cases: Sequence[Case]) -> list[Verdict]:
    """Return the verdict of each case, the cases dealt out to the benches."""
    found: dict[int, Verdict] = {}

    async def deal(bench: Bench, first: int) -> None:
        for number in range(first, len(cases), len(benches)):
            try:
                exchange = await bench.exchange(cases[number])
            except CanaryDied:
                found[number] = Verdict("poisoned", fits=False)
            else:
                found[number] = verdict(cases[number], exchange)

    await asyncio.gather(*(deal(bench, n) for n, bench in enumerate(benches)))
    return [found[number] for number in range(len(cases))]


def verdict(case: Case, exchange: Exchange) -> Verdict:
    """Return what came of a case."""
    talk, record = exchange.talk, exchange.record
    statuses = [a.status for a in talk.answers if not 100 <= a.status < 200]
    if any(read(stray).end == "malformed" for stray in record.strays):
        return Verdict("sent on, malformed", fits=False)
    if not statuses:
        if not record.messages:
            return _silent(case, closed=talk.closed and not talk.stuck)
        statuses = [0]
    seen = seen_in(record)
    ways = [outcome.seen for outcome in case.outcomes]
    fits = any(
        _same(seen, outcome.seen) and _alike(outcome, statuses)
        for outcome in case.outcomes
    )
    if seen:
        return Verdict(_served(seen, ways, statuses), fits)
    if case.ends:  # what a client is told that is gone means nothing
        return _silent(case, closed=True)
    if all(status >= 400 for status in statuses):  # more of them may come, or not
        return Verdict(str(statuses[0]), fits=_may_be_refused(case))
    return Verdict(str(statuses[-1]), fits)


def _silent(case: Case, *, closed: bool) -> Verdict:
    if not closed:
        return Verdict("waits", fits=False)
    return Verdict("closed", fits=_may_be_refused(case))


def _may_be_refused(case: Case) -> bool:
    return any(not outcome.seen for outcome in case.outcomes)


def _served(seen: Requests, ways: list[Requests], statuses: list[int]) -> str:
    wanted = max(ways, key=len)
    word = "served"
    if any(_same(seen, way) for way in ways):
        pass
    elif len(seen) > len(wanted) and _same(seen[: len(wanted)], wanted):
        word = f"served as {len(seen)}" if len(seen) > 1 else "served"
    elif len(seen) < len(wanted) and _same(seen, wanted[: len(seen)]):
        word = f"served {len(seen)} of {len(wanted)}"
    else:
        word = "changed"
    others = [str(status) for status in statuses if status not in (0, 200)]
    if others and statuses[0] in (0, 200):
        return f"{word}, then {others[-1]}"
    return ", then ".join([*others, word])


def _alike(outcome: Outcome, statuses: list[int]) -> bool:
    """Tell whether answers are errors where they must be, and only there."""
    final = [may for may in outcome.answers if min(may) >= 200]
    return len(final) == len(statuses) and all(
        (status >= 400) in {allowed >= 400 for allowed in may}
        for status, may in zip(statuses, final, strict=True)
    )


def _same(seen: Requests, wanted: Requests) -> bool:
    return len(seen) == len(wanted) and all(
        _without_own(one, other) == _ordered(other)
        for one, other in zip(seen, wanted, strict=True)
    )


def _without_own(seen: Seen, wanted: Seen) -> Seen:
    asked = {name for name, _ in wanted.fields}
    fields = tuple(f for f in seen.fields if f[0] in asked or f[0] not in _OWN)
    return _ordered(seen._replace(fields=fields))


def _ordered(seen: Seen) -> Seen:
    """Return a request with its fields by name: that order means nothing."""
    return seen._replace(fields=tuple(sorted(seen.fields, key=lambda field: field[0])))
