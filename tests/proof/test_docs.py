"""The examples of docs/proof.md are what it says they are."""

from __future__ import annotations

import re
from pathlib import Path

from hxroute.proof import ledger
from hxroute.proof.cases import casefile
from hxroute.proof.httptext import parsed, rendered

PAGE = (Path(__file__).parents[2] / "docs" / "proof.md").read_text(encoding="utf-8")
EXAMPLES = dict(
    re.findall(r"<!-- example: (\S+) -->\n```\w*\n(.*?)```", PAGE, re.DOTALL)
)


def test_example_of_an_exchange_is_one() -> None:
    text = EXAMPLES["exchange"]

    assert rendered(parsed(text)) == text


def test_example_of_cases_has_no_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(EXAMPLES["cases.yaml"], encoding="utf-8")

    found = casefile.read(path)

    assert found.report.diagnostics == []
    assert [case.name for case in found.cases] == ["chat-with-tools", "chat-cut-short"]
    assert found.environments == {"large-bodies": {"MAX_BODY": "1000"}}


def test_example_of_a_ledger_has_no_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "divergences.yaml"
    path.write_text(EXAMPLES["divergences.yaml"], encoding="utf-8")

    found = ledger.read(path)

    assert len(found.entries) == 2
    assert found.entries[0].facts["client.status"] == ("504",)


def test_example_of_a_test_is_three_lines() -> None:
    assert len(EXAMPLES["test_compat.py"].splitlines()) <= 3
