"""The schemas that ship with the package, and nothing from anywhere else."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators
from referencing import Registry
from referencing.jsonschema import DRAFT202012

__all__ = ["folder", "validator"]

_PACKAGE = Path(__file__).parent.parent


def folder() -> Path:
    """Return where the schemas are: in the installed package, or beside its source."""
    packaged = _PACKAGE / "schemas"
    return packaged if packaged.is_dir() else _PACKAGE.parent / "schemas"


def _pattern(
    validator: Any, pattern: str, instance: object, schema: object
) -> Iterator[ValidationError]:
    """Match to the very end: Python's `$` lets a line end follow."""
    whole = re.sub(r"\$$", r"\\Z", pattern)
    if isinstance(instance, str) and not re.search(whole, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _is_integer(checker: object, instance: object) -> bool:
    """`80.0` is a float, and no port."""
    return isinstance(instance, int) and not isinstance(instance, bool)


_Validator: type[Draft202012Validator] = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {"pattern": _pattern},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)


@functools.cache
def validator() -> Draft202012Validator:
    """Return the validator of a routes file; it never fetches anything."""
    documents = [json.loads(path.read_text("utf-8")) for path in _files()]
    for document in documents:
        del document["$schema"]  # it would bring the stock validator back
    registry: Registry[Any] = Registry().with_resources(
        (item["$id"], DRAFT202012.create_resource(item)) for item in documents
    )
    return _Validator(documents[0], registry=registry)


def _files() -> list[Path]:
    root = folder()
    return [
        root / "routes.schema.json",
        *sorted((root / "nodes").glob("*.schema.json")),
    ]
