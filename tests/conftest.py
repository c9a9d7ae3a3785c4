"""What tests of every folder may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hxroute.ir import Client
from tests.clients import CLIENTS, through


@pytest.fixture(scope="module", params=CLIENTS)
def each_client(request: pytest.FixtureRequest) -> Iterator[Client]:
    with through(request.param) as client:
        yield client
