"""What a compiled gateway says of its endpoints, and what a document adds to it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hxroute.errors import StartError
from hxroute.proof.cases.merging import merged
from hxroute.proof.cases.openapi import described
from hxroute.proof.cases.places import Place, labelled, of_gateway, slug
from tests.proof.cases.places import gateway_of, hx_places, places_of

ROUTES = """
version: 1
settings:
  key: {env: KEY, secret: true}
  most: {env: MOST, type: size, default: 2KiB}
upstreams:
  slow: {url: "http://127.0.0.1:1", timeout: {read: 40s}}
  quick: {url: "http://127.0.0.1:1", timeout: {read: 40s, first_byte: 2s}}
auth:
  clients: {bearer: ["{{ settings.key }}"]}
headers:
  own: {drop: [authorization, cookie]}
  traced: {drop: [authorization, cookie], set: {x-trace: "{{ headers['x-trace-id'] }}"}}
defaults:
  auth: clients
  request: {max_body: "{{ settings.most }}", headers: own}
endpoints:
  - {path: /healthz, auth: none, request: {max_body: none}, respond: {text: fine}}
  - path: /v1/models
    methods: [GET, POST]
    upstream: slow
  - path: /v1/{model}
    methods: [PUT]
    request: {json: {rename: {prompt: input}}, headers: traced}
    upstream: quick
  - path: /calls/{name}
    methods: [POST]
    upstream:
      name: slow
      path: /v2/{{ path.name }}
      query: {team: "{{ query.team }}"}
      body: {q: "{{ body.text }}", n: "{{ body.number }}"}
      timeout: {read: 3s}
  - {path: "/v1/{rest:path}", upstream: slow}
