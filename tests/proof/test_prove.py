"""What of a corpus is proven, and how what is found is judged."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from hxroute.compiler import Compiled, compile
from hxroute.errors import StartError
from hxroute.proof.corpus import Corpus
from hxroute.proof.exchange import Exchange
from hxroute.proof.ledger import Ledger
from hxroute.proof.prove import (
    in_default,
    names_of,
    prove,
    selected,
    verdict_of,
    way_of,
    with_blame,
)
from hxroute.proof.varying import SOMETIMES, VARIES
from hxroute.proof.verdict import Verdict
from tests.proof.projects import CASES, NOSNIFF, ROUTES, line_of, make, target_of

FACT = "client.headers.x-content-type-options"
WRONG = ROUTES.replace(NOSNIFF, "x-content-type-options: other")
NAMES = [case.name for case in CASES]
NO_LEDGER = Ledger("none")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return make(tmp_path_factory.mktemp("recorded"))


def compiled(routes: str) -> Compiled:
    return compile(routes.encode(), "routes.yaml")


# ---- proving


@pytest.mark.parametrize("jobs", [1, 4])
def test_verdicts_have_the_order_of_the_corpus(corpus: Corpus, jobs: int) -> None:
    seen: list[Verdict] = []
    exchanges = selected(corpus, ())

    work = prove(
        exchanges, target_of(WRONG), way_of(corpus, jobs), NO_LEDGER, seen.append
    )
    found = asyncio.run(work)

    assert [verdict.name for verdict in found] == NAMES
    assert sorted(verdict.name for verdict in seen) == sorted(NAMES)
    unexplained = [item.name for item in found if item.outcome == "unexplained"]
    assert unexplained == ["models-ok", "models-post", "keyed-ok"]


def test_one_who_has_seen_enough_gets_no_more(corpus: Corpus) -> None:
    exchanges = selected(corpus, ["models-ok", "models-post"])
    work = prove(
        exchanges, target_of(ROUTES), way_of(corpus, 1), NO_LEDGER, lambda _: True
    )

    assert [verdict.name for verdict in asyncio.run(work)] == ["models-ok"]


def test_difference_names_its_line(corpus: Corpus) -> None:
    recorded = corpus.exchanges["models-ok"]
    verdict = verdict_of(recorded, recorded.facts | {FACT: ("other",)}, NO_LEDGER)

    (difference,) = with_blame(
        compiled(WRONG), verdict, corpus.environments
    ).differences

    assert (difference.fact, difference.old) == (FACT, ("nosniff",))
    assert difference.line == line_of("x-content-type-options: other", WRONG)


def test_what_varied_in_the_recording_is_not_compared(corpus: Corpus) -> None:
    recorded = corpus.exchanges["models-ok"]
    varying = Exchange(recorded.case, recorded.facts | {FACT: VARIES})
    without = {n: v for n, v in recorded.facts.items() if n != FACT}

    for got in (recorded.facts, recorded.facts | {FACT: ("x",)}):
        assert verdict_of(varying, got, NO_LEDGER).outcome == "identical"
    assert verdict_of(varying, without, NO_LEDGER).outcome == "unexplained"
    sometimes = Exchange(recorded.case, recorded.facts | {FACT: SOMETIMES})
    assert verdict_of(sometimes, without, NO_LEDGER).outcome == "identical"
    other = recorded.facts | {"client.status": ("500",)}
    assert verdict_of(varying, other, NO_LEDGER).outcome == "unexplained"


# ---- what is proven


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        ((), NAMES),
        (("*",), NAMES),
        (("models-post", "health", "health"), ["health", "models-post"]),
        (("auth-*",), ["auth-missing", "auth-wrong"]),
        (("*-ok", "models-*"), ["models-ok", "models-post", "models-down", "keyed-ok"]),
    ],
)
def test_patterns_choose_in_the_order_of_the_corpus(
    corpus: Corpus, patterns: tuple[str, ...], names: list[str]
) -> None:
    assert [item.name for item in selected(corpus, patterns)] == names


@pytest.mark.parametrize("pattern", ["", "model", "Models-ok", "models-ok.http"])
def test_pattern_that_fits_nothing_is_refused(corpus: Corpus, pattern: str) -> None:
    with pytest.raises(StartError, match=f"holds no case `{pattern}`"):
        selected(corpus, ["health", pattern])


def test_incomplete_corpus_is_refused(corpus: Corpus) -> None:
    with pytest.raises(StartError, match="is not complete"):
        selected(dataclasses.replace(corpus, complete=False), ())


def test_running_gateway_shows_the_default_environment_alone(corpus: Corpus) -> None:
    fitting, others = in_default(corpus, selected(corpus, ()))

    assert [item.name for item in fitting] == NAMES[:-2]
    assert others == {"keyed": 1, "bad": 1}


def test_corpus_without_a_default_environment(corpus: Corpus) -> None:
    named = {n: v for n, v in corpus.environments.items() if n != "default"}
    other = dataclasses.replace(corpus, environments=named | {"default": {"A": "1"}})

    fitting, others = in_default(other, selected(corpus, ["keyed-ok", "models-down"]))

    assert (fitting, others) == ([], {"keyed": 1, "same": 1})


# ---- names of upstreams

TWO = """\
version: 1
upstreams:
  a: {url: "http://127.0.0.1:1"}
  b: {url: "http://127.0.0.1:2"}
headers: {h: {drop: [authorization, cookie]}}
defaults: {request: {headers: h}}
endpoints:
  - {path: /a, auth: none, upstream: a}
  - {path: /b, auth: none, upstream: b}
"""


def recorded_with(*upstreams: str) -> Corpus:
    from hxroute.proof.corpus import Oracle

    return Corpus(Path("corpus"), Oracle("old"), "h", upstreams, {"default": {}})


def test_one_upstream_is_the_same_whatever_its_name() -> None:
    assert names_of(recorded_with("x"), compiled(ROUTES)) == {"models": "x"}


def test_several_upstreams_are_told_by_their_names() -> None:
    both = {"a": "a", "b": "b"}

    assert names_of(recorded_with("b", "a"), compiled(TWO)) == both
    assert names_of(recorded_with("b"), compiled(TWO)) == both


@pytest.mark.parametrize("upstreams", [("x",), ("a", "x"), ("models", "b", "a")])
def test_upstream_of_the_corpus_must_be_one_of_the_file(
    upstreams: tuple[str, ...],
) -> None:
    missing = "models" if "models" in upstreams else "x"
    with pytest.raises(StartError, match=f"with an upstream `{missing}`, which routes"):
        names_of(recorded_with(*upstreams), compiled(TWO))


def test_name_is_no_fact_where_there_is_one() -> None:
    assert way_of(recorded_with("a"), 1).usual == "a"
    assert way_of(recorded_with("a", "b"), 1).usual == ""
