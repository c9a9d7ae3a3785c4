"""Record: cases go through an old gateway, and what becomes of them is kept.

A recording that was interrupted goes on where it ended. What is there already is not
played again, unless the oracle is another one, or a reason is given.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hxroute.errors import StartError
from hxroute.proof import corpus as corpora
from hxroute.proof.corpus import Corpus, Declaration, Oracle
from hxroute.proof.exchange import DEFAULT, Case, Exchange, Facts
from hxroute.proof.play import Way, play
from hxroute.proof.targets import Target
from hxroute.proof.varying import SOMETIMES, merged
from hxroute.proof.verdict import differing

__all__ = ["Recorded", "declare", "opened", "record"]

_INDEX_EVERY: Final = 25
"""Exchanges after which the index is written; what it does not name is played again."""

_STEADY: Final = re.compile(
    r"start\.error|client\.(?:status|complete|failure|excess)"
    r"|upstream\.(?:requests|torn|(?:[0-9]+\.)?(?:name|method|target))"
)
"""Facts without which there is nothing to compare with, or requests are mixed up."""

_NOT_LISTENING: Final = ("the gateway does not listen",)
"""What no gateway says that was started: it has ended since."""


@dataclass(slots=True)
class Recorded:
    """What came of a recording.

    `new` counts what was not there before, `varying` in how many cases a fact is another
    each time. `unsteady` are so different each time that they were left out.
    """

    corpus: Corpus
    new: int = 0
    varying: Counter[str] = field(default_factory=Counter)
    unsteady: list[str] = field(default_factory=list)

    @property
    def statuses(self) -> Counter[str]:
        """Count the exchanges by status; one that has none as `no answer`."""
        facts = (item.facts for item in self.corpus.exchanges.values())
        return Counter(item.get("client.status", ("no answer",))[0] for item in facts)

    @property
    def calls(self) -> int:
        """Count the requests that reached an upstream."""
        facts = (item.facts for item in self.corpus.exchanges.values())
        return sum(int(item.get("upstream.requests", ("0",))[0]) for item in facts)


def opened(
    folder: Path,
    oracle: Oracle,
    way: Way,
    upstreams: Iterable[str],
    anew: str | None = None,
) -> Corpus:
    """Return the corpus to record into: a new one, or the one that is there.

    Args:
        folder: where it is.
        oracle: what is recorded.
        way: how cases are played.
        upstreams: the names of what the oracle calls.
        anew: why everything is recorded again, None to keep what is there.

    Raises:
        StartError: where it was recorded from something else, and nobody says why.
    """
    empty = Corpus(
        folder, oracle, way.host, tuple(upstreams), way.environments, complete=False
    )
    reason = None if anew is None else _reason(anew)
    if not empty.index.exists():
        return empty
    if reason is not None:
        declared, cases = corpora.past(folder)
        told = Declaration(reason, cases)
        return dataclasses.replace(empty, declared=(*declared, told))
    there = corpora.load(folder)
    for what in _others(there, empty):
        raise StartError(
            f"{folder} was recorded {what}; name another folder, "
            "or record it all again: `--anew REASON`"
        )
    environments = {**there.environments, **way.environments}
    return dataclasses.replace(there, environments=environments)


def _reason(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise StartError(
            "say the reason in a line of text: why are the exchanges others now?"
        )
    return text.strip()


def _others(there: Corpus, now: Corpus) -> Iterator[str]:
    """Say what of a recording is another now."""
    if there.oracle.what != now.oracle.what:
        yield f"from {there.oracle.what}, not {now.oracle.what}"
    old, new = there.oracle.version, now.oracle.version
    for name in [*old, *(new.keys() - old.keys())]:
        if old.get(name) != new.get(name):
            then, today = (made.get(name, "none")[:12] for made in (old, new))
            yield f"from another {there.oracle.what}: its {name} was {then}, and is {today}"
    if there.oracle.started != now.oracle.started:
        yield f"another way: it was started {there.oracle.started}"
    if there.host != now.host:
        yield f"with another host, {there.host}"
    if there.upstreams != now.upstreams:
        yield f"with other upstreams, {', '.join(there.upstreams)}"
    for name, variables in now.environments.items():
        if there.environments.get(name, variables) != variables:
            yield f"with other variables in the environment `{name}`"


async def record(
    cases: Sequence[Case],
    target: Target,
    way: Way,
    corpus: Corpus,
    progress: Callable[[Case], object],
) -> Recorded:
    """Record cases into a corpus.

    Args:
        cases: what is played, unless the corpus has it already.
        target: the old gateway.
        way: how cases are played.
        corpus: what is added to; its folder is written.
        progress: gets each case that is done.

    Raises:
        StartError: where the gateway does not start, or an upstream cannot listen.
    """
    missing = [case for case in cases if not corpus.has(case)]
    result = Recorded(_without(corpus, missing))

    def played(case: Case, times: Sequence[Facts]) -> None:
        _check_alive(corpus, case, times)
        _take(result, case, times)
        progress(case)

    try:
        await play(missing, target, way, played)
    finally:
        if result.new:
            corpora.write(result.corpus)
    if missing or not corpus.complete:
        _spread(result)
        corpora.write(result.corpus)
        corpora.tidy(result.corpus)
    result.corpus = _finished(result.corpus, cases)
    corpora.write(result.corpus)
    return result


def _without(corpus: Corpus, cases: Iterable[Case]) -> Corpus:
    """Return the corpus that is not complete yet, without what others replace."""
    gone = {case.name for case in cases}
    kept = {n: item for n, item in corpus.exchanges.items() if n not in gone}
    return dataclasses.replace(corpus, exchanges=kept, complete=False)


def _check_alive(corpus: Corpus, case: Case, times: Iterable[Facts]) -> None:
    """Refuse what is no word of the gateway's: that it did not start, or has ended."""
    for facts in times:
        if "start.error" in facts:
            where = f"in the environment `{case.environment}`: "
            where = "" if case.environment == DEFAULT else where
            raise StartError(f"{where}{facts['start.error'][0]}")
        if facts.get("client.failure") == _NOT_LISTENING:
            raise StartError(
                f"{corpus.oracle.what} ended before the case `{case.name}` was played; "
                "what it was asked before made it end"
            )