"""


def by_label(places: tuple[Place, ...]) -> dict[str, Place]:
    return {place.label: place for place in places}


PLACES = by_label(places_of(ROUTES, KEY="sk-1"))


def test_labels_say_method_and_path() -> None:
    assert list(PLACES) == [
        "any-healthz",
        "get-post-v1-models",
        "put-v1-model",
        "post-calls-name",
        "any-v1-rest",
    ]


def test_key_is_the_first_that_the_settings_give() -> None:
    assert PLACES["put-v1-model"].key == "sk-1"
    assert PLACES["put-v1-model"].auth == "bearer"
    assert PLACES["any-healthz"].auth == "none"


def test_key_goes_over_the_wire_in_utf8() -> None:
    assert places_of(ROUTES, KEY=" é ")[1].key == "\xc3\xa9"


def test_setting_that_is_missing_is_told_with_its_line() -> None:
    with pytest.raises(StartError, match=r"line 4: setting `key`: not set; set KEY"):
        places_of(ROUTES)


def test_key_that_is_blank_is_told() -> None:
    with pytest.raises(StartError, match="auth `clients` has an empty key; set the"):
        places_of(ROUTES, KEY="  ")


@pytest.mark.parametrize(
    ("label", "wait"),
    [
        ("any-healthz", None),
        ("get-post-v1-models", 40),
        ("put-v1-model", 2),
        ("post-calls-name", 3),
    ],
)
def test_wait_is_until_the_upstream_begins_to_answer(
    label: str, wait: float | None
) -> None:
    assert PLACES[label].wait == wait


def test_limit_is_what_settings_make_of_it() -> None:
    assert PLACES["put-v1-model"].max_body == 2048
    assert places_of(ROUTES, KEY="k", MOST="10B")[1].max_body == 10
    assert PLACES["any-healthz"].max_body is None


def test_upstream_is_named_unless_the_endpoint_answers_itself() -> None:
    assert PLACES["any-healthz"].upstream is None
    assert PLACES["any-v1-rest"].upstream == "slow"


def test_request_holds_what_templates_read() -> None:
    place = PLACES["post-calls-name"]

    assert place.query == "team=hello"
    assert json.loads(place.body) == {
        "model": "hx-model",
        "number": "hello",
        "text": "hello",
    }
    assert PLACES["put-v1-model"].headers == (("x-trace-id", "hello"),)


def test_usual_method_is_one_with_a_body_where_there_is_one() -> None:
    usual = {label: place.method for label, place in PLACES.items()}

    assert list(usual.values()) == ["GET", "POST", "PUT", "POST", "POST"]


def test_example_path_is_taken_by_no_earlier_endpoint() -> None:
    routes = """
    version: 1
    endpoints:
      - {path: /a/name, auth: none, respond: {text: x}}
      - {path: "/a/{name}", auth: none, respond: {text: x}}
      - {path: "/{rest:path}", auth: none, respond: {text: x}}
    """

    assert [place.path for place in places_of(routes)] == [
        "/a/name",
        "/a/name-1",
        "/rest",
    ]


def test_places_that_are_handled_alike_are_of_one_kin() -> None:
    healthz, embeddings, rest = hx_places()

    assert embeddings.kin == rest.kin != healthz.kin


def test_places_of_the_hx_gateway_are_opened_by_its_key() -> None:
    _, embeddings, _ = hx_places(HX_MASTER_KEY="sk-master", HX_MAX_BODY_SIZE="1KiB")

    assert embeddings == Place(
        "post-v1-embeddings",
        "/v1/embeddings",
        "POST",
        ("POST",),
        "bearer",
        "sk-master",
        content_type="application/json",
        body='{"model":"hx-model","input":"hello"}',
        renames=(("prompt", "input"),),
        max_body=1024,
        upstream="litellm",
        named=(
            *("cookie", "set-cookie", "x-forwarded-for", "x-forwarded-host"),
            *("x-forwarded-proto", "x-forwarded-server", "x-original-forwarded-for"),
            *("x-real-ip", "x-cluster-client-ip", "cf-connecting-ip", "cf-ipcountry"),
            *("www-authenticate", "x-hx-client-ip"),
        ),
        wait=30.0,
        kin="/v1/embeddings",
        origin="endpoint POST /v1/embeddings (line 101)",
    )


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("POST /v1/embeddings", "post-v1-embeddings"),
        ("ANY /v1/{rest:path}", "any-v1-rest"),
        ("GET /", "get"),
        ("/", "root"),
        ("GET /é", "get"),
        (
            "POST /v1/organizations/{org}/projects/{project}/keys",
            "post-v1-organizations-project-keys",
        ),
    ],
)
def test_slug_is_readable_and_short(text: str, label: str) -> None:
    found = slug(text)

    assert found == label
    assert len(found) <= 36


def test_labels_that_are_alike_are_numbered() -> None:
    places = [Place("x" * 36, "/")] * 3

    labels = [place.label for place in labelled(places)]

    assert labels == ["x" * 36, "x" * 34 + "-2", "x" * 34 + "-3"]
    assert labelled(labelled(places)) == labelled(places)


def operations(*stated: str) -> tuple[Place, ...]:
    """Return places of operations such as `POST /x`."""
    paths: dict[str, dict[str, object]] = {}
    content = {"application/json": {"example": {"from": "document"}}}
    for item in stated:
        method, _, path = item.partition(" ")
        paths.setdefault(path, {})[method.lower()] = {
            "requestBody": {"content": content}
        }
    return described({"openapi": "3.1.0", "paths": paths}, "api.json").places


def test_operation_refines_the_endpoint_that_takes_it() -> None:
    gateway = gateway_of(ROUTES)
    own = of_gateway(gateway, {"KEY": "sk-1"})

    found = by_label(merged(gateway, own, operations("PUT /v1/{id}")))

    place = found["put-v1-id"]
    assert (place.path, place.body) == ("/v1/id", '{"from":"document"}')
    assert (place.key, place.upstream, place.wait) == ("sk-1", "quick", 2)
    assert place.renames == (("prompt", "input"),)
    assert place.headers == (("x-trace-id", "hello"),)
    assert place.origin == (
        "api.json: PUT /v1/{id}, which is endpoint PUT /v1/{model} (line 22)"
    )
    assert "put-v1-model" not in found


def test_body_that_the_document_leaves_out_is_the_endpoint_s() -> None:
    gateway = gateway_of(ROUTES)
    own = of_gateway(gateway, {"KEY": "sk-1"})
    paths: dict[str, Any] = {
        "/calls/{name}": {"post": {}},
        "/other": {"post": {}, "delete": {}},
    }
    document = {"openapi": "3.1.0", "paths": paths}

    found = by_label(merged(gateway, own, described(document, "api.json").places))

    assert found["post-calls-name"].body == PLACES["post-calls-name"].body
    assert found["post-other"].body == '{"model":"hx-model","input":"hello"}'
    assert found["delete-other"].body == ""


def test_operations_below_an_endpoint_for_all_stand_beside_it() -> None:
    gateway = gateway_of(ROUTES)
    own = of_gateway(gateway, {"KEY": "sk-1"})

    found = merged(gateway, own, operations("POST /v1/a/b", "GET /v1/a/b"))

    assert [place.label for place in found][-3:] == [
        "any-v1-rest",
        "get-v1-a-b",
        "post-v1-a-b",
    ]
    assert {place.kin for place in found[-3:]} == {found[-1].kin}


def test_operation_that_no_endpoint_takes_is_added() -> None:
    gateway = gateway_of(ROUTES)
    own = of_gateway(gateway, {"KEY": "sk-1"})

    found = merged(gateway, own, operations("GET /elsewhere", "DELETE /calls/{name}"))

    assert [place.label for place in found][-2:] == [
        "get-elsewhere",
        "delete-calls-name",
    ]
    assert len(found) == len(own) + 2
