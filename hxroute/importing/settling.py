"""Settling: a draft is compiled; what the compiler refuses becomes something to do."""

from __future__ import annotations

from typing import Final

from hxroute.compiler import compile
from hxroute.diagnostics import Diagnostic
from hxroute.importing.draft import Block, Item, Rows
from hxroute.importing.findings import Findings
from hxroute.importing.writing import Path, Written, write

__all__ = ["settle"]

_ROUNDS: Final = 60
_NEEDED: Final = frozenset({"path", "methods", "url", "env", "name", "bearer"})
"""Keys without which what holds them is nothing."""


def settle(
    draft: Block, file: str, head: tuple[str, ...], findings: Findings
) -> Written:
    """Write a draft that compiles; what does not is taken out, and said to be."""
    for _ in range(_ROUNDS):
        written = write(draft, file, head)
        report = compile(written.text.encode("utf-8", "replace"), file).report
        if not report.failed:
            return written
        errors = [item for item in report.diagnostics if item.severity == "error"]
        if not any(_take_out(draft, written, item, findings) for item in errors):
            break
    return write(_nothing(draft), file, head)


def _take_out(
    draft: Block, written: Written, error: Diagnostic, findings: Findings
) -> bool:
    """Take out what an error is about; False where it is found no more."""
    path = written.paths.get(error.span.line, ())
    while path and (path[-1] in _NEEDED or len(path) == 1):
        path = path[:-1]
    if not path:
        return False
    holder = _find(draft, path[:-1])
    key = path[-1]
    taken: Item | None = None
    if isinstance(holder, Block) and isinstance(key, str):
        taken = holder.items.pop(key, None)
    elif isinstance(holder, Rows) and isinstance(key, int) and key < len(holder.items):
        taken = holder.items.pop(key)
    if taken is None or not isinstance(holder, Block | Rows):
        return False
    text = f"left out: {error.message}"
    holder.todos.append((_line_of(taken), text))
    findings.manual(_line_of(taken), text)
    return True


def _line_of(item: Item) -> int:
    """Return the line that something is from, or one of what it holds."""
    if item.line or not isinstance(item.value, Block):
        return item.line
    return next((inner.line for inner in item.value.items.values() if inner.line), 0)


def _find(draft: Block, path: Path) -> object:
    node: object = draft
    for key in path:
        item: Item | None = None
        if isinstance(node, Block) and isinstance(key, str):
            item = node.items.get(key)
        elif isinstance(node, Rows) and isinstance(key, int):
            item = node.items[key] if key < len(node.items) else None
        if item is None:
            return None
        node = item.value
    return node


def _nothing(draft: Block) -> Block:
    """Return a draft of one endpoint that refuses, with all that is left to do."""
    empty = Block()
    empty.put("version", 1)
    row = Block()
    row.put("path", "/{rest:path}")
    row.put("auth", "none")
    row.put("respond", {"status": 501, "json": {"detail": "Nothing was imported."}})
    endpoints = draft.items.get("endpoints")
    todos: list[tuple[int, str]] = []
    if endpoints is not None and isinstance(endpoints.value, Rows):
        todos = [
            *endpoints.value.todos,
            *(todo for item in endpoints.value.items for todo in item.todos),
        ]
    empty.put("endpoints", Rows([Item(row)], todos))
    return empty
