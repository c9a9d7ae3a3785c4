"""The schemas: valid, described, and in step with the nodes and the errors."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from hxroute import errors, http, ir, nodes
from hxroute.compiler import schemas
from hxroute.compiler.source import read
from hxroute.compiler.tree import Mapping, plain
from hxroute.diagnostics import CATALOG, Report
from hxroute.limiting import Limit, Store
from hxroute.resilience import CircuitBreaker, Concurrency

WHOLE = schemas.document()
FOLDER = schemas.folder()
NODES = sorted((FOLDER / "nodes").glob("*.json"))
ROUTES_FILE = FOLDER / "routes.schema.json"
FILES = [*sorted(FOLDER.glob("*.json")), *NODES]
KINDS = {
    path.name.removesuffix(".schema.json"): schemas.document(
        path.name.removesuffix(".schema.json")
    )
    for path in sorted(FOLDER.glob("*.json"))
}
ROUTES: dict[str, Any] = json.loads(ROUTES_FILE.read_text(encoding="utf-8"))


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
            if not (key == "examples" and isinstance(value, list)):
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


PROPERTIES = {
    f"{kind}{place}/{name}": (schemas.resolved(item, whole), whole)
    for kind, whole in KINDS.items()
    for place, part in parts_of(whole)
    for name, item in part.get("properties", {}).items()
}


@pytest.mark.parametrize(("schema", "whole"), PROPERTIES.values(), ids=PROPERTIES)
def test_every_property_is_described_with_examples_that_fit(
    schema: dict[str, Any], whole: dict[str, Any]
) -> None:
    assert schema["description"].endswith(".")
    assert schema["examples"]
    validator = schemas._Validator({**schema, "$defs": whole["$defs"]})
    for example in [*schema["examples"], schema.get("default", schema["examples"][0])]:
        assert list(validator.iter_errors(example)) == []


@pytest.mark.parametrize(
    "schema", [schema for schema, _ in PROPERTIES.values()], ids=PROPERTIES
)
def test_description_states_the_default(schema: dict[str, Any]) -> None:
    if "default" in schema:
        default = schema["default"]
        shown = default if isinstance(default, str) else json.dumps(default)
        stated = (f"Default {shown}.", f"`{shown}` (default)")
        assert any(text in schema["description"] for text in stated)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_beside_a_reference_stand_only_annotations(path: Path) -> None:
    for place, part in parts_of(schema_of(path)):
        if isinstance(part.get("$ref"), str):
            assert set(part) <= {"$ref", "description", "default", "examples"}, place


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

    assert {path.name.removesuffix(".schema.json") for path in NODES} == names


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
        (node_schema("limit_concurrency"), fields_of(Concurrency)),
        (node_schema("cors"), fields_of(nodes.Cors)),
        (node_schema("rename_json"), fields_of(nodes.RenameJson)),
        (node_schema("respond"), fields_of(nodes.Respond)),
        (node_schema("stream_error"), fields_of(nodes.StreamError)),
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
        *(
            (schema, fields_of(Limit) - {"name", "endpoint"} | {"bucket"})
            for schema in (
                node_schema("rate_limit"),
                node_schema("rate_limit")["$defs"]["limit"],
            )
        ),
        (ROUTES["$defs"]["store"], fields_of(Store) - {"name"}),
        (ROUTES["$defs"]["setting"], fields_of(ir.Setting) - {"name"}),
        (ROUTES["$defs"]["upstream"], fields_of(ir.Upstream) - {"name"}),
        (ROUTES["$defs"]["circuit_breaker"], fields_of(CircuitBreaker)),
        (ROUTES["$defs"]["header_rules"], fields_of(ir.HeaderRules) - {"name"}),
        (ROUTES["$defs"]["timeout"], fields_of(http.Timeout)),
        (
            ROUTES["properties"]["server"],
            fields_of(ir.Server) | {"max_memory"},
        ),
        (ROUTES["properties"]["limits"], fields_of(ir.Limits)),
    ],
    ids=lambda value: value.get("title", "") if isinstance(value, dict) else "",
)
def test_keys_of_the_language_are_fields_of_the_data(
    schema: dict[str, Any], fields: set[str]
) -> None:
    assert set(schema["properties"]) == fields


def test_every_kind_of_error_can_be_mapped() -> None:
    keys = set(node_schema("map_errors")["properties"])

    others = {errors.UPSTREAM_STATUS, "other"}
    assert keys == set(errors.KINDS) - {"client_gone"} | others


@pytest.mark.parametrize("kind", sorted(set(errors.KINDS) - {"client_gone"}))
def test_description_of_an_error_states_its_status(kind: str) -> None:
    described = node_schema("map_errors")["properties"][kind]["description"]

    assert described.startswith(f"{errors.KINDS[kind].status}: ")


def defaults_of(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the defaults that the keys of a mapping state."""
    return {
        name: item["default"]
        for name, item in schema["properties"].items()
        if "default" in item
    }


