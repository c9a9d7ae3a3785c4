"""Files of an enemy end in diagnostics, for work that grows as the file does.

`benchmarks/hostile.py` says how long the same files take at 1 MiB.
"""

from __future__ import annotations

import sys

import pytest

from hxroute.compiler import compile
from hxroute.diagnostics import Report
from hxroute.diagnostics.text import render
from tests.compiler.hostile import FILES, hostile
from tests.invariants import compiles_or_says_why

SMALL = 6 << 10
MAX_CALLS_A_BYTE = 150
FINE = {"calls", "endpoints", "one template", "references", "templates at their limit"}
"""Files that are only large; at full size some are refused for that."""


def calls(data: bytes) -> int:
    """Count the calls that it takes to compile and to render; any machine makes as many."""
    count = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        render(compile(data, "routes.yaml").report)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("name", FILES)
def test_hostile_file_compiles_or_says_why(name: str) -> None:
    result = compiles_or_says_why(hostile(name, 3 << 10))

    assert result.report.diagnostics or name in FINE


@pytest.mark.parametrize("name", FILES)
def test_work_grows_as_the_hostile_file_does(name: str) -> None:
    small, large = hostile(name, SMALL), hostile(name, 4 * SMALL)
    calls(small)  # what is made once is made

    few, many = calls(small), calls(large)

    grown = len(large) / len(small)
    assert many / few < 1.3 * max(grown, 1)
    assert many < MAX_CALLS_A_BYTE * len(large) + 50_000
