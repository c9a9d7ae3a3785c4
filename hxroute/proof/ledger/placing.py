"""Place an entry in the text of a ledger, which else stays as it is, to the byte."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import Final

from hxroute.compiler.tree import Mapping, Scalar, Sequence
from hxroute.proof.documents import document
from hxroute.proof.ledger.reading import SCHEMA
from hxroute.span import Span

__all__ = ["placed"]

_NEW: Final = """\
# Where the new gateway does otherwise than the recorded one, on purpose. Each entry pins
# what it does instead, and says why. `hxroute prove` fails on a difference that is not
# here, and on an entry that hides none.
version: 1
divergences:
"""
_KEY: Final = "divergences"
_BOM: Final = "\ufeff"


def placed(path: Path, entry: str) -> Iterator[str]:
    """Yield the texts that a ledger may have with an entry behind its others.

    One is as good as the other to look at; which of them is read as wanted, the caller
    finds out. There is none for a list that is written in brackets.

    Args:
        path: the ledger; where there is none, a new one is begun.
        entry: one entry or several, as a list in block style.

    Raises:
        OSError: where it cannot be read.
    """
    if not path.exists():
        yield _NEW + indent(entry, "  ")
        return
    text = path.read_bytes().decode()
    found, _ = document(path, SCHEMA)
    assert found is not None, "it has been read before"
    bare = text.removeprefix(_BOM)
    mark = text[: len(text) - len(bare)]
    end = "\r\n" if "\r\n" in bare else "\n"
    # What else ends a line for Python are controls, which a readable file does not hold.
    lines = bare.splitlines(keepends=True)
    for at, added in _places(lines, found, entry):
        yield mark + _inserted(lines, at, added.replace("\n", end), end)


def _places(lines: list[str], found: Mapping, entry: str) -> Iterator[tuple[int, str]]:
    """Yield before which line what may be added; the list loses its empty brackets."""
    listed, key = found.get(_KEY), found.key(_KEY)
    if isinstance(listed, Sequence) and listed.items:
        yield from _behind(lines, listed.span, entry)
    elif key is None:
        yield len(lines), f"{_KEY}:\n{indent(entry, '  ')}"
    elif isinstance(listed, Sequence | Scalar):
        _empty(lines, listed.span)
        yield key.span.line, indent(entry, " " * (key.span.column + 1))


def _behind(lines: list[str], span: Span, entry: str) -> Iterator[tuple[int, str]]:
    """Yield the places behind a list: before the blank lines and comments, or after."""
    margin = span.column - 1
    if lines[span.line - 1][margin : margin + 1] != "-":
        return
    last = min(span.end_line - 1, len(lines))
    if last < len(lines) and lines[last][: span.end_column - 1].strip():
        last += 1  # so PyYAML's own parser has it, where the last line has no end
    first = last
    while first > span.line and _is_apart(lines[first - 1], margin):
        first -= 1
    for at in dict.fromkeys((first, last)):
        yield at, indent(entry, " " * margin)


def _is_apart(line: str, margin: int) -> bool:
    """Tell whether a line is blank, or a comment that does not belong to a list."""
    bare = line.lstrip(" ")
    comment = bare.startswith("#") and len(line) - len(bare) <= max(0, margin - 1)
    return comment or not bare.strip()


def _empty(lines: list[str], span: Span) -> None:
    """Take `[]` or `null` out of its line."""
    if span.line == span.end_line:
        line = lines[span.line - 1]
        tail = line[span.end_column - 1 :]
        behind = tail if tail.strip() else tail.lstrip(" ")
        lines[span.line - 1] = line[: span.column - 1].rstrip(" ") + behind


def _inserted(lines: list[str], at: int, added: str, end: str) -> str:
    before, after = "".join(lines[:at]), "".join(lines[at:])
    joined = before if not before or before[-1] in "\r\n" else before + end
    return joined + added + after
