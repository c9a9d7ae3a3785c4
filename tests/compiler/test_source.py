from __future__ import annotations

import pytest

from hxroute.compiler.source import read
from hxroute.compiler.tree import Mapping, Scalar, Sequence
from hxroute.diagnostics import Report
from hxroute.span import Span
from tests.compiler.reading import data_of, document_of, mistakes_beside, refused


def test_node_knows_its_place() -> None:
    document = document_of('a:\n  - "é": [x, "two words"]\n')

    listed = document.get("a")
    assert isinstance(listed, Sequence)
    item = listed.items[0]
    assert isinstance(item, Mapping)
    words = item.items[0][1]
    assert isinstance(words, Sequence)
    assert item.items[0][0].span == Span(2, 5, 2, 8)
    assert words.items[1] == Scalar("two words", Span(2, 14, 2, 25))
    assert words.span == Span(2, 10, 2, 26)


def test_mapping_gives_values_and_keys_by_name() -> None:
    document = document_of("a: 1\nb: 2\n")

    assert document.get("b") == Scalar(2, Span(2, 4, 2, 5))
    assert document.key("b") == Scalar("b", Span(2, 1, 2, 2))
    assert document.get("c") is None
    assert document.key("c") is None


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system(end: str) -> None:
    document = document_of(f"a: 1{end}b: 2{end}")

    key = document.key("b")
    assert key is not None
    assert (key.span.line, key.span.column) == (2, 1)


def test_bom_is_no_part_of_the_text() -> None:
    assert data_of(b"\xef\xbb\xbfa: 1") == {"a": 1}


@pytest.mark.parametrize(
    ("source", "place", "data"),
    [
        ("a: 1\nb: 2\na: 3\n", (3, 1), {"a": 1, "b": 2}),
        ("1: x\n'1': y\n", (2, 1), {"1": "x"}),
        ("x:\n  a: 1\n  'a': 2\n", (3, 3), {"x": {"a": 1}}),
        ("{a: 1, a: 1}", (1, 8), {"a": 1}),
        ("a: &x 1\na: &y 2\nb: *y\n", (2, 1), {"a": 1, "b": 2}),
    ],
)
def test_duplicate_key_is_refused_and_the_first_one_counts(
    source: str, place: tuple[int, int], data: object
) -> None:
    read_as, found = mistakes_beside(source)

    ((code, message, line, column),) = found
    assert code == "HX002"
    assert "appears twice" in message
    assert (line, column) == place
    assert read_as == data


def test_duplicate_key_points_at_the_first() -> None:
    report = Report("routes.yaml")

    read(b"a: 1\na: 2\na: 3\n", report)

    assert [found.span.line for found in report.diagnostics] == [2, 3]
    related = {found.related for found in report.diagnostics}
    assert related == {((Span(1, 1, 1, 2), "first defined here"),)}


@pytest.mark.parametrize(
    "source",
    [
        "a: !!str 1",
        "a: !!python/object/apply:os.system [ls]",
        "a: !include other.yaml",
        "a: !!binary aGk=",
        "a: !local {b: 1}",
        "!!map {a: 1}",
        "a: !!timestamp 2024-01-01",
        "!!str a: 1",
    ],
)
def test_tag_is_refused_and_the_rest_is_read(source: str) -> None:
    data, ((code, message, line, _),) = mistakes_beside(source)

    assert code == "HX003"
    assert message.startswith("tag `")
    assert line == 1
    assert isinstance(data, dict)
    assert list(data) == ["a"]


def test_every_duplicate_key_and_every_tag_is_reported() -> None:
    _, found = mistakes_beside("a: !x 1\nb: !y {c: 1, c: 2}\na: 2\n")

    assert [(code, line) for code, _, line, _ in found] == [
        ("HX003", 1),
        ("HX003", 2),
        ("HX002", 2),
        ("HX002", 3),
    ]


def test_merge_key_is_a_key_like_any_other() -> None:
    assert data_of("a: &x {b: 1}\nc: {<<: *x}") == {
        "a": {"b": 1},
        "c": {"<<": {"b": 1}},
    }


