"""What is wrong with a ledger beside its corpus."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from hxroute.proof.exchange import Exchange
from hxroute.proof.ledger import problems, read
from hxroute.proof.verdict import Problem
from tests.proof.ledger.files import exchange, ledger, written

TODAY = date(2027, 6, 1)
CORPUS = [exchange("x"), exchange("y")]


def found_in(folder: Path, text: str, corpus: list[Exchange]) -> list[tuple[int, str]]:
    found = problems(ledger(folder, text), corpus, TODAY)
    assert all(item.help for item in found)
    return [(item.line, item.message) for item in found]


def test_a_ledger_that_hides_what_differs_has_no_problem(tmp_path: Path) -> None:
    text = """
        - cases: [x, y]
          client: {status: 400}
          upstream: nothing
        """

    assert found_in(tmp_path, text, CORPUS) == []


STALE = {
    "a value": ("client: {status: 200}", "client.status"),
    "null": ("client: {headers: {x-none: null}}", "client.headers.x-none"),
    "a number of requests": ("upstream: {requests: 1}", "upstream.requests"),
    "a second request": ("upstream: {2: {method: null}}", "upstream.2.method"),
    "a start that did not fail": ("start: {error: null}", "start.error"),
}


@pytest.mark.parametrize(("pin", "fact"), STALE.values(), ids=STALE)
def test_a_pin_of_what_was_recorded_is_stale(
    tmp_path: Path, pin: str, fact: str
) -> None:
    text = f"\n- cases: [x, y]\n  {pin}\n"

    assert found_in(tmp_path, text, CORPUS) == [
        (7, f"`{fact}` of cases `x`, `y` is pinned to what was recorded")
    ]


def test_nothing_upstream_is_stale_where_nothing_was_recorded(tmp_path: Path) -> None:
    alone = exchange("x", {"client.status": ("200",), "upstream.requests": ("0",)})

    assert found_in(tmp_path, "\n- cases: [x]\n  upstream: nothing\n", [alone]) == [
        (7, "`upstream.requests` of case `x` is pinned to what was recorded")
    ]


def test_a_pin_is_stale_for_some_of_its_cases(tmp_path: Path) -> None:
    other = exchange("y", {"client.status": ("400",)})

    assert found_in(
        tmp_path, "\n- cases: [x, y]\n  client: {status: 400}\n", [CORPUS[0], other]
    ) == [(7, "`client.status` of case `y` is pinned to what was recorded")]


def test_what_may_repeat_and_what_may_not_start_is_never_stale(tmp_path: Path) -> None:
    text = """
        - cases: [x]
          upstream: {may_repeat: 1}
        - cases: [y]
          start: {names: [HX_SIZE]}
        """

    assert found_in(tmp_path, text, CORPUS) == []


def test_a_case_that_is_not_recorded_is_told(tmp_path: Path) -> None:
    corpus = [exchange("up-empty")]
    path = tmp_path / "divergences.yaml"

    found = problems(
        ledger(tmp_path, "\n- cases: [up-emtpy]\n  client: {status: 400}\n"),
        corpus,
        TODAY,
    )

    message = "the corpus has no case `up-emtpy`"
    assert found == (Problem(str(path), 4, message, "did you mean `up-empty`?"),)


@pytest.mark.parametrize(
    ("day", "expired"), [("2027-05-31", True), ("2027-06-01", False)]
)
def test_a_reason_holds_to_its_last_day(
    tmp_path: Path, day: str, expired: bool
) -> None:
    path = written(
        tmp_path,
        f"""\
        version: 1
        codes:
          raw:
            reason: r
            owner: the team
            expires: {day}
        divergences:
          - {{cases: [x], code: raw, client: {{status: 400}}}}
          - {{cases: [y], code: raw, client: {{status: 400}}}}
          - cases: [x]
            reason: r
            owner: me
            expires: {day}
            client: {{body: no}}
        """,
    )

    found = problems(read(path), CORPUS, TODAY)

    wanted = [
        (3, f"the code `raw` expired on {day}", "mend the gateway, or ask the team"),
        (10, f"the entry expired on {day}", "mend the gateway, or ask me"),
    ]
    shown = [
        (one.line, one.message, one.help.removesuffix(" for another date"))
        for one in found
    ]
    assert shown == (wanted if expired else [])


def test_a_code_without_an_entry_is_told(tmp_path: Path) -> None:
    path = written(
        tmp_path, "version: 1\ncodes:\n  raw: {reason: r, owner: o}\ndivergences: []\n"
    )

    assert problems(read(path), CORPUS, TODAY) == (
        Problem(str(path), 3, "no entry has the code `raw`", "remove it"),
    )
