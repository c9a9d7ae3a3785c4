"""The table of threats: every row of the catalogue once, and every test is there."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

import pytest

from tests.processes import ROOT

ROWS = {
    "A": 28,
    "B": 17,
    "C": 15,
    "D": 20,
    "E": 19,
    "F": 20,
    "S": 8,
    "G": 21,
    "H": 4,
}
IDS = [f"{part}{number + 1}" for part, count in ROWS.items() for number in range(count)]


class Row(NamedTuple):
    """A line of the table."""

    name: str
    attack: str
    answer: str
    tests: str

    @property
    def references(self) -> list[str]:
        """The tests that the line names."""
        return re.findall(r"`(tests/[^`]+)`", self.tests)


def rows() -> list[Row]:
    text = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| ([A-Z][0-9]+ \|.*) \|$", text, re.MULTILINE)
    return [Row(*(cell.strip() for cell in line.split(" | "))) for line in lines]


def test_every_row_stands_once_and_in_order() -> None:
    assert len(IDS) == 152
    assert [row.name for row in rows()] == IDS
    assert max(Counter(IDS).values()) == 1


def test_every_row_says_what_happens_and_where_or_why() -> None:
    for row in rows():
        assert row.attack
        assert row.answer
        assert row.references or (row.tests == "none" and "not apply" in row.answer)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.name)
def test_every_test_of_a_row_is_there(row: Row) -> None:
    for reference in row.references:
        assert is_there(reference), reference


def is_there(reference: str) -> bool:
    """Tell whether a test, or the cases of a row in a corpus, can be found."""
    path, _, name = reference.partition("::")
    if name:
        source = (ROOT / path).read_text(encoding="utf-8")
        return re.search(rf"^def {re.escape(name)}\(", source, re.MULTILINE) is not None
    folder, _, name = reference.partition(": ")
    case = re.compile(rf'"{re.escape(name)}(?:-|")')
    files = (ROOT / folder).rglob("*.py")
    return any(case.search(file.read_text(encoding="utf-8")) for file in files)
