"""Positions in the user's file. Knows nothing of the language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Span", "after", "split_lines"]

_LINE_END: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What ends a line for a YAML reader."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of source text; lines and columns count from 1, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def head(self) -> Span:
        """The place, cut to its first character where it takes several lines."""
        if self.line == self.end_line:
            return self
        return Span(self.line, self.column, self.line, self.column + 1)

    def __contains__(self, other: Span) -> bool:
        """Tell whether another stretch lies within this one."""
        begins = (self.line, self.column) <= (other.line, other.column)
        ends = (other.end_line, other.end_column) <= (self.end_line, self.end_column)
        return begins and ends


def split_lines(text: str) -> list[str]:
    """Split a text into lines; behind a last line end there is an empty one."""
    return _LINE_END.split(text)


def after(text: str) -> Span:
    """Return the place right behind a text."""
    lines = split_lines(text)
    line, column = len(lines), len(lines[-1]) + 1
    return Span(line, column, line, column + 1)
