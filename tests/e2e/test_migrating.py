"""docs/migrating.md, step by step, as a user would do it.

Numbers may be others than on the page, for they are those of what is installed; that
every line is printed, and that nothing is unexplained at the end, is not.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import ROOT, environment

PAGE = (ROOT / "docs" / "migrating.md").read_text(encoding="utf-8")
OLD = ROOT / "tests" / "importing" / "proxies" / "quirky.py"
BLOCK = re.compile(r"<!-- (\w+): (\S+) -->\n```\w*\n(.*?)```", re.DOTALL)
PATIENCE = 150


def shell(folder: Path, lines: str) -> str:
    """Run lines in a shell that finds this environment's commands first."""
    here = str(Path(sys.executable).parent)
    environ = environment()
    environ["PATH"] = f"{here}:{environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", lines],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stdout
    assert "Traceback" not in done.stdout
    return done.stdout


def edited(file: Path, diff: str) -> None:
    """Replace the lines that a diff takes away by those that it adds."""
    signs = dict.fromkeys("-+", "")
    for line in diff.splitlines(keepends=True):
        signs[line[0]] += line[1:]
    text = file.read_text(encoding="utf-8")
    assert text.count(signs["-"]) == 1, signs["-"]
    file.write_text(text.replace(signs["-"], signs["+"]), encoding="utf-8")


def unnumbered(text: str) -> set[str]:
    """Return the lines of a text without numbers and blanks, which may be others."""
    return {" ".join(re.sub(r"\d+", "N", line).split()) for line in text.splitlines()}


def walked(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Do each step; yield its name, what the page shows and what was printed."""
    printed: dict[str, str] = {}
    for kind, name, content in BLOCK.findall(PAGE):
        if kind == "run":
            printed[name] = shell(folder, content)
        elif kind == "edit":
            edited(folder / name, content)
        elif kind == "file":
            (folder / name).write_text(content, encoding="utf-8")
        else:
            yield name, content, printed[name]
    yield "test", "", printed["test"]


@pytest.mark.timeout(400)
def test_the_way_from_main_py_to_a_proven_routes_file(tmp_path: Path) -> None:
    shutil.copy(OLD, tmp_path / "main.py")

    steps = {name: (shown, printed) for name, shown, printed in walked(tmp_path)}

    for name, (shown, printed) in steps.items():
        assert unnumbered(shown) <= unnumbered(printed), (name, printed)
    summary = steps["proven"][1].splitlines()[-1]
    assert re.search(r"\b0 unexplained$", summary), steps["proven"][1]
    assert not re.search(r"\b0 (identical|sanctioned)", summary)
    assert re.search(r"^\d+ passed", steps["test"][1].splitlines()[-1])
    ledger = (tmp_path / "corpus" / "divergences.yaml").read_text(encoding="utf-8")
    assert "owner: gateway" in ledger
