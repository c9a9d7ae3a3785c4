"""The cases: routes files beside what the compiler makes of them.

`cases/valid/NAME.yaml` has its compiled module beside it; ruff and mypy check those
too. `cases/invalid/CODE-what.yaml` begins with the place of its one mistake (or warning) and
has its rendered report beside it. `pytest tests/test_cases.py --snapshot-update` writes both.
"""

# ruff: noqa: ARG003  (the keywords are syrupy's)
from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation
from syrupy.types import SnapshotIndex

from hxroute.backends.python import emit
from hxroute.compiler import compile
from hxroute.diagnostics import CATALOG
from hxroute.diagnostics.text import render
from hxroute.files import digest_of

CASES = Path(__file__).with_name("cases")
VALID = sorted((CASES / "valid").glob("*.yaml"))
INVALID = sorted((CASES / "invalid").glob("*.yaml"))

# syrupy warns, on writing, of golden files that are not named after their test
pytestmark = pytest.mark.filterwarnings(r"ignore:\s*Can not relate snapshot")


class _Beside(SingleFileSnapshotExtension):
    """Keep the golden file beside its case, under the case's own name."""

    folder: str
    _write_mode = WriteMode.TEXT

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        return str(CASES / cls.folder)

    @classmethod
    def get_snapshot_name(
        cls, *, test_location: PyTestLocation, index: SnapshotIndex = 0
    ) -> str:
        return str(index)


class _Module(_Beside):
    folder = "valid"
    file_extension = "py"


class _Report(_Beside):
    folder = "invalid"
    file_extension = "txt"


@pytest.mark.parametrize("case", VALID, ids=lambda case: case.stem)
def test_case_compiles_to_its_module(case: Path, snapshot: SnapshotAssertion) -> None:
    data = case.read_bytes()

    result = compile(data, case.name)
    gateway, report = result.gateway, result.report

    assert report.diagnostics == []
    assert gateway is not None
    module = emit(gateway, digest=digest_of(data))
    assert module == snapshot(extension_class=_Module, name=case.stem)


def test_modules_are_what_ruff_would_write() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--diff", CASES / "valid"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (found.returncode, found.stdout) == (0, "")


def test_modules_pass_strict_mypy() -> None:
    root = CASES.parent.parent
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=pyproject.toml"]
    modules = sorted(str(path) for path in (CASES / "valid").glob("*.py"))

    found = subprocess.run(
        [*command, *modules], cwd=root, capture_output=True, text=True, check=False
    )

    assert found.returncode == 0, found.stdout + found.stderr


def test_every_valid_case_has_its_module_and_no_other() -> None:
    modules = {path.stem for path in (CASES / "valid").glob("*.py")}

    assert modules == {case.stem for case in VALID}


@pytest.mark.parametrize("case", INVALID, ids=lambda case: case.stem)
def test_case_is_reported_at_its_place(case: Path) -> None:
    data = case.read_bytes()
    stated = re.match(rb"# (HX[0-9]{3}) at ([0-9]+):([0-9]+)\n", data)
    assert stated is not None, "the first line says where: `# HX201 at 8:15`"

    result = compile(data, case.name)
    gateway, report = result.gateway, result.report

    assert (gateway is None) == report.failed
    places = [
        (found.code, found.span.line, found.span.column) for found in report.diagnostics
    ]
    code, line, column = stated.groups()
    assert places == [(code.decode(), int(line), int(column))]
    assert case.name.startswith(f"{code.decode()}-")


@pytest.mark.parametrize("case", INVALID, ids=lambda case: case.stem)
def test_case_names_its_cure(case: Path) -> None:
    (found,) = compile(case.read_bytes(), case.name).report.diagnostics

    assert found.help


@pytest.mark.parametrize("case", INVALID, ids=lambda case: case.stem)
def test_case_renders_as_its_report(case: Path, snapshot: SnapshotAssertion) -> None:
    report = compile(case.read_bytes(), case.name).report

    assert render(report) == snapshot(extension_class=_Report, name=case.stem)


def test_every_code_has_a_case() -> None:
    assert {case.name.split("-")[0] for case in INVALID} == set(CATALOG)
