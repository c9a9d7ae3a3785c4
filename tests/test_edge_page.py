"""The examples of docs/edge.md compile, and say what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hxroute.compiler import compile
from hxroute.diagnostics.text import render

PAGE = (Path(__file__).parents[1] / "docs" / "edge.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_compiles(example: str) -> None:
    result = compile(example.encode(), "routes.yaml")

    assert result.gateway is not None, render(result.report)
    assert result.report.diagnostics == [], render(result.report)


def test_page_has_examples() -> None:
    assert EXAMPLES
