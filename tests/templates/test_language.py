from __future__ import annotations

import pytest
from jinja2 import TemplateSyntaxError

from hxroute import templates
from hxroute.templates import FILTERS, TESTS, Mistake, mistakes
from hxroute.templates.environment import ENVIRONMENT

VARIABLES: dict[str, frozenset[str] | None] = {
    "settings": frozenset({"url", "key"}),
    "headers": None,
    "body": None,
}


def messages_of(template: str) -> list[str]:
    return [mistake.message for mistake in mistakes(template, VARIABLES)]


@pytest.mark.parametrize(
    "template",
    [
        "",
        "plain { text } with % signs %}",
        "{{ settings.url }}",
        "{{ settings['url'] }}",
        "{{ body.a.b['c'][0][-1].items }}",
        "{{ body }}",
        "{{ headers['x-a'] | default('none', true) | upper }}",
        "{{ 'a' ~ headers.b ~ 1 ~ 1.5 ~ true ~ none }}",
        "{{ body.a + 1 - -1 }}",
        "{{ body.a if body.a is defined and not body.b else [1, (2, 3)] }}",
        "{{ body.a in ['x', 'y'] or body.b >= 3 }}",
        "{{ body.a is in(['x']) }}",
        "{# a comment #}{% raw %}{{ x }}{% endraw %}",
        "{{- body.a -}}",
        "{{ body.a | tojson }}",
        "{{ body.a | join(', ') }}",
    ],
)
def test_template_of_the_language_has_no_mistakes(template: str) -> None:
    assert messages_of(template) == []


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_filter_exists(name: str) -> None:
    assert name in ENVIRONMENT.filters
    assert messages_of(f"{{{{ body.a | {name} }}}}") == []


@pytest.mark.parametrize("name", sorted(TESTS))
def test_test_exists(name: str) -> None:
    assert name in ENVIRONMENT.tests


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ body.f() }}", "`call` is not allowed in a template"),
        ("{{ body.a * 9 }}", "`mul` is not allowed in a template"),
        ("{{ body.a ** 9 }}", "`pow` is not allowed in a template"),
        ("{{ body.a / 9 }}", "`div` is not allowed in a template"),
        ("{{ body.a // 9 }}", "`floordiv` is not allowed in a template"),
        ("{{ '%99999d' % 9 }}", "`mod` is not allowed in a template"),
        ("{{ {'a': 1} }}", "`dict` is not allowed in a template"),
        ("{{ body.a[1:2] }}", "`slice` is not allowed in a template"),
        ("{{ +body.a }}", "`pos` is not allowed in a template"),
    ],
)
def test_expression_outside_the_language(template: str, message: str) -> None:
    assert message in messages_of(template)


@pytest.mark.parametrize(
    "template",
    [
        "{% if true %}{% endif %}",
        "{% for x in body %}{% endfor %}",
        "{% set x = 1 %}",
        "{% include 'x' %}",
        "{% import 'x' as x %}",
        "{% macro f() %}{% endmacro %}",
        "{% filter upper %}{% endfilter %}",
        "{% block x %}{% endblock %}",
        "{% with %}{% endwith %}",
        "{% extends 'x' %}",
    ],
)
def test_statement_is_not_allowed(template: str) -> None:
    assert messages_of(template) == [
        "template syntax: statements are not allowed in a template"
    ]


@pytest.mark.parametrize(
    "template",
    ["{{", "{{ }}", "{{ 1 +", "{% x %}", "{{ body. }}", "{{ 'x }}", "{{ ? }}"],
)
def test_text_that_is_no_template(template: str) -> None:
    (message,) = messages_of(template)

    assert message.startswith("template syntax: ")
    assert not message.endswith(".")


@pytest.mark.parametrize(
    ("template", "mistake"),
    [
        (
            "{{ setings.url }}",
            Mistake(
                "unknown variable `setings`",
                "setings",
                "setings",
                ("body", "headers", "settings"),
            ),
        ),
        (
            "{{ settings.urk }}",
            Mistake(
                "unknown variable `settings.urk`", "settings.urk", "urk", ("key", "url")
            ),
        ),
        (
            "{{ settings }}",
            Mistake("`settings` needs a key, as in `settings.NAME`", "settings"),
        ),
        (
            "{{ settings[headers.a] }}",
            Mistake("`settings` needs a key, as in `settings.NAME`", "settings"),
        ),
        (
            "{{ body | default(headers.a) }}",
            Mistake("filter `default` takes literal values only", "default"),
        ),
        (
            "{{ body | int(base=2) }}",
            Mistake("filter `int` takes literal values only", "int"),
        ),
    ],
)
def test_mistake_says_what_and_near_what(template: str, mistake: Mistake) -> None:
    assert mistakes(template, VARIABLES) == [mistake]


@pytest.mark.parametrize(
    "name",
    [
        "attr",
        "map",
        "select",
        "format",
        "replace",
        "batch",
        "center",
        "indent",
        "xmlattr",
    ],
)
def test_filter_that_calls_or_grows_is_unknown(name: str) -> None:
    (mistake,) = mistakes(f"{{{{ body | {name} }}}}", VARIABLES)

    assert (mistake.message, mistake.name) == (f"unknown filter `{name}`", name)
    assert mistake.known == tuple(sorted(FILTERS))


@pytest.mark.parametrize(
    "name", ["callable", "escaped", "sameas", "divisibleby", "odd"]
)
def test_test_that_is_unknown(name: str) -> None:
    (mistake,) = mistakes(f"{{{{ body is {name} }}}}", VARIABLES)

    assert (mistake.message, mistake.known) == (
        f"unknown test `{name}`",
        tuple(sorted(TESTS)),
    )


@pytest.mark.parametrize(
    "name", ["range", "dict", "lipsum", "cycler", "joiner", "namespace", "self", "loop"]
)
def test_jinja_s_own_names_are_unknown(name: str) -> None:
    assert messages_of(f"{{{{ {name} }}}}") == [f"unknown variable `{name}`"]


def test_mistake_is_told_once() -> None:
    assert messages_of("{{ a.b }}{{ a ~ a }}") == ["unknown variable `a`"]


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
