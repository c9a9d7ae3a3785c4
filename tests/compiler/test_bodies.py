from __future__ import annotations

import pytest

from hxroute import nodes
from tests.compiler.compiling import (
    HEAD,
    codes_of,
    endpoint_of,
    gateway_of,
    mistakes_of,
)


@pytest.mark.parametrize("max_body", ["0", "65536", "64KiB", "'1GiB'", "1B"])
def test_limit_is_a_size(max_body: str) -> None:
    endpoint = endpoint_of(f"request: {{max_body: {max_body}}}, upstream: api")

    limit = endpoint.pipeline[1]
    assert limit == nodes.LimitBody(max_body.strip("'"))


@pytest.mark.parametrize(
    ("max_body", "code"),
    [
        ("64KB", "HX110"),
        ("1 MiB", "HX110"),
        ("-1", "HX110"),
        ("1.5MiB", "HX110"),
        ("true", "HX110"),
        ("'{{ settings.key }}'", "HX308"),
        ("'{{ settings.nope }}'", "HX206"),
        ("'{{ body.x }}'", "HX304"),
        ("'{{ '", "HX303"),
    ],
)
def test_limit_that_is_no_size(max_body: str, code: str) -> None:
    assert codes_of(f"request: {{max_body: {max_body}}}, upstream: api") == [code]


@pytest.mark.parametrize("kind", ["size", "integer"])
def test_limit_from_a_setting(kind: str) -> None:
    source = f"""\
version: 1
settings: {{n: {{env: N, type: {kind}}}}}
endpoints:
  - {{path: /x, auth: none, request: {{max_body: "{{{{ settings.n }}}}"}}, respond: {{}}}}
"""

    limit = gateway_of(source).endpoints[0].pipeline[2]

    assert limit == nodes.LimitBody("{{ settings.n }}")


@pytest.mark.parametrize(
    "default",
    [
        "max_body: '{{ settings.nope }}'",
        "max_body: '{{ settings.key }}'",
        "json: {rename: {a: b}}",
    ],
)
def test_mistake_in_the_defaults_is_reported_once(default: str) -> None:
    source = f"""\
version: 1
settings: {{key: {{env: KEY}}}}
upstreams: {{api: {{url: "http://api"}}}}
headers: {{safe: {{drop: [authorization, cookie]}}}}
defaults: {{auth: none, request: {{headers: safe, {default}}}}}
endpoints: [{{path: /x, upstream: api}}, {{path: /y, upstream: api}}]
"""

    assert [found.span.line for found in mistakes_of(source)] == [5]


def test_rename_needs_a_limit() -> None:
    source = f"""\
{HEAD}endpoints:
  - path: /x
    request:
      json:
        rename: {{a: b}}
    upstream: api
"""

    (found,) = mistakes_of(source)

    assert (found.code, found.span.line) == ("HX305", 12)
    assert found.help == "add `max_body: 1MiB` under `request`"


def test_body_needs_a_limit() -> None:
    keys = "upstream: {name: api, body: {a: '{{ body.a }}', b: '{{ body.b }}'}}"

    found = mistakes_of(f"{HEAD}endpoints:\n  - {{path: /x, {keys}}}\n")

    assert [item.code for item in found] == ["HX305", "HX305"]
    assert found[0].help == "add `request: {max_body: 1MiB}` to the endpoint"


@pytest.mark.parametrize(
    "template", ["{{ body.a.b }}", "{{ body }}", "{{ body['a'] }}"]
)
def test_body_that_is_not_read_is_one_mistake(template: str) -> None:
    keys = f'respond: {{text: "{template}"}}'

    assert codes_of(keys) == ["HX305"]
