"""`stores` and `rate_limit`, from the file to limits."""

from __future__ import annotations

import pytest

from hxroute.diagnostics.text import render
from hxroute.limiting import Limit, Store
from hxroute.nodes import LimitBody, RateLimit
from tests.compiler.compiling import (
    codes_of,
    endpoint_of,
    gateway_of,
    mistakes_of,
    report_of,
)

HEAD = """\
version: 1
settings:
  key: {env: KEY, secret: true}
  valkey: {env: VALKEY, secret: true}
  size: {env: SIZE, type: size, default: 1MiB}
stores:
  here: {url: "{{ settings.valkey }}"}
  there: {url: "redis://there", timeout: 1s, prefix: t}
auth: {keys: {bearer: ["{{ settings.key }}"]}}
endpoints:
"""
ONE = "requests: 1, per: 1s, by: client"


def with_limits(limits: str, path: str = "/x", auth: str = "none") -> str:
    """Return an endpoint that answers by itself."""
    return (
        f"  - {{path: '{path}', auth: {auth}, rate_limit: {limits}, respond: {{}}}}\n"
    )


def limits_of(limits: str) -> tuple[Limit, ...]:
    """Return the limits of a single endpoint without mistakes."""
    found = report_of(HEAD + with_limits(limits)).diagnostics
    assert [item for item in found if item.severity == "error"] == []
    node = endpoint_of(f"rate_limit: {limits}, respond: {{}}").pipeline[-2]
    assert isinstance(node, RateLimit)
    return node.limits


def said(*endpoints: str) -> list[tuple[str, str]]:
    """Return the code and the message of each mistake."""
    return [(m.code, m.message) for m in mistakes_of(HEAD + "".join(endpoints))]


def test_limit_has_what_the_file_states() -> None:
    (limit,) = limits_of("{requests: 100, per: 1m, burst: 20, by: endpoint}")

    assert limit == Limit("endpoint", 100, 60.0, "endpoint", 20, "ANY /x")


def test_limits_of_one_endpoint_have_names_of_their_own() -> None:
    named = f"{{{ONE}, bucket: b}}"
    found = limits_of(f"[{{{ONE}}}, {{{ONE}}}, {named}, {{{ONE}}}]")

    assert [limit.name for limit in found] == ["client", "client_2", "b", "client_3"]
    assert [limit.endpoint for limit in found] == ["ANY /x", "ANY /x", "", "ANY /x"]


def test_limit_names_its_store() -> None:
    source = HEAD + with_limits(
        f"{{{ONE}, store: there, when_store_down: closed, fields: false}}"
    ).replace("path: '/x'", "path: /x, name: x")
    node = gateway_of(source).endpoints[0].pipeline[-2]
    assert isinstance(node, RateLimit)
    (limit,) = node.limits
    assert limit.store == Store("there", "redis://there", 1.0, "t")
    assert (limit.endpoint, limit.when_store_down, limit.fields) == (
        "x",
        "closed",
        False,
    )


def test_limit_stands_before_the_body_is_read() -> None:
    keys = f"rate_limit: {{{ONE}}}, request: {{max_body: 1MiB}}, upstream: api"
    kinds = [type(node) for node in endpoint_of(keys).pipeline]

    assert kinds.index(RateLimit) < kinds.index(LimitBody)


