"""Unused: definitions that nothing in the file names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from hxroute import templates
from hxroute.compiler.resolve import Program, references
from hxroute.compiler.tree import Hole, Mapping, Node, Scalar, Sequence
from hxroute.diagnostics import Report, nearest

__all__ = ["check_unused"]

_WORD: Final = re.compile(r"\w+")
_WHAT: Final = {
    "settings": "setting",
    "upstreams": "upstream",
    "stores": "store",
    "auth": "auth",
    "headers": "header rule set",
    "errors": "error mapping",
}


def check_unused(program: Program, report: Report) -> None:
    """Warn of definitions that nothing uses.

    In a file with other mistakes a name counts as used wherever it stands: what could
    not be read may have meant it.
    """
    if not program.endpoints:
        return  # where something could be used is what is wrong
    used = set(_used(program)) | program.meant
    words = Counter(_WORD.findall(report.text) if report.failed else ())
    for table, what in _WHAT.items():
        node = program.document.get(table)
        for key, value in node.items if isinstance(node, Mapping) else ():
            name = str(key.value)
            if (table, name) in used or isinstance(value, Hole):
                continue
            if words[name] > 1:  # it stands not only where it is defined
                continue
            message = f"{what} `{name}` is never used"
            report.add("HX207", message, key.span, help="remove it, or use it")


def _used(program: Program) -> Iterator[tuple[str, str]]:
    for node in (program.defaults.node, *(unit.node for unit in program.endpoints)):
        for _, _, table, reference in references(node):
            yield table, str(reference.value)
    known = program.names["settings"] or frozenset()
    for text in _texts(program.document):
        for root, key in templates.names(text):
            if root == "settings" and key is not None:
                meant = [key] if key in known else nearest(key, known) or known
                yield from (("settings", name) for name in meant)


def _texts(node: Node) -> Iterator[str]:
    if isinstance(node, Scalar):
        if isinstance(node.value, str) and "{{" in node.value:
            yield node.value
    elif isinstance(node, Mapping):
        for _, value in node.items:
            yield from _texts(value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _texts(item)
