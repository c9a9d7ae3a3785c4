"""What is passed over as fitting is what jsonschema has nothing to say about."""

from __future__ import annotations

from random import Random
from typing import Any, cast

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from hxroute.compiler import schemas
from hxroute.compiler.fitting import fits
from tests.fuzz.corpus import files
from tests.fuzz.mutation import mutated
from tests.strategies import LONG, ROUTES, examples

FILES = [data.decode("utf-8", "replace") for data in files()]
STOCK = Draft202012Validator(schemas.published())
WHOLE = fits(cast("dict[str, Any]", schemas.validator().schema))

KEYWORDS: list[dict[str, Any]] = [
    *({"type": name} for name in ("object", "array", "string", "integer", "number")),
    *({"type": name} for name in ("boolean", "null", ["string", "integer"])),
    *({"const": value} for value in (1, True, "a", None)),
    *({"enum": [0, "a"]}, {"required": ["a"]}, {"uniqueItems": True}),
    *({"minLength": 1}, {"maxLength": 1}, {"minimum": 1}, {"maximum": 1}),
    *({"minItems": 1}, {"maxItems": 1}, {"minProperties": 1}, {"maxProperties": 1}),
    *({"pattern": "^a$"}, {"items": {"type": "string"}}),
    *({"propertyNames": {"pattern": "^a"}}, {"properties": {"a": {"type": "null"}}}),
    *({"additionalProperties": False}, {"additionalProperties": {"type": "null"}}),
    {"properties": {"a": {}}, "additionalProperties": False},
]
VALUES: list[object] = [
    *(None, True, False, 0, 1, 2, -1, 1.0, 0.5, "", "a", "ab", "a\n", [], ["a"]),
    *(["a", "a"], [1, True], [[], []], [1], {}, {"a": None}, {"a": 1}, {"b": 1}),
    {"a": None, "b": None},
]


@pytest.mark.parametrize("schema", KEYWORDS, ids=str)
def test_what_fits_a_keyword_is_valid(schema: dict[str, Any]) -> None:
    fit = fits(schema)
    # a text that a line end follows is not what `$` means here
    valid = [
        v for v in VALUES if Draft202012Validator(schema).is_valid(v) and v != "a\n"
    ]

    fitting = [value for value in VALUES if fit(value)]

    assert all(any(value is item for item in [*valid, "a\n"]) for value in fitting)
    assert len(fitting) >= len(valid) - 2  # of `1.0` jsonschema has the last word


def test_value_fits_no_keyword_that_is_not_known() -> None:
    assert not fits({"minContains": 1})([])


@pytest.mark.parametrize("source", FILES[:5])
def test_file_without_mistakes_fits_as_a_whole(source: str) -> None:
    assert WHOLE(yaml.safe_load(source))


@examples(300)
@given(st.sampled_from(FILES), st.randoms(use_true_random=LONG))
def test_file_that_fits_is_valid(source: str, random: Random) -> None:
    try:
        data = yaml.safe_load(mutated(source, random))
    except (yaml.YAMLError, ValueError, TypeError):
        return

    if WHOLE(data):
        assert STOCK.is_valid(data)


def test_of_many_mistakes_the_first_are_told() -> None:
    source = ROUTES.read_text(encoding="utf-8")
    data = {**yaml.safe_load(source), "auth": {f"a{n}": n for n in range(100)}}

    found = [error.path[-1] for error in schemas.validator().iter_errors(data)]

    assert found == [f"a{n}" for n in range(100)]
