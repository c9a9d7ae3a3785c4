"""What holds for any gateway and for any text."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hxroute import compiler
from hxroute.backends.python import emit
from hxroute.diagnostics import CATALOG, Report
from hxroute.diagnostics.shown import printable
from hxroute.diagnostics.text import render
from hxroute.ir import Gateway
from tests.strategies import gateways, mistaken_routes

SOME = settings(derandomize=True, deadline=None, max_examples=150)
MANY = settings(
    derandomize=True,
    deadline=None,
    max_examples=300,
    suppress_health_check=[HealthCheck.large_base_example, HealthCheck.too_slow],
)

_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What YAML 1.1, and so libyaml, takes for a line break."""


@SOME
@given(gateways)
def test_emitted_module_makes_the_gateway_again(gateway: Gateway) -> None:
    module = executed(emit(gateway))

    assert module["gateway"] == gateway


@SOME
@given(gateways)
def test_emit_of_an_emitted_gateway_is_the_same_text(gateway: Gateway) -> None:
    text = emit(gateway)

    again = executed(text)["gateway"]

    assert emit(again) == emit(gateway) == text


@SOME
@given(gateways)
def test_emitted_text_is_one_that_any_editor_keeps(gateway: Gateway) -> None:
    text = emit(gateway)

    assert text.replace("\n", "").isprintable()
    assert text.encode().decode() == text


def test_emitted_modules_are_what_ruff_would_write(tmp_path: Path) -> None:
    for number, gateway in enumerate(sample()):
        (tmp_path / f"gateway_{number}.py").write_text(emit(gateway), encoding="utf-8")

    found = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (found.returncode, found.stdout) == (0, ""), found.stderr


@MANY
@given(mistaken_routes())
def test_compile_of_a_mistaken_file_gives_diagnostics(source: str) -> None:
    compiles_or_says_why(source.encode("utf-8", "surrogatepass"))


@MANY
@given(st.text())
@example("a: éééé\0")
@example("\ufeff\ufeffversion: 1")
@example('version: 1\n"\u2028": "{{ x }}"')
def test_compile_of_any_text_gives_diagnostics(source: str) -> None:
    compiles_or_says_why(source.encode())


@MANY
@given(st.binary())
@example("a: éééé".encode() + b"\xff")
@example(b"\xef\xbb\xbfa: \xff")
def test_compile_of_any_bytes_gives_diagnostics(data: bytes) -> None:
    compiles_or_says_why(data)


@SOME
@given(st.text("ab{}%#|.()[]'\" 1+-~*/=,:\n", max_size=60))
def test_compile_of_any_template_gives_diagnostics(template: str) -> None:
    quoted = template.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    source = (
        "version: 1\n"
        f'endpoints: [{{path: /x, auth: none, respond: {{text: "{quoted}"}}}}]'
    )

    compiles_or_says_why(source.encode())


def executed(module: str) -> dict[str, Any]:
    """Run a module and return its names."""
    names: dict[str, Any] = {}
    exec(module, names)
    return names


def sample() -> list[Gateway]:
    """Return twenty gateways, the same at each run."""
    found: list[Gateway] = []

    @settings(derandomize=True, deadline=None, max_examples=20, database=None)
    @given(gateways)
    def collect(gateway: Gateway) -> None:
        found.append(gateway)

    collect()
    return found


def compiles_or_says_why(data: bytes) -> None:
    result = compiler.compile(data, "routes.yaml")
    gateway, report = result.gateway, result.report

    assert (gateway is None) == report.failed
    assert all(found.code in CATALOG for found in report.diagnostics)
    assert len(set(report.diagnostics)) == len(report.diagnostics)
    lines = _LINE_BREAK.split(report.text)
    for found in report.diagnostics:
        span = found.span
        assert (1, 1) <= (span.line, span.column) <= (span.end_line, span.end_column)
        assert span.line <= len(lines)
        assert span.column <= len(lines[span.line - 1]) + 1
        assert span.end_line <= len(lines)
        assert span.end_column <= len(lines[span.end_line - 1]) + 2
    assert_renders(report)


def assert_renders(report: Report) -> None:
    shown = render(report)

    for found in report.diagnostics:
        message = printable(found.message)
        assert f"{found.severity}[{found.code}]: {message}" in shown
