"""What the compiler tries is what a start does, for any expression of the language."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxroute import templates
from hxroute.errors import BadRequest

SETTINGS = {"text": "x", "flag": False, "count": 1, "unset": None}
REQUEST = {"headers": {"x": "y"}, "body": {"y": [1, "z"]}}

LEAVES = st.sampled_from(
    [
        *(f"settings.{name}" for name in SETTINGS),
        *("headers.x", "headers.none", "body", "body.y", "body.none"),
        *("1", "0", "1.5", "'t'", "''", "none", "true", "[]", "[1, 'a']"),
    ]
)
ARGUMENTS = st.sampled_from(["", "(1)", "('z')", "(none)"])


def combined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return every way in which the language puts expressions together."""
    signs = ["and", "or", "+", "-", "~", "<", "==", ">=", "in", "not in"]
    filters, tests = sorted(templates.FILTERS), sorted(templates.TESTS)
    return st.one_of(
        st.builds("({} {} {})".format, parts, st.sampled_from(signs), parts),
        st.builds("({}{})".format, st.sampled_from(["not ", "-"]), parts),
        st.builds("({} if {} else {})".format, parts, parts, parts),
        st.builds("({} if {})".format, parts, parts),
        st.builds("[{}, {}]".format, parts, parts),
        st.builds("({}, {})".format, parts, parts),
        st.builds("({})[{}]".format, parts, parts),
        st.builds("({} | {}{})".format, parts, st.sampled_from(filters), ARGUMENTS),
        st.builds("({} is {}{})".format, parts, st.sampled_from(tests), ARGUMENTS),
    )


EXPRESSIONS = st.recursive(LEAVES, combined, max_leaves=6)


def outcome(source: str) -> str:
    """Say how far a gateway comes with a template."""
    try:
        prepared = templates.text(source, SETTINGS)
    except BadRequest:
        return "fails to start"
    try:
        if callable(prepared):
            prepared(REQUEST)
    except BadRequest:
        return "fails at run time"
    return "gives a value"


def tried(source: str) -> bool:
    try:
        templates.folds(source, SETTINGS)
    except BadRequest:
        return False
    return True


@settings(derandomize=True, deadline=None, max_examples=400)
@given(st.lists(EXPRESSIONS, min_size=1, max_size=2))
def test_template_that_is_tried_ends_in_a_value_or_in_a_bad_request(
    parts: list[str],
) -> None:
    source = " ".join(f"{{{{ {part} }}}}" for part in parts)

    reached = outcome(source)

    if tried(source):
        assert reached != "fails to start"
    else:
        assert reached != "gives a value"


@settings(derandomize=True, deadline=None, max_examples=200)
@given(EXPRESSIONS)
def test_expression_that_no_request_takes_part_in_is_decided_by_the_trial(
    expression: str,
) -> None:
    source = f"{{{{ {expression} }}}}"
    roots = {root for root, _ in templates.names(source)}

    if roots <= {"settings"}:
        assert tried(source) == (outcome(source) == "gives a value")


@pytest.mark.parametrize(
    "template",
    [
        "{{ (1)[0] and settings.text }}",
        "{{ settings.text and (none)['k'] or headers.x }}",
        "{{ headers.x and ((1)[0] or 2) }}",
        "{{ [(1)[0] or 2] }}",
        "{{ 1 if ((1)[0] or 2) else 3 }}",
    ],
)
def test_undefined_side_of_a_condition_is_a_bad_request(template: str) -> None:
    assert outcome(template).startswith("fails")


@pytest.mark.parametrize(
    "template",
    ["{{ settings.text }}{{ body }}", "{{ body }}", "{{ settings.text ~ headers.x }}"],
)
def test_what_a_request_decides_is_not_tried(template: str) -> None:
    assert tried(template)


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{{ headers.x or 'd' }}", "y"),
        ("{{ '' or headers.x }}", "y"),
        ("{{ headers.x and settings.count }}", "1"),
        ("{{ settings.flag and headers.x }}", "false"),
        ("{{ settings.flag or settings.unset or 'd' }}", "d"),
        ("{{ body.y and body.y[1] or 'd' }}", "z"),
    ],
)
def test_and_and_or_give_the_side_that_decides(template: str, shown: str) -> None:
    prepared = templates.text(template, SETTINGS)

    assert (prepared(REQUEST) if callable(prepared) else prepared) == shown