def test_file_size_is_bounded() -> None:
    code, message, line, column = refused(b"a: " + b"x" * (4 << 20))

    assert (code, message) == ("HX004", "the file is larger than 4194304 bytes")
    assert (line, column) == (1, 1)


@pytest.mark.parametrize(
    ("source", "message", "place"),
    [
        ("", "the file is empty", (1, 1)),
        ("# only a comment\n", "the file is empty", (1, 1)),
        ("a: 1\n---\nb: 2\n", "the file holds more than one document", (2, 1)),
        ("a: 1\n...\n---\nb: 2\n", "the file holds more than one document", (3, 1)),
    ],
)
def test_file_is_one_document(
    source: str, message: str, place: tuple[int, int]
) -> None:
    assert refused(source) == ("HX005", message, *place)


def test_markers_of_one_document_are_allowed() -> None:
    assert data_of("%YAML 1.2\n---\na: 1\n...\n") == {"a": 1}


@pytest.mark.parametrize("source", ["- a", "text", "[1]", "1", "---\n...\n"])
def test_file_is_a_mapping(source: str) -> None:
    assert refused(source)[:2] == ("HX103", "the file is no mapping")


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("a: [1\n", (2, 1)),
        ("a: 'x\n", (2, 1)),
        ("a: b: c\n", (1, 5)),
        ("a: @x\n", (1, 4)),
        ("a: 1\n b: 2\n", (2, 3)),
        ('a: "\\q"\n', (1, 5)),
        ("a: |\n  x\n y\n", (3, 2)),
        ("%YAML 1.2\na: 1\n", (2, 1)),
    ],
)
def test_text_that_is_no_yaml_is_refused(source: str, place: tuple[int, int]) -> None:
    code, _, line, column = refused(source)

    assert code == "HX001"
    assert (line, column) == place


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("a:\n\tb: 1\n", (2, 1)),
        ("a:\n  b:\n  \tc: 1\n", (3, 3)),
        ("a:\n  - x\n\t- y\n", (3, 1)),
        ("\ta: 1\n", (1, 1)),
    ],
)
def test_tab_in_the_indentation_is_named(source: str, place: tuple[int, int]) -> None:
    assert refused(source) == ("HX006", "a tab in the indentation", *place)


@pytest.mark.parametrize("source", ["[a]: 1", "{a: 1}: 2", "? [x]\n: 1"])
def test_key_that_is_no_scalar_is_refused(source: str) -> None:
    assert refused(source)[:2] == ("HX001", "a key must be a text")


def test_mistake_at_the_end_of_a_last_line_without_an_end() -> None:
    code, _, line, _ = refused("version: 1\nx")

    assert (code, line) == ("HX001", 2)


@pytest.mark.parametrize("control", ["\0", "\x01", "\x1b", "\x7f", "\x8f", "\ufffe"])
def test_control_character_is_refused_at_its_place(control: str) -> None:
    found = refused(f"a: 1\n# é👩 {control}\n")

    assert found == ("HX001", "control characters are not allowed", 2, 6)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"\xff", (1, 1)),
        (b"a: 1\nb: \xe9\n", (2, 4)),
        ("a: ééé".encode() + b"\xff", (1, 7)),
        (b"\xef\xbb\xbfa: \xff", (1, 4)),
        (b"\xef\xbb\xbfa: 1\nb: 2\nc: \xff", (3, 4)),
        ("a: 1".encode("utf-16"), (1, 1)),
        (b"a: \xed\xa0\x80", (1, 4)),
    ],
)
def test_bytes_that_are_not_utf_8_are_refused_at_their_place(
    data: bytes, place: tuple[int, int]
) -> None:
    assert refused(data) == ("HX005", "the file is not UTF-8", *place)


def test_escape_of_a_surrogate_is_refused() -> None:
    assert refused('a: "\\ud800"')[0] == "HX001"


def test_number_of_values_is_bounded() -> None:
    code, message, line, _ = refused("a: [" + "x," * 500_000 + "]")

    assert (code, message, line) == ("HX004", "more than 500000 values", 1)
