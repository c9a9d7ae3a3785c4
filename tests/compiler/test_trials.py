"""Templates that no request can save, tried under settings that may be."""

from __future__ import annotations

import dataclasses

import pytest

from hxroute.compiler.expressions import Place
from hxroute.compiler.trials import Effort
from tests.compiler.checking import checked, report_on

SAMPLES = Place(
    {
        "settings": frozenset({"must", "may", "flag", "count", "text", "refused"}),
        "headers": None,
        "body": None,
    },
    samples={
        "must": ("x",),
        "may": ("x", None),
        "flag": (True, False),
        "count": (1, 0),
        "text": ("x", ""),
    },
)
NEVER = "this template can give no value"
SOMETIMES = "this template gives no value where"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ 'a' + 1 }}", NEVER),
        ("{{ -'a' }}", NEVER),
        ("{{ 1 | first }}", NEVER),
        ("{{ [1][5] }}", NEVER),
        ("{{ 1 in 2 }}", NEVER),
        ("{{ settings.must + 1 }}", NEVER),
        ("{{ settings.count + 'x' }}", NEVER),
        ("{{ settings.may + 1 }}", NEVER),
        ("{{ (1)[0] and settings.flag }}", NEVER),
        ("{{ headers.x }}{{ settings.must + 1 }}", NEVER),
        (
            "{{ settings.may + 'x' }}",
            "this template gives no value where `settings.may` is not set",
        ),
        (
            "{{ settings.may | length }}",
            "this template gives no value where `settings.may` is not set",
        ),
        (
            "{{ settings.must + settings.may }}",
            "this template gives no value where `settings.may` is not set",
        ),
        (
            "{{ 1 if settings.flag else 'x' + 1 }}",
            "this template gives no value where `settings.flag` is false",
        ),
        (
            "{{ 'x' + 1 if settings.flag else 1 }}",
            "this template gives no value where `settings.flag` is true",
        ),
        (
            "{{ (settings.may + 'x') if settings.flag else 1 }}",
            f"{SOMETIMES} `settings.flag` is true and `settings.may` is not set",
        ),
        ("{{ headers.x > 10 }}", f"{NEVER}, whatever the request"),
        ("{{ headers.x + 1 }}", f"{NEVER}, whatever the request"),
        ("{{ headers['x-path'] - 1 }}", f"{NEVER}, whatever the request"),
        (
            "{{ headers.x ~ (1 if settings.may > 'a' else 0) }}",
            f"{SOMETIMES} `settings.may` is not set, whatever the request",
        ),
        (
            "{{ settings.text | first }}",
            "this template gives no value where nothing is set",
        ),
    ],
)
def test_template_that_settings_make_fail(template: str, message: str) -> None:
    ((code, found, _),) = checked(f'a: "{template}"', SAMPLES)

    assert (code, found) == ("HX314", message)


@pytest.mark.parametrize(
    "template",
    [
        "{{ settings.must ~ settings.may ~ 1 }}",
        "{{ settings.may | default('x') | first }}",
        "{{ settings.may + 'x' if settings.may else none }}",
        "{{ settings.may + 'x' if settings.may is not none else 'x' }}",
        "{{ settings.refused + 1 }}",
        "{{ settings.refused + 1 ~ settings.may }}",
        "{{ headers.x | int + 1 }}",
        "{{ body + 1 }}",
        "{{ settings.must }}{{ body }}",
        "{{ settings.must ~ (headers.x | int + 1) }}",
        "{{ headers.x if headers.x in ['a'] else 1 + headers.y }}",
        "{{ settings.count - 5 }}",
        "{{ none }}",
        "{{ '' }}",
    ],
)
def test_template_that_gives_a_value_or_may_give_one(template: str) -> None:
    assert checked(f'a: "{template}"', SAMPLES) == []


