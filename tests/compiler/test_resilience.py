"""What upstreams are to survive: what is refused, where, and with which cure."""

from __future__ import annotations

import pytest

from hxroute.compiler import compile
from hxroute.diagnostics import Diagnostic

HEAD = """\
version: 1
settings: {a: {env: A}}
upstreams:
  u: {%s}
  v: {url: "http://v"}
headers:
  safe: {drop: [authorization, cookie]}
  open: {drop: [cookie]}
defaults: {auth: none, request: {headers: safe}}
endpoints:
  - {path: '/x/{id}', upstream: %s, fallback: %s}
  - {path: /v, upstream: v}
  - {path: /respond, respond: {text: "{{ settings.a }}"}}
"""
ONE = 'url: "http://u"'
TWO = 'targets: ["http://a", "http://b"]'
TO_V = "{to: [{upstream: v, headers: safe}]}"


def found(upstream: str, call: str = "u", fallback: str = TO_V) -> list[Diagnostic]:
    """Return what is found, but for header rules that only some fallbacks name."""
    source = HEAD % (upstream, call, fallback)
    report = compile(source.encode(), "routes.yaml").report
    unused = "header rule set `open` is never used"
    return [item for item in report.diagnostics if item.message != unused]


@pytest.mark.parametrize(
    "upstream",
    [
        ONE,
        TWO,
        'targets: [{url: "{{ settings.a }}", weight: 3}, "http://b"]',
        "targets: ['http://a', 'http://a/v1', 'https://a', 'http://a:81', 'http://b']",
        f"{TWO}, balance: least_requests, health: {{path: /h}}, outlier_detection: {{}}",
        f"{TWO}, balance: {{hash: \"{{{{ headers['x-user'] }}}}\"}}",
        f"{TWO}, balance: {{hash: '{{{{ client.host }}}}{{{{ query.q }}}}'}}",
        f"{ONE}, retry: {{}}",
        f"{ONE}, retry: {{backoff: 0s, max_backoff: 0s, max_retry_after: 0s}}",
    ],
)
def test_what_can_be_declared(upstream: str) -> None:
    assert found(upstream) == []


@pytest.mark.parametrize(
    ("upstream", "code", "message", "cure"),
    [
        ("max_connections: 1", "HX107", "has neither `url` nor", "state one of them"),
        (f"{ONE}, {TWO}", "HX107", "has both `url` and `targets`", "one of the"),
        (f"{ONE}, balance: round_robin", "HX107", "`balance` is about", "targets:"),
        (f"{ONE}, health: {{path: /}}", "HX107", "`health` is about", "`health`"),
        (f"{ONE}, outlier_detection: {{}}", "HX107", "is about several", "remove"),
        (f"{ONE}, retry: {{backoff: 0.1ms, per_try: 0s}}", "HX109", "per_try", "1ms"),
        (f"{TWO}, health: {{path: /, interval: 0s}}", "HX109", "interval", "1ms"),
        (f"{TWO}, health: {{path: /, timeout: 0.5ms}}", "HX109", "timeout", "1ms"),
        (
            f"{TWO}, outlier_detection: {{ejection_time: 0s}}",
            "HX109",
            "ejection_time",
            "1ms",
        ),
        (f"{TWO}, balance: random", "", "random", ""),
        (f"{TWO}, balance: {{hash: '{{{{ path.id }}}}'}}", "", "path", ""),
        (f"{TWO}, balance: {{hash: '{{{{ body.n }}}}'}}", "", "body", ""),
        (f"{TWO}, health: {{path: health}}", "", "health", "/health"),
        (f"{TWO}, health: {{path: /, statuses: [600]}}", "HX111", "at most 599", "100"),
        (f"{ONE}, retry: {{when: [503, broken]}}", "", "broken", ""),
        (f"{ONE}, retry: {{when: [200]}}", "HX106", "at least 400", "599"),
        (f"{ONE}, retry: {{budget: 120%}}", "", "120%", "10%"),
        (f"{ONE}, retry: {{budget: 0.2}}", "", "", ""),
        (f"{ONE}, retry: {{attempts: 0}}", "HX106", "at least 1", "10"),
        ('targets: ["ftp://a"]', "HX113", "no URL of an upstream", "http://"),
        ("targets: []", "", "", ""),
        (
            "targets: ['http://a', {url: 'http://a:80/', weight: 3}]",
            "HX116",
            "a target that is listed already",
            "`weight: 4`",
        ),
        (
            "targets: ['{{settings.a}}', http://b, '{{settings.a}}', '{{settings.a}}']",
            "HX116",
            "listed already",
            "`weight: 3`",
        ),
        ('targets: [{url: "http://a", weight: 0}]', "HX106", "at least 1", "1000"),
        ('targets: ["{{ headers.host }}"]', "", "headers", ""),
    ],
)
def test_what_is_refused_says_where_and_what_helps(
    upstream: str, code: str, message: str, cure: str
) -> None:
    items = found(upstream)
    assert len(items) == 1, items
    (item,) = items
    assert item.code == code or not code
    assert message in item.message + item.label
    assert cure in (item.help or "")
    assert item.span.line == 4


