from __future__ import annotations

import pytest

from hxroute.compiler import expressions
from hxroute.compiler.expressions import Place
from hxroute.compiler.source import read
from hxroute.diagnostics import Report
from hxroute.span import Span
from tests.compiler.checking import PLACE, checked, report_on


def test_document_is_compact_json_in_file_order() -> None:
    report = Report("routes.yaml")
    document = read("b: 1\na: [é, '{{ body.x }}', {n: null}]".encode(), report)
    assert document is not None

    text = expressions.document(document, PLACE, report)

    assert text == '{"b":1,"a":["é","{{ body.x }}",{"n":null}]}'
    assert report.diagnostics == []


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


@pytest.mark.parametrize(
    ("template", "messages"),
    [
        ("{{ nope(body.x) }}", ["`call` is not allowed in a template"]),
        (
            "{{ body.items(nope) }}",
            ["`call` is not allowed in a template", "unknown variable `nope`"],
        ),
        ("{{ {'a': {'b': 1}} }}", ["`dict` is not allowed in a template"]),
        (
            "{{ {'a': nope} }}",
            ["`dict` is not allowed in a template", "unknown variable `nope`"],
        ),
    ],
)
def test_what_is_not_allowed_is_one_mistake(template: str, messages: list[str]) -> None:
    assert [message for _, message, _ in checked(f'a: "{template}"')] == messages


@pytest.mark.parametrize(
    ("template", "code", "known"),
    [
        ("{{ settings.ulr }}", "HX206", "did you mean `url`?"),
        ("{{ headrs.x }}", "HX304", "did you mean `headers`?"),
        ("{{ body.x | lowr }}", "HX313", "did you mean `lower`?"),
        ("{{ body.x is definde }}", "HX313", "did you mean `defined`?"),
        ("{{ body.x | upper is definde }}", "HX313", "did you mean `defined`?"),
    ],
)
def test_unknown_name_has_a_code_for_what_it_is(
    template: str, code: str, known: str
) -> None:
    report = report_on(f'a: "{template}"')

    assert [(item.code, item.help) for item in report.diagnostics] == [(code, known)]


@pytest.mark.parametrize("name", ["body", "client", "headers", "path", "query"])
def test_request_has_no_say_in_a_place_of_the_file(name: str) -> None:
    place = Place({"settings": frozenset({"url"})}, chosen_by_file=True)

    ((code, message, span),) = checked(f"a: 'http://{{{{ {name}.x }}}}'", place)

    assert (code, span.column) == ("HX321", 15)
    assert message == f"`{name}` would let a request choose the upstream"
