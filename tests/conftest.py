"""What tests of every folder may ask for."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from hxroute.ir import Client
from tests.clients import CLIENTS, through

if TYPE_CHECKING:
    from playwright.sync_api import Browser  # type: ignore[import-not-found, unused-ignore]

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="module", params=CLIENTS)
def each_client(request: pytest.FixtureRequest) -> Iterator[Client]:
    with through(request.param) as client:
        yield client


def unavailable(reason: str) -> None:
    """Skip, or fail where `HXROUTE_REQUIRE` lists the browser."""
    required = os.environ.get("HXROUTE_REQUIRE", "").split(",")
    if "browser" in [name.strip() for name in required]:
        pytest.fail(f"HXROUTE_REQUIRE has browser, but {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A Chromium without a window, as the system has it; nothing is downloaded."""
    if importlib.util.find_spec("playwright") is None:
        unavailable("playwright is missing: `pip install 'hxroute[browser]'`")
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        unavailable("no Chromium is on the path: `apt-get install chromium`")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found)
        yield browser
        browser.close()
