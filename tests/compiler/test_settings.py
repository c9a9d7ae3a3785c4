from __future__ import annotations

from typing import get_args

import pytest

from hxroute.compiler.settings import by_default, samples
from hxroute.ir import (
    BearerAuth,
    Client,
    Setting,
    Timeout,
    Upstream,
)
from hxroute.nodes import Authenticate
from tests.compiler.compiling import gateway_of, mistakes_of, report_of

END = "endpoints: [{path: /x, auth: none, respond: {}}]\n"


def setting_of(keys: str) -> Setting:
    return gateway_of(f"version: 1\nsettings: {{s: {{{keys}}}}}\n{END}").settings[0]


def upstream_of(keys: str) -> Upstream:
    return gateway_of(f"version: 1\nupstreams: {{u: {{{keys}}}}}\n{END}").upstreams[0]


def code_of(section: str) -> str:
    (found,) = mistakes_of(f"version: 1\n{section}\n{END}")
    return found.code


def test_setting_has_defaults() -> None:
    assert setting_of("env: A") == Setting(name="s", env=("A",))


def test_setting_is_as_stated() -> None:
    setting = setting_of(
        "env: [A, B], file: /f, type: integer, default: 5, optional: true"
    )

    assert setting == Setting(
        name="s",
        env=("A", "B"),
        file="/f",
        type="integer",
        default=5,
        optional=True,
    )


@pytest.mark.parametrize("keys", ["env: A", "file: /f", "default: x"])
def test_setting_comes_from_somewhere(keys: str) -> None:
    assert setting_of(keys).name == "s"


@pytest.mark.parametrize("keys", ["", "optional: true", "type: size", "secret: true"])
def test_setting_that_comes_from_nowhere(keys: str) -> None:
    assert code_of(f"settings: {{s: {{{keys}}}}}") == "HX107"


@pytest.mark.parametrize(
    ("kind", "default", "value"),
    [
        ("string", "x", "x"),
        ("string", "''", ""),
        ("boolean", "false", False),
        ("integer", "-5", -5),
        ("size", "0", 0),
        ("size", "64KiB", "64KiB"),
        ("duration", "1.5s", "1.5s"),
    ],
)
def test_default_of_its_setting_s_type(kind: str, default: str, value: object) -> None:
    setting = setting_of(f"env: A, type: {kind}, default: {default}")

    assert setting.default == value


@pytest.mark.parametrize(
    ("kind", "default"),
    [
        ("string", "5"),
        ("string", '"a\\nb"'),
        ("string", "true"),
        ("boolean", "yes"),
        ("boolean", "1"),
        ("integer", "'5'"),
        ("integer", "true"),
        ("size", "64KB"),
        ("size", "true"),
        ("size", "-1"),
        ("duration", "5"),
        ("duration", "5 s"),
    ],
)
def test_default_that_does_not_fit(kind: str, default: str) -> None:
    section = f"settings: {{s: {{env: A, type: {kind}, default: {default}}}}}"

    assert code_of(section) == "HX307"


def test_secret_with_a_default_is_a_warning_that_does_not_show_it() -> None:
    report = report_of(
        """\
version: 1
settings: {s: {env: A, secret: true, default: hush}}
auth: {a: {bearer: ["{{ settings.s }}"]}}
endpoints: [{path: /x, auth: a, respond: {}}]
"""
    )

    (found,) = report.diagnostics
    assert (found.code, found.severity, report.failed) == ("HX312", "warning", False)
    assert "hush" not in found.message


def test_secret_without_a_default_is_no_warning() -> None:
    assert setting_of("env: A, secret: true").secret


def test_upstream_has_defaults() -> None:
    assert upstream_of("url: 'http://h'") == Upstream(name="u", url="http://h")


@pytest.mark.parametrize("client", get_args(Client))
def test_every_client_can_be_chosen(client: Client) -> None:
    assert upstream_of(f"url: 'http://h', client: {client}").client == client