def declare(folder: Path, reason: str) -> tuple[str, ...]:
    """Take the exchanges that were changed for what was recorded; return their names.

    Raises:
        StartError: where nothing was changed.
    """
    corpus = corpora.load(folder, changed=True)
    told = Declaration(_reason(reason), corpus.changed)
    changed = [corpus.exchanges[name] for name in corpus.changed]
    if not changed:
        raise StartError(
            f"no exchange of {folder} was changed; there is nothing to say"
        )
    for exchange in changed:
        corpora.write_exchange(corpus, exchange)
    declared = (*corpus.declared, told)
    corpora.write(dataclasses.replace(corpus, declared=declared))
    return corpus.changed


def _take(result: Recorded, case: Case, times: Sequence[Facts]) -> None:
    first, *others = times
    varying = {name for facts in others for name in differing(first, facts)}
    try:
        facts = merged(times)
    except ValueError:
        facts = {}
    if not facts or any(_STEADY.fullmatch(name) for name in varying):
        result.unsteady.append(case.name)
        return
    if not result.new % _INDEX_EVERY:  # before the first is replaced, too
        corpora.write(result.corpus)
    result.varying.update(varying)
    exchange = Exchange(case, facts)
    result.new += 1
    result.corpus = result.corpus.with_exchange(exchange)
    corpora.write_exchange(result.corpus, exchange)


def _spread(result: Recorded) -> None:
    """Let a field that comes and goes in one case count in none that does not send it.

    What a gateway remembers shows in a case by whatever was played before it, in both
    turns alike where it stands between two that are remembered.
    """
    exchanges = result.corpus.exchanges.values()
    remembered = {
        name
        for exchange in exchanges
        for name, value in exchange.facts.items()
        if value == SOMETIMES and name.startswith("upstream.headers.")
    }
    for exchange in tuple(exchanges):
        sent = {
            f"upstream.headers.{n.lower()}" for n, _ in exchange.case.request.headers
        }
        facts = exchange.facts
        found = [n for n in facts if n in remembered - sent and facts[n] != SOMETIMES]
        if found:
            changed = facts | dict.fromkeys(found, SOMETIMES)
            exchange = dataclasses.replace(exchange, facts=changed)
            result.corpus = result.corpus.with_exchange(exchange)
            corpora.write_exchange(result.corpus, exchange)
            result.varying.update(found)


def _finished(corpus: Corpus, cases: Iterable[Case]) -> Corpus:
    """Bring exchanges into the order of the cases; those of no case come first."""
    wanted = dict.fromkeys(case.name for case in cases)
    others = [name for name in corpus.exchanges if name not in wanted]
    order = [*others, *(name for name in wanted if name in corpus.exchanges)]
    exchanges = {name: corpus.exchanges[name] for name in order}
    return dataclasses.replace(corpus, exchanges=exchanges, complete=True)
