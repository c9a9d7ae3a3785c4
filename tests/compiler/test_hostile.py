"""Files of an enemy end in diagnostics, for work that grows as the file does.

`benchmarks/hostile.py` says how long the same files take at 1 MiB.
"""

from __future__ import annotations

import cProfile
import os
import subprocess
import sys

import pytest

from hxroute.compiler import compile
from hxroute.diagnostics.text import render
from tests.compiler.compiling import report_of
from tests.compiler.hostile import FILES, hostile
from tests.invariants import compiles_or_says_why
from tests.processes import ROOT

SIZE = 24 << 10
CALLS_A_BYTE = 40
COSTLY = {
    "constants under auth": 100,
    "sums of settings": 100,
    "a long sum": 100,
    "one template": 100,
    "aliases of a mistake": 150,
    "templates under auth": 150,
    "a limit by default": 150,
    "texts of settings": 150,
    "trials at their limit": 150,
    "templates to try 64 times": 200,
    "concatenations": 250,
    "templates at their limit": 250,
}
"""What takes more calls, up to a limit of its own: most are templates."""

UNTIL_FULL = {"names alike", "settings alike", "expressions on lines"}
"""What takes many calls for each mistake, of which a report holds 250."""

FINE = {"calls", "endpoints", "one template", "references", "templates at their limit"}
"""Files that are only large; at full size some are refused for that."""


@pytest.mark.parametrize("name", FILES)
def test_hostile_file_compiles_or_says_why(name: str) -> None:
    result = compiles_or_says_why(hostile(name, 3 << 10))

    assert result.report.diagnostics or name in FINE


@pytest.mark.parametrize("name", [name for name in FILES if name not in UNTIL_FULL])
def test_work_on_a_hostile_file_is_in_proportion(name: str) -> None:
    data = hostile(name, SIZE)
    compile(b"", "routes.yaml")

    assert calls(data) / len(data) < COSTLY.get(name, CALLS_A_BYTE)


def calls(data: bytes) -> int:
    """Count the calls that it takes to compile and to render; any machine makes as many."""
    profile = cProfile.Profile()
    report = profile.runcall(lambda: compile(data, "routes.yaml")).report
    profile.runcall(lambda: render(report))
    return sum(entry.callcount for entry in profile.getstats())


def test_aliases_stand_for_a_mebibyte_at_most() -> None:
    source = f"a: &a '{'x' * (1 << 18)}'\nb: [*a, *a, *a, *a, *a]\n"

    (found,) = report_of(source).diagnostics

    assert found.code == "HX007"
    assert found.message == "aliases stand for more than 1048576 characters"
    assert (found.span.line, found.span.column) == (2, 21)


def test_aliases_of_aliases_count_what_they_stand_for() -> None:
    rows = [f"a: &a '{'x' * 1000}'", "b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]"]
    tens = ", ".join(["*b"] * 100)

    found = report_of("\n".join([*rows, f"c: [{tens}]", f"d: [{tens}]"])).diagnostics

    assert [(item.code, item.span.line) for item in found] == [("HX007", 4)]


def test_directive_that_names_tags_is_refused() -> None:
    (found,) = report_of("# x\n%YAML 1.1\n%TAG ! x:\n---\nversion: 1\n").diagnostics

    assert (found.code, found.span.line) == ("HX003", 3)


def test_text_that_begins_like_a_directive_is_none() -> None:
    source = "version: 1\nendpoints: [{path: /x, auth: none, respond: {text: |\n"

    assert "HX003" not in {item.code for item in report_of(source).diagnostics}
    assert "HX003" not in {
        item.code for item in report_of("a: |\n  x\n%TAG\n").diagnostics
    }


def test_mistake_that_aliases_repeat_is_told_once() -> None:
    rows = "- *a\n" * 5000
    source = (
        f"version: 1\nx: &a {{path: /x, auth: none, respnd: {{}}}}\nendpoints:\n{rows}"
    )

    found = report_of(source).diagnostics

    said = [item.message for item in found]
    assert said == ["unknown key `x`", "unknown key `respnd`"]


def test_no_text_of_a_report_is_as_long_as_a_file() -> None:
    names = ", ".join(f"{'u' * 20_000}{n}: {{url: 'http://a'}}" for n in range(18))
    rows = "".join(f"- {{path: /x{n}, upstream: z{n}}}\n" for n in range(100))
    source = f"version: 1\nupstreams: {{? {names.replace(': {', chr(10) + ': {').replace(', ', ', ? ')}}}\nendpoints:\n{rows}"

    report = report_of(source)

    assert {item.code for item in report.diagnostics} >= {"HX106", "HX201"}
    assert len(render(report)) < 300_000


def test_of_many_mistakes_the_same_are_told_in_any_process() -> None:
    code = (
        "from hxroute.compiler import compile\n"
        "from hxroute.diagnostics.text import render\n"
        "from tests.compiler.hostile import hostile\n"
        "for name in ('keys', 'missing keys', 'statuses', 'a list of methods'):\n"
        "    print(render(compile(hostile(name, 20_000), 'routes.yaml').report))\n"
    )

    shown = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(shown) == 1
