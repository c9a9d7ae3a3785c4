"""A mistake of shape is one diagnostic: no later pass stumbles over what was refused.

Every key of the language is spoilt in every way in which its schema can be missed, in a
file that has nothing else wrong with it.
"""

from __future__ import annotations

import pytest

from hxroute.compiler import schemas
from tests.compiler.compiling import report_of
from tests.compiler.rich import RICH
from tests.compiler.spoiling import (
    ALL,
    ANY,
    PLACES,
    SPOILT,
    WHOLE,
    Path,
    at,
    found_in,
    keys_of,
    refused,
    renamed,
    rich,
    with_value,
    without,
)


def named(path: Path) -> str:
    return ".".join(map(str, path)) or "file"


def test_rich_file_has_nothing_wrong_with_it() -> None:
    assert report_of(RICH).diagnostics == []
    assert found_in(rich()) == []


def test_rich_file_states_every_key_of_the_schema() -> None:
    stated = {steps for steps, _ in ALL.values()}

    missing = {steps for steps in keys_of(WHOLE) if steps not in stated}

    # where `json` is stated `text` cannot be, and what is in a body is anything
    assert {steps for steps in missing if (*steps[:-1], "json") not in stated} == set()


def test_every_word_of_the_schemas_is_spoilt() -> None:
    words = {word for _, schema in ALL.values() for word in schema}

    shape = {"type", "properties", "required", "additionalProperties", "items"}
    notes = {"description", "default", "examples", "expects", "code", "title"}
    of_files = {"$schema", "$id", "$defs"}
    assert words - shape - notes - of_files - {"propertyNames"} == set(SPOILT)


@pytest.mark.parametrize("path", [path for path in PLACES if path], ids=named)
def test_value_of_another_shape_is_one_mistake(path: Path) -> None:
    _, schema = PLACES[path]

    for value in refused(schema, at(rich(), path)):
        found = found_in(with_value(path, value))

        # a key in the file is a mistake whatever its shape
        shapes = [item for item in found if item.code != "HX319"]
        assert len(shapes) == 1, (value, found)
        assert shapes[0].code.startswith("HX1"), (value, found)


def misspelt(name: str) -> str:
    return f"{name}{name[-1]}"


@pytest.mark.parametrize(
    "path",
    [path for path, (steps, _) in PLACES.items() if steps and steps[-1] != ANY],
    ids=named,
)
def test_key_that_is_misspelt_is_one_mistake(path: Path) -> None:
    name = str(path[-1])

    found = found_in(renamed(path, misspelt(name)))

    assert [(item.code, item.help) for item in found] == [
        ("HX101", f"did you mean `{name}`?")
    ]


@pytest.mark.parametrize(
    "path",
    [
        (*path, name)
        for path, (_, schema) in PLACES.items()
        for name in schema.get("required", ())
        if isinstance(at(rich(), path), dict)
    ],
    ids=named,
)
def test_key_that_is_missing_is_one_mistake(path: Path) -> None:
    found = found_in(without(path))

    assert [(item.code, item.message) for item in found] == [
        ("HX102", f"`{path[-1]}` is missing")
    ]


@pytest.mark.parametrize(
    "path",
    [path for path, (_, schema) in PLACES.items() if "propertyNames" in schema],
    ids=named,
)
def test_name_of_another_form_is_one_mistake(path: Path) -> None:
    schema = schemas.resolved(PLACES[path][1]["propertyNames"], WHOLE)
    one = next(iter(at(rich(), path).values()))

    for name in ("", "?! ", "x" * (schema["maxLength"] + 1)):
        found = found_in(with_value((*path, name), one))

        assert len(found) == 1, (name, found)
        assert found[0].code in (schema.get("code"), "HX105", "HX106")


@pytest.mark.parametrize(
    "path",
    [
        path
        for path, (_, schema) in PLACES.items()
        if schema.get("additionalProperties") is False
        and isinstance(at(rich(), path), dict)
    ],
    ids=named,
)
def test_key_that_is_unknown_is_one_mistake(path: Path) -> None:
    found = found_in(with_value((*path, "zzqq"), {"a": [1]}))

    assert [item.code for item in found] == ["HX101"]
