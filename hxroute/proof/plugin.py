"""The pytest plugin: a corpus becomes tests, of three lines of the user's own.

    def test_compat(exchange, gateway, snapshot):
        assert gateway.replay(exchange) == snapshot

A test that asks for `exchange` and `gateway` runs for each exchange of the corpus;
`gateway` is that of the routes file, `snapshot` the exchange's own file. Where they are
is told by `hxroute_routes` and `hxroute_corpus` in pytest's configuration.

It is loaded by every run of pytest, so it imports nothing until a test asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from hxroute.proof.corpus import Corpus
    from hxroute.proof.exchange import Exchange
    from hxroute.proof.replay import Gateway

__all__ = [
    "gateway",
    "hxroute_routes",
    "pytest_addoption",
    "pytest_assertrepr_compare",
    "pytest_configure",
    "pytest_generate_tests",
]

_ASKED: Final = {"exchange", "gateway"}
_CORPUS: Final = pytest.StashKey["Corpus"]()
_COLUMNS: Final = 100


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the configuration say where routes file and corpus are."""
    parser.addini(
        "hxroute_routes", "The routes file of `gateway`.", default="routes.yaml"
    )
    parser.addini("hxroute_corpus", "The corpus of `exchange`.", default="corpus")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Take `snapshot` over from syrupy, for exchanges alone: the later one counts."""
    if config.pluginmanager.hasplugin("syrupy"):
        config.pluginmanager.register(_Snapshots(), "hxroute-snapshots")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test for each exchange of the corpus."""
    if set(metafunc.fixturenames) >= _ASKED:
        corpus = _corpus(metafunc.config)
        exchanges = corpus.exchanges.values()
        metafunc.parametrize("exchange", exchanges, ids=lambda item: item.name)


@pytest.hookimpl(tryfirst=True)
def pytest_assertrepr_compare(
    config: pytest.Config, op: str, left: object, right: object
) -> list[str] | None:
    """Show the differences of an exchange, and the lines of the routes file."""
    from hxroute.proof.replay import Replayed
    from hxroute.proof.report import text

    found = next((item for item in (left, right) if isinstance(item, Replayed)), None)
    if found is None or op != "==" or found.verdict.outcome != "unexplained":
        return None
    routes = config.getini("hxroute_routes")
    return text.of_verdict(found.verdict, routes, width=_COLUMNS).splitlines()


@pytest.fixture(scope="session")
def hxroute_routes(pytestconfig: pytest.Config) -> Path:
    """The routes file whose gateway is asked; a project may have several."""
    return pytestconfig.rootpath / str(pytestconfig.getini("hxroute_routes"))


@pytest.fixture(scope="session")
def gateway(request: pytest.FixtureRequest, hxroute_routes: Path) -> Iterator[Gateway]:
    """The gateway of the routes file, to replay exchanges."""
    from datetime import UTC, datetime

    from hxroute.errors import StartError
    from hxroute.proof import ledger
    from hxroute.proof.replay import Gateway

    corpus = _corpus(request.config)
    try:
        intended = ledger.read(corpus.ledger)
        today = datetime.now(UTC).date()
        _refuse(ledger.problems(intended, corpus.exchanges.values(), today))
        with Gateway(_compiled(hxroute_routes), corpus, intended) as running:
            if not hasattr(request.config, "workerinput"):
                running.begin(_wanted(request.session))
            yield running
    except StartError as exc:
        pytest.fail(str(exc), pytrace=False)


class _Snapshots:
    """Holds a fixture that the plugin of syrupy must not hide."""

    @pytest.fixture
    def snapshot(
        self, snapshot: SnapshotAssertion, request: pytest.FixtureRequest
    ) -> SnapshotAssertion:
        """The exchange's own file, where a test asks for an exchange."""
        if not set(request.fixturenames) >= _ASKED:
            return snapshot
        from hxroute.proof.snapshots import golden

        corpus = _corpus(request.config)
        exchange: Exchange = request.getfixturevalue("exchange")
        if exchange.name in corpus.changed:
            pytest.fail(
                f"{corpus.file(exchange.name)} was changed since it was recorded; "
                "restore it, or say why: `hxroute record --declare REASON`",
                pytrace=False,
            )
        return golden(snapshot, corpus.file(exchange.name))


def _corpus(config: pytest.Config) -> Corpus:
    """Read the corpus, once."""
    from hxroute.errors import StartError
    from hxroute.proof import corpus

    if _CORPUS not in config.stash:
        folder = config.rootpath / config.getini("hxroute_corpus")
        try:
            config.stash[_CORPUS] = corpus.load(folder, changed=True)
        except StartError as exc:
            raise pytest.Collector.CollectError(str(exc)) from exc
    return config.stash[_CORPUS]


def _compiled(routes: Path) -> Any:
    from hxroute.compiler import compile
    from hxroute.diagnostics import text

    try:
        result = compile(routes.read_bytes(), str(routes))
    except OSError as exc:
        pytest.fail(f"{routes} cannot be read: {exc.strerror}", pytrace=False)
    if result.gateway is None:
        pytest.fail(text.render(result.report, color=False), pytrace=False)
    return result


def _refuse(problems: Any) -> None:
    """Fail where the ledger is stale, expired or wrong."""
    lines = [
        f"{item.file}:{item.line}: {item.message}; {item.help}" for item in problems
    ]
    if lines:
        pytest.fail("\n".join(lines), pytrace=False)


def _wanted(session: pytest.Session) -> Iterator[Any]:
    """Yield the exchanges that tests of this run ask for."""
    for item in session.items:
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            exchange = item.callspec.params.get("exchange")
            if exchange is not None and set(item.fixturenames) >= _ASKED:
                yield exchange
