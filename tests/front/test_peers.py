"""docs/requests.md says what can be seen now."""

from __future__ import annotations

import asyncio
import difflib
import os
import re

import pytest

from tests.front.desync import DESYNC
from tests.front.judgements import JUDGEMENTS
from tests.front.page import PAGE, TABLED, ask_ours, ask_peers, render
from tests.front.peers import PEERS, Missing

SAID = PAGE.read_text(encoding="utf-8")
ROWS = [line[2:-2].split(" | ") for line in SAID.splitlines() if line.startswith("| `")]
"""The lines of the tables: request, clause, ours, and the others."""


def unavailable(reason: str) -> None:
    """Skip, or fail where `HXROUTE_REQUIRE` lists the peers."""
    required = os.environ.get("HXROUTE_REQUIRE", "").split(",")
    if "peers" in [name.strip() for name in required]:
        pytest.fail(f"HXROUTE_REQUIRE has peers, but {reason}", pytrace=False)
    pytest.skip(reason)


def test_page_lists_every_request() -> None:
    named = [re.sub(r"^`+ ?| ?`+$", "", row[0]).replace("\\|", "|") for row in ROWS]

    assert named == [case.name for case in TABLED], "stale; run scripts/peers"


def test_page_says_what_we_do() -> None:
    ours = asyncio.run(ask_ours(TABLED))

    words = [(case.name, ours.word(case)) for case in TABLED]
    said = [(case.name, row[2]) for case, row in zip(TABLED, ROWS, strict=True)]
    assert words == said, "stale; run scripts/peers"
    assert [name for name, verdict in ours.found.items() if not verdict.fits] == []


def test_judgements_are_of_rows_that_exist() -> None:
    rows = {case.row for case in TABLED} | {case.clause for case in TABLED}

    assert set(JUDGEMENTS) <= rows


@pytest.mark.peers
def test_page_says_what_the_others_do() -> None:
    try:
        for peer in PEERS:
            said = re.search(rf"{peer.name} (\d[\d.]*\d)", SAID)
            assert said is not None
            if said[1] != peer.version():
                unavailable(f"{peer.name} is {peer.version()}, not {said[1]}")
    except Missing as exc:
        unavailable(str(exc))
    ours = asyncio.run(ask_ours([*TABLED, *DESYNC]))
    # A busy machine makes one wait that does not; only what is seen twice is so.
    for _ in range(2):
        now = render([ours, *asyncio.run(ask_peers())])
        changed = [
            line
            for line in difflib.unified_diff(SAID.splitlines(), now.splitlines(), n=0)
            if line[0] in "+-"
        ]
        if not changed:
            return
    pytest.fail("\n".join(["stale; run scripts/peers", *changed]), pytrace=False)
