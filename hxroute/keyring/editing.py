"""Editing: a routes file with a key more, or with keys that end; else as it was.

What is changed is inserted behind what stands there, in its style: behind an item of a
list in block style as a line of its own, else behind a comma. Whether the file then
says what it is to say, and no more, is read back from it.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hxroute import units
from hxroute.compiler import Compiled, compile, tree
from hxroute.compiler.tree import Node, Scalar, Sequence, plain
from hxroute.errors import StartError
from hxroute.keyring.entries import Entry, listed

__all__ = ["Change", "changed", "written"]

_BOM: Final = "\ufeff"
_LINE: Final = re.compile("[^\n\r\x85\u2028\u2029]*(?:\r\n|[\n\r\x85\u2028\u2029]|$)")
_PLAIN: Final = re.compile(
    rf"[A-Za-z][A-Za-z0-9._@-]*|[0-9a-f]{{64}}|{units.INSTANT}", re.ASCII
)
"""Texts that YAML takes as they are."""

_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_END_OF_LINE: Final = re.compile("[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of the keys of an auth: one more, and others that end."""

    auth: str
    added: Mapping[str, str]
    ends: tuple[tuple[Entry, str], ...] = ()


@dataclass(slots=True)
class _Text:
    """A text under edits, from its end to its beginning."""

    text: str
    starts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.starts = [found.start() for found in _LINE.finditer(self.text)]

    def offset(self, line: int, column: int) -> int:
        """Return where a place is in the text, which may end before it."""
        if line > len(self.starts):
            return len(self.text)
        return min(self.starts[line - 1] + column - 1, len(self.text))

    def line_end(self, offset: int) -> int:
        """Return where the line of an offset ends, before what ends it."""
        found = _END_OF_LINE.search(self.text, offset)
        return found.start() if found else len(self.text)

    def margin(self, offset: int) -> str | None:
        """Return the blanks before an offset, None where more is before it."""
        line = _END_OF_LINE.split(self.text[:offset])[-1]
        return line if not line.strip() else None

    @property
    def line_break(self) -> str:
        """What ends the lines of the text."""
        return "\r\n" if "\r\n" in self.text else "\n"


_Edit = tuple[int, int, str]
"""A stretch of a text, and what comes in its place."""


def changed(data: bytes, before: Compiled, change: Change) -> tuple[str, Compiled]:
    """Return the text of a file after a change, and what it compiles to.

    Args:
        data: the file.
        before: what it compiles to.
        change: what becomes of its keys.

    Raises:
        StartError: where the change cannot be made in what the file has there.
    """
    program = before.program
    assert program is not None
    keys = listed(program, change.auth)
    if keys is None:
        raise StartError(f"auth `{change.auth}` lists no keys; write `bearer:` there")
    whole = data.decode()
    bare = whole.removeprefix(_BOM)
    text = _Text(bare)
    edits = [_ended(text, entry.node, end) for entry, end in change.ends]
    edits.append(_added(text, keys, written(change.added)))
    mark = whole[: len(whole) - len(bare)]
    result = mark + _applied(bare, edits)
    after = compile(result.encode(), before.report.file)
    if after.program is None or plain(after.program.document) != _wanted(
        before, change
    ):
        raise StartError(
            f"the keys of auth `{change.auth}` are written in a way that cannot be edited "
            "here; put them into a list of their own, or edit it by hand"
        )
    return result, after


def written(said: Mapping[str, str]) -> str:
    """Write what is said of a key as an item of a list."""
    parts = (f"{key}: {_scalar(value)}" for key, value in said.items())
    return f"{{{', '.join(parts)}}}"


def _scalar(text: str) -> str:
    bare = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if bare else f'"{text}"'


def _wanted(before: Compiled, change: Change) -> Any:
    """Return what the file is to say."""
    assert before.program is not None
    document = copy.deepcopy(plain(before.program.document))
    keys = document["auth"][change.auth]["bearer"]
    for entry, end in change.ends:
        keys[entry.place]["not_after"] = end
    keys.append(dict(change.added))
    return document


def _applied(text: str, edits: Iterable[_Edit]) -> str:
    for start, end, new in sorted(edits, key=lambda edit: edit[0], reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _added(text: _Text, keys: Sequence, item: str) -> _Edit:
    """Put an item behind the last one of a list."""
    start = text.offset(keys.span.line, keys.span.column)
    end = _end(text, keys.items[-1])
    if text.text[start] == "[":
        return _behind_comma(text, keys.items[-1], end, item)
    at = text.line_end(end)
    return at, at, f"{text.line_break}{' ' * (keys.span.column - 1)}- {item}"


def _behind_comma(text: _Text, last: Node, end: int, item: str) -> _Edit:
    """Put something behind a comma, on a line of its own where the last one is."""
    margin = text.margin(text.offset(last.span.line, last.span.column))
    between = " " if margin is None else text.line_break + margin
    return end, end, f",{between}{item}"


def _ended(text: _Text, node: Node, end: str) -> _Edit:
    """Say of a key when it ends."""
    if not isinstance(node, tree.Mapping):
        raise StartError(
            f"line {node.span.line}: the key is no mapping; write "
            "`{name: NAME, key: …}` in its place"
        )
    stated = node.get("not_after")
    if stated is not None:
        place = stated.span
        first = text.offset(place.line, place.column)
        return first, text.offset(place.end_line, place.end_column), _scalar(end)
    said = f"not_after: {_scalar(end)}"
    behind = _end(text, node.items[-1][1])
    if text.text[text.offset(node.span.line, node.span.column)] == "{":
        return _behind_comma(text, node.items[-1][0], behind, said)
    at = text.line_end(behind)
    return at, at, f"{text.line_break}{' ' * (node.span.column - 1)}{said}"


def _end(text: _Text, node: Node) -> int:
    """Return where a node ends: YAML has one in block style end where the next begins."""
    start = text.offset(node.span.line, node.span.column)
    if isinstance(node, Scalar) or text.text[start] in "[{":
        end = text.offset(node.span.end_line, node.span.end_column)
        return start + len(text.text[start:end].rstrip())
    if isinstance(node, tree.Mapping) and node.items:
        return _end(text, node.items[-1][1])
    if isinstance(node, Sequence) and node.items:
        return _end(text, node.items[-1])
    return start
