"""Every request of the corpus is refused, or is served exactly as it was sent."""

from __future__ import annotations

import re

import pytest

from tests.front.cases import Case
from tests.front.corpus import CORPUS
from tests.front.garden import GARDEN
from tests.front.harness import Run
from tests.front.wire import Mode

SHORT = 600
"""Bytes that are worth to be sent one by one."""

ROWS = {
    *(f"A{number}" for number in range(1, 29)),
    *(f"B{number}" for number in range(1, 18)),
    *(f"C{number}" for number in range(1, 16)),
    *(f"D{number}" for number in range(1, 16)),
}
"""Sections A to D of the catalogue; D16 to D20 are in test_identity."""


LEFT = [case for case in CORPUS if case.row == "A22"]
EVERY = pytest.mark.parametrize("case", [*CORPUS, *GARDEN], ids=lambda case: case.name)


@EVERY
def test_request(case: Case, run: Run) -> None:
    modes: list[Mode] = ["whole", "halves"]
    if len(case.data) <= SHORT:
        modes.append("bytes")
    run.check(case, *modes)


@EVERY
def test_request_in_the_fast_loop(case: Case, fast_run: Run) -> None:
    fast_run.check(case, "whole")


@pytest.mark.parametrize("case", LEFT, ids=lambda case: case.name)
def test_client_that_resets_its_connection(case: Case, run: Run) -> None:
    """The other way to leave in the middle of a request (row A22)."""
    run.errors.clear()
    for gateway in (run.streamed, run.buffered):
        record = run.runner.run(gateway.abandon(case.data))
        assert record.messages == ()
        assert gateway is run.streamed or record.strays == ()
    assert run.errors == []


def test_every_row_of_the_catalogue_has_cases() -> None:
    assert {case.row for case in CORPUS} == ROWS


def test_names_are_unique_and_readable() -> None:
    names = [case.name for case in [*CORPUS, *GARDEN]]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"(?:[A-D]\d+|garden)-[!-~]+", name) for name in names)
