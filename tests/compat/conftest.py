"""The new gateway's answers to the recording, made once a session; and the snapshots."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from tests import processes
from tests.compat.exchange import Facts, profiles, recorded
from tests.compat.http_text import HttpText
from tests.compat.pair import Pair, started
from tests.compat.replay import replay

STARTS_AT_ONCE = 3


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The HX gateway, compiled in a folder of its own."""
    if importlib.util.find_spec("hxroute.__main__") is None:
        pytest.skip("there is no gateway yet")
    return processes.compiled(tmp_path_factory.mktemp("gateway"))


@pytest.fixture(scope="session")
def answers(compiled: Path) -> dict[str, Facts]:
    """The facts of each recorded exchange, from the new gateway."""
    environments = profiles()
    exchanges = recorded()

    def one(profile: str) -> dict[str, Facts]:
        own = [exchange for exchange in exchanges if exchange.profile == profile]
        return replay(profile, own, environments[profile], compiled)

    with ThreadPoolExecutor(STARTS_AT_ONCE) as pool:
        results = pool.map(one, environments)
        return {name: facts for result in results for name, facts in result.items()}


@pytest.fixture(scope="session")
def pair(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Running gateways, for exchanges that are not in the recording."""
    with started(compiled, tmp_path_factory.mktemp("logs")) as pair:
        yield pair


@pytest.fixture
def recording(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """The old gateway's answers, one file an exchange: `text == recording(name=…)`."""
    return snapshot.use_extension(HttpText)
