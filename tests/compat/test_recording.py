"""The corpus holds the old gateway's answers: it comes from the recording alone."""

from __future__ import annotations

import hashlib

import pytest

from hxroute.proof import corpus
from tests.compat.handed import CORPUS, DATA, handed, lines

SHA256 = {
    "exchanges.jsonl": "52d469f55f19faa9b9771bee21d86bf7afe874d3aaea12a99709f51b7ef88719",
    "profiles.json": "3059b7502f6352068d2f4dfdb657741e73e8a46943e571f042565a93379e6120",
}
HANDED = handed()
LOADED = corpus.load(CORPUS)


@pytest.mark.parametrize("name", SHA256)
def test_recording_is_the_one_that_was_handed_over(name: str) -> None:
    digest = hashlib.sha256((DATA / name).read_bytes()).hexdigest()
    assert digest == SHA256[name]


@pytest.mark.parametrize("name", [line["name"] for line in lines()])
def test_exchange_is_the_recorded_one(name: str) -> None:
    assert LOADED.exchanges[name] == HANDED.exchanges[name]


def test_corpus_is_the_recording() -> None:
    assert LOADED.exchanges.keys() == HANDED.exchanges.keys()
    assert LOADED.environments == HANDED.environments
    assert (LOADED.oracle, LOADED.host) == (HANDED.oracle, HANDED.host)
    assert LOADED.upstreams == HANDED.upstreams
    assert LOADED.declared == ()
