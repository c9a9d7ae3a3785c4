"""The snapshots hold the old gateway's answers: they come from the recording alone."""

from __future__ import annotations

import hashlib

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.compat.exchange import DATA, Exchange, profiles, recorded
from tests.compat.render import render

# syrupy says so when it writes a file that is named after no test: they are shared.
pytestmark = pytest.mark.filterwarnings(r"ignore:\s*Can not relate snapshot")

SHA256 = {
    "exchanges.jsonl": "52d469f55f19faa9b9771bee21d86bf7afe874d3aaea12a99709f51b7ef88719",
    "profiles.json": "3059b7502f6352068d2f4dfdb657741e73e8a46943e571f042565a93379e6120",
}


@pytest.mark.parametrize("exchange", recorded(), ids=lambda one: one.name)
def test_snapshot_is_the_recording(
    exchange: Exchange, recording: SnapshotAssertion
) -> None:
    assert render(exchange, exchange.old) == recording(name=exchange.name)


@pytest.mark.parametrize("name", SHA256)
def test_recording_is_the_one_that_was_handed_over(name: str) -> None:
    digest = hashlib.sha256((DATA / name).read_bytes()).hexdigest()
    assert digest == SHA256[name]


def test_each_exchange_has_a_known_environment() -> None:
    assert {exchange.profile for exchange in recorded()} == set(profiles())


def test_each_snapshot_belongs_to_an_exchange() -> None:
    files = (DATA.parent / "snapshots").iterdir()
    assert {file.name for file in files} == {f"{one.name}.http" for one in recorded()}
