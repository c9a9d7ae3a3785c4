"""The schemas that ship with the package, and nothing from anywhere else.

They lie in several files, one for each node; `document` puts them together. No schema
refers to itself, and beside a `$ref` stand only annotations.
"""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator, validators

from hxroute.compiler.keywords import KEYWORDS

__all__ = ["ROUTES", "document", "folder", "published", "resolved", "validator"]

ROUTES: Final = "routes"
"""The schema of a routes file."""

_PACKAGE = Path(__file__).parent.parent
_OURS: Final = frozenset({"expects", "code"})
"""Annotations for our own messages; strict validators refuse words they don't know."""


def folder() -> Path:
    """Return where the schemas are: in the installed package, or beside its source."""
    packaged = _PACKAGE / "schemas"
    return packaged if packaged.is_dir() else _PACKAGE.parent / "schemas"


@functools.cache
def validator(name: str = ROUTES) -> Draft202012Validator:
    """Return the validator of a kind of file; it never fetches anything.

    Args:
        name: `routes`, `cases` or `divergences`, as the schema is called.
    """
    whole = document(name)
    # `$schema` would bring the stock validator back.
    left_out = ("$schema", "$id", "$defs")
    shape = {key: value for key, value in whole.items() if key not in left_out}
    return _Validator(_inlined(shape, whole))


def document(name: str = ROUTES) -> dict[str, Any]:
    """Return the schema of a kind of file as one document; nodes are definitions."""
    root = folder()
    whole = _read(root / f"{name}.schema.json")
    nodes = (root / "nodes").glob("*.schema.json") if name == ROUTES else ()
    for path in sorted(nodes):
        node = _read(path)
        whole["$defs"] |= node.pop("$defs", {})
        del node["$schema"], node["$id"]
        whole["$defs"][path.name.removesuffix(".schema.json")] = node
    return whole


def published(name: str = ROUTES) -> dict[str, Any]:
    """Return the document for editors and other validators."""
    public: dict[str, Any] = _public(document(name))
    return public


def resolved(schema: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """Return a schema of the document with what its `$ref` leads to."""
    found = schema
    while "$ref" in found:
        name = found["$ref"].removeprefix("#/$defs/")
        own = {key: value for key, value in found.items() if key != "$ref"}
        found = {**whole["$defs"][name], **own}
    return found


def _read(path: Path) -> dict[str, Any]:
    """Read a file of ours, its references turned to definitions of the document."""
    text = path.read_text("utf-8").replace('"../routes.schema.json#', '"#')
    schema: dict[str, Any] = json.loads(
        re.sub(r'"(?:nodes/)?(\w+)\.schema\.json"', r'"#/$defs/\1"', text)
    )
    return schema


def _inlined(part: Any, whole: dict[str, Any]) -> Any:
    """Put what references lead to in their place: following them costs the most."""
    if isinstance(part, list):
        return [_inlined(item, whole) for item in part]
    if not isinstance(part, dict):
        return part
    part = resolved(part, whole) if isinstance(part.get("$ref"), str) else part
    return {key: _inlined(value, whole) for key, value in part.items()}


def _public(part: Any) -> Any:
    """Leave out our own annotations; examples and keys of the language stay."""
    if isinstance(part, list):
        return [_public(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {
        key: value if key == "examples" and isinstance(value, list) else _public(value)
        for key, value in part.items()
        if not (key in _OURS and isinstance(value, str))
    }


def _is_integer(checker: object, instance: object) -> bool:
    """`80.0` is a float, and no port."""
    return isinstance(instance, int) and not isinstance(instance, bool)


_Validator: type[Draft202012Validator] = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    KEYWORDS,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)
