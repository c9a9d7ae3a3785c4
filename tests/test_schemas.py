"""The schemas: valid, described, and in step with the nodes and the errors."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from hxroute import errors, http, ir, nodes
from hxroute.compiler import schemas

FOLDER = schemas.folder()
FILES = [FOLDER / "routes.schema.json", *sorted((FOLDER / "nodes").glob("*.json"))]
ROUTES: dict[str, Any] = json.loads(FILES[0].read_text(encoding="utf-8"))


def schema_of(path: Path) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema


def node_schema(name: str) -> dict[str, Any]:
    return schema_of(FOLDER / "nodes" / f"{name}.schema.json")


def parts_of(schema: object, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every mapping of a schema with its place."""
    if isinstance(schema, dict):
        yield place, schema
        for key, value in schema.items():
            yield from parts_of(value, f"{place}/{key}")
    elif isinstance(schema, list):
        for number, value in enumerate(schema):
            yield from parts_of(value, f"{place}/{number}")


def resolved(reference: str, path: Path) -> dict[str, Any]:
    """Return what a `$ref` in one of our files points at."""
    file, _, pointer = reference.partition("#")
    found: Any = schema_of(path.parent / file if file else path)
    for step in pointer.split("/")[1:]:
        found = found[step]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_schema_is_valid(path: Path) -> None:
    schema = schema_of(path)

    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    folder = path.parent.relative_to(FOLDER.parent)
    assert schema["$id"] == f"https://hxroute.dev/{folder}/{path.name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_schema_dispatches_on_keys_only(path: Path) -> None:
    for place, part in parts_of(schema_of(path)):
        refused = {"oneOf", "anyOf", "allOf", "not", "if", "format"} & set(part)
        assert not refused, f"{place} holds {refused}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_property_is_described(path: Path) -> None:
    for place, part in parts_of(schema_of(path)):
        for name, item in part.get("properties", {}).items():
            described = resolved(item["$ref"], path) if "$ref" in item else {}
            text = {**described, **item}.get("description", "")
            assert text, f"{place}: `{name}` has no description"
            assert text.endswith("."), f"{place}: `{name}`"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_mapping_is_closed_and_bounded(path: Path) -> None:
    for place, part in parts_of(schema_of(path)):
        if "properties" in part and "$schema" not in part.get("properties", {}):
            assert part.get("additionalProperties") is False, place
        elif isinstance(part.get("additionalProperties"), dict):
            assert "maxProperties" in part, place


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_pattern_is_anchored_and_says_what_it_expects(path: Path) -> None:
    for place, part in parts_of(schema_of(path)):
        pattern = part.get("pattern")
        if isinstance(pattern, str):
            assert pattern.startswith("^"), place
            assert pattern.endswith("$"), place
            assert "expects" in part, place


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_reference_leads_to_a_schema_of_ours(path: Path) -> None:
    for _, part in parts_of(schema_of(path)):
        reference = part.get("$ref")
        if isinstance(reference, str):
            assert "://" not in reference
            assert resolved(reference, path)


@pytest.mark.parametrize("node", nodes.NODES, ids=lambda node: node.__name__)
def test_node_has_a_schema_of_its_name(node: type) -> None:
    schema = node_schema(node.__module__.rsplit(".", 1)[1])

    assert schema["title"]
    assert schema["description"].endswith(".")


def test_every_schema_of_nodes_has_a_node() -> None:
    names = {node.__module__.rsplit(".", 1)[1] for node in nodes.NODES}

    assert {path.name.removesuffix(".schema.json") for path in FILES[1:]} == names


@pytest.mark.parametrize("node", nodes.NODES, ids=lambda node: node.__name__)
def test_every_schema_of_nodes_is_used(node: type) -> None:
    name = node.__module__.rsplit(".", 1)[1]

    used = {part.get("$ref") for _, part in parts_of(ROUTES)}

    assert f"nodes/{name}.schema.json" in used


