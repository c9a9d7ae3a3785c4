"""Replaying for tests: gateways start when they are asked, and all end."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hxroute.compiler import compile
from hxroute.proof.corpus import Corpus, text_of
from hxroute.proof.exchange import Case, Exchange, Facts
from hxroute.proof.ledger import Ledger, read
from hxroute.proof.messages import Request
from hxroute.proof.replay import Gateway, Replayed
from hxroute.proof.verdict import Difference, Verdict
from tests.proof.projects import KEY, NOSNIFF, ROUTES, line_of, make

FACT = "client.headers.x-content-type-options"
WRONG = ROUTES.replace(NOSNIFF, "x-content-type-options: other")
NO_LEDGER = Ledger("none")
LINUX = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="processes are found in /proc"
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return make(tmp_path_factory.mktemp("recorded"))


def gateway(
    corpus: Corpus, routes: str = ROUTES, ledger: Ledger = NO_LEDGER
) -> Gateway:
    return Gateway(compile(routes.encode(), "routes.yaml"), corpus, ledger)


def children() -> set[int]:
    """Return the processes that this one has started."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            found.add(int(stat.parent.name))
    return found


def slow(name: str, seconds: float) -> Exchange:
    request = Request("GET", "/v1/models", (("Authorization", f"Bearer {KEY}"),))
    script = ("HTTP/1.1 204 No Content\r\n\r\n",)
    return Exchange(Case(name, request, ({"sleep": seconds}, *script)))


# ---- the text


def test_same_gateway_gives_the_text_of_the_file(corpus: Corpus) -> None:
    with gateway(corpus) as running:
        for exchange in corpus.exchanges.values():
            replayed = running.replay(exchange)
            assert replayed == corpus.file(exchange.name).read_text(encoding="utf-8")
            assert replayed.verdict.outcome == "identical"


def test_difference_is_in_the_text_with_its_line(corpus: Corpus) -> None:
    exchange = corpus.exchanges["models-ok"]
    with gateway(corpus, WRONG) as running:
        replayed = running.replay(exchange)

    assert replayed == text_of(exchange).replace("nosniff", "other")
    (difference,) = replayed.verdict.differences
    assert difference.line == line_of("x-content-type-options: other", WRONG)


def ledger(folder: Path, value: str) -> Ledger:
    path = folder / "divergences.yaml"
    path.write_text(
        "version: 1\ndivergences:\n  - cases: [models-ok]\n    reason: So.\n"
        f"    owner: us\n    client: {{headers: {{x-content-type-options: {value}}}}}\n"
    )
    return read(path)


def test_sanctioned_difference_is_the_text_of_the_file(
    corpus: Corpus, tmp_path: Path
) -> None:
    exchange = corpus.exchanges["models-ok"]
    with gateway(corpus, WRONG, ledger(tmp_path, "other")) as running:
        replayed = running.replay(exchange)

    assert replayed == text_of(exchange)
    assert replayed.verdict.outcome == "sanctioned"


@pytest.mark.parametrize(
    ("routes", "pinned"), [(ROUTES, "other"), (WRONG, "third"), (ROUTES, "null")]
)
def test_pin_that_is_not_so_is_never_the_text_of_the_file(
    corpus: Corpus, tmp_path: Path, routes: str, pinned: str
) -> None:
    exchange = corpus.exchanges["models-ok"]
    with gateway(corpus, routes, ledger(tmp_path, pinned)) as running:
        replayed = running.replay(exchange)

    assert replayed != text_of(exchange)
    assert replayed.verdict.outcome == "unexplained"


def test_gateway_that_does_not_start_is_told_as_text(corpus: Corpus) -> None:
    routes = ROUTES.replace("MAX_BODY, type: size, default: 1KiB", "SIZE, type: size")
    with gateway(corpus, routes) as running:
        texts = {running.replay(corpus.exchanges[n]) for n in ("health", "models-ok")}

    assert len(texts) == 2
    for text in texts:
        assert "--- gateway did not start\nline 5: setting `limit`: not set" in text
        assert "client got" not in text


@pytest.mark.parametrize(
    "new",
    [
        {"client.status": ("500",)},
        {"client.complete": ("false",)},
        {"client.headers.x-a": ()},
        {"client.headers.x-b": ("1",)},
        {"client.body": ("",)},
        {"upstream.2.method": ("GET",), "upstream.requests": ("2",)},
        {"start.error": ("no",)},
    ],
)
def test_unexplained_is_never_the_text_of_the_file(new: Facts) -> None:
    recorded = Exchange(
        Case("x", Request("GET", "/")),
        {
            "client.status": ("200",),
            "client.headers.x-a": ("1", "2"),
            "client.body": ("b",),
            "client.complete": ("true",),
            "upstream.method": ("GET",),
            "upstream.target": ("/",),
            "upstream.body": ("",),
            "upstream.requests": ("1",),
        },
    )
    found = tuple(Difference(n, recorded.facts.get(n, ()), v) for n, v in new.items())

    replayed = Replayed.of(Verdict(recorded, recorded.facts | new, found))

    assert replayed != text_of(recorded)


# ---- gateways


@LINUX
def test_gateways_start_when_they_are_asked(corpus: Corpus) -> None:
    before = children()
    with gateway(corpus) as running:
        assert children() == before
        for name, count in (
            ("models-ok", 1),
            ("health", 1),
            ("keyed-ok", 2),
            ("models-down", 3),
            ("auth-wrong", 3),
        ):
            running.replay(corpus.exchanges[name])
            assert len(children() - before) == count
    assert children() == before


@LINUX
def test_gateway_that_does_not_start_is_asked_once(corpus: Corpus) -> None:
    before = children()
    with gateway(corpus) as running:
        for _ in range(3):
            replayed = running.replay(corpus.exchanges["bad-size"])
            assert replayed.verdict.outcome == "identical"
        assert children() == before


def test_long_cases_are_begun_ahead_and_beside_each_other(corpus: Corpus) -> None:
    names = [f"slow-{n}" for n in range(10)]
    exchanges = [slow(name, 1.0) for name in names]
    with gateway(corpus) as running:
        running.begin([*exchanges, *exchanges, corpus.exchanges["health"]])
        assert list(running._begun) == names
        for exchange in exchanges:
            assert running.play(exchange.case)["client.status"] == ("204",)
        assert running._lanes == {}


def test_long_case_in_an_environment_that_does_not_start(corpus: Corpus) -> None:
    late = slow("slow", 1.0)
    late = dataclasses.replace(
        late, case=dataclasses.replace(late.case, environment="bad")
    )
    with gateway(corpus) as running:
        running.begin([late])
        assert "start.error" in running.play(late.case)


@LINUX
@pytest.mark.parametrize("error", [None, AssertionError, KeyboardInterrupt])
@pytest.mark.parametrize("begun", [0, 12])
def test_everything_ends_with_the_block(
    corpus: Corpus,
    error: type[BaseException] | None,
    begun: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = children()

    def block() -> None:
        with gateway(corpus) as running:
            running.begin([slow(f"slow-{n}", 600) for n in range(begun)])
            running.replay(corpus.exchanges["models-ok"])
            assert children() != before
            if error is not None:
                raise error

    ended(block, error)
    assert children() == before
    assert caplog.records == []


def ended(block: Callable[[], None], error: type[BaseException] | None) -> None:
    if error is None:
        block()
        return
    with pytest.raises(error):
        block()


def test_gateway_that_nobody_asks_ends_at_once(corpus: Corpus) -> None:
    with gateway(corpus) as running:
        assert running.environments == corpus.environments
    assert not running._thread.is_alive()
