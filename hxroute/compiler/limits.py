"""Lower `limits`: what one client connection may take."""

from __future__ import annotations

from typing import Final

from hxroute import units
from hxroute.compiler.tree import Mapping, Node, plain
from hxroute.diagnostics import Report
from hxroute.ir import Limits

__all__ = ["limits"]

_LEAST_SECONDS: Final = 0.01
_LEAST: Final = {"max_head": 256, "max_target": 1, "min_body_rate": 1}
"""Bytes without which no request could come."""

_MOST: Final = 1 << 30
"""Bytes of a head or a target that a process may hold for a client."""


def limits(node: Node | None, report: Report) -> Limits:
    """Lower a mapping of limits; what it does not state keeps its default."""
    if not isinstance(node, Mapping):
        return Limits()
    stated: dict[str, int | float] = {}
    for key, value in node.items:
        name, written = str(key.value), plain(value)
        if name == "max_fields":
            stated[name] = written
        elif name in _LEAST:
            size = units.size(str(written))
            if size is None:
                continue
            if not _LEAST[name] <= size <= _MOST:
                message = f"`{name}` must be from {_LEAST[name]}B to 1GiB"
                help_text = "leave it out for the default"
                report.add("HX106", message, value.span.head, help=help_text)
            stated[name] = size
        else:
            seconds = units.duration(str(written))
            if seconds is None:
                continue
            if seconds < _LEAST_SECONDS:
                message = f"no client is as fast as `{written}`"
                help_text = "write 10ms or more; leave it out for the default"
                report.add("HX109", message, value.span.head, help=help_text)
            stated[name] = seconds
    return Limits(**stated, at=node.span.line)  # type: ignore[arg-type]
