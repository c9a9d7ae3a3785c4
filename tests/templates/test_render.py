from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxroute import templates
from hxroute.errors import BadRequest
from hxroute.templates import PathParameter, Sparse, Values

NOTHING: Values = {}


def text_of(source: str, values: Values, settings: Values = NOTHING) -> str:
    prepared = templates.text(source, settings)
    return prepared if isinstance(prepared, str) else prepared(values)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a", "a"),
        ("", ""),
        (None, ""),
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (1.5, "1.5"),
        ([1, "é"], '[1,"é"]'),
        ({"a": None}, '{"a":null}'),
    ],
)
def test_text_shows_a_value(value: object, shown: str) -> None:
    assert text_of("<{{ body.a }}>", {"body": {"a": value}}) == f"<{shown}>"


@pytest.mark.parametrize(
    ("value", "shown"), [("a", "xa"), (None, "x"), (True, "xtrue"), (5, "x5")]
)
def test_concatenation_shows_a_value_as_mixed_text_does(
    value: object, shown: str
) -> None:
    values = {"body": {"a": value}}

    assert text_of("x{{ body.a }}", values) == shown
    assert text_of("{{ 'x' ~ body.a }}", values) == shown


@pytest.mark.parametrize(
    ("template", "values", "shown"),
    [
        ("{{ body.items }}", {"body": {"items": 1}}, "1"),
        ("{{ body.get }}", {"body": {"get": "x"}}, "x"),
        ("{{ body['a b'].c }}", {"body": {"a b": {"c": "x"}}}, "x"),
        ("{{ body.a[1] }}", {"body": {"a": [1, 2]}}, "2"),
        ("{{ body.a[-1] }}", {"body": {"a": [1, 2]}}, "2"),
        ("{{ body.a.b | default('x') }}", {"body": {}}, "x"),
        ("{{ body.a is defined }}", {"body": {}}, "false"),
        ("{{ headers.a }}", {"headers": Sparse()}, ""),
        ("{{ headers['x-a'] }}", {"headers": Sparse({"x-a": "b"})}, "b"),
        ("{{ headers.a is none }}", {"headers": Sparse()}, "true"),
        ("{{ headers.a | default('x', true) }}", {"headers": Sparse()}, "x"),
        ("{{ body.a | tojson }}", {"body": {"a": "<é>'"}}, '"<é>\'"'),
        ("{{ body.a | join(', ') }}", {"body": {"a": ["x", "y"]}}, "x, y"),
        ("{{ body.a | int + 1 }}", {"body": {"a": "41"}}, "42"),
        ("{{ body.a if body.a > 1 else 'few' }}", {"body": {"a": 1}}, "few"),
        ("{{ body.a in ['x'] }}", {"body": {"a": "x"}}, "true"),
        ("<{{ body.a }}>", {"body": {"a": "<&>{{ body.b }}"}}, "<<&>{{ body.b }}>"),
        ("a{# c #}b{% raw %}{{ x }}{% endraw %}\n", {}, "ab{{ x }}\n"),
    ],
)
def test_text_is_rendered(template: str, values: Values, shown: str) -> None:
    assert text_of(template, values) == shown


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{{ body.none | lower }}", ""),
        ("{{ body.none | upper }}", ""),
        ("{{ body.none | trim }}", ""),
        ("{{ body.none | string }}", ""),
        ("{{ body.true | lower }}", "true"),
        ("{{ body.list | join(',') }}", ",true,1"),
    ],
)
def test_filter_of_text_shows_a_value_as_mixed_text_does(
    template: str, shown: str
) -> None:
    body = {"none": None, "true": True, "list": [None, True, 1]}

    assert text_of(template, {"body": body}) == shown


@pytest.mark.parametrize(
    ("template", "body"),
    [
        ("{{ body.a }}", {}),
        ("{{ body.a.b }}", {}),
        ("{{ body.a.b }}", {"a": "text"}),
        ("{{ body.a[0] }}", {"a": "text"}),
        ("{{ body.a[5] }}", {"a": [1]}),
        ("{{ body.items }}", {}),
        ("{{ body.a ~ 'x' }}", {}),
        ("{{ body.a | upper }}", {}),
        ("{{ body.a | tojson }}", {}),
        ("{{ body.a | abs }}", {"a": "x"}),
        ("{{ body.a | length }}", {"a": 5}),
        ("{{ body.a | first }}", {"a": []}),
        ("{{ body.a + 1 }}", {"a": "x"}),
        ("{{ body.a < 1 }}", {"a": None}),
        ("{{ 1 in body.a }}", {"a": 5}),
        ("{{ body.a | int }}", {"a": float("inf")}),
        ("{{ body[body] }}", {}),
        ("{{ body.a }}", []),
        ("{{ body.a }}", None),
    ],
)
def test_value_that_is_missing_or_unfit_is_a_bad_request(
    template: str, body: object
) -> None:
    with pytest.raises(BadRequest) as caught:
        text_of(template, {"body": body})

    assert caught.value.kind == "bad_request"
    assert caught.value.detail == BadRequest.detail


