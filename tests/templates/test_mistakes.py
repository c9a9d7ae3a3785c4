from __future__ import annotations

import sys

import pytest

from hxroute.templates import (
    FILTERS,
    TESTS,
    Mistake,
    expressions,
    find,
    mistakes,
    parse,
)
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
                kind="variable",
                name="setings",
                known=frozenset({"body", "headers", "settings"}),
            ),
        ),
        (
            "{{ settings.urk }}",
            Mistake(
                "unknown variable `settings.urk`",
                "settings.urk",
                kind="variable",
                name="urk",
                known=frozenset({"key", "url"}),
                root="settings",
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
    assert mistake.known == FILTERS


@pytest.mark.parametrize(
    "name", ["callable", "escaped", "sameas", "divisibleby", "odd"]
)
def test_test_that_is_unknown(name: str) -> None:
    (mistake,) = mistakes(f"{{{{ body is {name} }}}}", VARIABLES)

    assert (mistake.message, mistake.known) == (
        f"unknown test `{name}`",
        TESTS,
    )


@pytest.mark.parametrize(
    "name", ["range", "dict", "lipsum", "cycler", "joiner", "namespace", "self", "loop"]
)
def test_jinja_s_own_names_are_unknown(name: str) -> None:
    assert messages_of(f"{{{{ {name} }}}}") == [f"unknown variable `{name}`"]


def test_mistake_is_told_once() -> None:
    assert messages_of("{{ a.b }}{{ a ~ a }}") == ["unknown variable `a`"]


@pytest.mark.parametrize(
    ("template", "near"),
    [
        ("{{ body.f(1) }}", "{{ body.f(1) }}"),
        ("{{ body.a }} {{ body.b * 2 }} {{ body.c }}", "{{ body.b * 2 }}"),
        ("{{ 1 + }}", "{{ 1 + }}"),
        ("{{ body.a }} {% set x = 1 %}", "{% set x = 1 %}"),
        ("{{ body.a", ""),
        ("{% raw %}{{ 1 + }}{% endraw %}{{ 2 + }}", "{{ 2 + }}"),
        ("{# {{ 1 + }} #}{{ 2 + }}", "{{ 2 + }}"),
        ("{{ '}}' ~ '{{' }}{{ 2 + }}", "{{ 2 + }}"),
    ],
)
def test_mistake_is_near_the_expression_that_it_is_in(template: str, near: str) -> None:
    assert [mistake.near for mistake in mistakes(template, VARIABLES)] == [near]


@pytest.mark.parametrize("piece", ["{{", "{{'\"", "{%", "{#", "{{ '", "}}", "{{ x }}"])
def test_work_on_a_long_text_that_is_no_template_is_bounded(piece: str) -> None:
    count = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        found = mistakes(piece * 200_000, {})
    finally:
        sys.setprofile(before)

    assert len(found) <= 1
    assert count < 100_000


@pytest.mark.parametrize(
    ("source", "near", "found"),
    [
        ("{{ a.b }}", "a.b", (3, 6)),
        ("{{ a . b }}", "a.b", (3, 8)),
        ("a.b {{ a.b }}", "a.b", (7, 10)),
        ("{{ c.a.b ~ a.b }}", "a.b", (11, 14)),
        ("{{ 'a.b' ~ a.b }}", "a.b", (11, 14)),
        ("{{ a.bc ~ a.b }}", "a.b", (10, 13)),
        ("{# a.b #}{{ a.b }}", "a.b", (12, 15)),
        ("{% raw %}{{ a.b }}{% endraw %}{{ a.b }}", "a.b", (33, 36)),
        ("x  {{- a.b }}", "a.b", (7, 10)),
        ("x\r\n\r\n  {{- 1 -}}  \r\n {{ a.b }}", "a.b", (24, 27)),
        ("\u2028é👩 {{ a.b }}", "a.b", (7, 10)),
        ("{{ x }} {{ x }}", "{{ x }}", (0, 7)),
        ('{{ a["b"] }}', "a.b", None),
        ("{{ a.b", "a.b", (3, 6)),
        ("{{ ? a.b }}", "a.b", None),
        ("{{ a }}", "", None),
        ("{{ a }}", "{{ b }}", None),
    ],
)
def test_place_of_a_mistake_in_its_template(
    source: str, near: str, found: tuple[int, int] | None
) -> None:
    assert find(source, near) == found


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("", []),
        ("plain", []),
        ("{{ a }}", ["{{ a }}"]),
        ("x {{- a -}}  y {{ '}}' }}", ["{{- a -}}", "{{ '}}' }}"]),
        ("{# {{ a }} #}{% raw %}{{ b }}{% endraw %}{{ c }}", ["{{ c }}"]),
        ("{{ a }}{{ a }}", ["{{ a }}", "{{ a }}"]),
    ],
)
def test_expressions_are_as_they_are_written(source: str, written: list[str]) -> None:
    assert list(expressions(source)) == written
    assert len(written) == sum(not isinstance(part, str) for part in parse(source))
