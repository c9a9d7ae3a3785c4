"""Lower header fields: names to templates."""

from __future__ import annotations

from typing import Final

from hxroute import rules, templates
from hxroute.compiler import expressions
from hxroute.compiler.expressions import Place
from hxroute.compiler.tree import Mapping, Node
from hxroute.diagnostics import Report
from hxroute.passing import HOP_BY_HOP

__all__ = ["MADE_ANEW", "pairs"]

MADE_ANEW: Final = frozenset({"host", "content-length", "expect"}).union(
    name.decode() for name in HOP_BY_HOP
)
"""Fields that no file sets."""


def pairs(
    node: Node | None, place: Place, report: Report
) -> tuple[tuple[str, str], ...]:
    """Lower a mapping of header names to templates."""
    found: list[tuple[str, str]] = []
    for key, value in node.items if isinstance(node, Mapping) else ():
        name = str(key.value).lower()
        source = expressions.text(value, place, report)
        if name in (taken for taken, _ in found):
            message = f"header `{name}` appears twice"
            help_text = "remove one of them; upper and lower case make no difference"
            report.add("HX002", message, key.span, help=help_text)
        if name in MADE_ANEW:
            message = f"`{name}` is made anew for each hop"
            help_text = "remove it; the gateway states it itself"
            report.add("HX311", message, key.span, help=help_text)
        if any(
            rules.FIELD_VALUE_REFUSED.search(text.encode())
            for text in templates.literals(source)
        ):
            message = "a header value holds no line break and no control character"
            help_text = "write it on one line; a field has nothing else to offer"
            report.add("HX306", message, value.span.head, help=help_text)
        found.append((name, source))
    return tuple(found)
