"""Calls: functions of the program followed, and those of libraries that matter."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from hxroute.importing import clients
from hxroute.importing.inside import leaves
from hxroute.importing.library import BY_NAME
from hxroute.importing.methods import HARMLESS, method
from hxroute.importing.values import (
    Answer,
    Bag,
    Class,
    Foreign,
    Function,
    Instance,
    Many,
    Part,
    Value,
)

if TYPE_CHECKING:
    from hxroute.importing.evaluate import Evaluator

__all__ = ["call"]

Args = list[Value]
Named = dict[str, Value]

_QUIET: Final = (
    "logging.", "structlog.", "loguru.", "builtins.print", "time.", "datetime.",
    "asyncio.sleep", "dotenv.", "builtins.super", "warnings.", "gc.",
)  # fmt: skip
"""What changes nothing on the wire."""

_LOGGERS: Final = ("logger", "log", "_logger", "LOG", "logging")


def call(reader: Evaluator, node: ast.Call) -> Value:
    """Return what a call gives."""
    args, named = _arguments(reader, node)
    found = _called(reader, node, args, named)
    if found is not None:
        return found
    reader.not_followed(node)
    return reader.unknown(node)


def _called(
    reader: Evaluator, node: ast.Call, args: Args, named: Named
) -> Value | None:
    if isinstance(node.func, ast.Attribute):
        root = node.func.value
        if isinstance(root, ast.Name) and (
            root.id in _LOGGERS and root.id not in reader.names
        ):
            return HARMLESS
        of = reader.value(root)
        if isinstance(of, Foreign):
            return _foreign(reader, f"{of.name}.{node.func.attr}", node, args, named)
        return method(reader, of, node, args, named)
    function = reader.value(node.func)
    if isinstance(function, Function):
        found = reader.call_function(function, args, named)
        if isinstance(found, Answer) and not any(
            isinstance(item, Part) for item in leaves(found)
        ):
            found.line = node.lineno
        return found
    if isinstance(function, Class):
        return Instance(function.node)
    if isinstance(function, Foreign):
        return _foreign(reader, function.name, node, args, named)
    return None


def _arguments(reader: Evaluator, node: ast.Call) -> tuple[Args, Named]:
    args: Args = []
    for item in node.args:
        found = reader.value(item)
        many = isinstance(item, ast.Starred) and isinstance(found, Many)
        args += found.items if many and isinstance(found, Many) else (found,)
    named: Named = {}
    for keyword in node.keywords:
        found = reader.value(keyword.value)
        if keyword.arg is not None:
            named[keyword.arg] = found
        elif isinstance(found, Bag):
            named.update({name: put.value for name, put in found.put.items()})
    return args, named


def _foreign(
    reader: Evaluator, dotted: str, node: ast.Call, args: Args, named: Named
) -> Value | None:
    if dotted == "call_next":
        return reader.inner()
    if dotted.startswith(_QUIET):
        return HARMLESS
    if dotted in clients.CLASSES:
        return clients.client(dotted, args, named, node.lineno)
    found = clients.function(reader, dotted, args, named, node)
    if found is not None:
        return found
    known = BY_NAME.get(dotted.rsplit(".", 1)[-1])
    return None if known is None else known(reader, dotted, node, args, named)
