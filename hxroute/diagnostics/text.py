"""Diagnostics as text: the source line, with carets under the mistake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hxroute.diagnostics.report import Diagnostic, Report

__all__ = ["render"]

_WIDE: Final = 160
"""Columns of a source line that are shown."""


def render(report: Report) -> str:
    """Render every diagnostic in the order of the file, and a count."""
    lines = report.lines if report.lines[-1] else report.lines[:-1]
    found = sorted(report.diagnostics, key=lambda item: item.span)
    blocks = ["\n".join(_block(item, report.file, lines)) for item in found]
    return "\n\n".join([*blocks, _count(report)]) + "\n"


def _block(found: Diagnostic, file: str, lines: list[str]) -> Iterator[str]:
    span = found.span
    gutter = " " * len(str(span.line))
    yield f"{found.severity}[{found.code}]: {_printable(found.message)}"
    yield f"{gutter}--> {file}:{span.line}:{span.column}"
    if span.line <= len(lines):
        source, shift = _window(lines[span.line - 1], span.column)
        yield f"{gutter} |"
        yield f"{span.line} | {_printable(source)}"
        column = span.column - shift
        end = span.end_column - shift if span.end_line == span.line else len(source) + 1
        carets = "^" * max(1, min(end, len(source) + 2) - column)
        label = f" {found.label}" if found.label else ""
        yield f"{gutter} | {' ' * (column - 1)}{carets}{label}"
    for place, text in found.related:
        yield f"{gutter} = {text}: {file}:{place.line}:{place.column}"
    if found.help:
        yield f"{gutter} = help: {found.help}"


def _window(source: str, column: int) -> tuple[str, int]:
    """Cut a long line to what stands around a column; say by how much it moved."""
    if len(source) <= _WIDE:
        return source, 0
    start = max(0, column - _WIDE // 2)
    before = "…" if start else ""
    after = "…" if start + _WIDE < len(source) else ""
    return f"{before}{source[start : start + _WIDE]}{after}", start - len(before)


def _printable(text: str) -> str:
    """Show one column for each character, whatever a terminal would make of it."""
    return "".join(
        " " if item == "\t" else item if item.isprintable() else "\ufffd"
        for item in text
    )


def _count(report: Report) -> str:
    errors = sum(item.severity == "error" for item in report.diagnostics)
    warnings = len(report.diagnostics) - errors
    parts = [(errors, "error"), (warnings, "warning")]
    return ", ".join(f"{n} {word}{'s' * (n != 1)}" for n, word in parts if n)