def seconds(value: float) -> str:
    return f"{value:g}s"


def test_defaults_that_the_schema_states_are_those_of_the_data() -> None:
    setting, upstream, timeout = ir.Setting("x"), ir.Upstream("x", "y"), http.Timeout()
    server = ir.Server()

    assert defaults_of(ROUTES["$defs"]["setting"]) == {
        "type": setting.type,
        "optional": setting.optional,
        "secret": setting.secret,
    }
    assert defaults_of(ROUTES["$defs"]["upstream"]) == {
        "client": upstream.client,
        "max_connections": upstream.max_connections,
        "idle_timeout": seconds(upstream.idle_timeout),
    }
    assert defaults_of(ROUTES["properties"]["server"]) == {
        "host": server.host,
        "port": server.port,
        "client_address": server.client_address,
        "drain_delay": seconds(server.drain_delay),
        "grace": seconds(server.grace),
    }
    limits = defaults_of(ROUTES["properties"]["limits"])
    assert {key: str(value) for key, value in limits.items()} == ir.Limits().written()
    assert defaults_of(ROUTES["$defs"]["timeout"]) == {
        name: seconds(value)
        for name, value in dataclasses.asdict(timeout).items()
        if value is not None
    }
    assert defaults_of(ROUTES) == {"paths": ir.Gateway(endpoints=()).paths}
    limit = Concurrency(1)
    assert defaults_of(node_schema("limit_concurrency")) == {
        "queue": limit.queue,
        "queue_timeout": seconds(limit.queue_timeout),
        "retry_after": seconds(limit.retry_after),
    }
    breaker = CircuitBreaker()
    assert defaults_of(ROUTES["$defs"]["circuit_breaker"]) == {
        "minimum": breaker.minimum,
        "window": seconds(breaker.window),
        "open": seconds(breaker.open),
        "half_open": breaker.half_open,
    }
    assert defaults_of(node_schema("respond")) == {"status": nodes.Respond().status}
    store, rate = Store("x", "y"), Limit("x", 1, 1.0, "client")
    assert defaults_of(ROUTES["$defs"]["store"]) == {
        "timeout": f"{store.timeout * 1000:g}ms",
        "prefix": store.prefix,
    }
    whole = schemas.document()
    limits = schemas.resolved({"$ref": "#/$defs/limit"}, whole)
    stated = {
        name: schemas.resolved(item, whole)
        for name, item in limits["properties"].items()
    }
    assert defaults_of({"properties": stated}) == {
        "when_store_down": rate.when_store_down,
        "fields": rate.fields,
    }
    assert defaults_of(node_schema("cors")) == {
        "credentials": nodes.Cors(()).credentials
    }
    assert defaults_of(node_schema("observe")) == {
        "access_log": nodes.Observe().access_log
    }


def test_endpoint_and_defaults_have_the_same_nodes() -> None:
    endpoint = ROUTES["$defs"]["endpoint"]["properties"]
    defaults = ROUTES["properties"]["defaults"]["properties"]

    assert set(endpoint) - set(defaults) == {
        "name",
        "path",
        "methods",
        "health",
        "respond",
        "upstream",
        "fallback",
    }
    assert {key: endpoint[key] for key in defaults} == defaults


def test_repository_s_routes_file_names_its_schema() -> None:
    first = (FOLDER.parent / "routes.yaml").read_text(encoding="utf-8").splitlines()[0]

    assert first == "# yaml-language-server: $schema=schemas/routes.schema.json"


