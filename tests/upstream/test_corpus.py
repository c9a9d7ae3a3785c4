"""Whatever an upstream answers, the client's answer is right, and so is the next one.

Each case has a pool of its own. What comes behind it on that pool are requests with
one right answer only: a connection that the case has poisoned would give another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.upstream.cases import Case
from tests.upstream.corpus.bodies import BODIES
from tests.upstream.corpus.chunks import CHUNKS
from tests.upstream.corpus.ends import ENDS
from tests.upstream.corpus.heads import HEADS
from tests.upstream.corpus.lengths import LENGTHS
from tests.upstream.corpus.starts import STARTS
from tests.upstream.gateway import Bench, gateway_of, shared

CASES = (*BODIES, *CHUNKS, *HEADS, *ENDS, *LENGTHS, *STARTS)


@pytest.fixture(scope="module")
def served_cases(runner: asyncio.Runner) -> Iterator[Bench]:
    with shared(runner, gateway_of(CASES)) as served:
        yield served


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_answer_is_right_and_so_is_the_next(
    case: Case, runner: asyncio.Runner, served_cases: Bench
) -> None:
    runner.run(served_cases.try_case(case))


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.id for case in CASES}) == len(CASES)
