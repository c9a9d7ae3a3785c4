r"""Two texts side by side: which lines belong together, and what differs in them.

It knows nothing of HTTP and of no format: renderers put its rows in their columns. A
token is what a reader takes for one character, an escape such as `\xff` included. All
work is bounded: long and hostile texts are compared more coarsely, never slowly.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

__all__ = ["Fold", "Line", "Row", "folded", "rows", "runs"]

_TOKEN: Final = re.compile(r"\\x[0-9a-f]{2}|.", re.DOTALL)

_FINE: Final = 160
"""Tokens of the differing part of a line in which equal ones are looked for."""

_MATCH: Final = 3
"""Tokens that are equal in a row before they count: fewer are so by chance."""

_LINES: Final = 300
"""Lines of the differing part of a text in which equal ones are looked for."""

Line = tuple[tuple[str, bool], ...]
"""The tokens of a line, and of each whether it differs."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the old text and its counterpart of the new; None is no line."""

    old: Line | None
    new: Line | None

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs."""
        return self.old == self.new


@dataclass(frozen=True, slots=True)
class Fold:
    """So many equal rows, which are not shown."""

    count: int


def rows(old: Sequence[str], new: Sequence[str]) -> Iterator[Row]:
    """Put the lines of two texts side by side."""
    for ours, theirs in _pairs(old, new):
        if ours is None or theirs is None:
            yield Row(_plain(ours), _plain(theirs))
        else:
            yield _row(ours, theirs)


def folded(found: Iterable[Row], around: int) -> Iterator[Row | Fold]:
    """Leave out equal rows, but for so many before and after what differs."""
    items = list(found)
    near = bytearray(len(items))
    for at, item in enumerate(items):
        if not item.is_equal:
            first, last = max(0, at - around), at + around + 1
            near[first:last] = b"\1" * len(near[first:last])
    marked = zip(near, items, strict=True)
    for shown, group in itertools.groupby(marked, key=lambda pair: pair[0]):
        rest = [item for _, item in group]
        if shown or len(rest) == 1:
            yield from rest
        else:
            yield Fold(len(rest))


def runs(line: Line) -> Iterator[tuple[str, bool]]:
    """Join the tokens of a line that differ, and those that do not."""
    for marked, group in itertools.groupby(line, key=lambda token: token[1]):
        yield "".join(text for text, _ in group), marked


def _plain(text: str | None) -> Line | None:
    if text is None:
        return None
    return tuple((token, False) for token in _TOKEN.findall(text))


def _pairs(
    old: Sequence[str], new: Sequence[str]
) -> Iterator[tuple[str | None, str | None]]:
    """Yield the lines that belong together: the equal ones, and those between them."""
    for equal, first, last, start, end in _blocks(old, new, _LINES, 1):
        if equal:
            yield from zip(old[first:last], new[start:end], strict=True)
        else:
            yield from itertools.zip_longest(old[first:last], new[start:end])


def _row(old: str, new: str) -> Row:
    """Mark in two lines what differs."""
    ours, theirs = _TOKEN.findall(old), _TOKEN.findall(new)
    left = [False] * len(ours)
    right = [False] * len(theirs)
    for equal, first, last, start, end in _blocks(ours, theirs, _FINE, _MATCH):
        if not equal:
            left[first:last] = [True] * (last - first)
            right[start:end] = [True] * (end - start)
    return Row(
        tuple(zip(ours, left, strict=True)), tuple(zip(theirs, right, strict=True))
    )


_Block = tuple[bool, int, int, int, int]
"""Whether equal; from where to where in the old sequence, and in the new."""


def _blocks(
    old: Sequence[str], new: Sequence[str], most: int, least: int
) -> Iterator[_Block]:
    """Cut two sequences into parts that are equal and parts that are not.

    Args:
        old: the one.
        new: the other.
        most: how many items may be left between what is common at both ends, in any
            length, so that more is looked for there.
        least: how many items in a row are taken for equal there.
    """
    pairs = zip(old, new, strict=False)
    head = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
    rest = min(len(old), len(new)) - head
    ends = zip(reversed(old), reversed(new), strict=False)
    common = itertools.takewhile(lambda pair: pair[0] == pair[1], ends)
    tail = sum(1 for _ in itertools.islice(common, rest))
    first, last = len(old) - tail, len(new) - tail
    yield True, 0, head, 0, head
    if max(first, last) - head <= most:
        for equal, *places in _fine(old[head:first], new[head:last], least):
            at, to, start, end = (head + place for place in places)
            yield equal, at, to, start, end
    else:
        yield False, head, first, head, last
    yield True, first, len(old), last, len(new)


def _fine(old: Sequence[str], new: Sequence[str], least: int) -> Iterator[_Block]:
    """Cut the middle of two sequences, of which both may be empty."""
    ours, theirs = 0, 0
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for at, to, size in matcher.get_matching_blocks():
        if least <= size or at == len(old):  # the last one, which is empty
            yield False, ours, at, theirs, to
            yield True, at, at + size, to, to + size
            ours, theirs = at + size, to + size
