"""`hxroute plan`, as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import click.testing
import pytest

from hxroute.cli.planning import plan

OLD = """\
version: 1
settings: {key: {env: KEY, default: sk-public, secret: true}}
auth: {a: {bearer: ["{{ settings.key }}"]}}
endpoints:
  - {path: /a, auth: a, respond: {text: a}}
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(OLD)
    new.write_text(OLD)
    return old, new


def run(*arguments: object) -> click.testing.Result:
    done = click.testing.CliRunner().invoke(plan, [str(item) for item in arguments])
    assert isinstance(done.exception, SystemExit | None)
    return done


def test_plan_of_what_changes_nothing(files: tuple[Path, Path]) -> None:
    files[1].write_text("# a comment\n" + OLD.replace("sk-public, s", "sk-public , s"))
    done = run(*files)

    assert (done.exit_code, done.stdout) == (0, "no request changes\n")


def test_plan_says_what_changes(files: tuple[Path, Path]) -> None:
    files[1].write_text(OLD.replace("auth: a,", "auth: none,"))
    done = run(*files)

    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        f"changed   GET /a  {files[0]}:5 -> {files[1]}:5",
        f"    auth: `a` -> none  ({files[0]}:5)",
        "",
        "1 changed",
    ]


def test_plan_as_json(files: tuple[Path, Path]) -> None:
    files[1].write_text(OLD.replace("sk-public", "sk-another"))
    done = run(*files, "--format", "json")

    assert done.exit_code == 1
    assert "sk-" not in done.stdout
    (shared,) = json.loads(done.stdout)["shared"]
    assert shared["differences"][0]["text"] == "default *** -> ***"


def test_plan_of_files_with_mistakes_reports_on_both(files: tuple[Path, Path]) -> None:
    files[0].write_text("version: 2\n")
    files[1].write_text(OLD.replace("auth: a,", "auth: b,"))
    done = run(*files)

    assert (done.exit_code, done.stdout) == (2, "")
    assert f"{files[0]}:1:" in done.stderr
    assert "unknown auth `b`" in done.stderr


def test_plan_of_too_many_overlaps_is_refused(files: tuple[Path, Path]) -> None:
    head = "version: 1\ndefaults: {auth: none}\nendpoints:\n"
    for file, shape in zip(files, ("/{{x}}/a{0}", "/b{0}/{{x}}"), strict=True):
        rows = (
            f"  - {{path: '{shape.format(n)}', respond: {{}}}}\n" for n in range(700)
        )
        file.write_text(head + "".join(rows))
    done = run(*files)

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "error: too many paths overlap to be told apart\n"
