from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxroute import jsontext
from hxroute.errors import InvalidJson


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"", "line 1 column 1"),
        (b" ", "line 1 column 2"),
        (b"{", "line 1 column 2"),
        (b'{"a"', "line 1 column 5"),
        (b'{"a":', "line 1 column 6"),
        (b'{"a":1,', "line 1 column 8"),
        (b'{"a":1,  ', "line 1 column 10"),
        (b'{"a":1,}', "line 1 column 8"),
        (b'{"a":1 , \n }', "line 2 column 2"),
        (b'{"a":1,\r\n\r\n}', "line 3 column 1"),
        (b'{"a":1,,}', "line 1 column 8"),
        (b'{"a":1,\x0b}', "line 1 column 8"),
        (b'{"a":1]', "line 1 column 7"),
        (b'{"a" 1}', "line 1 column 6"),
        (b"{a:1}", "line 1 column 2"),
        (b"{,}", "line 1 column 2"),
        (b"[1", "line 1 column 3"),
        (b"[1,", "line 1 column 4"),
        (b"[1,  ", "line 1 column 6"),
        (b"[1,]", "line 1 column 4"),
        (b"[1, \n ]", "line 2 column 2"),
        (b"[1, 2,\t]", "line 1 column 8"),
        (b"[1,\x0c]", "line 1 column 4"),
        (b"[1 2]", "line 1 column 4"),
        (b"[,]", "line 1 column 2"),
        (b"nul", "line 1 column 1"),
        (b"01", "line 1 column 2"),
        (b"-", "line 1 column 1"),
        (b"1 2", "line 1 column 3"),
        (b'"abc', "line 1 column 1"),
        (b'"a\nb"', "line 1 column 3"),
        (b'"\x01"', "line 1 column 2"),
        (b'"\\x"', "line 1 column 2"),
        (b'"\\u12"', "line 1 column 3"),
        ('{"é":}'.encode(), "line 1 column 6"),
        ('{"é":\n "👩" x}'.encode(), "line 2 column 6"),
        ("\ufeff[1,]".encode(), "line 1 column 4"),
        ("\ufeff\ufeff1".encode(), "line 1 column 1"),
        ("[1,]".encode("utf-16"), "line 1 column 4"),
        ("[1,]".encode("utf-16-be"), "line 1 column 4"),
        ("[1,]".encode("utf-32"), "line 1 column 4"),
    ],
)
def test_mistake_has_the_same_place_on_every_python(data: bytes, place: str) -> None:
    with pytest.raises(InvalidJson) as caught:
        jsontext.decode(data)

    assert caught.value.detail == f"not valid JSON at {place}"


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"\xff", "not UTF-8 text at line 1 column 1"),
        (b'{"a":"\xff"}', "not UTF-8 text at line 1 column 7"),
        (b'{"\xc3\xa9":\n"\xe9"}', "not UTF-8 text at line 2 column 2"),
        (b'\xef\xbb\xbf{"a":"\xff"}', "not UTF-8 text at line 1 column 7"),
        (b"\xff\xfe1", "not UTF-16 text at line 1 column 1"),
        ("[1".encode("utf-16-le") + b"\x31", "not UTF-16 text at line 1 column 3"),
        ("[1".encode("utf-16") + b"\x31", "not UTF-16 text at line 1 column 3"),
        ("[1".encode("utf-32-le") + b"\xff" * 4, "not UTF-32 text at line 1 column 3"),
    ],
)
def test_bytes_that_are_no_text_have_a_place(data: bytes, detail: str) -> None:
    with pytest.raises(InvalidJson) as caught:
        jsontext.decode(data)

    assert caught.value.detail == detail


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"1" * 5000, "number too long"),
        (b"[-" + b"1" * 5000 + b"]", "number too long"),
    ],
)
def test_body_beyond_python_s_bounds_is_refused(data: bytes, detail: str) -> None:
    with pytest.raises(InvalidJson) as caught:
        jsontext.decode(data)

    assert caught.value.detail == detail


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"null", None),
        (b' {"a": [1, 2.5, true, "\\u00e9"]} ', {"a": [1, 2.5, True, "é"]}),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b'"\\ud800"', "\ud800"),
        (b'"\xed\xa0\x80"', "\ud800"),
        (b"1e999", math.inf),
        (b"Infinity", math.inf),
        ('"é"'.encode("utf-8-sig"), "é"),
        ('"é"'.encode("utf-16"), "é"),
        ('"é"'.encode("utf-16-le"), "é"),
        ('"é"'.encode("utf-16-be"), "é"),
        ('"é"'.encode("utf-32"), "é"),
        ('"é"'.encode("utf-32-be"), "é"),
        (b"1" * 4000, int("1" * 4000)),
    ],
)
def test_body_is_parsed(data: bytes, value: object) -> None:
    assert jsontext.decode(data) == value


def test_not_a_number_passes() -> None:
    assert repr(jsontext.decode(b"[NaN]")) == "[nan]"


@pytest.mark.parametrize(
    ("value", "data"),
    [
        ({"a": [1, None, "é"], "b": 1.5}, '{"a":[1,null,"é"],"b":1.5}'.encode()),
        ("\u2028</script>\x00", '"\u2028</script>\\u0000"'.encode()),
        (["\ud800", "é"], b'["\\ud800","\\u00e9"]'),
        ({"\udfff": 1}, b'{"\\udfff":1}'),
        (10**20, b"100000000000000000000"),
    ],
)
def test_value_is_written_compact(value: object, data: bytes) -> None:
    assert jsontext.encode(value) == data


def test_value_nested_too_deeply_is_refused() -> None:
    value: list[object] = []
    for _ in range(100_000):
        value = [value]

    with pytest.raises(InvalidJson, match="nested too deeply"):
        jsontext.encode(value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
    max_leaves=10,
)


@settings(derandomize=True, deadline=None)
@given(json_values)
def test_value_comes_back_as_it_was(value: object) -> None:
    again = jsontext.decode(jsontext.encode(value))

    assert json.dumps(again) == json.dumps(value)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.binary() | st.text('[]{}":,0-1e\\ \n\tétrue').map(str.encode))
def test_any_bytes_give_a_value_or_an_error_of_ours(data: bytes) -> None:
    detail = ""

    try:
        value = jsontext.decode(data)
    except InvalidJson as exc:
        detail = exc.detail

    if detail:
        assert detail.startswith(("not valid JSON at line ", "not UTF-"))
    else:
        assert json.dumps(value) == json.dumps(json.loads(data))
