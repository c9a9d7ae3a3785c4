"""What belongs together, and what differs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hxroute.proof.report.sides import Fold, Line, Row, folded, rows, runs

LINES = st.lists(st.text("ab\\x01", max_size=12), max_size=8)


def marked(line: Line | None) -> str:
    """Write a line with brackets around what differs."""
    assert line is not None
    return "".join(f"[{text}]" if differs else text for text, differs in runs(line))


def shown(old: str, new: str) -> tuple[str, str]:
    (row,) = rows([old], [new])
    return marked(row.old), marked(row.new)


def test_marks_of_a_changed_word() -> None:
    assert shown("emb-light, 1", "emb-dark, 1") == ("emb-[light], 1", "emb-[dark], 1")


def test_marks_of_an_insertion_are_on_its_side_only() -> None:
    assert shown("hx-chat", "hx-chat-2") == ("hx-chat", "hx-chat[-2]")


def test_marks_of_two_changes_leave_what_is_between() -> None:
    assert shown("x: 1, common, y", "x: 2, common, z") == (
        "x: [1], common, [y]",
        "x: [2], common, [z]",
    )


def test_few_equal_characters_in_between_are_chance() -> None:
    assert shown("a1bc2d", "x1by2z") == ("[a1bc2d]", "[x1by2z]")


def test_escape_is_one_character() -> None:
    assert shown(r"a\x1fb", r"a\x1eb") == (r"a[\x1f]b", r"a[\x1e]b")


def test_long_lines_are_marked_between_their_common_ends() -> None:
    old = "a" * 3000 + "b" * 3000 + "c" * 3000
    new = "a" * 3000 + "d" * 5000 + "c" * 3000

    assert shown(old, new) == (
        "a" * 3000 + f"[{'b' * 3000}]" + "c" * 3000,
        "a" * 3000 + f"[{'d' * 5000}]" + "c" * 3000,
    )


def test_line_that_is_new_stands_alone() -> None:
    found = list(rows(["{", "}"], ["{", '  "x": 1', "}"]))

    assert [row.is_equal for row in found] == [True, False, True]
    assert found[1].old is None
    assert marked(found[1].new) == '  "x": 1'


def test_many_lines_that_all_differ_are_paired_in_order() -> None:
    found = list(rows([f"a{n}" for n in range(2000)], [f"b{n}" for n in range(1999)]))

    assert len(found) == 2000
    assert marked(found[1000].old) == "[a]1000"
    assert found[1999].new is None


def test_nothing_at_all_has_no_rows() -> None:
    assert list(rows([], [])) == []


def test_equal_rows_far_from_a_difference_are_folded() -> None:
    lines = [str(n) for n in range(10)]
    found = list(folded(rows(lines, [*lines[:5], "x", *lines[6:]]), 1))

    assert [item.count if isinstance(item, Fold) else 0 for item in found] == [
        *(4, 0, 0, 0, 3)
    ]


def test_fold_of_one_row_would_save_nothing() -> None:
    found = list(folded(rows(["1", "2", "3"], ["1", "2", "x"]), 1))

    assert all(isinstance(item, Row) for item in found)


@given(old=LINES, new=LINES)
def test_rows_hold_both_texts_and_equal_is_what_is_unmarked(
    old: list[str], new: list[str]
) -> None:
    found = list(rows(old, new))

    for side, lines in (("old", old), ("new", new)):
        held = [getattr(row, side) for row in found]
        texts = ["".join(text for text, _ in line) for line in held if line is not None]
        assert texts == lines
    for row in found:
        if row.old is not None and row.new is not None:
            same = [
                [text for text, differs in line if not differs]
                for line in (row.old, row.new)
            ]
            assert same[0] == same[1]
            assert row.is_equal == (not any(m for _, m in (*row.old, *row.new)))
