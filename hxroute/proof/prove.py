"""Prove: a recorded corpus goes through a new gateway, and every difference is judged."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase

from hxroute.compiler import Compiled
from hxroute.errors import StartError
from hxroute.proof.blame import blamed
from hxroute.proof.corpus import Corpus
from hxroute.proof.exchange import DEFAULT, Case, Exchange, Facts
from hxroute.proof.ledger import Ledger, judge
from hxroute.proof.play import Way, play
from hxroute.proof.targets import Target
from hxroute.proof.varying import leveled
from hxroute.proof.verdict import Verdict

__all__ = [
    "in_default",
    "names_of",
    "prove",
    "selected",
    "verdict_of",
    "way_of",
    "with_blame",
]

Judged = Callable[[Verdict], object]


async def prove(
    exchanges: Iterable[Exchange],
    target: Target,
    way: Way,
    ledger: Ledger,
    judged: Judged,
) -> list[Verdict]:
    """Play exchanges through a gateway; return the verdicts in their order.

    Args:
        exchanges: what was recorded.
        target: the new gateway.
        way: how they are played.
        ledger: the intended differences.
        judged: gets each verdict as soon as it is known; where it returns true, no more
            are waited for.
    """
    recorded = {exchange.name: exchange for exchange in exchanges}
    verdicts: dict[str, Verdict] = {}

    def played(case: Case, times: Iterable[Facts]) -> None:
        verdict = verdict_of(recorded[case.name], next(iter(times)), ledger)
        verdicts[case.name] = verdict
        if judged(verdict):
            raise _Enough

    with contextlib.suppress(_Enough):
        await play((item.case for item in recorded.values()), target, way, played)
    return [verdicts[name] for name in recorded if name in verdicts]


class _Enough(Exception):
    """Nobody waits for more."""


def verdict_of(recorded: Exchange, got: Facts, ledger: Ledger) -> Verdict:
    """Judge what a gateway did in a case."""
    return judge(recorded, leveled(recorded.facts, got), ledger)


def with_blame(
    compiled: Compiled, verdict: Verdict, environments: Mapping[str, Mapping[str, str]]
) -> Verdict:
    """Name the line of the routes file that decides each difference of a verdict."""
    environ = environments[verdict.recorded.case.environment]
    return blamed(compiled, verdict, environ)


def way_of(corpus: Corpus, jobs: int) -> Way:
    """Return how the cases of a corpus are played."""
    usual = corpus.upstreams[0] if len(corpus.upstreams) == 1 else ""
    return Way(corpus.environments, corpus.host, usual, jobs=jobs)


def selected(corpus: Corpus, patterns: Iterable[str]) -> list[Exchange]:
    """Return the exchanges whose names fit one of some patterns; without any, all.

    Raises:
        StartError: where a pattern fits none, or the recording is not complete.
    """
    if not corpus.complete:
        raise StartError(
            f"{corpus.folder} is not complete: its recording was interrupted; "
            "run it again, and it goes on"
        )
    found: dict[str, Exchange] = {}
    wanted = tuple(patterns) or ("*",)
    for pattern in wanted:
        fitting = {n: e for n, e in corpus.exchanges.items() if _fits(n, pattern)}
        if not fitting:
            raise StartError(f"{corpus.folder} holds no case `{pattern}`")
        found |= fitting
    return [item for name, item in corpus.exchanges.items() if name in found]


def _fits(name: str, pattern: str) -> bool:
    return name == pattern or fnmatchcase(name, pattern)


def in_default(
    corpus: Corpus, exchanges: Iterable[Exchange]
) -> tuple[list[Exchange], Counter[str]]:
    """Divide exchanges: what a gateway can be asked that no variables can be given.

    Returns:
        Those in the default environment, or in one that is the same; and of each other
        environment how many there are.
    """
    default = corpus.environments.get(DEFAULT, {})
    fitting, others = [], Counter[str]()
    for exchange in exchanges:
        name = exchange.case.environment
        if corpus.environments[name] == default:
            fitting.append(exchange)
        else:
            others[name] += 1
    return fitting, others


def names_of(corpus: Corpus, compiled: Compiled) -> dict[str, str]:
    """Return what each upstream of a routes file is called in a corpus.

    One that is alone on both sides is the same, whatever it is called; that a case calls
    one that the corpus does not know is a difference.

    Raises:
        StartError: where an upstream of the corpus is none of the file.
    """
    assert compiled.gateway is not None
    ours = [item.name for item in compiled.gateway.upstreams]
    if len(ours) == len(corpus.upstreams) == 1:
        return {ours[0]: corpus.upstreams[0]}
    for name in corpus.upstreams:
        if name not in ours:
            raise StartError(
                f"{corpus.folder} was recorded with an upstream `{name}`, which "
                f"{compiled.report.file} does not define; give it that name"
            )
    return {name: name for name in ours}
