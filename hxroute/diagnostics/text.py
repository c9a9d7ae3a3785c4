"""Diagnostics as text: the source lines, with carets under the mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from hxroute.diagnostics.frame import fits, rows, visible
from hxroute.diagnostics.report import Diagnostic, Report
from hxroute.diagnostics.shown import counts, in_order, printable
from hxroute.span import Span

__all__ = ["render"]

_STYLES: Final = {
    "error": "1;31",
    "warning": "1;33",
    "note": "1;32",
    "help": "1;36",
    "gutter": "1;34",
    "message": "1",
}
"""The SGR parameters (ECMA-48) of each part."""

_MARKS: Final = {"error": "^", "warning": "^", "note": "-"}

_Paint = Callable[[str, str], str]


def render(report: Report, *, color: bool = False) -> str:
    """Render every diagnostic in the order of the file, and a count."""
    paint = _painted if color else _plain
    page = _Page(printable(report.file), visible(report), paint)
    blocks = ["\n".join(page.block(found)) for found in in_order(report)]
    return "\n\n".join([*blocks, _count(report)]) + "\n"


def _painted(style: str, text: str) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


def _plain(style: str, text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class _Page:
    """A file as it is shown, and how its parts are painted."""

    file: str
    lines: list[str]
    paint: _Paint

    def block(self, found: Diagnostic) -> Iterator[str]:
        """Yield the lines of a diagnostic: its frame, the cure, and other places."""
        framed = [item for item in found.related if not self._known(item[0], found)]
        places = [found.span, *(place for place, _ in framed)]
        gutter = " " * max(len(str(place.end_line)) for place in places)
        yield self._title(found.severity, f"[{found.code}]", found.message)
        yield from self._frame(found.span, gutter, found.severity, found.label)
        for place, text in found.related:
            if self._known(place, found):
                yield self._remark(gutter, "note", f"{text}: {self._at(place)}")
        if found.help:
            yield self._remark(gutter, "help", found.help)
        for place, text in framed:
            yield self._title("note", "", text)
            yield from self._frame(place, gutter, "note")

    def _known(self, place: Span, found: Diagnostic) -> bool:
        """Whether the line of another place is on show already, or there is none."""
        if place.line > len(self.lines):
            return True
        return place.line == found.span.line and fits(self.lines[place.line - 1])

    def _title(self, style: str, code: str, text: str) -> str:
        word = self.paint(style, f"{style}{code}")
        return word + self.paint("message", f": {printable(text)}")

    def _frame(
        self, span: Span, gutter: str, style: str, label: str = ""
    ) -> Iterator[str]:
        """Yield a place and its source lines, marked."""
        yield f"{gutter}{self.paint('gutter', '-->')} {self._at(span)}"
        bar = self.paint("gutter", f"{gutter} |")
        shown = list(rows(self.lines, span))
        before = span.line
        for row in shown:
            if row is shown[0]:
                yield bar
            elif row.line > before + 1:
                yield self.paint("gutter", "...")
            before = row.line
            yield f"{self.paint('gutter', f'{row.line:>{len(gutter)}} |')} {row.text}"
            said = f" {printable(label)}" if label and row is shown[-1] else ""
            if marks := f"{_MARKS[style] * row.marks}{said}":
                yield f"{bar} {' ' * row.indent}{self.paint(style, marks)}"

    def _remark(self, gutter: str, word: str, text: str) -> str:
        sign = self.paint("gutter", f"{gutter} =")
        return f"{sign} {self.paint(word, f'{word}:')} {printable(text)}"

    def _at(self, span: Span) -> str:
        return f"{self.file}:{span.line}:{span.column}"


def _count(report: Report) -> str:
    parts = zip(counts(report), ("error", "warning"), strict=True)
    shown = ", ".join(f"{n} {word}{'s' * (n != 1)}" for n, word in parts if n)
    return f"{shown}; there may be more" if report.full else shown
