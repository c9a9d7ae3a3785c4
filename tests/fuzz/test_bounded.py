"""Each target of bytes for a few seconds, with mutations by chance: the same each time."""

from __future__ import annotations

from random import Random

import pytest

from tests.fuzz.corpus import beginnings
from tests.fuzz.seeds import WORDS
from tests.fuzz.targets import TARGETS
from tests.fuzz.tokens import bent
from tests.strategies import LONG

RUNS = {
    "rename": 6000,
    "path": 12000,
    "router": 12000,
    "slots": 8000,
    "front": 8000,
    "upstream": 1500,
}
MAX_LENGTH = 8192
TIMES = 20 if LONG else 1


@pytest.mark.timeout(600)
@pytest.mark.parametrize("target", RUNS)
def test_what_a_target_begins_with_holds(target: str) -> None:
    for data in beginnings(target):
        holds(target, data)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("target", RUNS)
def test_mutations_hold(target: str) -> None:
    random = Random(None if LONG else target)
    pool = list(beginnings(target))
    words = WORDS[target]
    for _ in range(RUNS[target] * TIMES):
        data = bent(random.choice(pool), random, words)[:MAX_LENGTH]
        holds(target, data)
        if random.random() < 0.02:
            pool.append(data)  # to be changed further


def holds(target: str, data: bytes) -> None:
    """Run a target; what breaks it is said in full, to be kept as a case."""
    try:
        TARGETS[target](data)
    except Exception as exc:
        exc.add_note(f"keep it in tests/fuzz/found as NAME.{target}: {data!r}")
        raise
