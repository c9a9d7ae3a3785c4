"""Loops, and what a function is called with."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Final

from hxroute.importing.bags import filtered
from hxroute.importing.collect import bind, fields_of
from hxroute.importing.program import shown
from hxroute.importing.values import (
    Bag,
    Field,
    Incoming,
    Known,
    Many,
    Op,
    Part,
    Put,
    Value,
)

if TYPE_CHECKING:
    from hxroute.importing.walk import Walk

__all__ = ["copied", "follow", "parameters"]

_MOST: Final = 200
"""Items of a constant collection that a loop is followed through."""


def follow(walk: Walk, node: ast.For | ast.AsyncFor) -> bool:
    """Follow a loop over fields, over constants, or over the body."""
    over = walk.value(node.iter)
    if over == Incoming("stream") and isinstance(node.target, ast.Name):
        walk.names[node.target.id] = Incoming("body")
        walk.run(node.body)
        return False
    if isinstance(over, Part) and isinstance(node.target, ast.Name):
        walk.names[node.target.id] = over
        walk.run(node.body)
        return False
    items = constants(over)
    if items is not None:
        for item in items[:_MOST]:
            _bound(walk, node.target, item, node)
            walk.run(node.body)
        return False
    fields = fields_of(over)
    if fields is None:
        walk.manual(node.lineno, f"`{shown(node)}` is not understood")
        return False
    pairs = isinstance(over, Op) and over.name == "items"
    bind(walk, node.target, fields, pairs=pairs)
    outer, walk.loop = walk.loop, (fields, len(walk.guards))
    try:
        walk.run(node.body)
    finally:
        walk.loop = outer
    return False


def constants(over: Value) -> tuple[Value, ...] | None:
    """Return the items of a constant collection."""
    if isinstance(over, Many):
        return over.items
    pairs = isinstance(over, Op) and over.name == "items"
    inner = (
        over.args[0]
        if isinstance(over, Op) and over.name in ("items", "keys")
        else over
    )
    if isinstance(inner, Bag) and inner.origin is None:
        if pairs:
            return tuple(Many((Known(k), p.value)) for k, p in inner.put.items())
        return tuple(map(Known, inner.put))
    return None


def _bound(walk: Walk, target: ast.expr, item: Value, node: Any) -> None:
    names = target.elts if isinstance(target, ast.Tuple) else [target]
    values = (
        item.items
        if isinstance(target, ast.Tuple) and isinstance(item, Many)
        else (item,)
    )
    for name, value in zip(names, values, strict=False):
        if isinstance(name, ast.Name):
            walk.names[name.id] = value


def copied(walk: Walk, bag: Bag, key: Field, value: Value, line: int) -> None:
    """Follow `headers[name] = value` in a loop over fields."""
    if walk.loop is None:
        bag.odd.append((line, "a field copied outside its loop"))
        return
    fields, depth = walk.loop
    found = fields.copy()
    tests = [(guard.test, guard.truth) for guard in walk.guards[depth:]]
    filtered(found, tests, line)
    if not isinstance(value, Field) and not (
        isinstance(value, Op) and value.name == "item"
    ):
        found.odd.append((line, "values that are changed on the way"))
    put, odd = dict(bag.put), list(bag.odd)
    bag.origin, bag.drop, bag.keep = found.origin, found.drop, found.keep
    bag.odd, bag.put = [*odd, *found.odd], {**put, **found.put}


def parameters(
    walk: Walk, node: Any, args: list[Value], named: dict[str, Value]
) -> dict[str, Value]:
    """Return the names of a function that is called."""
    spec = node.args
    listed = [*spec.posonlyargs, *spec.args]
    found: dict[str, Value] = {}
    defaults = dict(zip(reversed(listed), reversed(spec.defaults), strict=False))
    for place, arg in enumerate(listed):
        if place < len(args):
            found[arg.arg] = args[place]
        elif arg.arg in named:
            found[arg.arg] = named[arg.arg]
        else:
            default = defaults.get(arg)
            found[arg.arg] = walk.value(default) if default else Known(None)
    for arg, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
        found[arg.arg] = named.get(arg.arg, walk.value(default))
    if spec.vararg:
        found[spec.vararg.arg] = Many(tuple(args[len(listed) :]))
    if spec.kwarg:
        rest = {k: Put(v, node.lineno) for k, v in named.items() if k not in found}
        found[spec.kwarg.arg] = Bag(put=rest)
    return found
