"""A plan as people and as programs read it."""

from __future__ import annotations

import json

from hxroute.plan import Change, Difference, Plan, Shared, Taker, as_data, render
from hxroute.space import Witness

DROPPED = Difference("request headers: `cookie` no longer dropped", 20)
PLAN = Plan(
    (
        Shared(
            "upstream `u`", (Difference("timeout.read 30s -> 10s", 5, 6),), ("a", "b")
        ),
        Shared("setting `s`", (Difference("added", None, 7),)),
        Shared("server", (Difference("port 1 -> 2"),), ("a", "b", "c", "d")),
    ),
    (
        Change(
            "changed", Witness("GET", b"/a"), Taker("a", 30), Taker("a", 31), (DROPPED,)
        ),
        Change(
            "moved",
            Witness("POST", b"/a/b"),
            Taker("b", 32),
            Taker("c", 33),
            (DROPPED,),
        ),
        Change(
            "added", Witness("GET", b"/c"), Taker(error="not_found"), Taker("d", 40)
        ),
        Change(
            "removed", Witness("GET", b"/d"), Taker("e", 41), Taker(error="bad_path")
        ),
    ),
)


def test_render_says_once_what_happens_to_several() -> None:
    assert (
        render(PLAN, "old.yaml", "new.yaml")
        == """\
upstream `u`  (touches a, b)
    timeout.read 30s -> 10s  (old.yaml:5 -> new.yaml:6)

setting `s`  (touches no endpoint)
    added  (new.yaml:7)

server  (touches 4 endpoints)
    port 1 -> 2

changed   GET /a     old.yaml:30 -> new.yaml:31
moved     POST /a/b  old.yaml:32 -> new.yaml:33
    request headers: `cookie` no longer dropped  (old.yaml:20)

added     GET /c  404 -> new.yaml:40

removed   GET /d  old.yaml:41 -> 400

1 changed, 1 moved, 1 added, 1 removed, 3 shared
"""
    )


def test_render_of_no_change() -> None:
    assert render(Plan(), "old.yaml", "new.yaml") == "no request changes\n"


def test_render_shows_nothing_that_a_terminal_obeys() -> None:
    plan = Plan((Shared("upstream `u`", (), ("\x1b[31m",)),))

    assert "\x1b" not in render(plan, "\x1b.yaml", "new.yaml")


def test_data_holds_all_of_a_plan() -> None:
    data = json.loads(json.dumps(as_data(PLAN)))

    assert (data["version"], data["different"]) == (1, True)
    assert data["shared"][0] == {
        "what": "upstream `u`",
        "differences": [
            {"text": "timeout.read 30s -> 10s", "old_line": 5, "new_line": 6}
        ],
        "endpoints": ["a", "b"],
    }
    assert data["changes"][3] == {
        "kind": "removed",
        "method": "GET",
        "path": "/d",
        "old": {"endpoint": "e", "line": 41, "error": None, "status": None},
        "new": {"endpoint": None, "line": None, "error": "bad_path", "status": 400},
        "differences": [],
    }
    assert as_data(Plan()) == {
        "version": 1,
        "different": False,
        "shared": [],
        "changes": [],
    }
