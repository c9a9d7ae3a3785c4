from __future__ import annotations

import pytest

from tests.compiler.compiling import messages_of, mistakes_of, places_of

FIRST = "version: 1\n"
LAST = "endpoints: [{path: /x, auth: none, respond: {}}]\n"


def only(source: str) -> tuple[str, str, str]:
    """Return code, message and help of the one mistake of a file."""
    (found,) = mistakes_of(source)
    return found.code, found.message, found.help


def test_unknown_key_near_a_known_one() -> None:
    source = f"{FIRST}servers: {{port: 1}}\n{LAST}"

    assert only(source) == ("HX101", "unknown key `servers`", "did you mean `server`?")
    assert places_of(source) == [("HX101", 2, 1)]


def test_unknown_key_near_none() -> None:
    source = f"{FIRST}defaults: {{response: {{bind: ''}}}}\n{LAST}"

    known = "known are `headers`, `stream_error`"
    assert only(source) == ("HX101", "unknown key `bind`", known)


def test_unknown_keys_are_reported_each_at_its_place() -> None:
    source = f"{FIRST}server:\n  hots: a\n  prot: 1\n{LAST}"

    assert places_of(source) == [("HX101", 3, 3), ("HX101", 4, 3)]


def test_unknown_key_that_is_meant_for_a_missing_one_is_one_mistake() -> None:
    source = f"{FIRST}endpoints: [{{pth: /x, auth: none, respond: {{}}}}]\n"

    assert only(source) == ("HX101", "unknown key `pth`", "did you mean `path`?")


def test_missing_keys_are_reported_at_the_key_that_needs_them() -> None:
    source = f"{FIRST}upstreams:\n  a: {{}}\n  b: {{}}\nauth:\n  k: {{}}\n{LAST}"

    assert sorted(places_of(source)) == [
        ("HX106", 6, 6),
        ("HX107", 3, 3),
        ("HX107", 4, 3),
    ]


def test_missing_key_of_the_file_is_reported_at_its_start() -> None:
    assert places_of(LAST) == [("HX102", 1, 1)]
    assert only(LAST) == ("HX102", "`version` is missing", "add `version: 1`")


A_MAPPING = "write keys and values, as in `{key: value}`"


@pytest.mark.parametrize(
    ("server", "message", "help"),
    [
        ("1", "`server` is a number, not a mapping", A_MAPPING),
        ("[a]", "`server` is a list, not a mapping", A_MAPPING),
        ("", "`server` is empty, not a mapping", A_MAPPING),
        (
            "{port: '1'}",
            "`port` is a text, not a whole number",
            "write `1`, without quotes",
        ),
        ("{port: 1.5}", "`port` is a number, not a whole number", "for example `8000`"),
        (
            "{port: 80.0}",
            "`port` is a number, not a whole number",
            "for example `8000`",
        ),
        (
            "{port: true}",
            "`port` is a boolean, not a whole number",
            "for example `8000`",
        ),
        ("{host: 5}", "`host` is a number, not a text", "put it in quotes"),
        ("{host: }", "`host` is empty, not a text", "for example `127.0.0.1`"),
        ("{host: {}}", "`host` is a mapping, not a text", "for example `127.0.0.1`"),
    ],
)
def test_wrong_type_is_named(server: str, message: str, help: str) -> None:
    assert only(f"{FIRST}server: {server}\n{LAST}") == ("HX103", message, help)


def test_wrong_type_of_several_allowed() -> None:
    source = f"{FIRST}settings: {{a: {{env: 5}}}}\n{LAST}"

    assert (
        only(source)[1] == "`env` is a number, not the name of an environment variable"
    )


def test_word_for_a_boolean_is_no_boolean() -> None:
    source = f"{FIRST}settings: {{a: {{env: A, secret: yes}}}}\n{LAST}"

    assert only(source) == (
        "HX108",
        "`secret` is spelt `yes`, which is no boolean",
        "write `true`",
    )


def test_wrong_type_of_a_list_item_has_no_key() -> None:
    source = f"{FIRST}headers: {{a: {{drop: [5]}}}}\n{LAST}"

    assert (
        only(source)[1] == "this is a number, not a header name, which has no wildcards"
    )
    assert places_of(source) == [("HX112", 2, 22)]


@pytest.mark.parametrize("version", ["2", "'1'", "true", "1.5"])
def test_version_is_one(version: str) -> None:
    assert [found.code for found in mistakes_of(f"version: {version}\n{LAST}")] == [
        "HX104"
    ]


def test_word_that_is_not_one_of_those_allowed() -> None:
    source = f"{FIRST}paths: as_send\n{LAST}"

    assert only(source) == (
        "HX104",
        "`paths` cannot be `as_send`",
        "did you mean `as_sent`?",
    )


def test_mapping_where_a_word_is_expected_is_reported_at_its_first_line() -> None:
    source = f"{FIRST}paths:\n  a: 1\n  b: 2\n{LAST}"

    (found,) = mistakes_of(source)
    assert (found.code, found.message) == ("HX104", "`paths` cannot be `a mapping`")
    assert (found.span.line, found.span.end_line) == (3, 3)


@pytest.mark.parametrize("name", ["A", "1a", "a-b", "_a", "é", "a b"])
def test_name_is_a_snake_case_word(name: str) -> None:
    source = f"{FIRST}settings:\n  ok: {{env: A}}\n  {name}: {{env: B}}\n{LAST}"

    code, message, _ = only(source)

    assert (code, message.split("`")[1]) == ("HX105", name)
    assert places_of(source) == [("HX105", 4, 3)]


