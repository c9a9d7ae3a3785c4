"""Writing: a draft as YAML, with the lines of the program as comments."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Final

from hxroute.importing.draft import Block, Item, Node, Rows
from hxroute.importing.findings import clean

__all__ = ["Written", "write"]

_PLAIN: Final = re.compile(r"[A-Za-z/][A-Za-z0-9_./ -]*[A-Za-z0-9_/]|[A-Za-z/]")
_UNITS: Final = re.compile(r"[0-9]{1,9}(ms|s|m|h|B|KiB|MiB|GiB)")
_WORDS: Final = frozenset(["true", "false", "null", "yes", "no", "on", "off", "y", "n"])
_WIDE: Final = 88
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
)

Path = tuple[str | int, ...]


@dataclass(slots=True)
class Written:
    """The text of a draft, and which part of it each line holds."""

    lines: list[str] = field(default_factory=list)
    paths: dict[int, Path] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The whole file."""
        return "\n".join(self.lines) + "\n"

    def add(self, text: str, path: Path) -> None:
        """Add a line."""
        self.lines.append(text.rstrip())
        self.paths[len(self.lines)] = path


def write(draft: Block, file: str, head: tuple[str, ...] = ()) -> Written:
    """Write a draft.

    Args:
        draft: the routes file.
        file: the program's name, for comments.
        head: comment lines on top.
    """
    written = Written()
    for line in head:
        written.add(f"# {line}".rstrip(), ())
    writer = _Writer(written, clean(file))
    for key, item in draft.items.items():
        if isinstance(item.value, Block | Rows) and not item.value.items and (
            not item.value.todos
        ):  # fmt: skip
            continue
        if isinstance(item.value, Block | Rows):
            written.add("", ())
        writer.entry(key, item, 0, (key,))
    return written


class _Writer:
    def __init__(self, written: Written, file: str) -> None:
        self.written = written
        self.file = file

    def entry(
        self, key: str, item: Item, depth: int, path: Path, lead: str = ""
    ) -> None:
        """Write a key with its value."""
        blanks = lead or "  " * depth
        if not lead:
            self._todos(item.todos, depth)
        name = _scalar(key)
        value = item.value
        if isinstance(value, Block | Rows) and value.items:
            self._line(f"{blanks}{name}:", item.line, path)
            self._node(value, depth + 1, path)
        elif isinstance(value, Block | Rows):
            self._todos(value.todos, depth)
        else:
            self._line(f"{blanks}{name}: {flow(value)}", item.line, path)

    def _node(self, node: Block | Rows, depth: int, path: Path) -> None:
        if isinstance(node, Block):
            for key, item in node.items.items():
                self.entry(key, item, depth, (*path, key))
        else:
            for place, item in enumerate(node.items):
                self._row(item, depth, (*path, place))
        self._todos(node.todos, depth)

    def _row(self, item: Item, depth: int, path: Path) -> None:
        self._todos(item.todos, depth)
        lead = "  " * depth + "- "
        value = item.value
        if not isinstance(value, Block):
            self._line(f"{lead}{flow(value)}", item.line, path)
            return
        for place, (key, inner) in enumerate(value.items.items()):
            if not place:
                self._todos(inner.todos, depth)
            first = lead if not place else ""
            self.entry(key, inner, depth + 1, (*path, key), first)

    def _todos(self, todos: list[tuple[int, str]], depth: int) -> None:
        for line, text in todos:
            place = f"{self.file}:{line}" if line else self.file
            self.written.add(f"{'  ' * depth}# TODO({place}): {clean(text)}", ())

    def _line(self, text: str, line: int, path: Path) -> None:
        note = f"  # {self.file}:{line}" if line else ""
        self.written.add(f"{text}{note}", path)


def flow(value: Node) -> str:
    """Write plain data in one line."""
    if isinstance(value, dict):
        inner = ", ".join(f"{_scalar(str(k))}: {flow(v)}" for k, v in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(flow, value))}]"
    if isinstance(value, str):
        return _scalar(value)
    return json.dumps(value)


def _scalar(text: str) -> str:
    """Write a text, in quotes where YAML would read something else."""
    plain = _PLAIN.fullmatch(text) or _UNITS.fullmatch(text)
    if plain and text.lower() not in _WORDS:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNSAFE.sub(_escaped, quoted)


def _escaped(match: re.Match[str]) -> str:
    """Escape what YAML lets no file hold; half of a pair is no character at all."""
    code = ord(match[0])
    return "\\ufffd" if 0xD800 <= code < 0xE000 else f"\\u{code:04x}"
