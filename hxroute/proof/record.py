"""Record: cases go through an old gateway, and what becomes of them is kept.

A recording that was interrupted goes on where it ended. What is there already is not
played again, unless the oracle is another one, or a reason is given.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hxroute.errors import StartError
from hxroute.proof import corpus as corpora
from hxroute.proof.corpus import Corpus, Declaration, Oracle
from hxroute.proof.exchange import VARIES, Case, Exchange, Facts
from hxroute.proof.play import Way, play
from hxroute.proof.targets import Target
from hxroute.proof.verdict import differing

__all__ = ["Recorded", "declare", "opened", "record"]

_INDEX_EVERY: Final = 25
"""Exchanges after which the index is written; what it does not name is played again."""

_STEADY: Final = ("client.failure", "upstream.requests", "start.error", "client.status")
"""Facts without which there is nothing to compare with."""


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
        """Count the exchanges by status; one that has none by `none`."""
        facts = (item.facts for item in self.corpus.exchanges.values())
        return Counter(item.get("client.status", ("none",))[0] for item in facts)

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
    if not empty.index.exists():
        return empty
    there = corpora.load(folder)
    if anew is not None:
        told = Declaration(anew, tuple(there.exchanges))
        return dataclasses.replace(empty, declared=(*there.declared, told))
    for what in _others(there, empty):
        raise StartError(
            f"{folder} was recorded with {what}; name another folder, "
            "or record it all again: `--anew REASON`"
        )
    environments = {**there.environments, **way.environments}
    return dataclasses.replace(there, environments=environments)


def _others(there: Corpus, now: Corpus) -> Iterator[str]:
    """Say what of a recording is another now."""
    if there.oracle != now.oracle:
        yield f"another oracle, {there.oracle}"
    if there.host != now.host:
        yield f"another host, {there.host}"
    if there.upstreams != now.upstreams:
        yield f"other upstreams, {', '.join(there.upstreams)}"
    for name, variables in now.environments.items():
        if there.environments.get(name, variables) != variables:
            yield f"other variables in the environment `{name}`"


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
    result = Recorded(dataclasses.replace(corpus, complete=False))

    def played(case: Case, times: Sequence[Facts]) -> None:
        if "start.error" in times[0]:
            raise StartError(times[0]["start.error"][0])
        _take(result, case, times)
        progress(case)

    try:
        await play(missing, target, way, played)
        result.corpus = _finished(result.corpus, cases)
    finally:
        corpora.write(result.corpus)
    return result


def declare(folder: Path, reason: str) -> tuple[str, ...]:
    """Take the exchanges that were changed for what was recorded; return their names.

    Raises:
        StartError: where nothing was changed.
    """
    corpus = corpora.load(folder, changed=True)
    told = Declaration(reason, corpus.changed)
    changed = [corpus.exchanges[name] for name in corpus.changed]
    if not changed:
        corpora.load(folder)  # says where it is the index
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
    if any(name in _STEADY for name in varying):
        result.unsteady.append(case.name)
        return
    result.varying.update(varying)
    exchange = Exchange(case, first | dict.fromkeys(varying, VARIES))
    result.new += 1
    result.corpus = result.corpus.with_exchange(exchange)
    corpora.write_exchange(result.corpus, exchange)
    if result.new % _INDEX_EVERY == 0:
        corpora.write(result.corpus)


def _finished(corpus: Corpus, cases: Iterable[Case]) -> Corpus:
    """Bring exchanges into the order of the cases; those of no case come first."""
    wanted = dict.fromkeys(case.name for case in cases)
    others = [name for name in corpus.exchanges if name not in wanted]
    order = [*others, *(name for name in wanted if name in corpus.exchanges)]
    exchanges = {name: corpus.exchanges[name] for name in order}
    return dataclasses.replace(corpus, exchanges=exchanges, complete=True)
