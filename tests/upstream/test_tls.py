"""Over TLS, answers end and connections are used again as they are without."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pytest

from tests.upstream.cases import Case
from tests.upstream.corpus.bodies import BODIES
from tests.upstream.gateway import Bench, gateway_of, shared
from tests.upstream.tls import SELF_SIGNED, server_context

TRUST: Final = f"ca_file: {json.dumps(str(SELF_SIGNED))}"
CASES: Final = tuple(replace(case, upstream=TRUST) for case in BODIES)


@pytest.fixture(scope="module")
def over_tls(runner: asyncio.Runner) -> Iterator[Bench]:
    """Serve a gateway that trusts the upstream's certificate."""
    with shared(runner, gateway_of(CASES), server_context()) as served:
        yield served


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_answer_over_tls_is_right_and_so_is_the_next(
    case: Case, runner: asyncio.Runner, over_tls: Bench
) -> None:
    runner.run(over_tls.try_case(case))
