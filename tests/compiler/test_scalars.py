from __future__ import annotations

import pytest

from tests.compiler.reading import data_of


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("false", False),
        ("tRue", "tRue"),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("null", None),
        ("~", None),
        ("", None),
        ("Null", None),
        ("nUll", "nUll"),
        ("0", 0),
        ("-1", -1),
        ("+1", 1),
        ("017", 17),
        ("0o17", 15),
        ("0o18", "0o18"),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("999999999999999999", 999999999999999999),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("-1.5E-3", -0.0015),
        ("1.2.3", "1.2.3"),
        (".", "."),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("2024-01-01", "2024-01-01"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("''", ""),
        ("|\n    1", "1"),
        (">\n    null\n", "null\n"),
        ("10.0.0.1", "10.0.0.1"),
        ("http://host:80", "http://host:80"),
    ],
)
def test_scalar_is_read_as_yaml_1_2(scalar: str, value: object) -> None:
    data = data_of(f"key: {scalar}")

    assert data == {"key": value}
    assert isinstance(data, dict)
    assert type(data["key"]) is type(value)


def test_number_beyond_every_float_is_a_text() -> None:
    data = data_of("key: 1e999")

    assert data == {"key": "1e999"}, "infinity is no JSON"


@pytest.mark.parametrize(
    ("key", "name"),
    [("1", "1"), ("true", "true"), ("'a b'", "a b"), ("~", "~"), ('"é"', "é")],
)
def test_key_is_always_a_text(key: str, name: str) -> None:
    assert data_of(f"{key}: x") == {name: "x"}
