"""The schemas that ship with the package, and nothing from anywhere else."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

__all__ = ["folder", "validator"]

_PACKAGE = Path(__file__).parent.parent


def folder() -> Path:
    """Return where the schemas are: in the installed package, or beside its source."""
    packaged = _PACKAGE / "schemas"
    return packaged if packaged.is_dir() else _PACKAGE.parent / "schemas"


@functools.cache
def validator() -> Draft202012Validator:
    """Return the validator of a routes file; it never fetches anything."""
    documents = [json.loads(path.read_text("utf-8")) for path in _files()]
    registry: Registry[Any] = Registry().with_resources(
        (item["$id"], DRAFT202012.create_resource(item)) for item in documents
    )
    return Draft202012Validator(documents[0], registry=registry)


def _files() -> list[Path]:
    root = folder()
    return [
        root / "routes.schema.json",
        *sorted((root / "nodes").glob("*.schema.json")),
    ]
