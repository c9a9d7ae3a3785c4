"""What endpoints share is listed once, with those whom it touches."""

from __future__ import annotations

import dataclasses

from hxroute.compiler import compile
from hxroute.ir import Gateway, Server
from hxroute.plan import Difference, Plan, Shared, differences

SOURCE = """\
version: 1
settings:
  url: {env: URL, default: "http://a"}
  key: {env: KEY, default: constant, secret: true}
  spare: {env: SPARE, optional: true}
server: {host: 127.0.0.1, port: 4010}
upstreams:
  u: {url: "{{ settings.url }}", timeout: {read: 30s}}
  w: {url: "http://w"}
auth: {a: {bearer: ["{{ settings.key }}"]}}
headers: {h: {drop: [authorization, cookie, x-a]}}
errors: {e: {other: {json: {error: 1}}}}
defaults: {auth: a, errors: e, request: {headers: h}}
endpoints:
  - {path: /one, methods: [GET], upstream: u}
  - {path: /two, name: two, upstream: {name: u, timeout: {read: 5s}}}
  - {path: "/three/{x}", auth: none, upstream: {name: w, path: "/{{ path.x }}"}}
"""


def gateway_of(*edits: tuple[str, str]) -> Gateway:
    source = SOURCE
    for old, new in edits:
        assert old in source
        source = source.replace(old, new)
    result = compile(source.encode(), "routes.yaml")
    assert result.gateway is not None, result.report.diagnostics
    return result.gateway


def plan_of(*edits: tuple[str, str]) -> Plan:
    return differences(gateway_of(), gateway_of(*edits))


def test_plan_of_other_names_is_empty() -> None:
    renamed = plan_of(
        ("url: {env", "base: {env"),
        ("settings.url", "settings.base"),
        ("{{ settings.key }}", "{{  settings.key}}"),
        ("  u: {", "  x: {"),
        ("upstream: u}", "upstream: x}"),
        ("name: u,", "name: x,"),
        ("auth: {a:", "auth: {b:"),
        ("auth: a,", "auth: b,"),
        ("headers: {h:", "headers: {i:"),
        ("headers: h}", "headers: i}"),
        ("errors: {e:", "errors: {f:"),
        ("errors: e,", "errors: f,"),
        ("name: two", "name: second"),
        ("{x}", "{id}"),
        ("path.x", "path.id"),
        ("version: 1\n", "version: 1\n\n\n"),
    )

    assert renamed == Plan()


def test_upstream_that_differs_touches_those_that_take_it_as_it_is() -> None:
    plan = plan_of(("read: 30s", "read: 10s"))

    assert plan == Plan(
        (
            Shared(
                "upstream `u`",
                (Difference("timeout.read 30s -> 10s", 8, 8),),
                ("GET /one",),
            ),
        )
    )


def test_upstream_that_differs_keeps_its_old_name() -> None:
    plan = plan_of(("http://w", "http://v"))

    (shared,) = plan.shared
    assert shared.what == "upstream `w`"
    assert shared.differences == (Difference("url `http://w` -> `http://v`", 9, 9),)
    assert shared.endpoints == ("ANY /three/{x}",)
    assert plan.changes == ()


def test_upstream_that_no_endpoint_calls_is_no_difference() -> None:
    edit = ('  w: {url: "http://w"}', '  w: {url: "http://w"}\n  v: {url: "http://v"}')

    assert plan_of(edit) == Plan()


def test_setting_that_differs_touches_those_that_read_it() -> None:
    plan = plan_of(
        ("default: constant", "default: another"), ("env: URL", "env: [B, URL]")
    )

    assert plan.changes == ()
    assert [(item.what, item.endpoints) for item in plan.shared] == [
        ("setting `key`", ("GET /one", "two")),
        ("setting `url`", ("GET /one", "two")),
    ]
    assert [item.text for shared in plan.shared for item in shared.differences] == [
        "default *** -> ***",
        "env `URL` -> `B, URL`",
    ]


def test_default_that_was_secret_once_is_never_shown() -> None:
    old = gateway_of()
    public = tuple(dataclasses.replace(item, secret=False) for item in old.settings)
    new = dataclasses.replace(old, settings=public)

    plans = differences(old, new), differences(new, old)

    assert "constant" not in repr(plans)
    (shared,) = plans[0].shared
    assert [item.text for item in shared.differences] == ["secret true -> false"]


def test_setting_that_nothing_reads_counts_where_a_start_needs_it() -> None:
    assert plan_of(("optional: true", "optional: true, secret: true")) == Plan()

    (shared,) = plan_of((", optional: true", "")).shared
    assert shared == Shared(
        "setting `spare`", (Difference("optional true -> false", 5, 5),)
    )
    added = ("  spare:", "  more: {env: MORE, file: /f}\n  spare:")
    (shared,) = plan_of(added).shared
    assert shared.differences == (Difference("added from `MORE, /f`", None, 5),)


def test_sizes_that_are_one_are_no_difference() -> None:
    old, new = (
        gateway_of(
            (
                "{env: SPARE, optional: true}",
                f"{{env: S, type: size, default: {size}}}",
            )
        )
        for size in ("1KiB", "1024")
    )

    assert differences(old, new) == Plan()


def test_server_that_differs_touches_all() -> None:
    plan = plan_of(("port: 4010", "port: 4011"))

    assert plan.shared == (
        Shared(
            "server",
            (Difference("port 4010 -> 4011", 6, 6),),
            ("GET /one", "two", "ANY /three/{x}"),
        ),
    )
    bare = dataclasses.replace(gateway_of(), server=Server("127.0.0.1", 4010))
    assert differences(gateway_of(), bare) == Plan()


def test_limits_that_differ_touch_all() -> None:
    added = (
        "version: 1\n",
        "version: 1\nlimits: {head_timeout: 5s, max_head: 64KiB}\n",
    )

    (shared,) = plan_of(added).shared
    assert shared.what == "limits"
    assert shared.endpoints == ("GET /one", "two", "ANY /three/{x}")
    (difference,) = shared.differences
    assert difference.text == "head_timeout 10s -> 5s"


def test_path_policy_that_differs_touches_those_of_many_paths() -> None:
    plan = plan_of(("version: 1\n", "version: 1\npaths: as_sent\n"))

    assert plan.shared == (
        Shared("paths", (Difference("strict -> as_sent"),), ("ANY /three/{x}",)),
    )
    assert plan.changes == ()


def test_path_policy_may_open_an_endpoint() -> None:
    edits = ("/one", "/a%2Fb"), ("version: 1\n", "version: 1\npaths: as_sent\n")
    as_sent = gateway_of(*edits)
    strict = dataclasses.replace(as_sent, paths="strict")

    (change,) = differences(strict, as_sent).changes
    assert (change.kind, str(change.request)) == ("added", "GET /a%2Fb")
    assert change.old.error == "bad_path"
    (change,) = differences(as_sent, strict).changes
    assert (change.kind, change.new.error) == ("removed", "bad_path")
