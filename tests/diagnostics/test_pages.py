from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from hxroute.cli.codes import explain_code
from hxroute.compiler import compile
from hxroute.diagnostics import CATALOG
from hxroute.diagnostics.catalog import WARNINGS
from hxroute.diagnostics.pages import page

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "hxroute" / "diagnostics" / "codes"
FORM = re.compile(
    r"# (?P<code>HX\d{3}): (?P<title>[^\n]+)\n\n"
    r"(?P<what>\S(?:[^\n]|\n(?!\n))+)\n\n"
    r"(?P<why>\S(?:[^\n]|\n(?!\n))+)\n\n"
    r"## Wrong\n\n```yaml\n(?P<wrong>[^`]+)```\n\n"
    r"## Right\n\n```yaml\n(?P<right>[^`]+)```\n"
)
WIDTH = 88


def part(code: str, name: str) -> str:
    form = FORM.fullmatch(page(code))
    assert form is not None, "a page has a title, two paragraphs, Wrong and Right"
    return form[name]


def codes_of(text: str) -> list[str]:
    report = compile(text.encode(), "routes.yaml").report
    return [found.code for found in report.diagnostics]


def explained(*arguments: str, color: bool = False, **environment: str) -> Result:
    """Run the command as on a terminal, with `color`, or into a pipe."""
    return CliRunner().invoke(
        explain_code, arguments, color=color, env={"NO_COLOR": None, **environment}
    )


def test_every_code_has_a_page_and_nothing_else_has() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{c}.md" for c in CATALOG}


@pytest.mark.parametrize("code", CATALOG)
def test_page_has_the_title_of_the_catalog(code: str) -> None:
    assert (part(code, "code"), part(code, "title")) == (code, CATALOG[code])


@pytest.mark.parametrize("code", CATALOG)
def test_page_fits_a_narrow_terminal(code: str) -> None:
    assert max(map(len, page(code).splitlines())) <= WIDTH


@pytest.mark.parametrize("code", CATALOG)
def test_no_piece_of_code_is_broken_by_a_line(code: str) -> None:
    pieces = re.findall(r"`[^`]+`", f"{part(code, 'what')}\n{part(code, 'why')}")

    assert [piece for piece in pieces if "\n" in piece] == []


@pytest.mark.parametrize("code", CATALOG)
def test_what_is_wrong_gives_this_code_and_no_other(code: str) -> None:
    assert codes_of(part(code, "wrong")) == [code]


@pytest.mark.parametrize("code", CATALOG)
def test_what_is_right_gives_no_code(code: str) -> None:
    assert codes_of(part(code, "right")) == []


@pytest.mark.parametrize("code", sorted(WARNINGS))
def test_page_of_a_warning_says_so(code: str) -> None:
    assert "This is a warning" in " ".join(part(code, "what").split())


def test_page_of_an_unknown_code_is_a_defect() -> None:
    with pytest.raises(KeyError, match="HX999"):
        page("HX999")


@pytest.mark.parametrize("code", CATALOG)
def test_explanation_into_a_pipe_is_plain_text(code: str) -> None:
    done = explained(code)

    assert done.exit_code == 0
    first, *_ = done.stdout.splitlines()
    assert first in (
        f"error[{code}]: {CATALOG[code]}",
        f"warning[{code}]: {CATALOG[code]}",
    )
    assert "\x1b" not in done.stdout
    assert "```" not in done.stdout
    assert part(code, "what") in done.stdout
    assert part(code, "why") in done.stdout


def test_examples_are_indented_below_their_headings() -> None:
    shown = explained("HX301").stdout

    assert "\nWrong\n\n    version: 1\n    endpoints:\n      - path: /healthz" in shown
    assert "\nRight\n\n    version: 1\n" in shown


def test_code_may_be_spelt_in_lower_case() -> None:
    assert explained("hx201").stdout == explained("HX201").stdout


def test_headings_are_bold_on_a_terminal() -> None:
    shown = explained("HX207", color=True).stdout

    assert shown.startswith(
        "\x1b[1mwarning[HX207]: a definition that nothing uses\x1b[0m\n"
    )
    assert "\x1b[1mWrong\x1b[0m\n" in shown
    assert click.unstyle(shown) == explained("HX207").stdout


def test_no_color_is_honoured_unless_it_is_empty() -> None:
    assert "\x1b" not in explained("HX207", color=True, NO_COLOR="1").stdout
    assert "\x1b" in explained("HX207", color=True, NO_COLOR="").stdout


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("HX999", "there is no code `HX999`; did you mean `HX319`?"),
        ("hx2010", "there is no code `hx2010`; did you mean `HX201`?"),
        ("HX-201", "there is no code `HX-201`; did you mean `HX201`?"),
        ("nginx", "there is no code `nginx`; `hxroute explain-code --list` has all"),
        ("", "there is no code ``; `hxroute explain-code --list` has all"),
    ],
)
def test_unknown_code_is_answered_with_the_nearest(name: str, message: str) -> None:
    done = explained(name)

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"error: {message}\n"


def test_list_has_every_code_with_severity_and_title() -> None:
    lines = explained("--list").stdout.splitlines()

    assert [line.split()[0] for line in lines] == list(CATALOG)
    assert "HX201  error    an unknown upstream" in lines
    assert "HX207  warning  a definition that nothing uses" in lines
    assert max(map(len, lines)) <= WIDTH


@pytest.mark.parametrize("arguments", [(), ("HX201", "--list")])
def test_code_and_list_exclude_each_other(arguments: tuple[str, ...]) -> None:
    done = explained(*arguments)

    assert (done.exit_code, done.stdout) == (2, "")
    assert "state a code" in done.stderr


@pytest.mark.parametrize(
    ("begun", "completed"),
    [
        ("HX32", [f"HX32{n}" for n in range(6)]),
        ("hx32", [f"HX32{n}" for n in range(6)]),
        ("x", []),
        ("", list(CATALOG)),
    ],
)
def test_shell_completes_a_code(begun: str, completed: list[str]) -> None:
    shell = ShellComplete(explain_code, {}, "explain-code", "_COMPLETE")

    found = shell.get_completions([], begun)

    assert [item.value for item in found] == completed
    assert all(item.help == CATALOG[item.value] for item in found)
