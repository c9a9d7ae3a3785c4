from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxroute.diagnostics import Report
from hxroute.diagnostics.report import ENOUGH
from hxroute.diagnostics.text import render
from hxroute.span import Span
from tests.diagnostics.reports import report_of_three, reports

SGR = re.compile(r"\x1b\[([0-9;]*)m")


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


def test_related_place_shows_its_line() -> None:
    report = Report("r.yaml", "a: 1\n" + "\n" * 8 + "a: 2\n")
    related = ((Span(1, 1, 1, 2), "first defined here"),)
    report.add(
        "HX002",
        "key `a` appears twice",
        Span(10, 1, 10, 2),
        help="remove one",
        related=related,
    )

    assert render(report) == (
        "error[HX002]: key `a` appears twice\n"
        "  --> r.yaml:10:1\n"
        "   |\n"
        "10 | a: 2\n"
        "   | ^\n"
        "   = help: remove one\n"
        "note: first defined here\n"
        "  --> r.yaml:1:1\n"
        "   |\n"
        " 1 | a: 1\n"
        "   | -\n"
        "\n"
        "1 error\n"
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [("{a: 1, a: 2}\n", Span(1, 2, 1, 3)), ("{a: 1, a: 2}\n", Span(2, 1, 2, 2))],
)
def test_related_place_without_another_line_is_named(text: str, place: Span) -> None:
    report = Report("r.yaml", text)
    report.add("HX002", "m", Span(1, 8, 1, 9), related=((place, "see"),))

    shown = render(report)

    assert f"\n  = note: see: r.yaml:{place.line}:{place.column}\n" in shown
    assert shown.count("-->") == 1


def test_related_place_that_is_cut_off_its_line_shows_it() -> None:
    report = Report("r.yaml", "first" + " " * 300 + "second")
    report.add("HX002", "m", Span(1, 306, 1, 312), related=((Span(1, 1, 1, 6), "see"),))

    rows = render(report).splitlines()

    assert rows[8].startswith("1 | first ")
    assert rows[9] == "  | -----"


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
        ("abc", Span(1, 1, 1, 99), "1 | abc", "  | ^^^"),
        ("日本: x", Span(1, 5, 1, 6), "1 | 日本: x", "  |       ^"),
        ("日本: x", Span(1, 1, 1, 3), "1 | 日本: x", "  | ^^^^"),
        ("e\u0301\ufe0f: x", Span(1, 6, 1, 7), "1 | e\u0301\ufe0f: x", "  |    ^"),
        ("a\u0301", Span(1, 2, 1, 3), "1 | a\u0301", "  |  ^"),
        ("\u1112\u1161\u11ab: x", Span(1, 6, 1, 7), None, "  |     ^"),
        ("\u202e\u200b: x", Span(1, 5, 1, 6), "1 | \ufffd\ufffd: x", "  |     ^"),
        ("ab\r\ncd\r\n", Span(2, 1, 2, 3), "2 | cd", "  | ^^"),
        ("a\n\nb", Span(2, 1, 2, 2), "2 | ", "  | ^"),
    ],
)
def test_carets_stand_under_the_mistake(
    text: str, span: Span, line: str | None, carets: str
) -> None:
    assert carets_of(text, span) == (line or f"1 | {text}", carets)


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


def test_long_line_of_wide_characters_is_cut_to_the_same_width() -> None:
    text = "漢" * 300 + "HERE" + "字" * 300

    line, carets = carets_of(text, Span(1, 301, 1, 305))

    assert line.count("漢") == 40
    assert line.count("字") == (160 - 80 - 4) // 2
    assert carets.index("^") == len("1 | …") + 2 * 40


def test_place_of_several_lines_marks_each() -> None:
    report = Report("r.yaml", "a: |\n    b\n\n  c\nd: 1\n")
    report.add("HX314", "m", Span(1, 4, 5, 1), label="no value")

    assert render(report).splitlines()[2:-2] == [
        "  |",
        "1 | a: |",
        "  |    ^",
        "2 |     b",
        "  |     ^",
        "3 | ",
        "4 |   c",
        "  |   ^ no value",
    ]


def test_place_of_many_lines_shows_the_first_ones_and_the_last() -> None:
    report = Report("r.yaml", "".join(f"line {n}\n" for n in range(1, 12)))
    report.add("HX314", "m", Span(1, 1, 10, 5))

    rows = render(report).splitlines()

    assert [row for row in rows if "line" in row or row == "..."] == [
        " 1 | line 1",
        " 2 | line 2",
        " 3 | line 3",
        "...",
        "10 | line 10",
    ]
    assert rows[-3] == "   | ^^^^"


