"""OpenAPI: the operations of a document, and those that the source did not show."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml

from hxroute.errors import StartError
from hxroute.importing.app import pattern
from hxroute.importing.draft import Block, Item, Rows
from hxroute.importing.findings import Findings
from hxroute.paths import parse_pattern

__all__ = ["Operation", "add_missing", "from_app", "from_file"]

Operation = tuple[str, str]
"""A path in the language's spelling, and a method."""

_MOST: Final = 8 << 20
_SECONDS: Final = 60
_METHODS: Final = ("get", "post", "put", "patch", "delete", "head", "options", "trace")
_CHILD: Final = """\
import importlib, json, sys
sys.path.insert(0, "")
module, _, name = sys.argv[1].partition(":")
app = importlib.import_module(module)
for part in (name or "app").split("."):
    app = getattr(app, part)
sys.stdout.write("\\n\\0" + json.dumps(app.openapi()))
"""
"""What the child runs; the document stands behind a NUL, as imports may print."""


def from_file(path: Path) -> list[Operation]:
    """Return the operations of a document in JSON or YAML.

    Raises:
        StartError: where it cannot be read, or is no such document.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST + 1)
    except OSError as exc:
        raise StartError(f"{path} cannot be read: {exc.strerror}") from exc
    if len(data) > _MOST:
        raise StartError(f"{path} is larger than {_MOST} bytes")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = _yaml(data, path)
    return _operations(document, str(path))


def _yaml(data: bytes, path: Path) -> Any:
    try:
        return yaml.load(data, Loader=_Loader)  # noqa: S506  a safe one, without aliases
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        raise StartError(f"{path} is neither JSON nor YAML") from exc


class _Loader(yaml.SafeLoader):
    """Reads no aliases, which may stand for more than a machine can hold."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse an alias."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError
        return super().compose_node(parent, index)


def from_app(name: str, folder: Path) -> list[Operation]:
    """Return the operations of an app that a child process imports.

    Raises:
        StartError: where it cannot be imported, or has no such document.
    """
    command = [sys.executable, "-c", _CHILD, name]
    try:
        done = subprocess.run(  # noqa: S603  what the user names is what runs
            command, cwd=folder, capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as exc:
        raise StartError(f"{name} took longer than {_SECONDS} s to import") from exc
    if done.returncode:
        why = _why(done.stderr.decode("utf-8", "replace"))
        raise StartError(f"{name} cannot be imported: {why or 'it ended itself'}")
    text = done.stdout.decode("utf-8", "replace").rpartition("\0")[2]
    try:
        return _operations(json.loads(text), name)
    except (ValueError, RecursionError) as exc:
        raise StartError(f"{name} gave no OpenAPI document") from exc


def _why(stderr: str) -> str:
    """Return the kind of an exception; its words only where they name what is missing."""
    last = next((line for line in reversed(stderr.split("\n")) if line.strip()), "")
    kind = last.split(":", 1)[0]
    if not re.fullmatch(r"[A-Za-z_.]{1,80}(Error|Exception|Warning)", kind):
        return ""
    return last if kind in ("ModuleNotFoundError", "AttributeError") else kind


def _operations(document: Any, name: str) -> list[Operation]:
    paths = document.get("paths") if isinstance(document, dict) else None
    if not isinstance(paths, dict):
        raise StartError(f"{name} is no OpenAPI document: it has no `paths`")
    return [
        (pattern(str(path))[0], method.upper())
        for path, item in paths.items()
        for method in _METHODS
        if isinstance(item, dict) and method in item
    ]


def add_missing(
    draft: Block, operations: Iterable[Operation], findings: Findings
) -> None:
    """Add an endpoint for each operation that no endpoint of the draft is for."""
    rows = draft.items["endpoints"].value
    assert isinstance(rows, Rows)
    missing: dict[str, list[str]] = {}
    for path, method in dict.fromkeys(operations):
        if not any(_takes(item, path, method) for item in rows.items):
            missing.setdefault(path, []).append(method)
    for path, methods in missing.items():
        text = (
            f"{' '.join(methods)} {path} is in the OpenAPI document, not in the source"
        )
        findings.manual(0, text)
        block = Block()
        block.put("path", path)
        block.put("methods", methods)
        if "auth" not in _defaults(draft):
            block.put("auth", "none")
        block.put(
            "respond",
            {"status": 501, "json": {"detail": "This endpoint was not imported."}},
        )
        rows.items.insert(0, Item(block, 0, [(0, text)]))


def _defaults(draft: Block) -> dict[str, Item]:
    defaults = draft.items.get("defaults")
    found = defaults.value if defaults is not None else None
    return found.items if isinstance(found, Block) else {}


def _takes(item: Item, path: str, method: str) -> bool:
    """Tell whether an endpoint takes an operation."""
    block = item.value
    if not isinstance(block, Block):
        return False
    methods = block.items.get("methods")
    listed = methods.value if methods is not None else None
    if isinstance(listed, list) and method not in listed:
        return False
    try:
        own = parse_pattern(str(block.items["path"].value))
        other = parse_pattern(path)
    except ValueError:
        return True
    same = own.segments == other.segments and (own.rest is None) == (other.rest is None)
    return same or own.matches(other.sample.split(b"/"))
