from __future__ import annotations

import pytest

from hxroute.span import Span, after, split_lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a\n", ["a", ""]),
        ("a\r\nb\rc", ["a", "b", "c"]),
        ("a\x85b\u2028c\u2029", ["a", "b", "c", ""]),
        ("a\x0bb\x0cc\x1cd", ["a\x0bb\x0cc\x1cd"]),
        ("\n\n", ["", "", ""]),
    ],
)
def test_lines_end_where_yaml_ends_them(text: str, lines: list[str]) -> None:
    assert split_lines(text) == lines


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", Span(1, 1, 1, 2)),
        ("ab", Span(1, 3, 1, 4)),
        ("ab\n", Span(2, 1, 2, 2)),
        ("a\r\nbé", Span(2, 3, 2, 4)),
    ],
)
def test_place_after_a_text(text: str, place: Span) -> None:
    assert after(text) == place


def test_spans_are_in_the_order_of_the_text() -> None:
    first, second, third = Span(1, 9, 1, 10), Span(2, 1, 2, 2), Span(2, 3, 2, 4)

    assert sorted([third, first, second]) == [first, second, third]
