"""docs/resilience.md: its files compile, and have nothing to complain of."""

from __future__ import annotations

import re

import pytest

from hxroute.compiler import compile
from hxroute.diagnostics.text import render
from tests.processes import ROOT

PAGE = (ROOT / "docs" / "resilience.md").read_text(encoding="utf-8")
FILES = re.findall(r"^```yaml\n(version: 1\n.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_page_shows_files() -> None:
    assert FILES


@pytest.mark.parametrize("source", FILES)
def test_file_of_the_page_compiles(source: str) -> None:
    result = compile(source.encode(), "routes.yaml")

    assert result.report.diagnostics == [], render(result.report)
    assert result.gateway is not None
