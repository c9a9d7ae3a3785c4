"""One event loop for a module on each client: stages close in it while others are tried."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from hxroute.ir import Client
from tests.behaviours.stage import struck


@pytest.fixture(scope="module")
def runner(each_client: Client) -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner
        runner.run(struck())
