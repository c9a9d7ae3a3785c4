from __future__ import annotations

import pytest

from hxroute.diagnostics import Report
from hxroute.diagnostics.text import render
from hxroute.span import Span


def test_diagnostic_shows_its_line_with_carets_label_and_help() -> None:
    report = Report("routes.yaml", "\n" * 40 + "    upstream: litelm\n")
    report.add(
        "HX201",
        "unknown upstream `litelm`",
        Span(41, 15, 41, 21),
        label="not defined under `upstreams`",
        help="did you mean `litellm`?",
    )

    assert render(report) == (
        "error[HX201]: unknown upstream `litelm`\n"
        "  --> routes.yaml:41:15\n"
        "   |\n"
        "41 |     upstream: litelm\n"
        "   |               ^^^^^^ not defined under `upstreams`\n"
        "   = help: did you mean `litellm`?\n"
        "\n"
        "1 error\n"
    )


def test_related_places_are_named() -> None:
    report = Report("r.yaml", "a: 1\na: 2\n")
    related = ((Span(1, 1, 1, 2), "first defined here"),)
    report.add("HX002", "key `a` appears twice", Span(2, 1, 2, 2), related=related)

    assert "\n  = first defined here: r.yaml:1:1\n" in render(report)


def test_diagnostics_stand_in_the_order_of_the_file() -> None:
    report = Report("r.yaml", "a\nb\nc\n")
    for line, column in ((3, 1), (1, 2), (1, 1), (2, 1)):
        report.add("HX101", "m", Span(line, column, line, column + 1))

    places = [line[6:] for line in render(report).splitlines() if "-->" in line]

    assert [place.split("yaml:")[1] for place in places] == ["1:1", "1:2", "2:1", "3:1"]


@pytest.mark.parametrize(
    ("errors", "warnings", "count"),
    [
        (0, 0, ""),
        (1, 0, "1 error"),
        (2, 0, "2 errors"),
        (0, 1, "1 warning"),
        (2, 2, "2 errors, 2 warnings"),
    ],
)
def test_count_ends_the_report(errors: int, warnings: int, count: str) -> None:
    report = Report("r.yaml", "a\n")
    for number in range(errors):
        report.add("HX101", f"m{number}", Span(1, 1, 1, 2))
    for number in range(warnings):
        report.add("HX312", f"m{number}", Span(1, 1, 1, 2))

    assert render(report).split("\n\n")[-1] == f"{count}\n"


def carets_of(text: str, span: Span) -> tuple[str, str]:
    """Return the source line and the line of carets below it."""
    report = Report("r.yaml", text)
    report.add("HX101", "m", span)
    rows = render(report).splitlines()
    return rows[3], rows[4]


@pytest.mark.parametrize(
    ("text", "span", "line", "carets"),
    [
        ("abc", Span(1, 2, 1, 4), "1 | abc", "  |  ^^"),
        ("abc", Span(1, 4, 1, 4), "1 | abc", "  |    ^"),
        ("a\tb", Span(1, 3, 1, 4), "1 | a b", "  |   ^"),
        ("abc\nd", Span(1, 2, 2, 2), "1 | abc", "  |  ^^"),
        ("ab\r\ncd\r\n", Span(2, 1, 2, 3), "2 | cd", "  | ^^"),
        ("a\n\nb", Span(2, 1, 2, 2), "2 | ", "  | ^"),
    ],
)
def test_carets_stand_under_the_mistake(
    text: str, span: Span, line: str, carets: str
) -> None:
    assert carets_of(text, span) == (line, carets)


def test_place_behind_the_last_line_has_no_source() -> None:
    report = Report("r.yaml", "a: [\n")
    report.add("HX001", "m", Span(2, 1, 2, 2))

    assert render(report) == "error[HX001]: m\n --> r.yaml:2:1\n\n1 error\n"


def test_control_characters_of_a_file_do_not_reach_the_terminal() -> None:
    report = Report("r.yaml", "a: \x1b[31m\x07\x9b\n")
    report.add("HX001", "control characters are not allowed", Span(1, 4, 1, 5))

    assert render(report).replace("\n", "").isprintable()


def test_message_stays_on_its_line() -> None:
    report = Report("r.yaml", '"a\\nb": 1\n')
    report.add("HX101", "unknown key `a\nb`", Span(1, 1, 1, 7))

    assert render(report).splitlines()[1] == " --> r.yaml:1:1"


def test_long_line_is_cut_to_what_stands_around_the_mistake() -> None:
    text = "a" * 300 + "HERE" + "b" * 300

    line, carets = carets_of(text, Span(1, 301, 1, 305))

    assert len(line) < 180
    assert line[carets.index("^") : carets.index("^") + 4] == "HERE"
    assert carets.count("^") == 4


def test_long_line_is_cut_at_its_ends() -> None:
    line, carets = carets_of("HERE" + "b" * 300, Span(1, 1, 1, 305))

    assert line.endswith("…")
    assert carets.count("^") <= len(line)