@pytest.mark.parametrize(
    ("template", "near"),
    [
        ("{{ 'a' + 1 }}", "{{ 'a' + 1 }}"),
        ("{{ settings.must }} {{ 'a' + 1 }} {{ 'b' + 1 }}", "{{ 'a' + 1 }}"),
        ("{{ '}}' }}{{ settings.may + 'x' }}", "{{ settings.may + 'x' }}"),
    ],
)
def test_expression_without_a_value_is_pointed_at(template: str, near: str) -> None:
    source = f'a: "{template}"'

    ((_, _, span),) = checked(source, SAMPLES)

    assert source[span.column - 1 : span.end_column - 1] == near


def test_cure_of_a_template_that_fails_where_a_setting_is_unset() -> None:
    report = report_on("a: \"{{ settings.may + 'x' }}\"", SAMPLES)

    assert report.diagnostics[0].help.startswith("join with `~`")


def test_value_of_a_setting_is_never_said() -> None:
    place = Place({"settings": frozenset({"key"})}, samples={"key": ("x", "hush")})

    report = report_on("a: \"{{ 1 if settings.key == 'x' else 1 + 'x' }}\"", place)

    assert [item.code for item in report.diagnostics] == ["HX314"]
    assert "hush" not in repr(report.diagnostics)


def test_error_template_gives_a_value_without_a_size_too() -> None:
    of_errors = Place({"error": frozenset({"kind", "max_size"})})

    ((code, message, _),) = checked('a: "{{ error.max_size + 1 }}"', of_errors)

    assert code == "HX314"
    assert message == f"{SOMETIMES} `error.max_size` is none"
    assert checked('a: "{{ error.max_size | default(0) + 1 }}"', of_errors) == []
    assert checked('a: "{{ error.kind | upper }}"', of_errors) == []


GROWING = "'aaaaaaaaaa'" + " | join('aaaaaaaaaa')" * 8
TOO_MUCH = "this template makes more than 8388608 characters"


@pytest.mark.parametrize(
    "template",
    [
        f"{{{{ {GROWING} }}}}",
        f"a{{{{ settings.may }}}}{{{{ {GROWING} }}}}",
        f"{{{{ ({GROWING}) if settings.flag else 1 }}}}",
        f"{{{{ settings.long{' | tojson' * 30} }}}}",
    ],
)
def test_template_that_makes_too_much_is_reported(template: str) -> None:
    samples = {**SAMPLES.samples, "long": ("x", '"' * 100)}
    place = Place({"settings": frozenset(samples)}, samples=samples)

    (found,) = report_on(f'a: "{yaml_text(template)}"', place).diagnostics

    assert (found.code, found.message) == ("HX314", TOO_MUCH)
    assert found.help.startswith("take a filter out")


def yaml_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def test_template_that_makes_much_of_a_request_is_left_to_it() -> None:
    joins = " | join('aaaaaaaaaa')" * 8

    assert checked(f'a: "{{{{ headers.a{joins} }}}}"', SAMPLES) == []
    assert checked(f'a: "{{{{ body.a{joins} }}}}"', SAMPLES) == []


def test_templates_that_make_much_are_tried_until_it_is_enough() -> None:
    leaves = [f'"{{{{ {n} ~ ({GROWING}) }}}}"' for n in range(100)]
    effort = Effort()
    place = dataclasses.replace(SAMPLES, effort=effort)

    found = report_on(f"a: [{', '.join(leaves)}]", place).diagnostics

    assert {item.message for item in found} == {TOO_MUCH}
    assert 1 < len(found) < 32
    assert effort.is_spent


def test_trials_of_one_template_end_when_it_is_enough() -> None:
    names = [f"f{n}" for n in range(6)]
    samples: dict[str, tuple[object, ...]] = dict.fromkeys(names, (True, False))
    effort = Effort()
    place = Place({"settings": frozenset(names)}, samples=samples, effort=effort)
    half = "'aaaaaaaaaa'" + " | join('aaaaaaaaaa')" * 5
    flags = " ~ ".join(f"settings.{name}" for name in names)

    assert checked(f'a: "{{{{ {half} ~ {half} ~ {flags} }}}}"', place) == []
    assert effort.tried < 3 * (128 << 10)
