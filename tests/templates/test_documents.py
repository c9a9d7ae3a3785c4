from __future__ import annotations

import json

import pytest

from hxroute import templates
from hxroute.errors import BadRequest
from hxroute.templates import Values

NOTHING: Values = {}


def document_of(source: object, values: Values, settings: Values = NOTHING) -> object:
    prepared = templates.document(json.dumps(source), settings)
    return json.loads(prepared if isinstance(prepared, bytes) else prepared(values))


@pytest.mark.parametrize(
    "value", ["{'admin': True}", "[1]", "5", "true", "None", "{{ 7 }}", "()"]
)
def test_text_that_looks_like_a_value_stays_a_text(value: str) -> None:
    assert document_of({"a": "{{ body.a }}"}, {"body": {"a": value}}) == {"a": value}


@pytest.mark.parametrize(
    "value", [None, True, 5, 1.5, "x", [1, {"a": None}], {"a": []}]
)
def test_leaf_that_is_one_expression_keeps_its_type(value: object) -> None:
    shown = document_of({"a": ["{{ body.a }}"]}, {"body": {"a": value}})

    assert shown == {"a": [value]}
    assert json.dumps(shown) == json.dumps({"a": [value]})


def test_leaf_of_text_and_expressions_is_a_text() -> None:
    shown = document_of(
        {"a": " {{ body.a }}", "b": "{{ 1 }}{{ 2 }}"}, {"body": {"a": 5}}
    )

    assert shown == {"a": " 5", "b": "12"}


def test_document_keeps_the_order_and_the_keys_of_the_file() -> None:
    prepared = templates.document('{"b":1,"{{ k }}":"{{ body.x }}","a":"é"}', {})

    assert callable(prepared)
    assert prepared({"body": {"x": 2}}) == '{"b":1,"{{ k }}":2,"a":"é"}'.encode()


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ('{"a":[1,null,"x"]}', b'{"a":[1,null,"x"]}'),
        ('"{{ settings.n }}"', b"5"),
        ('["{{ settings.n }}","n: {{ settings.n }}"]', b'[5,"n: 5"]'),
        ("null", b"null"),
    ],
)
def test_document_that_settings_decide_is_made_once(source: str, made: bytes) -> None:
    assert templates.document(source, {"n": 5}) == made


def test_document_is_made_anew_for_each_request() -> None:
    prepared = templates.document('{"a":{"b":["{{ body.x }}"]}}', {})

    assert callable(prepared)
    assert [prepared({"body": {"x": n}}) for n in (1, 2)] == [
        b'{"a":{"b":[1]}}',
        b'{"a":{"b":[2]}}',
    ]


def test_undefined_value_inside_a_list_is_a_bad_request() -> None:
    prepared = templates.document('["{{ [body.a] }}"]', {})
    assert callable(prepared)

    with pytest.raises(BadRequest):
        prepared({"body": {}})


def test_content_of_json() -> None:
    assert templates.content('{"a":"{{ settings.a }}"}', None, {"a": 1}) == (
        b"application/json",
        b'{"a":1}',
    )


def test_content_of_text() -> None:
    content_type, made = templates.content(None, "é {{ body.a }}", {})

    assert content_type == b"text/plain; charset=utf-8"
    assert callable(made)
    assert made({"body": {"a": "\udcff"}}) == "é ".encode() + b"\xff"


def test_content_of_nothing_is_empty() -> None:
    assert templates.content(None, None, {})[1] == b""
