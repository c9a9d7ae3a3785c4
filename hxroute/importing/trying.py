"""Trying: `try` with its handlers, whose answers are those to failures."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from hxroute.importing.branches import caught
from hxroute.importing.placing import Context
from hxroute.importing.program import shown
from hxroute.importing.values import Caught, Foreign

if TYPE_CHECKING:
    from hxroute.importing.walk import Walk

__all__ = ["follow"]


def follow(walk: Walk, node: ast.Try) -> bool:
    """Follow a `try`: what its body does, then each of its handlers."""
    calls, walk.last_call = walk.last_call, None
    was_read, walk.json_was_read = walk.json_was_read, False
    guards = walk.guards
    ended = walk.run(node.body)
    called, read = walk.last_call is not None, walk.json_was_read
    walk.last_call = walk.last_call or calls
    walk.json_was_read = walk.json_was_read or was_read
    names = dict(walk.names)
    before = walk.context
    for handler in node.handlers:
        walk.guards = guards
        walk.context = Context((), exceptions(walk, handler), called, read)
        if handler.name:
            walk.names[handler.name] = Caught(walk.context.caught)
        if not walk.run(handler.body):
            text = f"`{caught(handler)}` lets the request go on"
            walk.findings.approximate(handler.lineno, text)
        walk.names = dict(names)
    walk.context, walk.guards = before, guards
    ended = ended or walk.run(node.orelse)
    return walk.run(node.finalbody) or ended


def exceptions(walk: Walk, handler: ast.ExceptHandler) -> tuple[str, ...]:
    """Return the dotted names of what an `except` catches."""
    if handler.type is None:
        return ("builtins.BaseException",)
    kinds = handler.type
    items = kinds.elts if isinstance(kinds, ast.Tuple) else [kinds]
    found = [walk.value(item) for item in items]
    return tuple(
        item.name if isinstance(item, Foreign) else shown(node)
        for item, node in zip(found, items, strict=True)
    )
