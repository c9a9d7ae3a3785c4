"""G8: no text makes a regular expression of the package work for long."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from hxroute.compiler import compile
from tests.attacks.expressions import SLOTS, file_of
from tests.attacks.pumping import found
from tests.processes import ROOT

NAMES = [item.name for item in found()]


@pytest.fixture(scope="module")
def outcomes() -> dict[str, bool]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.attacks.pumping"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=170,
        check=True,
    )
    told: dict[str, bool] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("name", NAMES, ids="G8-{}".format)
def test_pattern_is_linear(outcomes: dict[str, bool], name: str) -> None:
    assert not outcomes[name]


def test_g8_patterns_are_found() -> None:
    """By name, in a call, and in a schema."""
    assert len(NAMES) > 60
    assert "hxroute.paths._DOT_SEGMENT" in NAMES
    assert any(name.startswith("hxroute.units:") for name in NAMES)
    assert any(name.startswith("routes.schema: ") for name in NAMES)


@pytest.mark.parametrize("slot", SLOTS, ids="G8-{}".format)
def test_file_holds_no_pattern_of_its_own(slot: str) -> None:
    """Neither a filter nor a test of the language takes one."""
    for expression in ("query.a | regex_search('x')", "query.a is match('x')"):
        report = compile(file_of(slot, f"{{{{ {expression} }}}}"), "routes.yaml").report

        assert report.failed