def test_upstream_is_as_stated() -> None:
    upstream = upstream_of(
        "url: 'https://h:1/base', client: h1, max_connections: 7, idle_timeout: 250ms,"
        " timeout: {connect: 1s, read: 2m, first_byte: 5m, total: 1h}, ca_file: /ca"
    )

    assert upstream == Upstream(
        name="u",
        url="https://h:1/base",
        client="h1",
        timeout=Timeout(connect=1.0, read=120.0, first_byte=300.0, total=3600.0),
        max_connections=7,
        idle_timeout=0.25,
        ca_file="/ca",
    )


@pytest.mark.parametrize(
    "url",
    [
        "ftp://h",
        "h:80",
        "http://",
        "http://user@h",
        "http://h?q",
        "http://h/#f",
        "http://h /x",
        "//h",
        "http://h\\n",
        "http://h:0",
        "http://h:x",
        "http://h:65536",
        "http://[::1",
    ],
)
def test_url_that_is_no_upstream_s(url: str) -> None:
    assert code_of(f'upstreams: {{u: {{url: "{url}"}}}}') == "HX113"


def test_url_reads_settings_only() -> None:
    assert code_of("upstreams: {u: {url: 'http://{{ headers.host }}'}}") == "HX321"


def test_setting_s_value_has_no_keys() -> None:
    section = (
        "settings: {s: {env: A}}\nupstreams: {u: {url: 'http://{{ settings.s.host }}'}}"
    )

    assert code_of(section) == "HX303"


def test_keys_are_templates_over_settings() -> None:
    source = """\
version: 1
settings: {k: {env: K, secret: true}}
auth: {a: {bearer: ["{{ settings.k }}", "key-{{ settings.k }}"]}}
endpoints: [{path: /x, auth: a, respond: {}}]
"""

    node = gateway_of(source).endpoints[0].pipeline[2]

    assert node == Authenticate(
        BearerAuth("a", ("{{ settings.k }}", "key-{{ settings.k }}"))
    )


def test_keys_do_not_read_the_request() -> None:
    assert code_of("auth: {a: {bearer: ['{{ headers.x }}']}}") == "HX304"


def setting(kind: str, **keys: object) -> Setting:
    return Setting("s", type=kind, **keys)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("item", "values"),
    [
        (setting("string"), ("x",)),
        (setting("string", default=""), ("x", "")),
        (setting("string", optional=True), ("x", None)),
        (setting("string", default="y", optional=True), ("x", "y")),
        (setting("boolean"), (True, False)),
        (setting("boolean", default=False), (True, False, False)),
        (setting("boolean", optional=True), (True, False, None)),
        (setting("integer", default=0), (1, 1_000_000, 0)),
        (setting("size", default="2KiB"), (1024, 2048)),
        (setting("duration", default="250ms"), (1.0, 0.25)),
        (setting("integer", default="five"), (1, 1_000_000)),
    ],
)
def test_samples_are_values_that_a_setting_may_have(
    item: Setting, values: tuple[object, ...]
) -> None:
    assert samples([item]) == {"s": values}


@pytest.mark.parametrize(
    ("source", "item", "values"),
    [
        ("plain", setting("string"), {}),
        ("{{ settings.s }}", setting("string"), None),
        ("{{ settings.s }}", setting("string", default="y"), {"s": "y"}),
        ("{{ settings.s }}", setting("string", optional=True), {"s": None}),
        ("{{ settings.s }}", setting("size", default="1KiB"), {"s": 1024}),
        ("{{ settings.s }}", setting("size", default="1KB"), None),
        ("{{ settings.s ~ settings.t }}", setting("string", default="y"), None),
    ],
)
def test_settings_where_nothing_is_set(
    source: str, item: Setting, values: dict[str, object] | None
) -> None:
    assert by_default(source, {"s": item}) == values
