"""What stands in a fact, as lines."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hxroute.proof.exchange import digested
from hxroute.proof.report.values import (
    cut,
    in_order,
    is_body,
    label,
    pair,
    size,
    visible,
    wire,
)
from hxroute.proof.varying import VARIES

JSON = st.recursive(
    st.one_of(st.none(), st.integers(), st.text('a"\\[]{},: \n', max_size=6)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text("ab:{", max_size=3), inner, max_size=3),
    ),
    max_leaves=12,
)


def test_json_has_a_line_for_each_member_and_its_own_tokens() -> None:
    found = pair("client.body", ('{"a":1.0,"b":[],"c":[{"d":"\\u0041"}]}',), ("[1]",))

    assert found.old == (
        "{",
        '  "a": 1.0,',
        '  "b": [],',
        '  "c": [',
        "    {",
        '      "d": "\\u0041"',
        "    }",
        "  ]",
        "}",
    )
    assert found.new == ("[", "  1", "]")
    assert found.note == "37 bytes | 3 bytes, JSON by member"


def test_json_that_differs_in_blanks_is_shown_as_it_is() -> None:
    found = pair("client.body", ('{"a":1}',), ('{"a": 1}',))

    assert (found.old, found.new) == (('{"a":1}',), ('{"a": 1}',))
    assert found.note == "7 bytes | 8 bytes"


@pytest.mark.parametrize("text", ['{"a":', "[1,]", "text", "", "3", "[" * 100_000])
def test_what_is_no_json_document_is_shown_as_it_is(text: str) -> None:
    assert pair("upstream.body", (text,), ('{"a": 1}',)).old == (text,)


def test_deep_json_does_not_become_huge() -> None:
    deep = "[" * 400 + "]" * 400

    found = pair("client.body", (deep,), ("[1]",))

    assert sum(map(len, found.old)) < 50_000
    assert json.loads("".join(found.old)) == json.loads(deep)


@given(old=JSON, new=JSON)
def test_json_laid_out_is_the_same_value(old: object, new: object) -> None:
    found = pair("client.body", (json.dumps(old),), (json.dumps(new),))

    assert json.loads("\n".join(found.old)) == old
    assert json.loads("\n".join(found.new)) == new


def test_field_has_a_line_for_each_value() -> None:
    found = pair("client.headers.set-cookie", ("a=1, b=2",), ("a=1", "b\n2"))

    assert (found.old, found.new) == (("a=1, b=2",), ("a=1", "b\\x0a2"))
    assert not found.note


def test_body_has_the_lines_it_has() -> None:
    assert pair("client.body", ("a\r\nb\n",), ()).old == ("a\\x0d", "b", "")


def test_sizes_of_bodies() -> None:
    assert size(()) == "absent"
    assert size(("\xe9",)) == "1 byte"
    assert size(VARIES) == "varies"
    assert size((digested("x" * 20_000),)) == "20000 bytes"


def test_digest_of_a_long_body_is_said_to_be_one() -> None:
    note = pair("client.body", (digested("x" * 20_000),), ("x",)).note

    assert note == "20000 bytes | 1 byte, long bodies by their digest"


def test_header_of_that_name_is_no_body() -> None:
    assert is_body("upstream.2.body")
    assert not is_body("client.headers.body")


def test_facts_stand_as_they_go_over_the_wire() -> None:
    facts = [
        *("start.error", "upstream.requests", "upstream.method", "upstream.headers.b"),
        *("upstream.body", "client.complete", "upstream.2.method"),
    ]

    assert in_order(reversed(facts[1:])) == [
        *("upstream.requests", "upstream.method", "upstream.headers.b"),
        *("upstream.body", "client.complete", "upstream.2.method"),
    ]
    assert in_order(reversed(facts))[0] == "start.error"


@pytest.mark.parametrize(
    ("fact", "name"),
    [
        ("client.status", "status"),
        ("upstream.2.target", "target"),
        ("client.headers.x.y", "x.y"),
        ("client.trailers.x", "trailers.x"),
        ("start.error", "start.error"),
        ("client.headers.\x00", "\\x00"),
    ],
)
def test_label_names_a_fact_within_its_message(fact: str, name: str) -> None:
    assert label(fact) == name


def test_visible_is_one_line_and_hides_nothing() -> None:
    assert visible("caf\xc3\xa9\t\n\xff") == "café\\x09\\x0a\\xff"


def test_text_of_ours_is_no_bytes() -> None:
    assert wire("\u2026") == "\u2026"
    assert visible("\u2026\u202e") == "\u2026\ufffd"


def test_cut_says_how_much_is_left_out() -> None:
    assert cut("12345", 3) == "123… and 2 characters more"
    assert cut("12345", 5) == "12345"
