from __future__ import annotations

import logging

import pytest


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Leave out what the gateway logs of each fault: a report has it by id."""
    for name in ("asyncio", "hxroute"):
        caplog.set_level(logging.CRITICAL, name)
