from __future__ import annotations

import pytest

from tests.compiler.compiling import report_of, warnings_of

CALL = "request: {headers: safe}, upstream: api"


EACH = (
    "internal",
    "connect_timeout",
    "pool_timeout",
    "read_timeout",
    "write_timeout",
    "connect_failed",
    "disconnected",
    "bad_response",
)
"""What a call can end in, kind by kind."""


def source_of(mapping: str, keys: str = "respond: {}", defaults: str = "") -> str:
    return f"""\
version: 1
settings: {{key: {{env: KEY, secret: true}}}}
upstreams: {{api: {{url: "http://api"}}}}
auth: {{keys: {{bearer: ["{{{{ settings.key }}}}"]}}}}
headers: {{safe: {{drop: [authorization, cookie]}}}}
errors:
  mine: {{{mapping}}}
defaults: {{auth: none{defaults}}}
endpoints:
  - {{path: '/x/{{id}}', errors: mine, {keys}}}
  - {{path: /all, auth: keys, errors: none, {CALL}}}
"""


def open_kinds(source: str) -> list[str]:
    """Return the kinds that a mapping is said to leave open."""
    assert not report_of(source).failed
    named = [item.message for item in warnings_of(source) if item.code == "HX317"]
    return [text for message in named for text in message.split("`")[3::2]]


def answers(*kinds: str) -> str:
    return ", ".join(f"{kind}: {{}}" for kind in kinds)


@pytest.mark.parametrize(
    ("keys", "kinds"),
    [
        ("respond: {}", ["internal"]),
        ("respond: {text: '{{ settings.more }}'}", ["internal"]),
        ("respond: {text: '{{ path.id }}'}", ["bad_request", "internal"]),
        ("auth: keys, respond: {}", ["internal", "unauthorized"]),
        ("request: {max_body: 1}, respond: {}", ["internal", "payload_too_large"]),
        (
            "request: {max_body: 1}, respond: {text: '{{ body.x }}'}",
            ["bad_request", "internal", "payload_too_large"],
        ),
        (
            "request: {max_body: 1, json: {rename: {a: b}}}, respond: {}",
            ["bad_request", "internal", "payload_too_large"],
        ),
        (CALL, ["internal", "timeout", "unreachable"]),
        (
            "request: {headers: safe}, upstream: {name: api, path: /y}",
            ["bad_request", "internal", "timeout", "unreachable"],
        ),
    ],
)
def test_kinds_that_an_endpoint_can_raise_are_left_open(
    keys: str, kinds: list[str]
) -> None:
    more = "settings: {more: {env: MORE}, "

    source = source_of("not_found: {}", keys).replace("settings: {", more)

    assert open_kinds(source) == kinds


def test_place_is_the_name_of_the_mapping() -> None:
    (found,) = warnings_of(source_of("not_found: {}"))

    assert (found.code, found.severity) == ("HX317", "warning")
    assert (found.span.line, found.span.column) == (7, 3)
    assert found.message == "error mapping `mine` has no answer for `internal`"
    assert found.help.startswith("add them, or `other:` for all that are left")


@pytest.mark.parametrize(
    "mapping",
    [
        answers("internal", "timeout", "unreachable"),
        answers(*EACH),
        answers("other"),
        answers("not_found", "other"),
        "other: {text: ''}, upstream_status: [{match: 5xx, text: a}]",
    ],
)
def test_kind_is_answered_by_itself_its_parent_or_other(mapping: str) -> None:
    assert report_of(source_of(mapping, CALL)).diagnostics == []


def test_kinds_of_which_some_are_answered_are_named_one_by_one() -> None:
    mapping = answers("internal", "unreachable", "read_timeout")

    assert open_kinds(source_of(mapping, CALL)) == [
        "connect_timeout",
        "pool_timeout",
        "write_timeout",
    ]


BOUNDED = "request: {headers: safe}, upstream: {name: api, timeout: {total: 1m}}"
UNBOUNDED = "request: {headers: safe}, upstream: {name: api, timeout: {read: 1m}}"


@pytest.mark.parametrize(
    ("keys", "upstream", "kinds"),
    [
        (CALL, "", []),
        (CALL, ", timeout: {total: 1m}", ["total_timeout"]),
        (BOUNDED, "", ["total_timeout"]),
        (UNBOUNDED, ", timeout: {total: 1m}", []),
    ],
)
def test_call_takes_too_long_in_all_only_where_that_is_limited(
    keys: str, upstream: str, kinds: list[str]
) -> None:
    source = source_of(answers(*EACH), keys)
    source = source.replace('"http://api"', f'"http://api"{upstream}')

    assert open_kinds(source) == kinds


def test_answer_for_a_child_is_none_for_its_parent() -> None:
    keys = "request: {max_body: 1}, respond: {text: '{{ body.x }}'}"
    mapping = answers("internal", "payload_too_large", "invalid_json")

    assert open_kinds(source_of(mapping, keys)) == ["bad_request"]


def test_upstream_statuses_are_no_kinds() -> None:
    source = source_of("upstream_status: [{match: 5xx, text: a}]", CALL)

    assert open_kinds(source) == ["internal", "timeout", "unreachable"]


def test_mapping_of_the_defaults_answers_what_no_endpoint_takes() -> None:
    source = source_of(answers("internal"), defaults=", errors: mine")

    assert open_kinds(source) == ["bad_request", "method_not_allowed", "not_found"]


def test_mapping_of_the_defaults_that_is_complete() -> None:
    mapping = answers("internal", "bad_request", "not_found", "method_not_allowed")

    assert report_of(source_of(mapping, defaults=", errors: mine")).diagnostics == []


def test_mapping_of_several_endpoints_is_told_once() -> None:
    source = source_of("not_found: {}", CALL)
    more = "  - {path: /y, errors: mine, auth: keys, respond: {}}\n"

    assert open_kinds(source + more) == [
        "internal",
        "timeout",
        "unauthorized",
        "unreachable",
    ]


def test_mapping_that_nothing_uses_is_only_said_to_be_unused() -> None:
    source = source_of("not_found: {}").replace("errors: mine", "errors: none")

    assert [item.code for item in warnings_of(source)] == ["HX207"]


@pytest.mark.parametrize("name", ["openai", "problem", "none"])
def test_ready_formats_answer_everything(name: str) -> None:
    source = source_of("other: {}", CALL, f", errors: {name}")

    assert report_of(source).diagnostics == []


@pytest.mark.parametrize(
    "mapping", ["other: 5", "othr: {}", "internal: {stauts: 500}, other: {}"]
)
def test_answer_that_was_refused_is_an_answer(mapping: str) -> None:
    assert len(report_of(source_of(mapping)).diagnostics) == 1
