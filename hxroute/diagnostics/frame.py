"""The lines of a file as they are shown: nothing hidden, cut around a place."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from hxroute.diagnostics.report import Report
from hxroute.diagnostics.shown import printable, width
from hxroute.span import Span

__all__ = ["Row", "fits", "rows", "visible"]

_WIDE: Final = 160
"""Columns of a source line that are shown."""

_TALL: Final = 4
"""Lines of a place that are shown."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line as it is shown, with the columns to mark under it: how far in, how many."""

    line: int
    text: str
    indent: int
    marks: int


def visible(report: Report) -> list[str]:
    """Return the lines of a file, with a star for each character that is hidden."""
    lines = list(report.lines if report.lines[-1] else report.lines[:-1])
    hidden: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for span in report.hidden:
        if span.line == span.end_line <= len(lines):  # as nearly all of them are
            hidden[span.line].append((span.column - 1, span.end_column - 1))
            continue
        for line in _lines_of(span, lines):
            hidden[line].append(_stretch(span, line, lines[line - 1]))
    for line, stretches in hidden.items():
        lines[line - 1] = _starred(lines[line - 1], sorted(stretches))
    return lines


def rows(lines: list[str], span: Span) -> Iterator[Row]:
    """Yield what is shown of a place: its lines, of many the first ones and the last."""
    numbers = _lines_of(span, lines)
    few = len(numbers) <= _TALL
    for line in numbers if few else [*numbers[: _TALL - 1], numbers[-1]]:
        source = lines[line - 1]
        start, end = _stretch(span, line, source)
        first = line == span.line
        at = start if first else len(source) - len(source.lstrip())
        cut, shift = _window(source, at)
        text = printable(cut)
        marked = text[at - shift : max(at, end) - shift]
        yield Row(line, text, width(text[: at - shift]), max(width(marked), first))


def fits(line: str) -> bool:
    """Whether a line is shown whole."""
    return len(line) <= _WIDE and width(printable(line)) <= _WIDE


def _lines_of(span: Span, lines: list[str]) -> range:
    """Return the lines that hold characters of a place, and in any case its first."""
    behind = span.line < span.end_line and span.end_column == 1
    return range(span.line, min(span.end_line - behind, len(lines)) + 1)


def _stretch(span: Span, line: int, source: str) -> tuple[int, int]:
    """Return which characters of a line belong to a place."""
    start = span.column - 1 if line == span.line else 0
    return start, span.end_column - 1 if line == span.end_line else len(source)


def _starred(line: str, stretches: list[tuple[int, int]]) -> str:
    """Hide sorted stretches of a line, which may overlap and reach beyond it."""
    shown, at = [], 0
    for first, last in stretches:
        start, end = max(first, at), min(max(last, at), len(line))
        shown += [line[at:start], "*" * (end - start)]
        at = end
    return "".join([*shown, line[at:]])


def _window(source: str, at: int) -> tuple[str, int]:
    """Cut a long line to what stands around a place; say by how much it moved."""
    if fits(source):
        return source, 0
    half = _WIDE // 2
    start = at - _fitting(reversed(source[max(0, at - half) : at]), half)
    end = start + _fitting(source[start : start + _WIDE], _WIDE)
    before = "…" if start else ""
    after = "…" if end < len(source) else ""
    return f"{before}{source[start:end]}{after}", start - len(before)


def _fitting(text: Iterable[str], room: int) -> int:
    """Count the characters that fit into so many columns; each takes one at least."""
    taken = itertools.accumulate(max(1, width(printable(item))) for item in text)
    return sum(columns <= room for columns in taken)
