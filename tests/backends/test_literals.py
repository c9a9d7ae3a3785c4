from __future__ import annotations

import ast

import pytest

from hxroute.backends.literals import WIDTH, call, constant, fixed, tuple_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", '""'),
        ("a", '"a"'),
        ("it's", '"it\'s"'),
        ('say "x"', "'say \"x\"'"),
        ("'\"", '"\'\\""'),
        ('""\'', "'\"\"\\''"),
        ("\\", '"\\\\"'),
        ("\\'", '"\\\\\'"'),
        ('\\"', "'\\\\\"'"),
        ("a\nb\t\0", '"a\\nb\\t\\x00"'),
        ('"""', '\'"""\''),
        ("é👩", '"é👩"'),
        ("\u2028\ufeff\ud800", '"\\u2028\\ufeff\\ud800"'),
        (b"\xff'", 'b"\\xff\'"'),
        (b"a", 'b"a"'),
        (5, "5"),
        (-1.5, "-1.5"),
        (10.0, "10.0"),
        (True, "True"),
        (None, "None"),
    ],
)
def test_constant_is_printed_as_ruff_would(value: object, text: str) -> None:
    shown = constant(value)(0, 0)

    assert shown == text
    assert ast.literal_eval(shown) == value


@pytest.mark.parametrize(
    ("items", "text"), [([], "()"), (["a"], '("a",)'), (["a", "b"], '("a", "b")')]
)
def test_tuple_that_fits_stands_on_one_line(items: list[str], text: str) -> None:
    assert tuple_of(constant(item) for item in items)(0, 0) == text


def test_call_names_its_arguments() -> None:
    printed = call("F", [("", constant(1)), ("b", tuple_of([constant(2)]))])

    assert printed(0, 0) == "F(1, b=(2,))"
    assert call("F", [])(0, 0) == "F()"


def test_line_of_exactly_the_width_stays_whole() -> None:
    text = "x" * (WIDTH - len('F("",)') - 4)
    printed = call("F", [("", constant(text)), ("", fixed(""))])

    line = printed(2, 1)

    assert "\n" not in line
    assert printed(3, 1).count("\n") == 3
    assert printed(2, 2).count("\n") == 3


def test_call_that_does_not_fit_has_an_argument_a_line() -> None:
    printed = call("F", [("a", constant("x" * 60)), ("b", constant("y" * 20))])

    assert printed(4, 0).split("\n") == [
        "F(",
        f'        a="{"x" * 60}",',
        f'        b="{"y" * 20}",',
        "    )",
    ]


def test_inner_brackets_break_only_where_they_must() -> None:
    short, long = tuple_of([constant(1)]), tuple_of([constant("x" * 90)])

    assert call("F", [("a", short), ("b", long)])(0, 0).split("\n") == [
        "F(",
        "    a=(1,),",
        "    b=(",
        f'        "{"x" * 90}",',
        "    ),",
        ")",
    ]


def test_empty_brackets_never_break() -> None:
    assert call("F" * 100, [])(0, 0) == "F" * 100 + "()"
    assert tuple_of([])(90, 0) == "()"


@pytest.mark.parametrize(
    ("character", "columns"),
    [("x", 1), ("é", 1), ("日", 2), ("Ａ", 2), ("e\u0301", 1), ("ｱ", 1)],
)
def test_width_is_counted_in_columns(character: str, columns: int) -> None:
    times, spare = divmod(WIDTH - len('("",)'), columns)
    printed = tuple_of([constant(character * times)])

    assert "\n" not in printed(spare, 0)
    assert "\n" in printed(spare + 1, 0)
