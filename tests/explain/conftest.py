"""Served gateways, started once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.explain.served import Place, places


@pytest.fixture(scope="session")
def gateways() -> Iterator[dict[str, Place]]:
    """Every file under every environment, served."""
    with places() as found:
        yield found
