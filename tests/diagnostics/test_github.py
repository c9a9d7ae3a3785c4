from __future__ import annotations

from hypothesis import given, settings

from hxroute.diagnostics import Report
from hxroute.diagnostics.github import render
from hxroute.diagnostics.shown import in_order, printable
from hxroute.span import Span
from tests.diagnostics.reports import report_of_three, reports


def read(line: str) -> tuple[str, dict[str, str], str]:
    """Take a command apart as the runner does: its name, properties and data."""
    _, head, data = line.split("::", 2)
    name, _, listed = head.partition(" ")
    pairs = [item.split("=", 1) for item in listed.split(",")]
    return name, {key: unescaped(value) for key, value in pairs}, unescaped(data)


def unescaped(text: str) -> str:
    codes = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}
    for code, item in codes.items():
        text = text.replace(code, item)
    return text


def test_each_diagnostic_is_a_command() -> None:
    assert render(report_of_three()) == (
        "::warning file=routes.yaml,line=1,endLine=3,title=HX312"
        "::a secret has a default%0Ahelp: remove it\n"
        "::error file=routes.yaml,line=5,col=11,endLine=5,endColumn=24,title=HX310"
        "::this can never match%0Ataken here: routes.yaml:3:11\n"
        "::error file=routes.yaml,line=6,col=15,endLine=6,endColumn=21,title=HX201"
        "::unknown upstream `litelm`: here\n"
    )


def test_report_without_diagnostics_is_empty() -> None:
    assert render(Report("routes.yaml", "version: 1\n")) == ""


def test_marks_of_a_command_are_escaped() -> None:
    report = Report("a:b,c%3A\n.yaml", "a")
    report.add("HX101", "50% of\r\n::error::a, b: c", Span(1, 1, 1, 2))

    assert render(report) == (
        "::error file=a%3Ab%2Cc%253A%0A.yaml,line=1,col=1,endLine=1,endColumn=2,"
        "title=HX101::50%25 of%0D%0A::error::a, b: c\n"
    )


@settings(derandomize=True, deadline=None)
@given(reports())
def test_any_report_is_read_back(report: Report) -> None:
    lines = render(report).split("\n")

    assert lines.pop() == ""
    assert all(line.isprintable() for line in lines)
    for line, found in zip(lines, in_order(report), strict=True):
        name, properties, data = read(line)
        assert name == found.severity
        assert printable(properties["file"]) == printable(report.file)
        assert properties["title"] == found.code
        assert printable(data).startswith(printable(found.message))
        assert ("col" in properties) == (found.span.line == found.span.end_line)
