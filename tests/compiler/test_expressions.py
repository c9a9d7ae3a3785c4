from __future__ import annotations

import pytest

from hxroute.compiler import expressions
from hxroute.compiler.expressions import Place
from hxroute.compiler.source import read
from hxroute.diagnostics import Report
from hxroute.span import Span

PLACE = Place(
    {"settings": frozenset({"url", "port"}), "headers": None, "body": None},
    secrets=frozenset({"key"}),
)


def checked(source: str, place: Place = PLACE) -> list[tuple[str, str, Span]]:
    """Check the value of `a:` and return what is found."""
    report = Report("routes.yaml")
    document = read(source.encode(), report)
    assert document is not None
    node = document.get("a")
    assert node is not None
    expressions.document(node, place, report)
    return [(found.code, found.message, found.span) for found in report.diagnostics]


def test_document_is_compact_json_in_file_order() -> None:
    report = Report("routes.yaml")
    document = read("b: 1\na: [é, '{{ body.x }}', {n: null}]".encode(), report)
    assert document is not None

    text = expressions.document(document, PLACE, report)

    assert text == '{"b":1,"a":["é","{{ body.x }}",{"n":null}]}'
    assert report.diagnostics == []


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("a: '{{ settings.ulr }}'", Span(1, 8, 1, 20)),
        ("a: '{{ headers.x ~ settings.ulr }}'", Span(1, 20, 1, 32)),
        ("a: '{{ settings . ulr }}'", Span(1, 8, 1, 22)),
        ("a: '{{ settings[\"ulr\"] }}'", Span(1, 4, 1, 27)),
        ("a:\n- b: 'é {{ settings.ulr }}'", Span(2, 12, 2, 24)),
        ("a: >-\n  x\n  {{ settings.ulr }}", Span(3, 6, 3, 18)),
        ("a: '{{ settings.url }} {{ settings.ur }}'", Span(1, 27, 1, 38)),
        ('a: "\u2028{{ settings.ulr }}"', Span(2, 4, 2, 16)),
    ],
)
def test_unknown_key_is_reported_at_its_place(source: str, place: Span) -> None:
    name = "settings.ur" if ".ur }" in source else "settings.ulr"

    assert checked(source) == [("HX304", f"unknown variable `{name}`", place)]


def test_template_of_several_lines_is_reported_at_its_first_where_nothing_is_found() -> (
    None
):
    found = checked("a: |\n  {{ 1 +\n  }}\n")

    assert [(code, span) for code, _, span in found] == [("HX303", Span(1, 4, 1, 5))]


@pytest.mark.parametrize(
    ("template", "messages"),
    [
        ("{{ setings.url }}", ["unknown variable `setings`"]),
        ("{{ settings }}", ["`settings` needs a key, as in `settings.NAME`"]),
        ("{{ body | lowr }}", ["unknown filter `lowr`"]),
        ("{{ body is nonne }}", ["unknown test `nonne`"]),
        ("{{ a }}{{ b }}", ["unknown variable `a`", "unknown variable `b`"]),
        ("{{ a }}{{ a }}", ["unknown variable `a`"]),
        (
            "{{ body.x",
            ["template syntax: unexpected end of template, expected 'end of"],
        ),
    ],
)
def test_mistake_is_named(template: str, messages: list[str]) -> None:
    found = checked(f"a: '{template}'")

    assert [message[:60] for _, message, _ in found] == [text[:60] for text in messages]


def test_secret_is_named_only_where_nothing_else_is_wrong() -> None:
    assert [code for code, _, _ in checked("a: '{{ settings.key }}'")] == ["HX309"]
    assert [code for code, _, _ in checked("a: '{{ settings.key ~ x }}'")] == ["HX304"]


def test_secret_is_not_suggested() -> None:
    report = Report("routes.yaml")
    place = Place({"settings": frozenset({"url"})})

    expressions.check("{{ settings.kye }}", Span(1, 1, 1, 19), place, report)

    assert report.diagnostics[0].help == "known are `url`"


def test_body_that_is_not_read_is_known_but_refused() -> None:
    place = Place({"headers": None}, body_unread=True)

    found = checked("a: '{{ body.x }}'", place)

    assert found == [("HX305", "`body` is not read here", Span(1, 8, 1, 12))]


@pytest.mark.parametrize(
    "template",
    [
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
        "{{ " + "1 + " * 3000 + "1 }}",
        "{{ body" + ".a" * 3000 + " }}",
        "{{ " + "not " * 3000 + "1 }}",
        "{{ " + "[" * 3000 + "]" * 3000 + " }}",
    ],
    ids=["parentheses", "sums", "keys", "nots", "lists"],
)
def test_template_nested_too_deeply_is_a_mistake(template: str) -> None:
    assert [code for code, _, _ in checked(f'a: "{template}"')] == ["HX303"]


def test_number_too_long_for_python_is_a_mistake() -> None:
    template = "{{ " + "1" * 5000 + " }}"

    assert [code for code, _, _ in checked(f'a: "{template}"')] == ["HX303"]