@pytest.mark.parametrize(
    ("fallback", "code"),
    [
        ("{to: [{upstream: w, headers: safe}]}", "HX201"),
        ("{to: [{upstream: {name: w}, headers: safe}]}", "HX201"),
        ("{to: [{upstream: v, headers: saef}]}", "HX203"),
        ("{to: [{upstream: v, headers: open}]}", "HX318"),
        ("{to: [{upstream: v, headers: none}]}", "HX318"),
        ("{to: [{upstream: v}]}", "HX102"),
        ("{when: [5xx]}", "HX102"),
        ("{to: [{upstream: {name: v, path: x}, headers: safe}]}", "HX105"),
        ("{to: [{upstream: {name: v, path: /x?}, headers: safe}]}", "HX105"),
        ("{to: [{upstream: {name: v, method: get}, headers: safe}]}", "HX105"),
    ],
)
def test_a_fallback_s_call_is_checked_as_any(fallback: str, code: str) -> None:
    items = [it for it in found(ONE, fallback=fallback) if it.severity == "error"]
    assert [(it.code, it.span.line) for it in items] == [(code, 11)]
    assert items[0].help


def test_an_upstream_that_only_a_fallback_names_is_used() -> None:
    items = found(f"{ONE}, retry: {{}}", call="v", fallback=TO_V.replace("v,", "u,"))
    assert items == []


def test_headers_of_a_fallback_count_for_what_it_calls_alone() -> None:
    source = HEAD % (ONE, "u", TO_V)
    result = compile(source.encode(), "routes.yaml")
    assert result.gateway is not None
    fallback, call = result.gateway.endpoints[0].pipeline[-2:]
    assert [rule.name for rule in fallback.calls[0].request_headers] == ["safe"]  # type: ignore[attr-defined]
    assert call.upstream == "u"  # type: ignore[attr-defined]


TOTAL = """\
version: 1
upstreams:
  u: {url: "http://u"%s}
  v: {url: "http://v"%s}
headers: {safe: {drop: [authorization, cookie]}}
errors:
  mine: {internal: {}, unreachable: {}, connect_timeout: {}, pool_timeout: {},
         read_timeout: {}, write_timeout: {}}
defaults: {auth: none, request: {headers: safe}}
endpoints:
  - path: /x
    errors: mine
    upstream: u
    fallback: {to: [{upstream: v, headers: safe}]}
"""


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("", "", []),
        ("", ", timeout: {total: 1s}", ["HX317"]),
        (", timeout: {total: 1s}", "", ["HX317"]),
    ],
)
def test_a_call_is_over_in_all_only_where_a_total_is_stated(
    first: str, second: str, told: list[str]
) -> None:
    report = compile((TOTAL % (first, second)).encode(), "routes.yaml").report
    assert [item.code for item in report.diagnostics] == told
