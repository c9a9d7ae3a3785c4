"""Storing: what is assigned to names, members and attributes, and deleted."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from hxroute.importing.bags import key_of
from hxroute.importing.operators import OPERATORS
from hxroute.importing.program import shown
from hxroute.importing.values import (
    Answer,
    Bag,
    Field,
    Foreign,
    Guard,
    Incoming,
    Known,
    Many,
    Op,
    Put,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hxroute.importing.walk import Walk

__all__ = ["asks_for", "augment", "delete", "imported", "store"]


def store(walk: Walk, target: ast.expr, value: Value, node: ast.stmt) -> None:
    """Assign a value."""
    if isinstance(target, ast.Name):
        walk.names[target.id] = value
    elif isinstance(target, ast.Tuple | ast.List):
        _unpack(walk, target, value, node)
    elif isinstance(target, ast.Subscript):
        _member(walk, target, value, node)
    elif isinstance(target, ast.Attribute):
        _attribute(walk, target, value, node)
    else:
        walk.manual(node.lineno, f"`{shown(node)}` is not understood")


def _unpack(
    walk: Walk, target: ast.Tuple | ast.List, value: Value, node: ast.stmt
) -> None:
    whole = isinstance(value, Many) and len(value.items) == len(target.elts)
    for place, name in enumerate(target.elts):
        if whole and isinstance(value, Many):
            store(walk, name, value.items[place], node)
        elif isinstance(value, Op) and value.name == "pair":
            which = "value" if place else "name"
            store(walk, name, Field(value.args[0], which), node)  # type: ignore[arg-type]
        else:
            store(walk, name, Op("piece", (value,)), node)


def _member(walk: Walk, target: ast.Subscript, value: Value, node: ast.stmt) -> None:
    of, key = walk.value(target.value), walk.value(target.slice)
    if isinstance(of, Answer):
        of = of.headers
    if not isinstance(of, Bag):
        walk.manual(node.lineno, f"`{shown(node)}` is not understood")
        return
    if isinstance(key, Field):
        walk.copy_field(of, key, value, node.lineno)
        return
    name = key_of(key)
    if name is None:
        of.odd.append((node.lineno, f"`{shown(node)}`"))
    elif of.origin == Incoming("json"):
        _document(walk, of, name, value, node)
    else:
        guards = tuple(g for g in walk.guards if not asks_for(g, name))
        of.store(name, Put(value, node.lineno, guards))


def _document(walk: Walk, of: Bag, name: str, value: Value, node: ast.stmt) -> None:
    """Set a member of the JSON body; one that comes from another is a rename."""
    if isinstance(value, Incoming) and value.what == "member":
        guards = tuple(g for g in walk.guards if not asks_for(g, value.name))
        of.moved[value.name] = (name, node.lineno, guards)
        return
    of.store(name, Put(value, node.lineno, walk.guards))


def asks_for(guard: Guard, name: str) -> bool:
    """Tell whether a test only asks whether a member is there."""
    test = guard.test
    if isinstance(test, Op) and test.name == "not":
        test = test.args[0]
    if isinstance(test, Incoming):
        return test.name.lower() == name.lower()
    return (
        isinstance(test, Op)
        and test.name in ("in", "==")
        and any(_names(arg, name) for arg in test.args)
    )


def _names(value: Value, name: str) -> bool:
    if isinstance(value, Incoming):
        return value.name.lower() == name.lower()
    return isinstance(value, Known) and str(value.value).lower() == name.lower()


def _attribute(walk: Walk, target: ast.Attribute, value: Value, node: ast.stmt) -> None:
    of = walk.value(target.value)
    if isinstance(of, Answer) and target.attr == "status_code":
        if walk.guards:
            walk.manual(node.lineno, f"`{shown(node)}` under a test")
        of.status = value
    elif isinstance(of, Answer) and target.attr == "headers" and isinstance(value, Bag):
        of.headers = value
    elif isinstance(target.value, ast.Attribute) and target.value.attr == "state":
        if isinstance(value, Unknown):
            walk.manual(node.lineno, f"`{shown(node)}` is not understood")
    else:
        walk.manual(node.lineno, f"`{shown(node)}` is not understood")


def augment(walk: Walk, node: ast.AugAssign) -> None:
    """Follow `x += y`."""
    method = OPERATORS.get(type(node.op))
    added = walk.value(node.value)
    if isinstance(node.target, ast.Name):
        before = walk.value(node.target)
        if added == Incoming("body"):
            walk.names[node.target.id] = added
            return
        found = method(before, added) if method is not None else None
        walk.names[node.target.id] = found or Unknown(shown(node), node.lineno)
        if found is not None and not isinstance(added, Unknown | Foreign):
            return
    walk.manual(node.lineno, f"`{shown(node)}` is not understood")


def delete(walk: Walk, target: ast.expr) -> None:
    """Follow `del headers["host"]`."""
    if isinstance(target, ast.Name):
        walk.names.pop(target.id, None)
        return
    of = walk.value(target.value) if isinstance(target, ast.Subscript) else None
    name = (
        key_of(walk.value(target.slice)) if isinstance(target, ast.Subscript) else None
    )
    if isinstance(of, Bag) and name is not None:
        other = [g for g in walk.guards if not asks_for(g, name)]
        if other:
            of.odd.append((target.lineno, f"`{name}` is taken out under a test"))
        of.remove(name, target.lineno)
    else:
        walk.manual(target.lineno, f"`del {shown(target)}` is not understood")


def imported(walk: Walk, node: ast.Import | ast.ImportFrom) -> None:
    """Follow an import inside a function."""
    module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
    for alias in node.names:
        walk.names[alias.asname or alias.name] = Foreign(f"{module}{alias.name}")
