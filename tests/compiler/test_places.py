"""A mistake in a template is reported at its own place in the file."""

from __future__ import annotations

import pytest

from hxroute.span import Span
from tests.compiler.checking import checked


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
    name = "ur" if ".ur }" in source else "ulr"

    assert checked(source) == [("HX206", f"unknown setting `{name}`", place)]


def test_template_of_several_lines_is_reported_at_its_first_where_nothing_is_found() -> (
    None
):
    found = checked("a: |\n  {{ 1 +\n  }}\n")

    assert [(code, span) for code, _, span in found] == [("HX303", Span(1, 4, 1, 5))]


@pytest.mark.parametrize(
    ("source", "column"),
    [
        # the same word as literal text before, as another name, and in a string
        ("a: see settings.ulr in {{ settings.ulr }}", 27),
        ("a: 'see settings.ulr in {{ settings.ulr }}'", 28),
        ('a: "see settings.ulr in {{ settings.ulr }}"', 28),
        ("a: '{{ headers.ulr ~ settings.ulr }}'", 22),
        ("a: '{{ body.settings.ulr ~ settings.ulr }}'", 28),
        ("a: '{{ \"settings.ulr\" ~ settings.ulr }}'", 25),
        ("a: '{{ settings.url }}{{ settings.ulr }}'", 26),
        ("a: '{# settings.ulr #}{{ settings.ulr }}'", 26),
        ("a: x {% raw %}{{ settings.ulr }}{% endraw %}{{ settings.ulr }}", 48),
        ("a: 'x   {{- settings.ulr -}}   y'", 13),
        ("a: 'x   {{- 1 -}}   {{ settings.ulr }}'", 24),
        ("a: '{{ settings.ulrs }}{{ settings.ulr }}'", 8),
        ("settings.ulr: x\na: '{{ settings.ulr }}'", 8),
        ("b: '{{ settings.ulr }}'\na: {c: '{{ settings.ulr }}'}", 12),
        ("a: {settings.ulr: 1, c: '{{ settings.ulr }}'}", 29),
    ],
)
def test_mistake_in_a_scalar_of_one_line_has_its_exact_column(
    source: str, column: int
) -> None:
    code, _, span = checked(source)[0]

    assert code == "HX206"
    assert (span.line, span.column) == (source.count("\n") + 1, column)


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("a: 'it''s {{ settings.ulr }}'", Span(1, 14, 1, 26)),
        ('a: "\\"{{ settings.ulr }}"', Span(1, 10, 1, 22)),
        ("a: 'settings.ulr''s {{ settings.ulr }}'", Span(1, 24, 1, 36)),
        ("a: |\n  settings.ulr\n  {{ settings.ulr }}", Span(3, 6, 3, 18)),
        (
            "a: |\n  {{ settings.url }} settings.ulr\n  {{ settings.ulr }}",
            Span(3, 6, 3, 18),
        ),
        ("a: >\n  x {{\n  settings.ulr }}", Span(3, 3, 3, 15)),
        ("a: x\n  {{ settings.ulr }}", Span(2, 6, 2, 18)),
        ('a: "{{ settings.\\\n  ulr }}"', Span(1, 4, 1, 5)),
        ('a: "{{ \\x73ettings.ulr }}"', Span(1, 4, 1, 27)),
        ("a: >\n  {{ settings\n  .ulr }}", Span(1, 4, 1, 5)),
    ],
)
def test_mistake_in_a_folded_or_escaped_scalar_is_looked_for(
    source: str, place: Span
) -> None:
    assert [span for _, _, span in checked(source)] == [place]


@pytest.mark.parametrize(
    ("source", "near"),
    [
        ("a: '{{ 1 + }}'", "{{ 1 + }}"),
        ("a: '{{ body.x }} {{ 1 + }}'", "{{ 1 + }}"),
        ("a: '{{ 1 + }} {{ body.x }}'", "{{ 1 + }}"),
        ("a: 'x {{ 1 + }} {{ 2 + }}'", "{{ 1 + }}"),
        ("a: x {{ body. }}", "{{ body. }}"),
        ("a: \"{{ '}}' }}{{ '{{' + }}\"", "{{ '{{' + }}"),
        ("a: '{# {{ 1 + }} #}{{ 2 + }}'", "{{ 2 + }}"),
        ("a: '{% raw %}{{ 1 + }}{% endraw %}{{ 2 + }}'", "{{ 2 + }}"),
        ("a: '{{ body.x }}{% set x = 1 %}'", "{% set x = 1 %}"),
        ("a: '{% if x %}{{ 1 }}{% endif %}'", "{% if x %}"),
        ("a: '{{ body.x * 2 }} {{ 1 }}'", "{{ body.x * 2 }}"),
        ("a: '{{ 1 }} {{- body.f(1) -}} '", "{{- body.f(1) -}}"),
        ('a: "{{ 1 }}{{ {1: body.x} }}"', "{{ {1: body.x} }}"),
        ("a: |\n  {{ body.x }}\n  x {{ 1 + }}\n", "{{ 1 + }}"),
        ("a: '{{ body.x }}{{ x'", "'{{ body.x }}{{ x'"),
        ("a: 'it''s {{ 1 + }}'", "{{ 1 + }}"),
    ],
)
def test_expression_that_is_outside_the_language_is_pointed_at(
    source: str, near: str
) -> None:
    ((code, _, span),) = checked(source)

    row = source.split("\n")[span.line - 1]
    assert code == "HX303"
    assert row[span.column - 1 : span.end_column - 1] == near
