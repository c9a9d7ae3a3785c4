from __future__ import annotations

import pytest

from hxroute.diagnostics.text import render
from tests.compiler.compiling import mistakes_of, places_of, report_of, warnings_of

END = "endpoints: [{path: /x, auth: none, respond: {}}]\n"

WELL_KNOWN = [
    "sk-abcdefghijklmnop",
    "sk-proj-Ab_0-cdefghijklmnop",
    "sk_live_0123456789abcdef",
    "rk_live_0123456789abcdef",
    *(f"gh{kind}_0123456789abcdefghij" for kind in "opsru"),
    "github_pat_0123456789abcdefghij",
    "glpat-0123456789_abcdefghij",
    "hf_0123456789abcdefghij",
    "hxk_0123456789abcdefghij",
    "AKIA0123456789ABCDEF",
    "ASIA0123456789ABCDEF",
    "AIzaSy0123456789-abcdefghijklmnopqr",
    *(f"xox{kind}-0123456789" for kind in "abprs"),
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
]
KEY = WELL_KNOWN[0]


def shown(source: str) -> str:
    """Render a report that holds a key which no line of it shows."""
    return render(report_of(source))


@pytest.mark.parametrize("key", WELL_KNOWN)
@pytest.mark.parametrize("around", ["{}", "Bearer {}", "token={};", "({})"])
def test_text_that_looks_like_a_key_is_one_wherever_it_stands(
    key: str, around: str
) -> None:
    source = (
        "version: 1\nendpoints:\n"
        f'  - {{path: /x, auth: none, respond: {{text: "{around.format(key)}"}}}}\n'
    )

    assert places_of(source) == [("HX319", 3, 44)]
    assert key not in shown(source)


@pytest.mark.parametrize(
    "text",
    [
        "sk-hx-dev-default",
        "sk-short",
        "task-abcdefghijklmnopqrst",
        "ghp_short",
        "AKIA",
        "AKIAlowercaseletters",
        "eyJhbGci.short.x",
        "hf_hub",
        "xoxb-",
    ],
)
def test_text_that_only_begins_like_a_key_is_none(text: str) -> None:
    source = (
        "version: 1\nendpoints:\n"
        f"  - {{path: /x, auth: none, respond: {{text: '{text}'}}}}\n"
    )

    assert mistakes_of(source) == []


@pytest.mark.parametrize(
    ("section", "column"),
    [
        ("auth: {a: {bearer: [hush]}}", 21),
        ("auth: {a: {bearer: ['{{ settings.k }}', hush]}}", 41),
        ("auth: {a: {bearer: [' hush ']}}", 21),
        ("auth: {a: {bearer: [\"{{ 'hush' }}\"]}}", 21),
        ("headers: {r: {set: {authorization: Bearer hush}}}", 36),
        ("headers: {r: {set: {Authorization: Bearer hush}}}", 36),
        ("headers: {r: {set: {x-goog-api-key: hush}}}", 37),
        ("headers: {r: {set: {x-api-key: hush}}}", 32),
        ("headers: {r: {set: {Api-Key: hush}}}", 30),
    ],
)
def test_constant_where_only_a_key_can_stand_is_one(section: str, column: int) -> None:
    setting = "settings: {k: {env: K, secret: true}}"
    source = f"version: 1\n{section}\n{setting}\n{END}"

    assert places_of(source) == [("HX319", 2, column)]
    assert "hush" not in shown(source)


def test_constant_of_a_call_s_own_headers_is_a_key() -> None:
    source = """\
version: 1
upstreams: {api: {url: "http://api"}}
endpoints:
  - path: /x
    auth: none
    upstream:
      name: api
      headers: {authorization: hush, cookie: "", x-other: hush}
"""

    assert places_of(source) == [("HX319", 8, 32)]
    assert shown(source).count("hush") == 1, "a field of any other name is shown"


@pytest.mark.parametrize(
    "section",
    [
        "auth: {a: {bearer: ['{{ settings.k }}', 'x{{ settings.k }}']}}",
        "headers: {r: {set: {authorization: 'Bearer {{ settings.k }}'}}}",
        "headers: {r: {set: {cookie: '', authorization: ''}}}",
        "headers: {r: {set: {x-note: hush, drop: authorization}}}",
    ],
)
def test_template_is_no_key(section: str) -> None:
    setting = "settings: {k: {env: K, secret: true}}"

    assert mistakes_of(f"version: 1\n{section}\n{setting}\n{END}") == []


def test_default_of_a_secret_setting_is_public_but_hidden_where_it_looks_like_a_key() -> (
    None
):
    source = f"version: 1\nsettings: {{k: {{default: {KEY}, secret: true}}}}\n{END}"

    assert mistakes_of(source) == []
    assert "HX312" in [found.code for found in warnings_of(source)]
    assert KEY not in shown(source)


@pytest.mark.parametrize("rest", ["", ", secret: false"])
def test_default_of_a_setting_that_is_not_secret_is_a_key(rest: str) -> None:
    source = f"version: 1\nsettings: {{k: {{default: {KEY}{rest}}}}}\n{END}"

    assert places_of(source) == [("HX319", 2, 25)]


def test_other_values_of_a_secret_setting_are_keys() -> None:
    source = f"version: 1\nsettings: {{k: {{file: {KEY}, secret: true}}}}\n{END}"

    assert places_of(source) == [("HX319", 2, 22)]


