from __future__ import annotations

import pytest
from jinja2 import TemplateSyntaxError

from hxroute import templates


def test_parse_gives_texts_and_expressions_in_order() -> None:
    parts = templates.parse("a{{ 1 }}{{ 2 }}b\n")

    assert [part if isinstance(part, str) else "…" for part in parts] == [
        "a",
        "…",
        "…",
        "b\n",
    ]


def test_parse_refuses_statements() -> None:
    with pytest.raises(TemplateSyntaxError):
        templates.parse("{% set x = 1 %}")


def test_literals_are_what_stands_around_expressions() -> None:
    assert templates.literals("a{{ 1 }}b{# c #}") == ("a", "b")
    assert templates.literals("plain") == ("plain",)
    assert templates.literals("{{ broken") == ()


def test_names_are_those_of_variables_and_their_keys() -> None:
    found = set(templates.names("{{ a.b.c ~ d['e'] ~ f[g] ~ h[0] }}"))

    assert {("a", "b"), ("d", "e"), ("f", None), ("g", None), ("h", None)} <= found
    assert {root for root, _ in found} == {"a", "d", "f", "g", "h"}


def test_names_of_no_template_are_none() -> None:
    assert list(templates.names("{{")) == []


def test_roots_are_what_any_of_the_templates_reads() -> None:
    sources = ["{{ body.a }}", "text", "{{ headers.x | default('y') if path.z }}"]

    assert templates.roots(sources) == {"body", "headers", "path"}


def test_strings_are_the_leaves_of_a_document() -> None:
    document = '{"{{ key }}":["a",{"b":"c"},1,null,true],"d":"e"}'

    assert list(templates.strings(document)) == ["a", "c", "e"]


@pytest.mark.parametrize(
    "template",
    [
        "hush",
        " hush ",
        "{{ 'hush' }}",
        "{{ settings.key or 'hush' }}",
        "{{ settings.key | default('hush') }}",
        "{{ settings.key if settings.key else 'hush' }}",
        "{{ 'hu' ~ 'sh' }}",
        "{{ 'hu' + 'sh' }}",
        "{{ 'hush' | upper }}",
    ],
)
def test_template_that_can_give_a_text_of_its_own(template: str) -> None:
    assert templates.is_constant(template)


@pytest.mark.parametrize(
    "template",
    [
        "",
        " ",
        "{{ '' }}",
        "{{ settings.key }}",
        "Bearer {{ settings.key }}",
        "{{ 'Bearer ' ~ settings.key }}",
        "{{ settings.key or '' }}",
        "{{ settings.key if headers.x == 'hush' else none }}",
        "{{ 1 }}",
        "{{ 'hush",
    ],
)
def test_template_that_gives_no_text_of_its_own(template: str) -> None:
    assert not templates.is_constant(template)


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("x", set()),
        ("{{ settings.a }}", {"a"}),
        ("{{ settings.a if settings.b else settings.c }}", {"a", "c"}),
        ("{{ settings.a or settings.b }}", {"a", "b"}),
        ("{{ settings.a if settings.b }}", {"a"}),
        ("{{ settings.a ~ settings.b }}", {"a", "b"}),
        ("{{ settings.a | default('x') }}{{ settings.b }}", {"a", "b"}),
        ("{{ settings.a", set()),
    ],
)
def test_names_that_are_shown_are_not_those_that_decide(
    template: str, shown: set[str]
) -> None:
    assert {key for _, key in templates.shown_names(template)} == shown
