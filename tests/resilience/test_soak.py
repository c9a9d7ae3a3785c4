"""A soak in small: what the traffic with its faults has taken is given back."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.processes import ROOT

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="memory is read from /proc"
)


def test_soak_leaves_nothing_behind(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, str(ROOT / "benchmarks" / "soak.py")),
            *("--seconds", "3", "--clients", "8", "--output", str(tmp_path)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "soak.json").read_text())
    assert found["answers"]["200"] > 0
    for key in ("files", "tasks"):
        assert found["after"][key] <= found["at rest"][key], found
    drawn = ET.parse(tmp_path / "soak.svg").getroot()
    assert len(drawn.findall("{http://www.w3.org/2000/svg}polyline")) == 3
