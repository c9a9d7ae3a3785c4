"""Cures of texts of the wrong form: what they mean, where they are no longer than a name."""

from __future__ import annotations

import pytest

from hxroute.compiler.cures import cure_of_form, duration_like, size_like

NAME = {"pattern": "^[a-z][a-z0-9_]*$", "examples": ["main"]}


@pytest.mark.parametrize(
    ("value", "cure"),
    [
        ("Main", "write `main`"),
        (" main ", "write `main`"),
        ("-my-name!", "write `my_name`"),
        ("!a", "write `a`"),
        ("a" + "-" * 90 + "b", "write `a_b`"),
        ("a" + "-" * 99 + "b", "for example `main`"),
        ("!!!", "for example `main`"),
        ("", "for example `main`"),
    ],
)
def test_cure_of_a_text_of_the_wrong_form(value: str, cure: str) -> None:
    assert cure_of_form(value, NAME) == cure


@pytest.mark.parametrize("value", ["a" + "!" * 10**6 + "a", "-" * 10**6, "A" * 10**6])
def test_long_text_has_no_cure(value: str) -> None:
    assert cure_of_form(value, NAME) == "for example `main`"


@pytest.mark.parametrize(
    ("value", "duration", "size"),
    [
        (" 5 seconds ", "5s", ""),
        ("1.5 m", "1.5m", ""),
        ("10 KB", "", "10KiB"),
        ("7", "7s", "7"),
        ("5" + " " * 10**6 + "!", "", ""),
        (" " * 10**6 + "!", "", ""),
        ("5" * 10**6 + "!", "", ""),
    ],
)
def test_duration_or_size_is_recognised(value: str, duration: str, size: str) -> None:
    assert duration_like(value) == duration
    assert size_like(value) == size
