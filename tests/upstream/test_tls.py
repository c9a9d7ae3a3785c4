"""Over TLS, answers end and connections are used again as they are without."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

import pytest

from tests.upstream.cases import Case
from tests.upstream.corpus.bodies import BODIES
from tests.upstream.corpus.lengths import LENGTHS
from tests.upstream.gateway import Bench, gateway_of, shared
from tests.upstream.tls import SELF_SIGNED, server_context

CASES: Final = (*BODIES, *LENGTHS)


@pytest.fixture(scope="module")
def over_tls(runner: asyncio.Runner) -> Iterator[Bench]:
    """Serve a gateway that trusts the upstream's certificate."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(SELF_SIGNED))
        with shared(runner, gateway_of(CASES), server_context()) as served:
            runner.run(served.canary(f"/{CASES[0].id}/first"))  # it has started now
            patch.undo()
            yield served


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_answer_over_tls_is_right_and_so_is_the_next(
    case: Case, runner: asyncio.Runner, over_tls: Bench
) -> None:
    runner.run(over_tls.try_case(case))
