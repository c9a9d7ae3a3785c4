"""The table of behaviours: every name once, every test once, and nothing else."""

from __future__ import annotations

import fnmatch
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.behaviours.named import NAMED
from tests.clients import CLIENTS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TABLE = (ROOT / "docs" / "behaviours.md").read_text(encoding="utf-8")
ORIGINS = [
    f"{peer} {name}"
    for peer, names in NAMED.items()
    for name in names.split("\n")[1:-1]
]


class Row(NamedTuple):
    """One line of the table."""

    origin: str
    behaviour: str
    test: str

    @property
    def patterns(self) -> list[str]:
        """The tests of the line; none where it says why there is none."""
        return re.findall(r"`([a-z]+-[^`]+)`", self.test)


def rows() -> list[Row]:
    lines = [line for line in TABLE.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    return [Row(*line) for line in cells if line[0] != "Origin"]


@pytest.fixture(scope="module")
def collected() -> list[str]:
    """Return the ids that pytest collects here."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", str(HERE)]
    done = subprocess.run(
        [*command, f"--ignore={__file__}", "-p", "no:cacheprovider"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = [
        re.findall(rf"^.*?::.*?\[{client}-(.*)\]$", done.stdout, re.MULTILINE)
        for client in CLIENTS
    ]
    assert all(names == found[0] for names in found)
    return found[0]


def test_every_name_has_one_line() -> None:
    assert [row.origin for row in rows()] == ORIGINS
    assert max(Counter(ORIGINS).values()) == 1


def test_every_line_says_what_and_where_or_why() -> None:
    for row in rows():
        peer, name = re.match(r"(\w+) ([\w-]+)", row.origin).groups()  # type: ignore[union-attr]
        assert row.behaviour
        assert row.test
        for pattern in row.patterns:
            assert pattern.startswith(f"{peer}-{name}"), row


def test_every_test_of_the_table_exists(collected: list[str]) -> None:
    stated = [pattern for row in rows() for pattern in row.patterns]
    assert [p for p in stated if not fnmatch.filter(collected, p)] == []


def test_every_test_has_one_line(collected: list[str]) -> None:
    stated = [pattern for row in rows() for pattern in row.patterns]
    lines = {
        name: [pattern for pattern in stated if fnmatch.fnmatchcase(name, pattern)]
        for name in collected
    }
    assert {name: found for name, found in lines.items() if len(found) != 1} == {}
    assert max(Counter(collected).values()) == 1
