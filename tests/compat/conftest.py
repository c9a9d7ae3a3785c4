"""The new gateway's answers to the recording, made once a session; and the snapshots."""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from hxroute.ir import Client
from tests import processes
from tests.clients import CLIENTS, through
from tests.compat.exchange import Facts, profiles, recorded
from tests.compat.http_text import HttpText
from tests.compat.pair import Pair, started
from tests.compat.replay import replay

STARTS_AT_ONCE = 4


@pytest.fixture(scope="session", params=CLIENTS)
def each_client(request: pytest.FixtureRequest) -> Client:
    """As everywhere, but for the session: its gateways stay as long."""
    client: Client = request.param
    return client


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Client, Path]:
    """The HX gateway on each client, each compiled in a folder of its own."""
    if importlib.util.find_spec("hxroute.__main__") is None:
        pytest.skip("there is no gateway yet")
    folders = {}
    for client in CLIENTS:
        with through(client):
            folders[client] = processes.compiled(tmp_path_factory.mktemp(client))
    return folders


@pytest.fixture(scope="session")
def replayed(compiled: Mapping[Client, Path]) -> Mapping[Client, dict[str, Facts]]:
    """The facts of each recorded exchange on each client; most of the time is waiting."""
    environments, exchanges = profiles(), recorded()
    found: dict[Client, dict[str, Facts]] = {client: {} for client in CLIENTS}

    def one(place: tuple[str, Client]) -> None:
        profile, client = place
        own = [exchange for exchange in exchanges if exchange.profile == profile]
        facts = replay(profile, own, environments[profile], compiled[client])
        found[client].update(facts)

    with ThreadPoolExecutor(STARTS_AT_ONCE) as pool:
        list(pool.map(one, itertools.product(environments, CLIENTS)))
    return found


@pytest.fixture(scope="session")
def answers(
    replayed: Mapping[Client, dict[str, Facts]], each_client: Client
) -> dict[str, Facts]:
    """The facts of each recorded exchange, from the new gateway."""
    return replayed[each_client]


@pytest.fixture(scope="session")
def pair(
    compiled: Mapping[Client, Path],
    tmp_path_factory: pytest.TempPathFactory,
    each_client: Client,
) -> Iterator[Pair]:
    """Running gateways, for exchanges that are not in the recording."""
    with started(compiled[each_client], tmp_path_factory.mktemp("logs")) as pair:
        yield pair


@pytest.fixture
def recording(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """The old gateway's answers, one file an exchange: `text == recording(name=…)`."""
    return snapshot.use_extension(HttpText)
