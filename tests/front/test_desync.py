"""Every permutation is refused, or arrives as the one request that it strictly is."""

from __future__ import annotations

import pytest

from tests.front.cases import Case
from tests.front.desync import DESYNC
from tests.front.harness import Run


@pytest.mark.parametrize("case", DESYNC, ids=lambda case: case.name)
def test_permutation(case: Case, run: Run) -> None:
    run.check(case, "whole")


def test_permutations_are_more_than_a_thousand() -> None:
    assert len({case.data for case in DESYNC}) > 1100
