"""The program: its source parsed, and what its top level names. Nothing is executed."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass, field
from typing import Final

from hxroute.errors import StartError
from hxroute.importing.values import Function_

__all__ = ["MAX_BYTES", "Program", "parse", "shown"]

MAX_BYTES: Final = 1 << 20
"""The largest source that is read."""

_SHOWN: Final = 70
"""Characters of a piece of source that a finding repeats."""


@dataclass(slots=True)
class Program:
    """What the top level of a source names, and what else stands there."""

    tree: ast.Module
    imports: dict[str, str] = field(default_factory=dict)
    assigned: dict[str, ast.expr] = field(default_factory=dict)
    functions: dict[str, Function_] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    state: dict[str, tuple[ast.expr, Function_ | None]] = field(default_factory=dict)
    loose: list[ast.stmt] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    tries: list[ast.Try] = field(default_factory=list)
    statements: list[ast.stmt] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing but comments and docstrings."""
        return not any(not _is_docstring(node) for node in self.tree.body)


def parse(data: bytes, file: str) -> Program:
    """Parse a source and list what it names.

    Raises:
        StartError: where it is no Python source.
    """
    if len(data) > MAX_BYTES:
        raise StartError(f"{file} is larger than {MAX_BYTES} bytes; no main.py is")
    if b"\0" in data:
        raise StartError(f"{file} is no Python source: it holds NUL bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
    except SyntaxError as exc:
        place = f"{file}:{exc.lineno}" if exc.lineno else file
        raise StartError(f"{place} is no Python source: {exc.msg}") from exc
    except (ValueError, UnicodeDecodeError) as exc:
        raise StartError(f"{file} is no Python source") from exc
    except (RecursionError, MemoryError) as exc:
        raise StartError(f"{file} is nested too deeply to be read") from exc
    program = Program(tree)
    for node in tree.body:
        _top(node, program)
    _factory(program)
    _find_state(program)
    return program


def _factory(program: Program) -> None:
    """Read the function that makes the app as if its body were the top level."""
    if any(_makes_app(node) for node in program.assigned.values()):
        return
    for function in tuple(program.functions.values()):
        made = [n.value for n in function.body if isinstance(n, ast.Assign)]
        if any(map(_makes_app, made)):
            for name, value in tuple(program.assigned.items()):
                if isinstance(value, ast.Call) and (
                    getattr(value.func, "id", "") == function.name
                ):
                    del program.assigned[name]
            for node in function.body:
                if not isinstance(node, ast.Return):
                    _top(node, program)
            return


def _makes_app(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    return name in ("FastAPI", "Starlette")


def _top(node: ast.stmt, program: Program) -> None:
    """Sort one statement of the top level."""
    program.statements.append(node)
    if isinstance(node, ast.Import | ast.ImportFrom):
        _imported(node, program)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        program.functions[node.name] = node
        program.assigned.pop(node.name, None)
    elif isinstance(node, ast.ClassDef):
        program.classes[node.name] = node
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        _assigned(node, program)
    elif isinstance(node, ast.Try):
        program.tries.append(node)
        for inner in [*node.body, *node.orelse, *node.finalbody]:
            _top(inner, program)
    elif isinstance(node, ast.If) and _is_typing(node.test):
        for inner in node.body:
            _top(inner, program)
    elif not _is_docstring(node) and not isinstance(node, ast.Pass):
        program.loose.append(node)


def _imported(node: ast.Import | ast.ImportFrom, program: Program) -> None:
    for alias in node.names:
        if isinstance(node, ast.Import):
            name = alias.name if alias.asname else alias.name.split(".")[0]
            program.imports[alias.asname or name] = name
        else:
            module = "." * node.level + (node.module or "")
            program.imports[alias.asname or alias.name] = f"{module}.{alias.name}"
        program.lines[alias.asname or alias.name] = node.lineno


def _assigned(node: ast.Assign | ast.AnnAssign, program: Program) -> None:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        if isinstance(target, ast.Name) and node.value is not None:
            again = target.id in program.assigned
            program.assigned[target.id] = node.value
            program.lines[target.id] = node.lineno
            if again:
                program.loose.append(node)
        elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            for name, value in zip(target.elts, node.value.elts, strict=False):
                if isinstance(name, ast.Name):
                    program.assigned[name.id] = value
                    program.lines[name.id] = node.lineno
        elif isinstance(target, ast.Attribute) and _is_state(target):
            if node.value is not None:
                program.state[target.attr] = node.value, None
        elif node.value is not None:
            program.loose.append(node)


def _find_state(program: Program) -> None:
    """Find what functions leave for others: `app.state.x = …`, and globals."""
    for node in ast.walk(program.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            _state_of(node, program)


def _state_of(function: Function_, program: Program) -> None:
    shared = {
        name
        for node in ast.walk(function)
        if isinstance(node, ast.Global)
        for name in node.names
    }
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            _left(node, shared, function, program)
        elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Dict):
            for key, value in zip(node.value.keys, node.value.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    program.state.setdefault(key.value, (value, function))
        elif isinstance(node, ast.AsyncWith) and "lifespan" in function.name:
            for item in node.items:
                if isinstance(item.optional_vars, ast.Name):
                    found = item.context_expr, function
                    program.state.setdefault(item.optional_vars.id, found)


def _left(
    node: ast.Assign, shared: set[str], function: Function_, program: Program
) -> None:
    """Note an assignment that other functions see."""
    for target in node.targets:
        if isinstance(target, ast.Attribute) and _is_state(target):
            program.state[target.attr] = _opened(node.value, function), function
        elif isinstance(target, ast.Name) and target.id in shared:
            _share(target.id, node.value, program)


def _opened(value: ast.expr, function: Function_) -> ast.expr:
    """Return what `async with … as name` opens, where a value is such a name."""
    if isinstance(value, ast.Name):
        for node in ast.walk(function):
            if isinstance(node, ast.withitem) and (
                isinstance(node.optional_vars, ast.Name)
                and node.optional_vars.id == value.id
            ):
                return node.context_expr
    return value


def _share(name: str, value: ast.expr, program: Program) -> None:
    """Note what a function assigns to a global; to put it away again is no value."""
    if not (isinstance(value, ast.Constant) and value.value is None):
        program.assigned[name] = value


def _is_state(target: ast.Attribute) -> bool:
    return isinstance(target.value, ast.Attribute) and target.value.attr == "state"


def _is_typing(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


_MAYBE_KEY: Final = re.compile(r".{25}|[A-Za-z].*[0-9]|[0-9].*[A-Za-z]", re.DOTALL)
"""Texts that no finding repeats: long ones, and those of letters and digits."""

_PARTS: Final = (ast.ExceptHandler, ast.arg, ast.withitem, ast.keyword)
"""What is no statement and no expression, so that it is not parsed by itself."""


class _Quiet(ast.NodeTransformer):
    """Takes texts out of a piece of source that may be keys."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        value = node.value
        if isinstance(value, bytes):
            value = value.decode("latin-1")
        if isinstance(value, str) and _MAYBE_KEY.search(value):
            return ast.Constant("…")
        return node


def shown(node: ast.AST) -> str:
    """Return the first line of a piece of source, for a finding."""
    try:
        text = ast.unparse(node)
        if not isinstance(node, _PARTS):
            text = ast.unparse(_Quiet().visit(ast.parse(text)))
    except (RecursionError, SyntaxError, ValueError):
        text = type(node).__name__
    line = text.split("\n", 1)[0]
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
