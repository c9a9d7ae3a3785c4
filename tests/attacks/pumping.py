"""Every regular expression of the package, against texts that make a bad one explode.

A text repeats what a pattern is made of, and ends in what does not fit. The process
that this module is run as forks one child for each pattern, which the kernel ends where
one text takes a quarter of a second of its CPU time; a linear pattern takes a thousandth.
"""

from __future__ import annotations

import ast
import importlib
import itertools
import json
import os
import pkgutil
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import hxroute
from tests.processes import ROOT

__all__ = ["Found", "found", "main"]

_SECONDS: Final = 0.25
_LENGTH: Final = 16 << 10
_SHORT: Final = {"hxroute.templates.mistakes._BLOCK": 4096}
"""What is only ever used on so many characters."""

_USES: Final = frozenset(
    {"findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn"}
)
_ENDS: Final = (("", "\0"), ("a", "a"), ("a", " \0"), ("{{ '", ""))


@dataclass(slots=True)
class Found:
    """A pattern, where it stands, and how it is used."""

    name: str
    pattern: re.Pattern[Any]
    uses: set[str] = field(default_factory=set)


def found() -> list[Found]:
    """Return every pattern of the package and of its schemas."""
    patterns: dict[tuple[object, int], Found] = {}
    modules = [
        importlib.import_module(item.name)
        for item in pkgutil.walk_packages(hxroute.__path__, "hxroute.")
        if not item.name.endswith("__main__")
    ]
    for module in modules:
        for name, value in vars(module).items():
            for pattern in _patterns(value):
                _note(patterns, pattern, f"{module.__name__}.{name}")
    for module in modules:
        for pattern, name, use in _used(module):
            _note(patterns, pattern, name).uses.add(use)
    for path in sorted((ROOT / "schemas").rglob("*.json")):
        for text in _stated(json.loads(path.read_text())):
            _note(patterns, re.compile(text), f"{path.stem}: {text}").uses.add("search")
    return list(patterns.values())


def _note(
    patterns: dict[tuple[object, int], Found], pattern: re.Pattern[Any], name: str
) -> Found:
    key = pattern.pattern, pattern.flags
    return patterns.setdefault(key, Found(name, pattern))


def _patterns(value: object, depth: int = 3) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, tuple | list | dict):
        items = value.values() if isinstance(value, dict) else value
        for item in items:
            yield from _patterns(item, depth - 1)


def _stated(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        for item in schema.values():
            yield from _stated(item)
    elif isinstance(schema, list):
        for item in schema:
            yield from _stated(item)


def _used(module: ModuleType) -> Iterator[tuple[re.Pattern[Any], str, str]]:
    """Yield the patterns that a module calls on, by `re` or by their names."""
    tree = ast.parse(Path(module.__file__ or "").read_text())
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        use, owner = node.func.attr, node.func.value
        if use not in _USES or not isinstance(owner, ast.Name):
            continue
        value = vars(module).get(owner.id)
        if value is re and node.args:
            value = _constant(node.args[0], module)
        if isinstance(value, str | bytes):
            value = re.compile(value)
        if isinstance(value, re.Pattern):
            yield value, f"{module.__name__}:{node.lineno}", use


def _constant(node: ast.expr, module: ModuleType) -> object:
    if isinstance(node, ast.Name):
        return vars(module).get(node.id)
    return node.value if isinstance(node, ast.Constant) else None


def _texts(source: str, length: int) -> Iterator[str]:
    characters = sorted(set(source) | set("a0 {\"'\\/.-A_\t"))
    pairs = ("".join(pair) for pair in itertools.product(characters, "a "))
    words = re.findall(r"[A-Za-z_%:{/-]{2,12}", source)
    for unit in (*characters, *pairs, *words):
        for before, behind in _ENDS:
            yield before + unit * (length // len(unit)) + behind


def _tried(item: Found) -> None:
    """Use a pattern on every text, each against the clock of the process."""
    is_bytes = isinstance(item.pattern.pattern, bytes)
    source = (
        item.pattern.pattern.decode("latin-1") if is_bytes else item.pattern.pattern
    )
    for text in _texts(source, _SHORT.get(item.name, _LENGTH)):
        data = text.encode("latin-1", "replace") if is_bytes else text
        signal.setitimer(signal.ITIMER_PROF, _SECONDS)
        for use in item.uses or {"search"}:
            if use in ("fullmatch", "match", "search"):
                getattr(item.pattern, use)(data)
            else:
                sum(1 for _ in item.pattern.finditer(data))


def main() -> None:
    """Print the patterns as JSON, each with whether it took too long."""
    outcomes = {}
    for item in found():
        child = os.fork()
        if not child:
            _tried(item)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        outcomes[item.name] = bool(status)
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main()
