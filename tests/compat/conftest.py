"""The gateway of routes.yaml, on each client; the corpus is pytest's configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from hxroute.compiler import compile
from hxroute.ir import Client
from hxroute.proof.corpus import Corpus
from hxroute.proof.ledger import Ledger
from hxroute.proof.replay import Gateway
from tests import processes
from tests.clients import CLIENTS, stated, through
from tests.compat.handed import HOST, ORACLE
from tests.compat.pair import Pair, started
from tests.compat.strategies import ENVIRONMENTS


@pytest.fixture(scope="session", params=CLIENTS)
def each_client(request: pytest.FixtureRequest) -> Client:
    """As everywhere, but for the session: its gateways stay as long."""
    client: Client = request.param
    return client


@pytest.fixture(scope="session")
def routes_files(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Client, Path]:
    """The repository's routes file, once for each client."""
    folder, files = tmp_path_factory.mktemp("routes"), {}
    text = (processes.ROOT / "routes.yaml").read_text(encoding="utf-8")
    for client in CLIENTS:
        files[client] = folder / f"{client}.yaml"
        with through(client):
            files[client].write_text(stated(text), encoding="utf-8")
    return files


@pytest.fixture(scope="session")
def hxroute_routes(routes_files: Mapping[Client, Path], each_client: Client) -> Path:
    """What the plugin's `gateway` is made of."""
    return routes_files[each_client]


@pytest.fixture(scope="session")
def player(hxroute_routes: Path) -> Iterator[Gateway]:
    """The gateway in the environments of exchanges that are not in the recording."""
    none = Corpus(hxroute_routes.parent, ORACLE, HOST, ("litellm",), ENVIRONMENTS)
    compiled = compile(hxroute_routes.read_bytes(), str(hxroute_routes))
    with Gateway(compiled, none, Ledger("none")) as running:
        yield running


@pytest.fixture(scope="session")
def pair(
    each_client: Client, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    """A gateway that is asked for several things at a time."""
    folder = tmp_path_factory.mktemp("pair")
    with through(each_client), started(processes.compiled(folder)) as pair:
        yield pair