@pytest.mark.parametrize(
    "template",
    [
        "{{ body.a.__class__ }}",
        "{{ body.a['__class__'] }}",
        "{{ body.__init__ }}",
        "{{ path.id.raw }}",
        "{{ path.id.upper }}",
        "{{ body.l | join(',', '__class__') }}",
        "{{ body.a.__class__.__mro__ }}",
        "{{ ''.__class__ }}",
        "{{ headers.__class__.x }}",
    ],
)
def test_attribute_of_an_object_cannot_be_reached(template: str) -> None:
    values = {
        "body": {"a": "x", "l": [1]},
        "path": {"id": PathParameter.of(b"x")},
        "headers": Sparse(),
    }

    with pytest.raises(BadRequest):
        text_of(template, values)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.text(st.characters()))
def test_value_is_never_read_as_a_template_or_a_literal(value: str) -> None:
    values = {"body": {"a": value}}

    assert text_of("{{ body.a }}", values) == value
    assert text_of("<{{ body.a }}>", values) == f"<{value}>"


@pytest.mark.parametrize(
    ("template", "settings", "shown"),
    [
        ("{{ settings.a }}/v1", {"a": "http://h"}, "http://h/v1"),
        ("{{ settings['a'] }}", {"a": "x"}, "x"),
        ("{{ settings.a }}", {"a": None}, ""),
        ("{{ settings.a }}", {"a": True}, "true"),
        ("{{ 'on' if settings.a else headers.b }}", {"a": True}, "on"),
        ("{{ headers.b if settings.a else 'off' }}", {"a": False}, "off"),
        ("{{ 'x' if settings.a }}", {"a": None}, ""),
        (
            "{{ 1 if settings.a else 2 if settings.b else headers.c }}",
            {"a": None, "b": 1},
            "2",
        ),
        ("{{ settings.a | upper ~ '!' }}", {"a": "x"}, "X!"),
        ("no template", {}, "no template"),
    ],
)
def test_text_that_settings_decide_is_a_constant(
    template: str, settings: Values, shown: str
) -> None:
    assert templates.text(template, settings) == shown


def test_condition_without_an_else_is_none_whoever_decides_it() -> None:
    values = {"headers": Sparse()}

    assert text_of("{{ 'x' if settings.a }}", values, {"a": None}) == ""
    assert text_of("{{ 'x' if headers.a }}", values) == ""


def test_text_that_the_request_decides_is_a_function() -> None:
    prepared = templates.text("{{ settings.a ~ headers.b }}", {"a": "x"})

    assert callable(prepared)
    assert [prepared({"headers": Sparse(b=b)}) for b in ("1", "2")] == ["x1", "x2"]


@pytest.mark.parametrize(
    "template",
    ["{{ settings.a.b }}", "{{ settings.a[0] }}", "{{ settings.a | trim | first }}"],
)
def test_setting_that_does_not_fit_is_found_without_a_traceback(template: str) -> None:
    with pytest.raises(BadRequest):
        text_of(template, {}, {"a": ""})


@pytest.mark.parametrize("template", ["a\r\nb\rc\n", "{{ 'x' }}a\r\nb\rc\n"])
def test_line_ends_stay_as_they_are(template: str) -> None:
    assert text_of(template, {}) == template.replace("{{ 'x' }}", "x")


def test_setting_is_a_value_and_never_a_template() -> None:
    assert (
        text_of(
            "{{ settings.a }}{{ headers.b }}",
            {"headers": Sparse(b="c")},
            {"a": "{{ headers.b }}"},
        )
        == "{{ headers.b }}c"
    )


@pytest.mark.parametrize(
    "template",
    ["{{ settings.key + headers.n }}", "{{ headers.n[settings.key].x }}"],
)
def test_mistake_at_run_time_never_shows_a_secret(template: str) -> None:
    with pytest.raises(BadRequest) as caught:
        text_of(template, {"headers": Sparse(n=None)}, {"key": "hush-hush"})

    assert "hush" not in str(caught.value)
    assert "hush" not in caught.value.detail


def test_bytes_of_a_text_are_those_that_came() -> None:
    assert templates.to_bytes("é\udcff") == "é".encode() + b"\xff"


@pytest.mark.parametrize("prepare", [templates.path, templates.text])
def test_lone_surrogate_of_a_body_goes_into_no_bytes(
    prepare: Callable[[str, Values], str | templates.Render],
) -> None:
    prepared = prepare("{{ body.a }}", {})
    assert callable(prepared)

    with pytest.raises(BadRequest):
        templates.to_bytes(prepared({"body": {"a": "\ud800"}}))
