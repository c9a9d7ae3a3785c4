"""Places of OpenAPI documents: real-looking ones, and ones that nobody should write."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxroute.errors import StartError
from hxroute.proof.cases.generate import generate
from hxroute.proof.cases.openapi import Described, described, read
from hxroute.proof.cases.places import Place
from hxroute.proof.messages import unchunked

DATA = Path(__file__).parent / "data"
DOCUMENTS = sorted(path.name for path in DATA.iterdir())
SMALL: dict[str, Any] = {"openapi": "3.1.0", "paths": {}}


def places_of(name: str, key: str = "sk-test") -> dict[str, Place]:
    document = read((DATA / name).read_bytes(), name)
    return {place.label: place for place in described(document, name, key).places}


def of_operation(operation: object, **others: object) -> Described:
    return described(
        SMALL | {"paths": {"/x": {"post": operation}}} | others, "api.json"
    )


def body_of(schema: object, **others: object) -> Any:
    """Return the value that is sent where a body has a schema."""
    content = {"application/json": {"schema": schema}}
    found = of_operation({"requestBody": {"content": content}}, **others)
    return json.loads(found.places[0].body.encode("latin-1"))


def test_operations_become_places_below_the_server_s_path() -> None:
    places = places_of("openai.yaml")

    assert [(place.method, place.path) for place in places.values()] == [
        ("POST", "/v1/chat/completions"),
        ("POST", "/v1/embeddings"),
        ("GET", "/v1/models"),
        ("GET", "/v1/models/org%2Fgpt%204"),
        ("DELETE", "/v1/models/org%2Fgpt%204"),
        ("POST", "/v1/files"),
    ]
    assert {place.auth for place in places.values()} == {"bearer"}
    assert {place.key for place in places.values()} == {"sk-test"}
    assert places["post-v1-embeddings"].origin == "openai.yaml: POST /embeddings"


def test_body_is_made_of_references_defaults_and_examples() -> None:
    places = places_of("openai.yaml")

    assert json.loads(places["post-v1-chat-completions"].body.encode("latin-1")) == {
        "model": "gpt-mock",
        "messages": [{"role": "system", "content": "Hello, café"}],
    }
    assert json.loads(places["post-v1-embeddings"].body) == {
        "model": "emb-large",
        "input": "The quick brown fox",
    }


def test_body_of_a_form_has_its_parts() -> None:
    place = places_of("openai.yaml")["post-v1-files"]

    assert place.content_type == "multipart/form-data; boundary=hx-boundary"
    assert 'name="file"\r\n\r\ntext\r\n' in place.body
    assert 'name="purpose"\r\n\r\nassistants\r\n' in place.body
    assert place.body.endswith("--hx-boundary--\r\n")


def test_parameters_that_are_required_are_sent() -> None:
    place = places_of("fastapi.json")["post-v1-summaries-language"]

    assert place.path == "/v1/summaries/nl"
    assert place.query == "limit=5&deep=true"
    assert place.headers == (("x-team", "blue"),)


def test_schema_that_holds_itself_ends_somewhere() -> None:
    place = places_of("fastapi.json")["post-v1-summaries-language"]

    found = json.loads(place.body.encode("latin-1"))

    assert found["text"] == "A long 🎉 text"
    assert (found["style"], found["when"]) == ("short", "2026-01-31T12:00:00Z")
    depth, part = 0, found["parts"][0]
    while part is not None:
        depth, part = depth + 1, part["parent"]
    assert 1 < depth < 20
    assert "note" not in found


def test_key_is_shown_where_the_document_asks_for_one() -> None:
    places = places_of("fastapi.json", key="")

    assert places["post-v1-summaries-language"].auth == "bearer"
    assert places["get-healthz"].auth == "none"


def test_key_is_shown_where_the_document_says_nothing_of_security() -> None:
    document = SMALL | {"paths": {"/x": {"get": {}, "put": {"security": []}}}}

    get, put = described(document, "api.json", "sk-1").places

    assert (get.auth, get.key) == ("bearer", "sk-1")
    assert (put.auth, put.key) == ("none", "")


def test_parameter_without_an_example_is_its_name() -> None:
    paths: dict[str, Any] = {
        "/a/{name}/{rest:path}/{}": {"get": {}},
        "/é {x y}?b": {"get": {}},
    }

    found = described(SMALL | {"paths": paths}, "api.json")

    assert [place.path for place in found.places] == [
        "/a/name/rest/x",
        "/%C3%A9%20x%20y%3Fb",
    ]


def test_form_is_encoded() -> None:
    place = places_of("fastapi.json")["post-login"]

    assert place.content_type == "application/x-www-form-urlencoded"
    assert place.body == "username=text&password=textxxxx"


def test_references_are_followed_wherever_they_stand() -> None:
    places = places_of("shop.yaml")

    put = places["put-api-v2-orders-id-lines-line"]
    number = "00000000-0000-4000-8000-000000000001"
    assert put.path == f"/api/v2/orders/{number}/lines/7"
    assert (put.content_type, put.body) == (
        "application/merge-patch+json; charset=utf-8",
        '{"count":2}',
    )
    assert put.auth == "bearer"
    assert places["get-api-v2-orders"].query == "filter=a%26b%3Dc+d"
    assert places["post-api-v2-notes"].body == "na\xc3\xafve"
    assert places["post-api-v2-notes"].auth == "none"


def test_security_that_is_no_bearer_key_is_noted() -> None:
    found = described(read((DATA / "shop.yaml").read_bytes(), "shop.yaml"), "shop.yaml")

    assert found.notes == ("GET /orders: token is no bearer key and not tried",)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer", "minimum": 7}, 7),
        ({"type": "number"}, 1.5),
        ({"type": "boolean"}, True),
        ({"type": ["null", "boolean"]}, True),
        ({"type": "array", "items": {"type": "integer"}}, [1]),
        ({"type": "array"}, []),
        ({"enum": [None, "b", "a"]}, "b"),
        ({"type": "string", "maxLength": 2}, "te"),
        ({"type": "string", "examples": ["x", "y"], "default": "z"}, "x"),
        ({"oneOf": [{"type": "null"}, {"type": "integer"}]}, 1),
        ({"properties": {"a": {}, "b": {"type": "string"}}}, {"a": None, "b": "text"}),
        (
            {"type": "object", "required": ["b", "c"], "properties": {"b": {}}},
            {"b": None},
        ),
        (True, {}),
    ],
)
def test_value_fits_its_schema(schema: object, value: object) -> None:
    assert body_of(schema) == value


def test_members_that_multiply_are_bounded() -> None:
    names = [f"m{number}" for number in range(30)]
    node = {
        "type": "object",
        "required": names,
        "properties": {name: {"$ref": "#/components/schemas/Node"} for name in names},
    }

    found = body_of(
        {"$ref": "#/components/schemas/Node"}, components={"schemas": {"Node": node}}
    )

    assert len(json.dumps(found)) < 100_000


CYCLES = [
    {"A": {"$ref": "#/components/schemas/A"}},
    {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}},
    {"A": {"allOf": [{"$ref": "#/components/schemas/A"}] * 3}},
    {"A": {"anyOf": [{"$ref": "#/components/schemas/A"}]}},
    {"A": {"type": "array", "items": {"$ref": "#/components/schemas/A"}}},
    {"A": {"$ref": "https://example.com/schema.json"}},
    {"A": {"$ref": "#/components/schemas/None"}},
    {"A": {"$ref": "#/openapi/x"}},
    {"A": {"$ref": 5}},
]


@pytest.mark.parametrize("known", CYCLES, ids=json.dumps)
def test_reference_that_leads_nowhere_is_given_up(known: dict[str, object]) -> None:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}

    found = of_operation(
        {"requestBody": {"content": content}}, components={"schemas": known}
    )

    assert len(found.places) == 1
    assert generate(found.places, "small")


def test_reference_out_of_the_document_is_noted() -> None:
    schema = {"$ref": "https://example.com/a.json"}
    content = {"application/json": {"schema": schema}}

    found = of_operation({"requestBody": {"content": content}})

    assert found.notes == (
        "$ref https://example.com/a.json leads out of the document and is not followed",
    )


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"swagger": "2.0", "paths": {}}, "api.json is Swagger 2.0"),
        ({}, "api.json is no OpenAPI 3 document"),
        ({"openapi": 3.1, "paths": {}}, "api.json is no OpenAPI 3 document"),
        ({"openapi": "3.1.0"}, "api.json has no `paths`"),
        ({"openapi": "3.1.0", "paths": ["/x"]}, "api.json has no `paths`"),
    ],
)
def test_document_of_another_kind_is_refused(document: Any, said: str) -> None:
    with pytest.raises(StartError, match=said):
        described(document, "api.json")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"openapi: [", r"api\.yaml:1: "),
        (b"openapi: 3.1.0\npaths: !!set {}\n", r"api\.yaml:2: tag"),
        (b'["a"]', r"api\.yaml: an OpenAPI document is a mapping"),
        (b"- a\n", r"api\.yaml:1: the file is no mapping"),
        (b"\xff\xfe\x00", r"api\.yaml:1: the file is not UTF-8"),
        (b"", r"api\.yaml:1: the file is empty"),
        (b"[" * 100_000, r"api\.yaml:1: "),
        (b'{"a": ' + b"9" * 5000 + b"}", r"api\.yaml is no OpenAPI 3 document"),
    ],
)
def test_file_that_cannot_be_read_is_refused_with_its_line(
    data: bytes, said: str
) -> None:
    with pytest.raises(StartError, match=said):
        described(read(data, "api.yaml"), "api.yaml")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://example.com/v1/", "/v1/x"),
        ("/api", "/api/x"),
        ("https://example.com", "/x"),
        ("http://[", "/x"),
        ("https://example.com/{unknown}", "/x"),
        (5, "/x"),
    ],
)
def test_path_begins_as_the_server_s(url: object, path: str) -> None:
    found = of_operation({}, servers=[{"url": url}, {"url": "/other"}])

    assert found.places[0].path == path


def test_example_that_is_too_deep_is_left_out() -> None:
    deep: Any = 1
    for _ in range(50_000):
        deep = [deep]

    found = of_operation(
        {"requestBody": {"content": {"application/json": {"example": deep}}}}
    )

    assert found.places[0].body == "{}"


def test_operation_that_is_none_is_passed_over_with_a_note() -> None:
    paths = {"/a": {"get": 5, "post": {}}, "b": {"get": {}}, "/c": None}

    found = described(SMALL | {"paths": paths}, "api.json")

    assert [place.label for place in found.places] == ["post-a"]
    assert found.notes == (
        "GET /a is passed over: it is no mapping",
        "path b is passed over: it describes nothing",
        "path /c is passed over: it describes nothing",
    )


JUNK = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=5),
        st.sampled_from(
            ["\ud800", "{", "{}", "/{a}/{a}", "#/paths", "http://[", "\r\n"]
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(max_size=5), inner, max_size=3),
    ),
    max_leaves=6,
)


def spoilt(document: Any, junk: Any, chosen: random.Random) -> Any:
    """Put something else in a place of a document, or in the place of a key."""
    if not isinstance(document, dict | list) or not document or chosen.random() < 0.15:
        return junk
    if isinstance(document, list):
        place = chosen.randrange(len(document))
        return [
            spoilt(v, junk, chosen) if n == place else v for n, v in enumerate(document)
        ]
    key = chosen.choice(list(document))
    if isinstance(junk, str) and chosen.random() < 0.1:
        return {(junk if k == key else k): v for k, v in document.items()}
    return {k: spoilt(v, junk, chosen) if k == key else v for k, v in document.items()}


@pytest.mark.parametrize("name", DOCUMENTS)
@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.lists(JUNK, min_size=1, max_size=4), st.integers(0, 10_000))
def test_any_document_gives_places_or_a_clear_error(
    name: str, junk: list[Any], number: int
) -> None:
    document: Any = read((DATA / name).read_bytes(), name)
    chosen = random.Random(number)
    for item in junk:
        document = spoilt(document, item, chosen)
    if not isinstance(document, dict):
        return

    try:
        found = described(document, name)
    except StartError:
        return

    for case in generate(found.places, "small"):
        case.request.wire("127.0.0.1:1")
        if case.request.values("transfer-encoding"):
            unchunked(case.request.sent)
    "\n".join(found.notes).encode()
