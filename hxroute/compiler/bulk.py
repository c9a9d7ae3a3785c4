"""Bulk: a file with more templates than can be read while somebody waits is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hxroute import templates
from hxroute.compiler.tree import Mapping, Node, Scalar, Sequence
from hxroute.diagnostics import Report

__all__ = ["MAX_TEMPLATES", "is_bulky"]

MAX_TEMPLATES: Final = 128 << 10
"""Characters of expressions in a file, without those that are plain references."""

_EXPRESSION: Final = re.compile(r"\{[{%#](?:[^}%#]++|[}%#](?!\}))*+")
"""What the parser reads: up to its end, or to that of the text, where it has none."""

_AS_MANY: Final = 20
"""Characters of an expression that take as long as a template takes in any case."""


def is_bulky(document: Mapping, report: Report) -> bool:
    """Tell whether a file holds too many templates; if so, it is reported."""
    seen: set[str] = set()
    characters = 0
    for node, text in _texts(document):
        if text in seen or not templates.is_template(text) or templates.is_simple(text):
            continue
        seen.add(text)
        characters += _AS_MANY + sum(map(len, _EXPRESSION.findall(text)))
        if characters > MAX_TEMPLATES:
            message = f"more than {MAX_TEMPLATES} characters of expressions"
            help_text = (
                "split the file, or write `{{ variable.key }}`, which counts not"
            )
            report.add("HX004", message, node.span.head, help=help_text)
            return True
    return False


def _texts(node: Node) -> Iterator[tuple[Scalar, str]]:
    """Yield the texts that may be templates."""
    if isinstance(node, Scalar):
        if isinstance(node.value, str) and "{" in node.value:
            yield node, node.value
    elif isinstance(node, Mapping):
        for _, value in node.items:
            yield from _texts(value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _texts(item)
