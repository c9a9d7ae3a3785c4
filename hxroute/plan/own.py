"""What endpoints without an upstream answer, under the words of the language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hxroute.nodes import Health, Respond
from hxroute.plan.fact import Fact
from hxroute.plan.meaning import View
from hxroute.plan.wording import Shown, field_value, quoted

__all__ = ["ANSWERED", "health", "respond"]

ANSWERED: Final = "answered by"
"""The words for what a pipeline ends in."""


def health(view: View, node: Health) -> Iterator[tuple[str, Fact]]:
    """Yield what is answered."""
    yield ANSWERED, Fact(f"health: {node.kind}", f"health: {node.kind}", node.at)


def respond(view: View, node: Respond) -> Iterator[tuple[str, Fact]]:
    """Yield what is answered."""
    yield ANSWERED, Fact("respond", Shown("`respond`"), node.at)
    yield "respond: status", Fact(node.status, Shown(str(node.status)), node.at)
    for name, value in node.headers:
        shown = field_value(name, value)
        yield f"respond: header {quoted(name)}", Fact(value, shown, node.at)
    if node.json is not None:
        yield "respond: json", Fact(view.document(node.json), node.json, node.at)
    if node.text is not None:
        yield "respond: text", Fact(view.template(node.text), node.text, node.at)
