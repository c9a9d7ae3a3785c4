from __future__ import annotations

import pytest

from hxroute import templates
from hxroute.templates import PathParameter, Values

NOTHING: Values = {}


def path_of(source: str, values: Values, settings: Values = NOTHING) -> str:
    prepared = templates.path(source, settings)
    return prepared if isinstance(prepared, str) else prepared(values)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a b", "a%20b"),
        ("a/b", "a%2Fb"),
        ("../x", "..%2Fx"),
        ("a?b#c", "a%3Fb%23c"),
        ("%2F", "%252F"),
        ("é", "%C3%A9"),
        ("\udcff", "%FF"),
        ("a\r\nb", "a%0D%0Ab"),
        ("", ""),
        (None, ""),
        (5, "5"),
        (True, "true"),
        (["a"], "%5B%22a%22%5D"),
    ],
)
def test_value_in_a_path_is_percent_encoded(value: object, shown: str) -> None:
    assert path_of("/v1/{{ body.a }}/x", {"body": {"a": value}}) == f"/v1/{shown}/x"


@pytest.mark.parametrize("raw", [b"a%2Fb", b"%C3%A9", b"a+b", b"~", b"a%zz", b"a/b//c"])
def test_path_parameter_goes_into_a_path_as_its_raw_bytes(raw: bytes) -> None:
    values = {"path": {"id": PathParameter.of(raw)}}

    assert path_of("/v1/{{ path.id }}", values).encode() == b"/v1/" + raw


def test_what_is_made_of_a_path_parameter_is_a_text_like_any_other() -> None:
    values = {"path": {"id": PathParameter.of(b"A%2Fb")}}

    assert path_of("/{{ path.id | lower }}", values) == "/a%2Fb"
    assert path_of("/{{ path.id ~ '' }}", values) == "/A%2Fb"


def test_setting_in_a_path_is_percent_encoded() -> None:
    assert templates.path("/{{ settings.a }}/x", {"a": "b/c"}) == "/b%2Fc/x"


def test_path_parameter_in_text_is_decoded() -> None:
    values = {"path": {"id": PathParameter.of(b"a%2Fb%20%C3%A9%FF")}}

    prepared = templates.text("{{ path.id }}", {})
    assert callable(prepared)
    assert prepared(values) == "a/b é\udcff"
