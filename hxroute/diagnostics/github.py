"""Diagnostics as workflow commands of GitHub Actions, which annotate a pull request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hxroute.diagnostics.report import Diagnostic, Report
from hxroute.diagnostics.shown import in_order, printable, prose
from hxroute.span import Span

__all__ = ["render"]

_DATA: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY: Final = _DATA | str.maketrans({":": "%3A", ",": "%2C"})
"""What the runner takes back, in a message and in a property."""


def render(report: Report) -> str:
    """Render each diagnostic of a file as a command on a line of its own."""
    return "".join(f"{_command(found, report.file)}\n" for found in in_order(report))


def _command(found: Diagnostic, file: str) -> str:
    properties = {"file": file, **_place(found.span), "title": found.code}
    shown = ",".join(
        f"{name}={_escaped(str(value), _PROPERTY)}"
        for name, value in properties.items()
    )
    message = "\n".join([prose(found), *_related(found, file)])
    return f"::{found.severity} {shown}::{_escaped(message, _DATA)}"


def _place(span: Span) -> dict[str, int]:
    """Name a place; GitHub takes columns only where it is on one line."""
    if span.line != span.end_line:
        return {"line": span.line, "endLine": span.end_line}
    return {
        "line": span.line,
        "col": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _related(found: Diagnostic, file: str) -> Iterator[str]:
    for place, text in found.related:
        yield f"{text}: {file}:{place.line}:{place.column}"


def _escaped(text: str, table: dict[int, str]) -> str:
    return printable(text.translate(table))
