"""What the fuzzing has found, kept: `found/NAME.TARGET` goes through that target."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.corpus import FOUND
from tests.fuzz.targets import TARGETS

CASES = sorted(path for path in FOUND.iterdir() if path.suffix[1:] in TARGETS)


@pytest.mark.parametrize("case", CASES, ids=[path.name for path in CASES])
def test_what_was_found_stays_mended(case: Path) -> None:
    TARGETS[case.suffix[1:]](case.read_bytes())