CODES = {"a duration": "HX109", "a size": "HX110", "a status": "HX111"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_has_a_code_of_its_own_names_it(path: Path) -> None:
    for place, part in parts_of(schema_of(path)):
        if isinstance(part.get("expects"), str):
            words = " ".join(part["expects"].split()[:2])
            wanted = {**CODES, "a header": "HX112"}.get(words)
            assert part.get("code") == wanted, place
            assert wanted is None or wanted in CATALOG


def test_published_schema_is_one_valid_document_of_known_words() -> None:
    published = schemas.published()

    Draft202012Validator.check_schema(published)
    assert published["$id"] == ROUTES["$id"]
    for place, part in parts_of(published):
        in_keys = place.endswith("/properties")
        assert in_keys or not {"expects", "code"} & set(part), place
        if isinstance(part.get("$ref"), str):
            assert schemas.resolved(part, published)


def test_published_schema_keeps_keys_and_examples_of_our_annotations_names() -> None:
    part = {"properties": {"code": {"expects": "x"}}, "examples": [{"code": "x"}]}

    assert schemas._public(part) == {
        "properties": {"code": {}},
        "examples": [{"code": "x"}],
    }


def split_validator() -> Any:
    """Return a validator of the files as they are."""
    documents = [schema_of(path) for path in (ROUTES_FILE, *NODES)]
    for document in documents:
        del document["$schema"]
    resources = ((item["$id"], DRAFT202012.create_resource(item)) for item in documents)
    registry: Registry[Any] = Registry().with_resources(resources)
    return schemas._Validator(documents[0], registry=registry)


def published_validator() -> Any:
    published = schemas.published()
    del published["$schema"]
    return schemas._Validator(published)


SPLIT, PUBLISHED = split_validator(), published_validator()
VALID = [
    plain(cast("Mapping", read(path.read_bytes(), Report(path.name))))
    for path in sorted((Path(__file__).parent / "cases" / "valid").glob("*.yaml"))
]


def verdict(validator: Any, document: object) -> set[tuple[object, ...]]:
    """Return the place and the word of each mistake."""
    return {
        (*error.absolute_path, error.validator)
        for error in validator.iter_errors(document)
    }


@pytest.mark.parametrize("document", VALID)
def test_published_schema_takes_every_valid_case(document: object) -> None:
    assert verdict(PUBLISHED, document) == set()
    assert verdict(SPLIT, document) == set()


def places_in(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value below a document."""
    keys = document if isinstance(document, dict) else range(len(document))
    for key in keys:
        yield (*path, key)
        if isinstance(document[key], dict | list):
            yield from places_in(document[key], (*path, key))


WORDS = sorted({name for _, part in parts_of(WHOLE) for name in part})
VALUES = st.one_of(
    st.sampled_from(
        [None, True, -1, 0, 200, 700, 1.5, "", "none", "5xx", "30s", "1MiB"]
    ),
    st.sampled_from(
        [[], {}, [""], {"": ""}, ["a", "a"], "{{ settings.x }}", "X-Y", "a b"]
    ),
    st.sampled_from([schema["examples"][0] for schema, _ in PROPERTIES.values()]),
)


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """Return a valid document after a few edits."""
    document = copy.deepcopy(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from(list(places_in(document))))
        parent = document
        for step in path:
            parent = parent[step]
        if isinstance(parent, dict) and draw(st.booleans()):
            parent[draw(st.sampled_from(WORDS))] = parent.pop(last)
        else:
            parent[last] = copy.deepcopy(draw(VALUES))
    return document


@settings(derandomize=True, deadline=None, max_examples=300)
@given(mutated())
def test_published_schema_and_ours_say_what_the_files_say(document: Any) -> None:
    wanted = verdict(SPLIT, document)

    assert verdict(PUBLISHED, document) == wanted
    assert verdict(schemas.validator(), document) == wanted


@pytest.mark.parametrize("kind", ["cases", "divergences"])
def test_published_schema_of_a_proof_s_files_is_one_valid_document(kind: str) -> None:
    document = schemas.published(kind)

    Draft202012Validator.check_schema(document)
    for place, part in parts_of(document):
        ours = [word for word in ("expects", "code") if isinstance(part.get(word), str)]
        assert ours == [], place
    assert document["$id"].endswith(f"/{kind}.schema.json")
