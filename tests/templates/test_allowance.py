"""What a rendering makes is bounded, and counted before it is made."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxroute import jsontext, templates
from hxroute.errors import BadRequest, InvalidJson
from hxroute.templates import PathParameter, Values, allowance
from hxroute.templates.allowance import MAX_MADE, PER_INPUT, TOO_LARGE

NOTHING: Values = {}
MEBI = 1 << 20
JOINS = " | join('aaaaaaaaaa')" * 8
GREEK = "\u0390"
"""A letter of which upper case makes three characters."""

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda parts: st.lists(parts) | st.dictionaries(st.text(), parts),
    max_leaves=20,
)


def made_of(source: str, body: object) -> str:
    prepared = templates.text(source, NOTHING)
    return prepared if isinstance(prepared, str) else prepared({"body": body})


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (f"body.a{JOINS}", "a" * 10),
        (f"body.a | join('{'a' * 200}')", ["a"] * 100_000),
        (f"body.a | join('{'a' * 200}')", "a" * 100_000),
        ("body.a" + " | tojson" * 30, '"'),
        ("[" + "body.a, " * 37 + "] | tojson", "\x01" * 170_000),
        ("body.a" + " ~ body.a" * 30, "a" * MEBI),
        ("body.a" + " + body.a" * 30, "a" * MEBI),
        ("(body.a" + " + body.a" * 30 + ") | length", [1] * MEBI),
        ("[" + "body.a, " * 30 + "] | tojson", "a" * MEBI),
        ("[" + "body.a, " * 30 + "] ~ ''", ["a"] * MEBI),
        ("[" + "body.a | upper, " * 30 + "] | length", "a" * MEBI),
        ("(body.a" + " ~ body.a" * 7 + ") | upper", GREEK * MEBI),
    ],
)
def test_expression_that_makes_too_much_is_a_bad_request(
    expression: str, value: object
) -> None:
    with pytest.raises(BadRequest) as caught:
        made_of(f"{{{{ {expression} }}}}", {"a": value})

    assert caught.value.detail == TOO_LARGE


def test_text_of_many_expressions_has_one_allowance() -> None:
    body = {"a": "a" * MEBI}

    assert len(made_of("{{ body.a }}" * 16, body)) == 16 * MEBI
    for source in ("{{ body.a }}" * 17, "{{ body.a | lower | length }}" * 17):
        with pytest.raises(BadRequest, match="too large"):
            made_of(source, body)


def test_path_has_an_allowance() -> None:
    path = templates.path("/{{ body.a }}" * 10, NOTHING)
    assert callable(path)

    assert path({"body": {"a": "é"}}) == "/%C3%A9" * 10
    with pytest.raises(BadRequest, match="too large"):
        path({"body": {"a": "é" * MEBI}})


@pytest.mark.parametrize("leaf", ["{{ body.a }}", "a{{ body.a }}", "{{ [body.a] }}"])
def test_document_has_one_allowance(leaf: str) -> None:
    few = templates.document(json.dumps([leaf] * 4), NOTHING)
    many = templates.document(json.dumps([leaf] * 40), NOTHING)
    assert callable(few)
    assert callable(many)
    values = {"body": {"a": "a" * MEBI}}

    assert len(few(values)) > 4 * MEBI
    assert len(many({"body": {"a": "a"}})) < 1000
    with pytest.raises(BadRequest, match="too large"):
        many(values)


def test_document_of_whole_bodies_is_counted() -> None:
    prepared = templates.document(json.dumps(["{{ body }}"] * 20), NOTHING)
    assert callable(prepared)

    with pytest.raises(BadRequest, match="too large"):
        prepared({"body": {"a": ["a" * 100] * 10_000}})


def test_large_value_may_be_used_as_often_as_any_template_does() -> None:
    body = {"a": "a" * (10 * MEBI), "b": ["b"] * MEBI}
    source = "Say {{ body.a | trim | lower }} {{ body.a | tojson }} {{ body.b | join }}"

    assert len(made_of(source, body)) == 6 + 21 * MEBI + 2
    assert made_of("{{ body.a }}", body) is body["a"]


def test_each_rendering_has_an_allowance_of_its_own() -> None:
    prepared = templates.text("{{ body.a ~ body.a }}", NOTHING)
    assert callable(prepared)

    for _ in range(5):
        assert len(prepared({"body": {"a": "a" * (2 * MEBI)}})) == 4 * MEBI


def test_rendering_lets_go_of_its_values() -> None:
    prepared = templates.text("{{ body.a ~ 1 }}", NOTHING)
    assert callable(prepared)

    assert prepared({"body": {"a": "a"}}) == "a1"
    assert allowance._NOW.values is None
    with pytest.raises(BadRequest):
        prepared({"body": {}})
    assert allowance._NOW.values is None


def test_path_parameters_count_as_what_a_request_holds() -> None:
    prepared = templates.text("{{ path.id ~ path.id }}", NOTHING)
    assert callable(prepared)
    parameter = PathParameter.of(b"a" * (5 * MEBI))

    assert len(prepared({"path": {"id": parameter}})) == 10 * MEBI


@pytest.mark.parametrize(
    "expression",
    [f"'aaaaaaaaaa'{JOINS}", f"settings.a{JOINS}", "'\"'" + " | tojson" * 30],
)
def test_constant_that_makes_too_much_is_no_constant(expression: str) -> None:
    source, values = f"{{{{ {expression} }}}}", {"a": "aaaaaaaaaa"}

    with pytest.raises(BadRequest) as caught:
        templates.folds(source, values)

    assert caught.value.detail == TOO_LARGE
    assert templates.made() > MAX_MADE
    assert templates.decided(source, values) is None
    prepared = templates.text(source, values)
    assert callable(prepared)
    with pytest.raises(BadRequest, match="too large"):
        prepared(NOTHING)


def test_constants_put_together_have_one_allowance() -> None:
    with pytest.raises(BadRequest, match="too large"):
        templates.text("{{ settings.a }}" * 9, {"a": "a" * MEBI})


def test_document_of_constants_has_an_allowance() -> None:
    with pytest.raises(BadRequest, match="too large"):
        templates.document(json.dumps(["{{ settings.a }}"] * 9), {"a": "a" * MEBI})


@pytest.mark.parametrize(
    "expression",
    ["'a' * 9", "2 ** 3", "'a' | center(9)", "['a'] | batch(9) | list", "range(9)"],
)
def test_template_with_mistakes_is_not_decided(expression: str) -> None:
    assert templates.decided(f"{{{{ {expression} }}}}", {}) is None


def test_template_that_makes_much_is_not_decided() -> None:
    settings = {"a": "a" * 10_000}

    assert templates.decided("{{ settings.a ~ 'b' }}", settings) == "a" * 10_000 + "b"
    assert templates.decided("{{ settings.a ~ settings.a }}", settings) is None


@settings(derandomize=True, deadline=None)
@given(json_values)
def test_value_counts_for_what_it_is_as_json(value: object) -> None:
    shown = len(jsontext.encode(value).decode("utf-8", "surrogatepass"))

    assert shown <= allowance._size(value, {}) <= 24 * shown
    assert shown <= allowance._at_most(value) or allowance._at_most(value) > 1 << 16


def test_long_text_counts_for_what_it_is_as_json() -> None:
    text = 'a"\n\x01é' * 100_000

    assert allowance._size([text], {}) == pytest.approx(
        len(jsontext.encode([text]).decode()), abs=100
    )


def test_value_nested_too_deeply_is_no_json() -> None:
    nested: list[object] = ["a" * MEBI]
    for _ in range(5000):
        nested = [nested]

    with pytest.raises(InvalidJson, match="nested too deeply"):
        allowance.take_encoded(nested)


def test_allowance_is_extended_by_the_request_once() -> None:
    values = {"body": {"a": "a" * MEBI}}
    allowance.begin(values)

    allowance.take(MAX_MADE + PER_INPUT * MEBI)
    with pytest.raises(BadRequest, match="too large"):
        allowance.take(MEBI)