@pytest.mark.parametrize(
    ("limits", "code", "message"),
    [
        (
            "{requests: 20000, per: 1s, by: client}",
            "HX106",
            "more than 10,000 requests a second cannot be counted",
        ),
        (
            "{requests: 1, per: 0s, by: client}",
            "HX106",
            "more than 10,000 requests a second cannot be counted",
        ),
        (
            "{requests: 1, per: 24h, burst: 1000, by: client}",
            "HX106",
            "this bucket takes more than a year to fill",
        ),
        (
            "{requests: 1, per: 9000h, by: client}",
            "HX106",
            "this bucket takes more than a year to fill",
        ),
        (
            f"{{{ONE}, when_store_down: open}}",
            "HX107",
            "`when_store_down` needs a store",
        ),
        (
            f"[{{{ONE}, store: here}}, {{{ONE}, store: there}}]",
            "HX107",
            "the limits of one endpoint count in `here` and `there`",
        ),
        (
            f"[{{{ONE}, bucket: b}}, {{{ONE}, bucket: b}}]",
            "HX205",
            "bucket `b` is counted twice for one request",
        ),
        (f"{{{ONE}, store: nowhere}}", "HX209", "unknown store `nowhere`"),
        (f"{{{ONE}, store: none}}", "HX209", "unknown store `none`"),
        (
            "{requests: 1, per: 1s, by: '{{ body.a }}'}",
            "HX305",
            "`body` is not read before requests are counted",
        ),
        (
            "{requests: 1, per: 1s, by: '{{ path.a }}'}",
            "HX304",
            "unknown variable `path.a`",
        ),
        (
            "{requests: 1, per: 1s, by: key}",
            "HX341",
            "this counts by key, on an endpoint that is open to everyone",
        ),
    ],
)
def test_mistake_of_a_limit_is_said_once(limits: str, code: str, message: str) -> None:
    assert said(with_limits(limits)) == [(code, message)]


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ("{}", "HX102"),
        ("[]", "HX106"),
        ("off", "HX105"),
        ("{requests: 0, per: 1s, by: client}", "HX106"),
        ("{requests: 1, per: 1, by: client}", "HX109"),
        ("{requests: 1, per: soon, by: client}", "HX109"),
        ("{requests: 1, per: 1s, by: user}", "HX105"),
        (f"{{{ONE}, bucket: No}}", "HX105"),
        (f"{{{ONE}, store: here, when_store_down: ajar}}", "HX104"),
    ],
)
def test_limit_of_no_shape_is_refused(limits: str, code: str) -> None:
    found = {found.code for found in mistakes_of(HEAD + with_limits(limits))}

    assert found == {code}


def test_bucket_may_be_stated_again_only_as_it_was() -> None:
    one = with_limits(f"{{{ONE}, bucket: b}}")

    assert said(one, with_limits(f"{{{ONE}, bucket: b}}", "/y")) == []
    other = with_limits(f"{{{ONE}, bucket: b, burst: 2}}", "/y")
    assert said(one, other) == [("HX340", "bucket `b` is another limit elsewhere")]


def test_limit_by_key_is_for_those_who_show_one() -> None:
    by_key = "{requests: 1, per: 1s, by: key}"

    assert said(with_limits(by_key, auth="keys")) == []
    assert codes_of(f"rate_limit: {by_key}, respond: {{}}") == ["HX341"]


def test_default_by_key_is_reported_once_for_all_who_are_open() -> None:
    source = (
        HEAD.replace(
            "endpoints:",
            "defaults: {rate_limit: {requests: 1, per: 1s, by: key}}\nendpoints:",
        )
        + "  - {path: /a, auth: keys, respond: {}}\n"
        + "".join(f"  - {{path: /{n}, auth: none, respond: {{}}}}\n" for n in "bcd")
        + "  - {path: /e, auth: none, rate_limit: none, respond: {}}\n"
    )
    (found,) = mistakes_of(source)

    assert (found.code, found.label) == ("HX341", "and of 2 more endpoints")
    assert [span.line for span, _ in found.related] == [13]


@pytest.mark.parametrize(
    "url",
    [
        "http://h",
        "h:6379",
        "valkey://",
        "valkey://h:x",
        "valkey://h:0",
        "valkey+cluster://h",
        "{{ settings.size }}",
    ],
)
def test_url_of_no_store_is_refused(url: str) -> None:
    source = HEAD.replace("redis://there", url)

    (found,) = mistakes_of(source + with_limits(f"{{{ONE}, store: there}}"))
    assert found.code == "HX115"


@pytest.mark.parametrize(
    "url", ["valkey://:hush@there", "redis://{{ settings.key }}:hush@there"]
)
def test_password_in_the_file_is_reported_and_not_shown(url: str) -> None:
    source = HEAD.replace("redis://there", url)
    source += with_limits(f"{{{ONE}, store: there}}")

    (found,) = mistakes_of(source)
    assert found.code == "HX319"
    assert "hush" not in render(report_of(source))


def test_password_from_a_setting_is_none_in_the_file() -> None:
    url = "valkeys://gateway:{{ settings.key }}@there:6380/1"
    source = HEAD.replace("redis://there", url)

    assert mistakes_of(source + with_limits(f"{{{ONE}, store: there}}")) == []


def test_store_that_nothing_counts_in_is_told() -> None:
    found = report_of(HEAD + with_limits(f"{{{ONE}, store: here}}")).diagnostics

    told = [item.message for item in found if item.code == "HX207"]
    assert "store `there` is never used" in told


def test_store_that_never_answers_in_time_is_refused() -> None:
    source = HEAD.replace("timeout: 1s", "timeout: 0.5ms")
    (found,) = mistakes_of(source + with_limits(f"{{{ONE}, store: there}}"))

    assert (found.code, found.message) == ("HX109", "no store answers in `0.5ms`")
