"""What a template over settings gives where nothing is set, or where it cannot be said."""

from __future__ import annotations

import pytest

from tests.compiler.compiling import mistakes_of


def said(source: str) -> list[tuple[str, str]]:
    """Return code and message of each mistake."""
    return [(found.code, found.message) for found in mistakes_of(source)]


def with_setting(setting: str, section: str, keys: str = "respond: {}") -> str:
    return f"""\
version: 1
settings: {{s: {{{setting}}}}}
{section}
endpoints:
  - {{path: /x, auth: none, {keys}}}
"""


@pytest.mark.parametrize(
    ("setting", "shown"),
    [
        ("env: A, default: nowhere", "`{{ settings.s }}` is `nowhere` by default"),
        ("env: A, default: ''", "`{{ settings.s }}` is empty where nothing is set"),
        ("env: A, default: ' '", "`{{ settings.s }}` is empty where nothing is set"),
        ("env: A, optional: true", "`{{ settings.s }}` is empty where nothing is set"),
        (
            "env: A, type: size, default: 1KiB",
            "`{{ settings.s }}` is `1024` by default",
        ),
    ],
)
def test_url_that_is_none_by_default(setting: str, shown: str) -> None:
    source = with_setting(setting, "upstreams: {u: {url: '{{ settings.s }}'}}")

    ((code, message),) = said(source)

    assert code == "HX113"
    assert message.startswith(shown)
    assert "no URL of an upstream: it " in message


@pytest.mark.parametrize(
    ("setting", "url"),
    [
        ("env: A", "{{ settings.s }}"),
        ("env: A, default: 'http://h'", "{{ settings.s }}"),
        ("env: A, default: 'http://h'", "{{ settings.s }}/v1"),
        ("env: A, default: h", "https://{{ settings.s }}:1/"),
        ("env: A, type: integer, default: 80", "http://h:{{ settings.s }}"),
        ("env: A, optional: true", "http://h{{ settings.s }}"),
        ("env: A, optional: true", "{{ settings.s | default('http://h') }}"),
        ("env: A", "http://{{ settings.s }}:x"),
    ],
)
def test_url_that_is_one_by_default_or_that_only_a_start_knows(
    setting: str, url: str
) -> None:
    source = with_setting(setting, f'upstreams: {{u: {{url: "{url}"}}}}')

    assert said(source) == []


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("default: none", None),
        (
            "type: integer, default: -1",
            "`{{ settings.s }}` is `-1` by default, which is",
        ),
        ("type: size, optional: true, env: A", "`{{ settings.s }}` is empty"),
    ],
)
def test_limit_that_is_no_size_by_default(setting: str, message: str | None) -> None:
    keys = "request: {max_body: '{{ settings.s }}'}, respond: {}"

    ((code, found),) = said(with_setting(setting, "", keys))

    assert code == ("HX110" if message else "HX308")
    assert found.startswith(message or "setting `s` is a string, not a size")


@pytest.mark.parametrize(
    "setting",
    [
        "type: size, default: 1MiB",
        "type: integer, default: 0",
        "type: integer, env: A",
        "type: size, env: A",
    ],
)
def test_limit_that_is_a_size_by_default(setting: str) -> None:
    keys = "request: {max_body: '{{ settings.s }}'}, respond: {}"

    assert said(with_setting(setting, "", keys)) == []


@pytest.mark.parametrize(
    ("setting", "key", "message"),
    [
        (
            "env: A, optional: true",
            "{{ settings.s }}",
            "setting `s` is optional, and a key is not",
        ),
        (
            "env: A, default: ''",
            "{{ settings.s }}",
            "`{{ settings.s }}` is empty where nothing is set, and that is no key",
        ),
        (
            "env: A, default: ' '",
            "{{ settings.s }}",
            "`{{ settings.s }}` is empty where nothing is set, and that is no key",
        ),
    ],
)
def test_key_that_may_be_empty(setting: str, key: str, message: str) -> None:
    source = with_setting(
        f"{setting}, secret: true", f"auth: {{a: {{bearer: ['{key}']}}}}"
    )

    assert said(source) == [("HX308", message)]


@pytest.mark.parametrize(
    ("setting", "key"),
    [
        ("env: A", "{{ settings.s }}"),
        ("env: A, default: x", "{{ settings.s }}"),
        ("env: A, default: ''", "x{{ settings.s }}"),
        ("env: A, optional: true, default: x", "{{ settings.s }}"),
    ],
)
def test_key_that_is_never_empty(setting: str, key: str) -> None:
    source = with_setting(
        f"{setting}, secret: true", f"auth: {{a: {{bearer: ['{key}']}}}}"
    )

    assert said(source) == []


def test_key_of_a_setting_that_is_not_secret() -> None:
    source = with_setting("env: A", "auth: {a: {bearer: ['x-{{ settings.s }}']}}")

    (found,) = mistakes_of(source)

    assert found.code == "HX320"
    assert found.message == "a key from setting `s`, which is not secret"
    assert (found.span.line, found.span.column, found.span.end_column) == (3, 27, 37)
    assert found.help == "add `secret: true` to setting `s`"
    ((defined, text),) = found.related
    assert (defined.line, defined.column, text) == (2, 12, "defined here")


def test_request_does_not_choose_an_upstream() -> None:
    source = "version: 1\nupstreams: {u: {url: 'http://{{ query.a ~ headers.b ~ path.c }}'}}\n"

    found = mistakes_of(
        f"{source}endpoints: [{{path: /x, auth: none, respond: {{}}}}]\n"
    )

    assert [(item.code, item.message.split("`")[1]) for item in found] == [
        ("HX321", "query"),
        ("HX321", "headers"),
        ("HX321", "path"),
    ]
    assert [item.span.column for item in found] == [33, 43, 55]


@pytest.mark.parametrize(
    ("setting", "rest"),
    [
        ("env: A, type: sise", "default: 1KiB"),
        ("env: A, tpye: size", "default: 1KiB"),
        ("env: A, type: [size]", "optional: true"),
        ("env: A, type: size, defualt: 1KiB", "optional: true"),
    ],
)
def test_setting_of_which_a_part_was_refused_is_judged_no_further(
    setting: str, rest: str
) -> None:
    keys = "request: {max_body: '{{ settings.s }}'}, respond: {text: '{{ settings.s + 1 }}'}"

    found = said(with_setting(f"{setting}, {rest}", "", keys))

    assert len(found) == 1, found
    assert found[0][0].startswith("HX10")


@pytest.mark.parametrize("secret", ["secret: yes", "secert: true", "secret: [true]"])
def test_setting_that_is_secret_in_other_words_is_not_said_to_be_public(
    secret: str,
) -> None:
    source = with_setting(
        f"env: A, {secret}", "auth: {a: {bearer: ['{{ settings.s }}']}}"
    )

    assert len(said(source)) == 1


def test_default_that_does_not_fit_is_judged_no_further() -> None:
    source = with_setting(
        "env: A, type: integer, default: five",
        "upstreams: {u: {url: 'http://h:{{ settings.s }}'}}",
        "request: {max_body: '{{ settings.s }}'}, respond: {text: '{{ settings.s + 1 }}'}",
    )

    assert [code for code, _ in said(source)] == ["HX307"]
