"""Branches: what holds in one, and what names are behind several."""

from __future__ import annotations

import ast
from typing import Final

from hxroute.importing.inside import leaves
from hxroute.importing.program import shown
from hxroute.importing.values import Guard, Incoming, Known, Op, Option, Value

__all__ = [
    "Budget",
    "acts",
    "caught",
    "guards_of",
    "is_known",
    "is_one",
    "merged",
    "writes_log",
    "yields",
]


_REGISTERS: Final = frozenset(
    [
        "get",
        "post",
        "put",
        "patch",
        "delete",
        "head",
        "options",
        "trace",
        "api_route",
        "route",
        "middleware",
        "exception_handler",
        "on_event",
    ]
)
_HARMLESS: Final = frozenset(
    [
        "lru_cache",
        "cache",
        "asynccontextmanager",
        "contextmanager",
        "staticmethod",
        "classmethod",
        "override",
        "final",
    ]
)


_PURE: Final = frozenset(
    [
        "time",
        "uuid",
        "random",
        "datetime",
        "hashlib",
        "base64",
        "json",
        "math",
        "str",
        "int",
        "float",
        "len",
        "round",
        "max",
        "min",
        "sum",
        "repr",
        "hash",
        "uuid4",
        "perf_counter",
        "monotonic",
        "sorted",
        "list",
        "dict",
        "set",
        "tuple",
    ]
)
"""What gives a value and does nothing else."""


class Budget:
    """How many statements are followed in all; a program may call itself everywhere."""

    def __init__(self, left: int = 60_000) -> None:
        self.left = left

    def take(self) -> bool:
        """Take one; False where none is left."""
        self.left -= 1
        return self.left > 0


def caught(handler: ast.ExceptHandler) -> str:
    """Return the line of an `except`."""
    return "except" if handler.type is None else f"except {shown(handler.type)}"


def is_one(options: list[Option]) -> bool:
    """Tell whether a function has one end, which nothing decides."""
    return len(options) == 1 and not options[0].guards and not options[0].caught


def acts(node: ast.expr | None) -> bool:
    """Tell whether an expression calls something that may do what is not seen."""
    inside = ast.walk(node) if node is not None else ()
    calls = [item for item in inside if isinstance(item, ast.Call)]
    return not all(_root(call.func) in _PURE for call in calls)


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def writes_log(node: ast.Expr) -> bool:
    """Tell whether a statement writes a log line."""
    return shown(node).startswith(("log", "print(", "LOG", "_log"))


def guards_of(test: Value, line: int, *, truth: bool) -> tuple[Guard, ...]:
    """Return a test as guards, one for each part that has to hold."""
    if isinstance(test, Op) and test.name == "not":
        return guards_of(test.args[0], line, truth=not truth)
    if isinstance(test, Op) and test.name == ("and" if truth else "or"):
        return tuple(g for arg in test.args for g in guards_of(arg, line, truth=truth))
    return (Guard(test, truth, line),)


def merged(
    test: Value, after: dict[str, Value], otherwise: dict[str, Value]
) -> dict[str, Value]:
    """Return the names behind an `if`: as one branch left them, or the other."""
    found = dict(otherwise)
    for name, value in after.items():
        other = otherwise.get(name, Known(None))
        if value is other or value == other or _is_of_query(test):
            found[name] = value
        else:
            found[name] = Op("either", (test, value, other))
    return found


def _is_of_query(test: Value) -> bool:
    """Tell whether a test only asks for a query, without which adding it is nothing."""
    found = [item for item in leaves(test) if isinstance(item, Incoming)]
    return bool(found) and all(x.what in ("query_text", "query") for x in found)


def yields(node: ast.AST) -> bool:
    """Tell whether a function yields what it gives, and cleans up afterwards."""
    return any(isinstance(item, ast.Yield) for item in ast.walk(node))


def is_known(decorator: ast.expr) -> bool:
    """Tell whether a decorator registers a function, or leaves what it does as it is."""
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(target, ast.Attribute):
        return target.attr in _REGISTERS or target.attr in _HARMLESS
    return isinstance(target, ast.Name) and target.id in _HARMLESS
