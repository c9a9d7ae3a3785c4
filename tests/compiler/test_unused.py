from __future__ import annotations

import pytest

from tests.compiler.compiling import report_of, warnings_of

USED = """\
version: 1
settings:
  url: {env: URL, default: "http://h"}
  key: {env: KEY, secret: true}
upstreams: {api: {url: "{{ settings.url }}"}}
auth: {keys: {bearer: ["{{ settings.key }}"]}}
headers: {safe: {drop: [authorization, cookie]}, out: {drop: [server]}}
errors: {plain: {other: {text: "{{ error.kind }}"}}}
defaults: {auth: keys, errors: plain, request: {headers: [safe]}}
endpoints:
  - {path: /x, upstream: api, response: {headers: out}}
"""


def unused(source: str) -> list[tuple[str, int, int]]:
    """Return what is said to be never used, and where."""
    found = [item for item in warnings_of(source) if item.code == "HX207"]
    return [
        (item.message.removesuffix(" is never used"), item.span.line, item.span.column)
        for item in found
    ]


def with_more(**sections: str) -> str:
    """Return a file with one more entry in each of some sections."""
    source = USED
    for name, entry in sections.items():
        head = f"\n{name}: {{"
        found = head if head in source else f"\n{name}:\n"
        more = f"{head}{entry}, " if head in source else f"{found}  {entry}\n"
        source = source.replace(found, more)
    return source


def test_everything_that_is_named_is_used() -> None:
    assert report_of(USED).diagnostics == []


@pytest.mark.parametrize(
    ("section", "entry", "what"),
    [
        ("settings", "spare: {env: S}", ("setting `spare`", 3, 3)),
        ("upstreams", "spare: {url: 'http://s'}", ("upstream `spare`", 5, 13)),
        ("auth", "spare: {bearer: ['{{ settings.key }}']}", ("auth `spare`", 6, 8)),
        ("headers", "spare: {}", ("header rule set `spare`", 7, 11)),
        ("errors", "spare: {other: {}}", ("error mapping `spare`", 8, 10)),
    ],
)
def test_definition_that_nothing_names_is_never_used(
    section: str, entry: str, what: tuple[str, int, int]
) -> None:
    source = with_more(**{section: entry})

    assert unused(source) == [what]
    assert not report_of(source).failed


def test_definitions_are_reported_each_at_its_name() -> None:
    source = with_more(
        settings="a1: {env: A}", upstreams="a2: {url: 'http://s'}", headers="a3: {}"
    )

    assert [line for _, line, _ in unused(source)] == [3, 6, 8]


def test_one_definition_uses_another_whether_it_is_used_or_not() -> None:
    source = with_more(
        settings="spare: {env: S, default: 'http://s'}",
        upstreams="idle: {url: '{{ settings.spare }}'}",
    )

    assert [what for what, _, _ in unused(source)] == ["upstream `idle`"]


@pytest.mark.parametrize(
    "keys",
    [
        "respond: {text: '{{ settings.spare }}'}",
        "respond: {json: [{a: \"{{ settings['spare'] }}\"}]}",
        "respond: {text: \"{{ 'x' if settings.spare else 'y' }}\"}",
        "upstream: {name: api, query: {a: '{{ settings.spare }}'}}",
        "upstream: {name: api, path: '/{{ settings.spare }}'}",
        "upstream: {name: api, headers: {x-a: '{{ settings.spare }}'}}",
        "upstream: {name: api, body: ['{{ settings.spare }}']}",
    ],
)
def test_setting_is_used_by_any_template(keys: str) -> None:
    source = with_more(settings="spare: {env: S}") + f"  - {{path: /y, {keys}}}\n"

    assert report_of(source).diagnostics == []


def test_setting_that_only_a_text_names_is_never_used() -> None:
    source = with_more(settings="spare: {env: S}")
    row = "  - {path: /y, respond: {text: 'settings.spare'}}\n"

    assert [what for what, _, _ in unused(source + row)] == ["setting `spare`"]


def test_name_of_another_table_uses_nothing() -> None:
    source = with_more(headers="api: {}", errors="keys: {other: {}}")

    assert [what for what, _, _ in unused(source)] == [
        "header rule set `api`",
        "error mapping `keys`",
    ]


def test_default_that_every_endpoint_replaces_is_used() -> None:
    source = with_more(errors="spare: {other: {}}").replace(
        "{path: /x, ", "{path: /x, errors: spare, "
    )

    assert report_of(source).diagnostics == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("upstream: api", "upstream: apj"),
        ("auth: keys,", "auth: kes,"),
        ("headers: out", "headers: outt"),
        ("headers: [safe]", "headers: [sfe]"),
        ("errors: plain", "errors: palin"),
        ("settings.url }}", "settings.ulr }}"),
        ("settings.key }}", "settings.kye }}"),
        ("upstream: api", "upstream: quite_another"),
        ("settings.url }}", "settings.another }}"),
    ],
)
def test_definition_that_a_misspelt_name_means_is_used(right: str, wrong: str) -> None:
    assert right in USED

    report = report_of(USED.replace(right, wrong))

    assert len(report.diagnostics) == 1
    assert report.failed


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("upstream: api", "upstraem: api"),
        ("upstream: api", "upstream: [api]"),
        ("upstream: api", "upstream: {nme: api}"),
        ("{{ settings.url }}", "{{ settings.url "),
        ("{{ settings.key }}", "{{ settings.key | }}"),
        ('["{{ settings.key }}"]', "'{{ settings.key }}'"),
        ("errors: plain", "errors: {a: plain}"),
        ("errors: plain", "errrs: plain"),
        ("auth: keys,", "auth: [keys],"),
    ],
)
def test_name_that_stands_in_what_was_refused_is_used(right: str, wrong: str) -> None:
    assert right in USED

    report = report_of(USED.replace(right, wrong))

    assert report.failed
    assert [item.code for item in report.diagnostics if item.code == "HX207"] == []


def test_definition_that_was_refused_is_not_said_to_be_unused() -> None:
    source = with_more(upstreams="spare: 5")

    assert [item.code for item in report_of(source).diagnostics] == ["HX103"]


def test_definition_that_is_misnamed_is_not_said_to_be_unused() -> None:
    source = with_more(upstreams="Spare: {url: 'http://s'}")

    assert [item.code for item in report_of(source).diagnostics] == ["HX105"]


def test_other_mistakes_do_not_hide_what_nothing_names() -> None:
    source = with_more(upstreams="spare: {url: 'http://s'}") + "server: {prt: 1}\n"

    assert [item.code for item in report_of(source).diagnostics] == ["HX101", "HX207"]


@pytest.mark.parametrize("endpoints", ["", "endpoints: []\n", "endpoints: {}\n"])
def test_file_without_endpoints_uses_nothing_and_is_told_once(endpoints: str) -> None:
    source = USED[: USED.index("endpoints:")] + endpoints

    assert len(report_of(source).diagnostics) == 1


def test_cure_is_stated() -> None:
    (found,) = warnings_of(with_more(headers="spare: {}"))

    assert (found.code, found.severity) == ("HX207", "warning")
    assert found.help == "remove it, or use it"
