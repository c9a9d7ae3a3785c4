"""One event loop for a module: gateways close in it while later ones are tried."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.behaviours.stage import struck


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner
        runner.run(struck())
