"""One edit of a file that has nothing wrong with it is one mistake, not a cascade."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxroute.diagnostics import Diagnostic
from tests.compiler.compiling import report_of
from tests.compiler.rich import RICH
from tests.compiler.spoiling import PLACES, at, found_in, rich, with_value

LINES = [line for line in RICH.splitlines() if line]
WORDS = list(re.finditer(r"\w+", RICH))


def depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def block(number: int) -> range:
    """Return a line and those that stand in it."""
    end = number + 1
    while end < len(LINES) and depth(LINES[end]) > depth(LINES[number]):
        end += 1
    return range(number, end)


def found_without(lines: range) -> list[Diagnostic]:
    kept = [line for number, line in enumerate(LINES) if number not in lines]
    return report_of("\n".join([*kept, ""])).diagnostics


def names_in(lines: range) -> set[str]:
    return set(re.findall(r"\w+", "\n".join(LINES[number] for number in lines)))


def named(found: Diagnostic) -> str:
    return found.message.split("`")[1]


def said(found: list[Diagnostic]) -> set[str]:
    """Return what is said: of a name that is gone each use is reported, in one way."""
    return {item.message for item in found if item.code != "HX207"}


# what a line opens would go on in the block before it
LEAVES = [n for n, line in enumerate(LINES) if depth(line) and len(block(n)) == 1]


@pytest.mark.parametrize("number", LEAVES)
def test_line_that_is_left_out_is_one_mistake_at_most(number: int) -> None:
    found = found_without(range(number, number + 1))

    assert len(said(found)) <= 1, found
    assert len(found) <= 3, found
    unused = {named(item) for item in found if item.code == "HX207"}
    assert unused <= names_in(range(number, number + 1))


@pytest.mark.parametrize("number", [n for n in range(len(LINES)) if len(block(n)) > 1])
def test_block_that_is_left_out_is_missed_by_those_who_name_it(number: int) -> None:
    lines = block(number)

    found = found_without(lines)

    others = [item for item in found if not item.code.startswith("HX2")]
    assert len(others) <= 2, found
    missed = {named(item) for item in found if item.code.startswith("HX2")}
    assert missed <= names_in(lines)


def misspellings(word: str) -> list[str]:
    middle = len(word) // 2
    swapped = word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :]
    other = "q" if word[middle] != "q" else "x"
    return [
        word[:-1],
        word + word[-1],
        swapped if len(word) > 1 else word,
        word[:middle] + other + word[middle + 1 :],
        word[:middle] + word[middle + 1 :],
    ]


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.sampled_from(WORDS), st.integers(0, 4))
def test_word_that_is_misspelt_is_one_mistake_at_most(
    word: re.Match[str], way: int
) -> None:
    wrong = misspellings(word[0])[way]

    found = report_of(RICH[: word.start()] + wrong + RICH[word.end() :]).diagnostics

    assert len({item.message for item in found}) <= 1, (word[0], wrong, found)
    assert len(found) <= 3, (word[0], wrong, found)


VALUES: list[object] = [
    *("text", "", "5", "64KB", "a\nb", "{{ 1 }}", "{{ nope }}", "{{ settings.nope }}"),
    *("{{ headers.x }}", "{{ 'a' + 1 }}", "{{ 1 +", "{{ 1 }}{{ x() }}"),
    *(5, -1, 1.5, True, None, [], {}, ["text"]),
]
SCALARS = [
    path for path in PLACES if path and not isinstance(at(rich(), path), dict | list)
]


@settings(derandomize=True, deadline=None, max_examples=250)
@given(st.sampled_from(SCALARS), st.sampled_from(VALUES))
def test_value_that_is_another_is_one_mistake_at_most(
    path: tuple[str | int, ...], value: object
) -> None:
    found = found_in(with_value(path, value))

    shapes = [item for item in found if item.code != "HX319"]
    assert len({item.message for item in shapes}) <= 1, (path, value, found)
    assert len(found) <= 3, (path, value, found)
