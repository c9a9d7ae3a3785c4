"""The pytest plugin: a corpus becomes tests, of three lines of the user's own.

    def test_compat(exchange, gateway, snapshot):
        assert gateway.replay(exchange) == snapshot

A test that asks for `exchange` and `gateway` runs for each exchange of the corpus;
`gateway` is that of the routes file, `snapshot` the exchange's own file. Where they are
is told by `hxroute_routes` and `hxroute_corpus` in pytest's configuration.

It is loaded by every run of pytest, so it imports nothing until a test asks for it.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
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
_COLUMNS: Final = 100
_CORPUS: Final = pytest.StashKey["Corpus"]()
_DIFFERENCE: Final = pytest.StashKey[str]()
"""What differs in the test that runs."""

_BROKEN: Final = pytest.StashKey[list["_Broken"]]()


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
    if not (set(metafunc.fixturenames) >= _ASKED and _is_ours(metafunc)):
        return
    if "snapshot" in metafunc.fixturenames and not _fixtures(metafunc, "snapshot"):
        raise pytest.Collector.CollectError(
            "`snapshot` is a fixture of syrupy: pip install 'hxroute[pytest]'"
        )
    exchanges = _corpus(metafunc.config).exchanges.values()
    metafunc.parametrize("exchange", exchanges, ids=lambda item: item.name)


def _is_ours(metafunc: pytest.Metafunc) -> bool:
    """Tell whether `exchange` is one of a corpus, and no fixture of somebody else."""
    named = (mark.args[:1] for mark in metafunc.definition.iter_markers("parametrize"))
    if _fixtures(metafunc, "exchange") or any("exchange" in str(one) for one in named):
        return False
    gateways = _fixtures(metafunc, "gateway")
    if gateways and gateways[-1].func.__module__ == __name__:
        return True
    return (_place(metafunc.config, "hxroute_corpus") / "corpus.json").exists()


def _fixtures(metafunc: pytest.Metafunc, name: str) -> Any:
    """Return the fixtures of a name, the one that counts last; pytest has no other way."""
    return metafunc.definition._fixtureinfo.name2fixturedefs.get(name, ())  # noqa: SLF001


@pytest.hookimpl(tryfirst=True)
def pytest_assertrepr_compare(
    config: pytest.Config, op: str, left: object, right: object
) -> list[str] | None:
    """Show the differences of an exchange, and the lines of the routes file."""
    replay = sys.modules.get("hxroute.proof.replay")
    if replay is None:  # nothing was replayed
        return None
    sides = (item for item in (left, right) if isinstance(item, replay.Replayed))
    found = next(sides, None)
    if found is None or op != "==" or found.verdict.outcome != "unexplained":
        return None
    from hxroute.proof.report import text

    routes = config.getini("hxroute_routes")
    shown = text.of_verdict(found.verdict, routes, width=_COLUMNS)
    config.stash[_DIFFERENCE] = shown
    return shown.splitlines()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show differences whole, and why there is no gateway once."""
    report = yield
    shown = item.config.stash.get(_DIFFERENCE, "")
    if shown and report.failed:
        del item.config.stash[_DIFFERENCE]
        if "Full output truncated" in report.longreprtext:
            report.sections.append(("what differs", shown))
    for broken in item.config.stash.get(_BROKEN, ()):
        if call.excinfo is not None and call.excinfo.value is broken.error:
            broken.told = broken.told or item.nodeid
            if broken.told != item.nodeid:
                report.longrepr = f"no gateway, for the reason that {broken.told} shows"
    return report


@pytest.fixture(scope="session")
def hxroute_routes(pytestconfig: pytest.Config) -> Path:
    """The routes file whose gateway is asked; a project may have several."""
    return _place(pytestconfig, "hxroute_routes")


@pytest.fixture(scope="session")
def gateway(request: pytest.FixtureRequest, hxroute_routes: Path) -> Iterator[Gateway]:
    """The gateway of the routes file, to replay exchanges."""
    from hxroute.errors import StartError
    from hxroute.proof.replay import Gateway

    corpus = _corpus(request.config)
    try:
        compiled = _compiled(hxroute_routes)
        replaying = Gateway(compiled, corpus, _ledger(corpus))
    except StartError as exc:
        error = pytest.fail.Exception(str(exc), pytrace=False)
        request.config.stash.setdefault(_BROKEN, []).append(_Broken(error))
        raise error from None
    with replaying as running:
        if not hasattr(request.config, "workerinput"):
            running.begin(_wanted(request.session))
        yield running


class _Broken:
    """Why there is no gateway, and the test that was told so."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.told = ""


class _Snapshots:
    """Holds a fixture that the plugin of syrupy must not hide."""

    @pytest.fixture
    def snapshot(
        self, snapshot: SnapshotAssertion, request: pytest.FixtureRequest
    ) -> SnapshotAssertion:
        """The exchange's own file, where a test asks for an exchange."""
        exchange = _exchange(request.node)
        if exchange is None:
            return snapshot
        from hxroute.proof.snapshots import golden

        corpus = _corpus(request.config)
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
    from hxroute.proof.prove import selected

    if _CORPUS not in config.stash:
        try:
            loaded = corpus.load(_place(config, "hxroute_corpus"), changed=True)
            selected(loaded, ())
        except StartError as exc:
            raise pytest.Collector.CollectError(str(exc)) from exc
        config.stash[_CORPUS] = loaded
    return config.stash[_CORPUS]


def _place(config: pytest.Config, name: str) -> Path:
    """Return what the configuration names: from pytest's root, else from here.

    The root of a project without a configuration is the folder of its tests.
    """
    wish = str(config.getini(name))
    places = (config.rootpath / wish, config.invocation_params.dir / wish)
    return next((place for place in places if place.exists()), places[0])


def _compiled(routes: Path) -> Any:
    """Compile a routes file.

    Raises:
        StartError: where it cannot be read, or holds errors.
    """
    from hxroute.compiler import compile
    from hxroute.diagnostics import text
    from hxroute.errors import StartError

    try:
        result = compile(routes.read_bytes(), str(routes))
    except OSError as exc:
        raise StartError(f"{routes} cannot be read: {exc.strerror}") from exc
    if result.gateway is None:
        raise StartError(text.render(result.report, color=False))
    return result


def _ledger(corpus: Corpus) -> Any:
    """Read the ledger.

    Raises:
        StartError: where it is stale, expired or wrong.
    """
    from datetime import UTC, datetime

    from hxroute.errors import StartError
    from hxroute.proof import ledger

    intended = ledger.read(corpus.ledger)
    today = datetime.now(UTC).date()
    found = ledger.problems(intended, corpus.exchanges.values(), today)
    if found:
        lines = (f"{one.file}:{one.line}: {one.message}; {one.help}" for one in found)
        raise StartError("\n".join(lines))
    return intended


def _wanted(session: pytest.Session) -> Iterator[Exchange]:
    """Yield the exchanges that tests of this run ask for."""
    for item in session.items:
        exchange = _exchange(item)
        if exchange is not None:
            yield exchange


def _exchange(item: pytest.Item) -> Exchange | None:
    """Return the exchange of a corpus that a test is run for, if it is."""
    exchange = sys.modules.get("hxroute.proof.exchange")
    if exchange is None or not hasattr(item, "callspec"):
        return None
    found = item.callspec.params.get("exchange")
    return found if isinstance(found, exchange.Exchange) else None
