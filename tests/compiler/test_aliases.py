"""Aliases and depth: bounded while reading, as the file says them."""

from __future__ import annotations

import time

import pytest

from tests.compiler.reading import data_of, refused


def test_alias_is_the_node_itself() -> None:
    assert data_of("a: &x [1, {b: 2}]\nc: *x") == {
        "a": [1, {"b": 2}],
        "c": [1, {"b": 2}],
    }


def test_alias_names_the_last_anchor_before_it() -> None:
    assert data_of("a: &x 1\nb: &x 2\nc: *x") == {"a": 1, "b": 2, "c": 2}


def test_alias_as_a_key() -> None:
    assert data_of("a: &x name\n*x : 1") == {"a": "name", "name": 1}


@pytest.mark.parametrize(
    ("source", "place"),
    [("a: *b", (1, 4)), ("a: &a [*a]", (1, 8)), ("a: &a {b: *a}", (1, 11))],
)
def test_alias_of_nothing_or_of_itself_is_refused(
    source: str, place: tuple[int, int]
) -> None:
    code, message, line, column = refused(source)

    assert code == "HX008"
    assert message.startswith("unknown alias `*")
    assert (line, column) == place


def test_alias_bomb_is_refused_at_once() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 12):
        tenfold = ", ".join([f"*a{level - 1}"] * 10)
        rows.append(f"a{level}: &a{level} [{tenfold}]")
    began = time.monotonic()

    code, message, _, _ = refused("\n".join(rows))

    assert (code, message) == (
        "HX007",
        "aliases expand to more than 500000 values",
    )
    assert time.monotonic() - began < 5


def test_aliases_do_not_nest_deeper_than_text() -> None:
    rows = [
        f"a{level}: &a{level} {'[' * 50}*a{level - 1}{']' * 50}"
        for level in range(1, 60)
    ]

    code, message, line, _ = refused("\n".join(["a0: &a0 x", *rows]))

    assert (code, message) == ("HX004", "nested deeper than 64 levels")
    assert line == 3


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_depth_is_bounded(opening: str) -> None:
    code, message, line, _ = refused(opening * 50_000)

    assert (code, message, line) == ("HX004", "nested deeper than 64 levels", 1)


@pytest.mark.parametrize("leaf", ["x", "*leaf", "[]"])
def test_depth_of_64_is_allowed_and_no_more(leaf: str) -> None:
    data_of(f"a: &leaf x\nb: {'[' * 63}{leaf}{']' * 63}")

    code, _, line, _ = refused(f"a: &leaf x\nb: {'[' * 64}{leaf}{']' * 64}")
    assert (code, line) == ("HX004", 2)
