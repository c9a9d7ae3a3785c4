from __future__ import annotations

from hxroute.compiler.bulk import MAX_TEMPLATES
from hxroute.diagnostics.text import render
from tests.compiler.compiling import gateway_of, mistakes_of, report_of

HEAD = "version: 1\nendpoints:\n- path: /x\n  auth: none\n  respond:\n    json:\n"
COUNT = 200


def texts(text: str) -> str:
    """Return a file with many texts, which are different where they hold a `@`."""
    rows = (f"    - '{text.replace('@', str(n))}'\n" for n in range(COUNT))
    return HEAD + "".join(rows)


def long(expression: str) -> str:
    """Repeat an expression until many of such texts are more than a file may hold."""
    return expression * (MAX_TEMPLATES // COUNT // len(expression) * 5 // 4)


def test_too_many_templates_are_refused_where_they_become_too_many() -> None:
    source = texts("@" + long("{{ query.a ~ 1 }}"))

    (found,) = mistakes_of(source)

    assert found.code == "HX004"
    assert found.message == "more than 131072 characters of expressions"
    assert 150 < found.span.line < 6 + COUNT


def test_templates_that_are_left_open_count_to_their_end() -> None:
    (found,) = mistakes_of(texts("@" + long("{{ ")))

    assert found.code == "HX004"


def test_one_template_counts_once_however_often_it_stands_there() -> None:
    gateway_of(texts(long("{{ query.a ~ 1 }}")))


def test_references_and_texts_count_nothing() -> None:
    gateway_of(texts(long("{{ query.a }}")[:1500] + "@"))
    gateway_of(texts(long("text ") + "{{ 1 }}"))


def test_keys_of_a_refused_file_are_not_shown() -> None:
    row = "@" + long("{{ query.a ~ 1 }}")
    source = texts(row) + "auth: {a: {bearer: [corr3ct-horse]}}\n"

    assert "corr3ct-horse" not in render(report_of(source))