def test_hidden_characters_are_stars_wherever_their_line_is_shown() -> None:
    report = Report("r.yaml", "a: [sk-one, sk-two]\nb: 1\n")
    for span in (Span(1, 5, 1, 11), Span(1, 13, 1, 19), Span(1, 14, 1, 16)):
        report.hide(span)
    report.add("HX319", "a key stands in the file", Span(1, 5, 1, 11))
    report.add(
        "HX101",
        "unknown key `b`",
        Span(2, 1, 2, 2),
        related=((Span(1, 1, 1, 2), "as here"),),
    )

    shown = render(report)

    assert shown.count("1 | a: [******, ******]\n") == 2
    assert "  |     ^^^^^^\n" in shown
    assert "sk-" not in shown


def test_hidden_lines_are_stars() -> None:
    report = Report("r.yaml", "a: |\n  sk-one\n\n  sk-two\nb: 1\n")
    report.hide(Span(1, 4, 5, 1))
    report.add("HX319", "m", Span(1, 4, 5, 1))

    rows = render(report).splitlines()

    assert [row[4:] for row in rows if re.match("[0-9] [|]", row)] == [
        "a: *",
        "********",
        "",
        "********",
    ]


def test_long_line_is_cut_without_showing_what_is_hidden() -> None:
    report = Report("r.yaml", "a" * 200 + "sk-one" + "b" * 200)
    report.hide(Span(1, 201, 1, 207))
    report.add("HX101", "m", Span(1, 190, 1, 191))

    assert "a******b" in render(report)


@settings(derandomize=True, deadline=None)
@given(st.data())
def test_nothing_hidden_is_ever_shown(data: st.DataObject) -> None:
    report = data.draw(reports())
    lines = [list(line.replace("§", "s").ljust(12)) for line in report.lines]
    for _ in range(data.draw(st.integers(1, 3))):
        line = data.draw(st.integers(1, len(lines)))
        start, end = sorted(data.draw(st.tuples(*[st.integers(1, 12)] * 2)))
        lines[line - 1][start - 1 : end - 1] = "§" * (end - start)
        report.hide(Span(line, start, line, end))
    report.text = "\n".join("".join(line) for line in lines)

    frames = [
        row for row in render(report).splitlines() if re.match(" *[0-9]+ [|]", row)
    ]

    assert "§" not in "".join(frames)


@settings(derandomize=True, deadline=None)
@given(reports())
def test_any_report_can_be_shown_on_a_terminal(report: Report) -> None:
    plain, colored = render(report), render(report, color=True)

    assert plain.replace("\n", "").isprintable()
    assert SGR.sub("", colored) == plain


def test_words_of_a_diagnostic_are_made_printable() -> None:
    report = Report("\x1b[2J.yaml", "a: 1\nb: 2\n")
    evil = "\x1b]0;x\x07\u202e\n"
    report.add(
        "HX101",
        evil,
        Span(1, 1, 1, 2),
        label=evil,
        help=evil,
        related=((Span(2, 1, 2, 2), evil), (Span(1, 2, 1, 3), evil)),
    )

    assert render(report).replace("\n", "").isprintable()
    assert len(render(report).splitlines()) == 14


def test_colors_tell_severities_apart() -> None:
    shown = render(report_of_three(), color=True)

    assert "\x1b[1;31merror[HX201]\x1b[0m\x1b[1m: unknown upstream" in shown
    assert "\x1b[1;31m^^^^^^ here\x1b[0m\n" in shown
    assert "\x1b[1;33mwarning[HX312]\x1b[0m" in shown
    assert "\x1b[1;33m^^^^^^^^^^\x1b[0m\n" in shown
    assert "\x1b[1;34m6 |\x1b[0m     upstream: litelm\n" in shown
    assert "\x1b[1;36mhelp:\x1b[0m remove it\n" in shown
    assert "\x1b[1;32mnote\x1b[0m\x1b[1m: taken here\x1b[0m\n" in shown


def test_report_is_plain_unless_color_is_asked_for() -> None:
    assert "\x1b" not in render(report_of_three())


def test_many_places_of_one_long_line_are_shown() -> None:
    report = Report("r.yaml", "{" + "key: [日本, sk-value], " * 100_000 + "}\n")
    for number in range(ENOUGH):
        column = 2 + number * 21
        report.hide(Span(1, column + 10, 1, column + 18))
        report.add("HX101", f"m{number}", Span(1, column, 1, column + 3))

    shown = render(report)

    assert shown.count("1 | {key: [日本, ********], key: [日本, ********], ") == 4
    assert shown.count(" ^^^\n") == ENOUGH