def test_key_that_an_alias_repeats_is_one_mistake() -> None:
    source = (
        f"version: 1\nauth: {{a: {{bearer: &k [{KEY}]}}, b: {{bearer: *k}}}}\n{END}"
    )

    assert places_of(source) == [("HX319", 2, 24)]


@pytest.mark.parametrize(
    "source",
    [
        f"auth: {{a: {{bearer: [{KEY}]}}\n",
        f"\tauth: {KEY}\n",
        f"- {KEY}\n",
        f"{KEY}\n",
        f"a: [\n# {KEY}\n",
        f"a: *{KEY}\n",
        f"a: !{KEY} [\n",
        f"a: 1\n---\nb: {KEY}\n",
        f"{'[' * 70}{KEY}",
        f"a: \0 {KEY}",
    ],
)
def test_key_is_hidden_in_a_text_that_cannot_be_read(source: str) -> None:
    report = report_of(source)

    assert report.failed
    assert KEY not in render(report)


def test_key_is_hidden_in_a_file_that_is_not_utf_8() -> None:
    report = report_of(f"a: {KEY} # ".encode() + b"\xff\n")

    assert KEY not in render(report)


@pytest.mark.parametrize(
    "section",
    [
        f"auth: {{a: {{bearer: {KEY}}}}}",
        f"auth: {{a: {KEY}}}",
        f"auth: {KEY}",
        f"auth: [{KEY}]",
        f"auth: {{a: {{bearer: {{k: {KEY}}}}}}}",
        f"auth: {{a: {{baerer: [{KEY}]}}}}",
        f"settings: {{k: {{env: {KEY}}}}}",
        f"settings: {{k: {{env: [{KEY}, {KEY}]}}}}",
        f"settings: {{k: {{env: K, type: {KEY}}}}}",
        f"settings: {{k: {{env: K, secret: {KEY}}}}}",
        f"settings: {{k: {{env: K, type: size, default: {KEY}}}}}",
        f"settings: {{{KEY}: {{env: K}}}}",
        f"settings: {KEY}",
        f"server: {{port: {KEY}}}",
        f"paths: {KEY}",
        f"headers: {{r: {{set: {{authorization: [{KEY}]}}}}}}",
        f"headers: {{r: {{drop: ['{KEY} ']}}}}",
        f"defaults: {{auth: {KEY}, errors: {KEY}, request: {{headers: [{KEY}]}}}}",
        f"upstreams: {{a: {{url: 'http://{KEY}@h'}}}}",
        f"upstreams: {{a: {{url: '{KEY}'}}}}",
        f"{KEY}: 1",
        f"{KEY}: 1\n{KEY}: 2",
        f"auth: !{KEY} {{}}",
        f"errors: {{t: {{internal: {{text: \"{{{{ settings['{KEY}'] }}}}\"}}}}}}",
    ],
)
def test_key_is_hidden_whatever_is_wrong_with_what_holds_it(section: str) -> None:
    report = report_of(f"version: 1\n{section}\n{END}")

    assert report.failed
    assert KEY not in render(report)
    said = repr(report.diagnostics).lower()
    assert KEY[3:] not in said, "in no other spelling either"


def test_key_of_a_key_that_appears_twice_is_hidden() -> None:
    source = f"""\
version: 1
settings: {{k: {{env: K, secret: true}}}}
auth:
  a:
    bearer: ["{{{{ settings.k }}}}"]
    bearer: [hush]
{END}"""

    assert places_of(source) == [("HX002", 6, 5), ("HX319", 6, 14)]
    assert "hush" not in shown(source)


@pytest.mark.parametrize(
    "auth",
    [
        "{a: {baerer: [hush]}}",
        "{a: {bearer: hush}}",
        "{a: {bearer: {b: hush}}}",
        "{a: [hush]}",
        "{a: hush}",
        "[hush]",
        "hush",
    ],
)
def test_constant_under_auth_is_hidden_whatever_its_shape(auth: str) -> None:
    report = report_of(f"version: 1\nauth: {auth}\n{END}")

    assert report.failed
    assert "hush" not in render(report)


@pytest.mark.parametrize(
    "section",
    [
        'upstreams: {a: {url: "http://user:hush@h/x"}}',
        'upstreams: {a: {ulr: "http://user:hush@h/x"}}',
        'settings: {u: {default: "https://hush@h", env: U}}',
        'paths: "http://user:hush@h"',
        'a: "http://user:hush@h" b',
    ],
)
def test_password_in_a_url_is_hidden(section: str) -> None:
    report = report_of(f"version: 1\n{section}\n{END}")

    assert report.diagnostics != []
    assert "hush" not in render(report)


def test_key_of_several_lines_is_hidden_whole() -> None:
    source = f"version: 1\nauth:\n  a:\n    bearer:\n      - |\n        hush\n        hush\n{END}"

    assert places_of(source) == [("HX319", 5, 9)]
    assert "hush" not in shown(source)


def test_key_spelt_with_escapes_is_hidden() -> None:
    spelt = KEY.replace("sk", "\\x73k")
    source = f'version: 1\nauth: {{a: {{bearer: ["{spelt}"]}}}}\n{END}'

    assert places_of(source) == [("HX319", 2, 21)]
    assert KEY[4:] not in shown(source)


def test_key_is_told_where_to_come_from() -> None:
    (found,) = mistakes_of(f"version: 1\nauth: {{a: {{bearer: [hush]}}}}\n{END}")

    assert found.message == "a key stands in the file"
    assert found.help == "take it from a setting with `env: NAME` and `secret: true`"