def test_name_too_long_is_reported_at_the_name() -> None:
    name = "a" * 65
    source = f"{FIRST}settings:\n  ok: {{env: A}}\n  {name}: {{env: B}}\n{LAST}"

    assert places_of(source) == [("HX106", 4, 3)]
    assert only(source)[1] == f"`{name[:60]}…` must have at most 64 characters"


@pytest.mark.parametrize(
    ("code", "section"),
    [
        ("HX105", 'settings: {"a\\n": {env: A}}'),
        ("HX105", 'settings: {a: {env: "A\\n"}}'),
        ("HX112", 'headers: {a: {drop: ["cookie\\n"]}}'),
        ("HX112", 'headers: {a: {set: {"x-a\\n": b}}}'),
        ("HX109", 'upstreams: {a: {url: "http://a", idle_timeout: "3s\\n"}}'),
        ("HX109", 'upstreams: {a: {url: "http://a", timeout: {read: "3s\\n"}}}'),
    ],
)
def test_line_end_after_a_word_is_no_part_of_its_form(code: str, section: str) -> None:
    assert only(f"{FIRST}{section}\n{LAST}")[0] == code


def test_method_with_a_line_end_is_none() -> None:
    source = (
        f"{FIRST}endpoints:\n"
        '  - {path: /x, auth: none, methods: ["GET\\n"], respond: {}}\n'
    )

    assert only(source)[0] == "HX104"


def test_methods_do_not_repeat() -> None:
    source = f"{FIRST}endpoints: [{{path: /x, auth: none, methods: [GET, GET], respond: {{}}}}]"

    assert only(source) == ("HX105", "`GET` is listed twice", "remove one of them")


@pytest.mark.parametrize(
    ("method", "help"),
    [("post", "did you mean `POST`?"), ("GTE", "did you mean `GET`?")],
)
def test_method_that_no_server_knows(method: str, help: str) -> None:
    source = f"{FIRST}endpoints: [{{path: /x, auth: none, methods: [{method}], respond: {{}}}}]"

    assert only(source) == ("HX104", f"this cannot be `{method}`", help)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("server: {port: -1}", "`port` must be at least 0"),
        ("server: {port: 65536}", "`port` must be at most 65535"),
        ("server: {host: ''}", "`host` must not be empty"),
        ("auth: {a: {bearer: []}}", "`bearer` must not be empty"),
        ("auth: {a: {bearer: ['']}}", "this must not be empty"),
        (
            "upstreams: {a: {url: 'http://a', max_connections: 0}}",
            "`max_connections` must be at least 1",
        ),
        (
            f"settings: {{a: {{env: [{', '.join(['A'] * 21)}]}}}}",
            "`env` must have at most 20 items",
        ),
    ],
)
def test_bounds_are_named(section: str, message: str) -> None:
    assert only(f"{FIRST}{section}\n{LAST}")[:2] == ("HX106", message)


@pytest.mark.parametrize(
    ("client", "help"),
    [
        ("httpx", "did you mean `httpx2`?"),
        ("H1", "did you mean `h1`?"),
        ("h2", "known are `h1`, `httpx2`"),
    ],
)
def test_client_that_is_not_there(client: str, help: str) -> None:
    section = f"upstreams: {{a: {{url: 'http://a', client: {client}}}}}"

    found = only(f"{FIRST}{section}\n{LAST}")
    assert found == ("HX104", f"`client` cannot be `{client}`", help)


@pytest.mark.parametrize(
    ("timeout", "found"),
    [
        (
            "{total: 30}",
            ("HX109", "`total` is a number, not a duration", "write `30s`"),
        ),
        (
            "{first_byte: 1 m}",
            ("HX109", "`1 m` is not a duration such as 250ms", "write `1m`"),
        ),
        ("{total: 0s}", ("HX109", "no call ends in `0s`", "write 1ms or more")),
        ("{first-byte: 1s}", ("HX101", "unknown key `first-byte`", "did you mean")),
    ],
)
def test_limit_of_a_call_that_is_none(
    timeout: str, found: tuple[str, str, str]
) -> None:
    section = f"upstreams: {{a: {{url: 'http://a', timeout: {timeout}}}}}"

    code, message, help = only(f"{FIRST}{section}\n{LAST}")
    assert code == found[0]
    assert message.startswith(found[1])
    assert help.startswith(found[2])


def test_header_name_too_long_is_none() -> None:
    assert only(f"{FIRST}headers: {{a: {{drop: [{'x' * 129}]}}}}\n{LAST}")[:2] == (
        "HX112",
        "this must have at most 128 characters",
    )


def test_empty_rename_is_out_of_bounds() -> None:
    source = (
        f"{FIRST}endpoints:\n"
        "  - path: /x\n"
        "    auth: none\n"
        "    request: {max_body: 1, json: {rename: {}}}\n"
        "    respond: {}\n"
    )

    assert only(source)[:2] == ("HX106", "`rename` must not be empty")


def test_endpoints_are_needed() -> None:
    assert only(f"{FIRST}endpoints: []\n")[:2] == (
        "HX106",
        "`endpoints` must not be empty",
    )


def test_mistakes_of_shape_hide_none_of_meaning() -> None:
    source = f"""\
{FIRST}srver: {{}}
headers: {{safe: {{drop: [authorization, cookie]}}}}
endpoints: [{{path: x, request: {{headers: safe}}, upstream: nowhere}}]
"""

    assert messages_of(source) == [
        "unknown key `srver`",
        "unknown upstream `nowhere`",
        "a path starts with `/`",
        "this endpoint has no auth",
    ]


def test_mistake_inside_an_alias_is_reported_at_the_node() -> None:
    source = f"{FIRST}server: &s {{prt: 1}}\n{LAST}"

    assert places_of(source) == [("HX101", 2, 13)]
