"""Pins of an entry: what it says of client, upstream and start, as facts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hxroute.compiler.tree import Hole, Mapping, Node, Scalar, Sequence
from hxroute.diagnostics import Report
from hxroute.proof.escapes import unescaped
from hxroute.proof.exchange import digested
from hxroute.proof.ledger.entries import NO_START, NOTHING, START_NAMES, Pin

__all__ = ["pins_of"]

_FIELDS: Final = frozenset({"headers", "trailers"})
_NO_FACTS: Final = frozenset({"may_repeat"})


def pins_of(entry: Mapping, report: Report) -> tuple[tuple[Pin, ...], tuple[str, ...]]:
    """Return the pins of an entry, and what else it makes absent."""
    pins: list[Pin] = []
    clears: tuple[str, ...] = ()
    for side in ("client", "upstream", "start"):
        node = entry.get(side)
        if isinstance(node, Scalar):  # `upstream: nothing`
            pins.append(Pin("upstream.requests", ("0",), node.span))
            clears = NOTHING
        elif isinstance(node, Mapping):
            pins += _pins(node, f"{side}.", report)
    if any(pin.fact == START_NAMES for pin in pins):
        clears = NO_START
    return tuple(pins), clears


def _pins(node: Mapping, prefix: str, report: Report) -> Iterator[Pin]:
    for key, value in node.items:
        name = str(key.value)
        if name in _FIELDS and isinstance(value, Mapping):
            yield from _field_pins(value, f"{prefix}{name}.", report)
        elif isinstance(value, Mapping):  # a second request
            yield from _pins(value, f"{prefix}{name}.", report)
        elif name not in _NO_FACTS and not isinstance(value, Hole):
            yield Pin(prefix + name, _values(value, name, report), key.span)


def _field_pins(node: Mapping, prefix: str, report: Report) -> Iterator[Pin]:
    taken: set[str] = set()
    for key, value in node.items:
        name = str(key.value).lower()
        if name in taken:
            message = f"header `{name}` appears twice"
            help_text = "write its values as a list"
            report.add("HX002", message, key.span, help=help_text)
        elif not isinstance(value, Hole):
            yield Pin(prefix + name, _values(value, "", report), key.span)
        taken.add(name)


def _values(node: Node, name: str, report: Report) -> tuple[str, ...]:
    if isinstance(node, Sequence):
        return tuple(
            value for item in node.items for value in _values(item, "", report)
        )
    if not isinstance(node, Scalar) or node.value is None:
        return ()
    if name == "complete":
        return (str(node.value).lower(),)
    value = _bytes(_text(node, report), node, report)
    return (digested(value) if name == "body" else value,)


def _bytes(text: str, node: Scalar, report: Report) -> str:
    try:
        return unescaped(text)
    except ValueError:
        message = "half a surrogate pair stands for no bytes"
        report.add("HX105", message, node.span.head, help=r"write bytes as `\xNN`")
        return ""


def _text(node: Scalar, report: Report) -> str:
    """Return a value as it stands in the file: `1.50` is another text than `1.5`."""
    if isinstance(node.value, str):
        return node.value
    span = node.span
    start = span.column - 1 if span.line == span.end_line else 0
    shown = report.lines[span.end_line - 1][start : span.end_column - 1]
    return shown.split()[-1]  # behind an anchor, if it has one
