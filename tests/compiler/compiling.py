"""What tests ask of the compiler, in one line each."""

from __future__ import annotations

from hxroute.compiler import compile
from hxroute.diagnostics import Diagnostic, Report
from hxroute.ir import Endpoint, Gateway, HeaderRules

FILE = "routes.yaml"


def report_of(source: str | bytes) -> Report:
    """Return the report on a routes file."""
    data = source.encode() if isinstance(source, str) else source
    return compile(data, FILE).report


def mistakes_of(source: str | bytes) -> list[Diagnostic]:
    """Return what is wrong with a routes file, warnings aside."""
    found = report_of(source).diagnostics
    return [item for item in found if item.severity == "error"]


def warnings_of(source: str | bytes) -> list[Diagnostic]:
    """Return the warnings of a routes file."""
    found = report_of(source).diagnostics
    return [item for item in found if item.severity == "warning"]


def gateway_of(source: str) -> Gateway:
    """Return the gateway of a routes file that has no mistakes."""
    assert mistakes_of(source) == []
    gateway = compile(source.encode(), FILE).gateway
    assert gateway is not None
    return gateway


def places_of(source: str | bytes) -> list[tuple[str, int, int]]:
    """Return the code, line and column of each mistake."""
    return [
        (found.code, found.span.line, found.span.column)
        for found in mistakes_of(source)
    ]


def messages_of(source: str | bytes) -> list[str]:
    """Return the message of each mistake."""
    return [found.message for found in mistakes_of(source)]


HEAD = """\
version: 1
settings:
  key: {env: KEY, secret: true}
  limit: {env: LIMIT, type: size, default: 1MiB}
upstreams: {api: {url: "http://api"}}
headers: {safe: {drop: [authorization, cookie]}}
defaults: {auth: none, observe: none, request: {headers: safe}}
"""
SAFE = HeaderRules("safe", drop=("authorization", "cookie"))


def endpoint_of(keys: str, path: str = "/x") -> Endpoint:
    return gateway_of(f"{HEAD}endpoints:\n  - {{path: '{path}', {keys}}}\n").endpoints[
        0
    ]


def codes_of(keys: str, path: str = "/x") -> list[str]:
    source = f"{HEAD}endpoints:\n  - {{path: '{path}', {keys}}}\n"
    return [found.code for found in mistakes_of(source)]
