"""The schema of a file of cases: valid, described, closed and bounded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from hxroute.compiler import schemas
from hxroute.diagnostics import CATALOG
from hxroute.proof.cases.casefile import SCHEMA as NAME
from tests.test_schemas import parts_of

FILE = schemas.folder() / f"{NAME}.schema.json"
SCHEMA: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
PROPERTIES = {
    f"{place}/{name}": schemas.resolved(item, SCHEMA)
    for place, part in parts_of(SCHEMA)
    for name, item in part.get("properties", {}).items()
}


def test_schema_is_valid() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == f"https://hxroute.dev/schemas/{FILE.name}"


@pytest.mark.parametrize("schema", PROPERTIES.values(), ids=PROPERTIES)
def test_every_property_is_described_with_examples_that_fit(
    schema: dict[str, Any],
) -> None:
    assert schema["description"].endswith(".")
    assert schema["examples"]
    shape = schemas._inlined({**schema, "$defs": {}}, SCHEMA)
    for example in schema["examples"]:
        assert list(schemas._Validator(shape).iter_errors(example)) == []


@pytest.mark.parametrize("schema", PROPERTIES.values(), ids=PROPERTIES)
def test_description_states_the_default(schema: dict[str, Any]) -> None:
    if "default" in schema:
        default = schema["default"]
        shown = default if isinstance(default, str) else json.dumps(default)
        assert f"Default {shown}." in schema["description"]


def test_schema_dispatches_on_keys_and_is_bounded() -> None:
    for place, part in parts_of(SCHEMA):
        assert not {"oneOf", "anyOf", "allOf", "not", "if", "format"} & set(part), place
        if "properties" in part and "$schema" not in part["properties"]:
            assert part.get("additionalProperties") is False, place
        elif isinstance(part.get("additionalProperties"), dict):
            assert "maxProperties" in part, place
        if isinstance(part.get("items"), dict):
            assert "maxItems" in part, place


def test_every_pattern_is_anchored_and_says_what_it_expects() -> None:
    for place, part in parts_of(SCHEMA):
        if isinstance(part.get("pattern"), str):
            assert part["pattern"].startswith("^"), place
            assert part["pattern"].endswith("$"), place
            assert "expects" in part, place
            assert part.get("code", "HX105") in CATALOG


def test_beside_a_reference_stand_only_annotations() -> None:
    for place, part in parts_of(SCHEMA):
        if isinstance(part.get("$ref"), str):
            assert set(part) <= {"$ref", "description", "default", "examples"}, place
