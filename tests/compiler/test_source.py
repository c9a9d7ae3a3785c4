from __future__ import annotations

import time

import pytest

from hxroute.compiler.source import Mapping, Scalar, Sequence, plain, read
from hxroute.diagnostics import Report
from hxroute.diagnostics.text import render
from hxroute.span import Span


def data_of(source: str | bytes) -> object:
    report = Report("routes.yaml")
    node = read(source.encode() if isinstance(source, str) else source, report)
    assert report.diagnostics == []
    assert node is not None
    return plain(node)


def document_of(source: str) -> Mapping:
    node = read(source.encode(), Report("routes.yaml"))
    assert node is not None
    return node


def refused(source: str | bytes) -> tuple[str, str, int, int]:
    report = Report("routes.yaml")
    node = read(source.encode() if isinstance(source, str) else source, report)
    assert node is None
    (found,) = report.diagnostics
    assert render(report).startswith(f"error[{found.code}]")
    return found.code, found.message, found.span.line, found.span.column


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
    ("source", "place"),
    [
        ("a: 1\nb: 2\na: 3\n", (3, 1)),
        ("1: x\n'1': y\n", (2, 1)),
        ("x:\n  a: 1\n  'a': 2\n", (3, 3)),
        ("{a: 1, a: 1}", (1, 8)),
    ],
)
def test_duplicate_key_is_refused(source: str, place: tuple[int, int]) -> None:
    code, message, line, column = refused(source)

    assert code == "HX002"
    assert "appears twice" in message
    assert (line, column) == place


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
def test_tag_is_refused(source: str) -> None:
    code, message, line, _ = refused(source)

    assert code == "HX003"
    assert message.startswith("tag `")
    assert line == 1


def test_merge_key_is_a_key_like_any_other() -> None:
    assert data_of("a: &x {b: 1}\nc: {<<: *x}") == {
        "a": {"b": 1},
        "c": {"<<": {"b": 1}},
    }


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

    assert (code, message) == ("HX004", "more than 500000 values, aliases expanded")
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
        ("a:\n\tb: 1\n", (2, 1)),
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
