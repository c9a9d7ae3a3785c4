"""One event loop for a module, so that a gateway can outlive a test; all on each client."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from hxroute.ir import Client


@pytest.fixture(autouse=True, scope="module")
def runner(each_client: Client) -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner
