"""App: what a program registers, as data."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import Final

from hxroute.importing.values import Class, Function, Function_, Instance, Value

__all__ = ["App", "Middleware", "Route", "Router", "dispatch", "listed", "pattern"]


_CONVERTER: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(?::([a-z]+))?\}")


@dataclass(frozen=True, slots=True)
class Route:
    """A path, its methods (none: any), and the function that answers."""

    path: str
    methods: tuple[str, ...]
    function: Function_
    line: int
    dependencies: tuple[ast.expr, ...] = ()
    status: ast.expr | None = None


@dataclass(frozen=True, slots=True)
class Middleware:
    """A function around all routes; `follows` is the name it calls the inner ones by."""

    function: Function_ | None
    line: int
    name: str


@dataclass(slots=True)
class Router:
    """A router: its prefix, and what its routes depend on."""

    prefix: str = ""
    dependencies: tuple[ast.expr, ...] = ()
    routes: list[Route] = field(default_factory=list)


@dataclass(slots=True)
class App:
    """The app: its routes, what stands around them, and where it listens."""

    routes: list[Route] = field(default_factory=list)
    middlewares: list[Middleware] = field(default_factory=list)
    handlers: dict[str, Function] = field(default_factory=dict)
    host: tuple[str, int] | None = None
    port: tuple[int, int] | None = None
    line: int = 0
    pages: bool = True


def pattern(path: str) -> tuple[str, str]:
    """Return a path in the language's spelling, and what is not exact about it."""
    odd = ""
    last = [match for match in _CONVERTER.finditer(path) if match[2] == "path"]
    if last and last[-1].end() != len(path):
        odd = "a `:path` parameter that is not the last thing of a path"

    def spell(match: re.Match[str]) -> str:
        return f"{{{match[1].lower()}{':path' if match[2] == 'path' else ''}}}"

    return _CONVERTER.sub(spell, path), odd


def dispatch(found: Value) -> Function_ | None:
    """Return the function of a middleware class that Starlette's base calls."""
    node = found.node if isinstance(found, Class) else None
    if isinstance(found, Instance):
        node = found.of
    for item in node.body if node is not None else ():
        if isinstance(item, ast.AsyncFunctionDef) and item.name == "dispatch":
            return item
    return None


def listed(node: ast.expr | None) -> tuple[ast.expr, ...]:
    """Return the items of a list that is written out."""
    return tuple(node.elts) if isinstance(node, ast.List | ast.Tuple) else ()