def fields_of(cls: Any) -> set[str]:
    return {field.name for field in dataclasses.fields(cls)} - {"at"}


@pytest.mark.parametrize(
    ("schema", "fields"),
    [
        (node_schema("observe"), fields_of(nodes.Observe)),
        (node_schema("rename_json"), fields_of(nodes.RenameJson)),
        (node_schema("respond"), fields_of(nodes.Respond)),
        (
            node_schema("map_errors")["$defs"]["answer"],
            fields_of(ir.ErrorAnswer) - {"kind"},
        ),
        (
            node_schema("map_errors")["properties"]["upstream_status"]["items"],
            fields_of(ir.StatusRule),
        ),
        (
            node_schema("execute"),
            fields_of(nodes.Execute)
            - {"upstream", "request_headers", "response_headers", "errors"}
            | {"name"},
        ),
        (ROUTES["$defs"]["setting"], fields_of(ir.Setting) - {"name"}),
        (ROUTES["$defs"]["upstream"], fields_of(ir.Upstream) - {"name"}),
        (ROUTES["$defs"]["header_rules"], fields_of(ir.HeaderRules) - {"name"}),
        (ROUTES["$defs"]["timeout"], fields_of(http.Timeout)),
        (ROUTES["properties"]["server"], fields_of(ir.Server)),
    ],
    ids=lambda value: value.get("title", "") if isinstance(value, dict) else "",
)
def test_keys_of_the_language_are_fields_of_the_data(
    schema: dict[str, Any], fields: set[str]
) -> None:
    assert set(schema["properties"]) == fields


def test_every_kind_of_error_can_be_mapped() -> None:
    keys = set(node_schema("map_errors")["properties"])

    assert keys == set(errors.KINDS) - {"client_gone"} | {errors.UPSTREAM_STATUS}


@pytest.mark.parametrize("kind", sorted(set(errors.KINDS) - {"client_gone"}))
def test_description_of_an_error_states_its_status(kind: str) -> None:
    described = node_schema("map_errors")["properties"][kind]["description"]

    assert described.startswith(f"{errors.KINDS[kind].status}: ")


def test_defaults_that_descriptions_state_are_those_of_the_data() -> None:
    setting, upstream = ROUTES["$defs"]["setting"], ROUTES["$defs"]["upstream"]
    server, timeout = ROUTES["properties"]["server"], ROUTES["$defs"]["timeout"]
    stated = {
        "type": setting["properties"]["type"],
        "max_connections": upstream["properties"]["max_connections"],
        "idle_timeout": upstream["properties"]["idle_timeout"],
        "host": server["properties"]["host"],
        "port": server["properties"]["port"],
        **timeout["properties"],
    }

    said = {
        name: item["description"].rsplit("Default ", 1)[1]
        for name, item in stated.items()
    }

    defaults = http.Timeout()
    assert said == {
        "type": f"{ir.Setting('x').type}.",
        "max_connections": f"{ir.Upstream('x', 'y').max_connections}.",
        "idle_timeout": f"{ir.Upstream('x', 'y').idle_timeout:g}s.",
        "host": f"{ir.Server().host}.",
        "port": f"{ir.Server().port}.",
        "connect": f"{defaults.connect:g}s.",
        "read": f"{defaults.read:g}s.",
        "write": f"{defaults.write:g}s.",
        "pool": f"{defaults.pool:g}s.",
    }


def test_endpoint_and_defaults_have_the_same_nodes() -> None:
    endpoint = ROUTES["$defs"]["endpoint"]["properties"]
    defaults = ROUTES["properties"]["defaults"]["properties"]

    assert set(endpoint) - set(defaults) == {
        "name",
        "path",
        "methods",
        "respond",
        "upstream",
    }
    assert {key: endpoint[key] for key in defaults} == defaults


def test_repository_s_routes_file_names_its_schema() -> None:
    first = (FOLDER.parent / "routes.yaml").read_text(encoding="utf-8").splitlines()[0]

    assert first == "# yaml-language-server: $schema=schemas/routes.schema.json"
