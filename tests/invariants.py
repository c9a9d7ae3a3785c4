"""What holds of the compiler for any bytes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any, Final

from hxroute import compiler
from hxroute.backends.python import emit
from hxroute.compiler import Compiled
from hxroute.compiler.source import read
from hxroute.compiler.tree import Mapping, Node, Scalar, Sequence
from hxroute.diagnostics import CATALOG, Diagnostic, Report, github, json, sarif, text
from hxroute.diagnostics.pages import page
from hxroute.diagnostics.shown import printable
from hxroute.span import Span

__all__ = ["compiles_or_says_why", "executed"]

_LINE_BREAK: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What YAML 1.1, and so libyaml, takes for a line break."""

_KEY: Final = re.compile(
    r"\b(?:sk-[\w-]{16,}|(?:sk|rk)_live_[^\W_]{16,}|gh[opsru]_[^\W_]{20,}"
    r"|github_pat_\w{20,}|glpat-[\w-]{20,}|hf_[^\W_]{20,}|A[KS]IA[0-9A-Z]{16}"
    r"|AIza[\w-]{30,}|xox[abprs]-[a-zA-Z0-9-]{10,}"
    r"|eyJ[\w-]{10,1000}\.[\w-]{10,8000}\.[\w-]*)",
    re.ASCII,
)
_LONG_ENOUGH: Final = 8
"""Characters of a constant that can be told from what a message says anyway."""

_PAGES: Final = "".join(map(page, CATALOG))
"""What SARIF shows of any file."""

_PART: Final = 12
"""Characters of a key that are not shown either."""


def compiles_or_says_why(data: bytes) -> Compiled:
    """Compile, and hold the result against what is promised for any bytes."""
    result = compiler.compile(data, "routes.yaml")
    report = result.report
    assert (result.gateway is None) == report.failed
    assert all(found.code in CATALOG for found in report.diagnostics)
    assert len(set(report.diagnostics)) == len(report.diagnostics)
    lines = _LINE_BREAK.split(report.text)
    for found in report.diagnostics:
        for span in (found.span, *(place for place, _ in found.related)):
            assert_within(span, lines)
    assert_shown(result)
    if result.gateway is not None:
        assert executed(emit(result.gateway))["gateway"] == result.gateway
    return result


def executed(module: str) -> dict[str, Any]:
    """Run a module and return its names."""
    names: dict[str, Any] = {}
    exec(module, names)
    return names


def assert_within(span: Span, lines: list[str]) -> None:
    """Assert that a place is one of the text."""
    assert (1, 1) <= (span.line, span.column) <= (span.end_line, span.end_column)
    assert span.line <= len(lines)
    assert span.column <= len(lines[span.line - 1]) + 1
    assert span.end_line <= len(lines)
    assert span.end_column <= len(lines[span.end_line - 1]) + 2


def assert_shown(result: Compiled) -> None:
    """Assert that every renderer shows every diagnostic, and none shows a key."""
    report = result.report
    plain = text.render(report)
    for found in report.diagnostics:
        message = printable(found.message)
        assert f"{found.severity}[{found.code}]: {message}" in plain
    shown = [plain, text.render(report, color=True)]
    shown += [renderer.render(report) for renderer in (github, json, sarif)]
    for key in keys_of(result):
        assert not any(key in output for output in shown), key
        assert not any(key in part for f in report.diagnostics for part in texts_of(f))


def texts_of(found: Diagnostic) -> Iterator[str]:
    """Yield every text of a diagnostic."""
    yield from (found.message, found.label, found.help)
    yield from (said for _, said in found.related)


_SAID_OF_A_KEY = ("name", "not_after")
"""What diagnostics may quote: it is no key."""


def keys_of(result: Compiled) -> set[str]:
    """Return what is a key in any case, and stands in no other place of the file."""
    report = result.report
    rest = _KEY.sub("", report.text) + _PAGES
    parts = ((key[:_PART], key[-_PART:]) for key in _KEY.findall(report.text))
    found = {part for part in itertools.chain(*parts) if part not in rest}
    if result.program is None:
        return found  # what is a key, only the whole file tells
    document = read(report.text.encode(), Report("again"))
    for key, value in document.items if document is not None else ():
        if key.value == "auth":
            found.update(item for item in _constants(value) if is_telling(item, report))
    return found


def is_telling(item: str, report: Report) -> bool:
    """Tell whether a text can only have come from where it stands."""
    return (
        len(item) >= _LONG_ENOUGH
        and "{" not in item
        and any(map(str.isdigit, item))
        and report.text.count(item) <= 1
        and item not in _PAGES
    )


def _constants(node: Node) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items:
            if key.value not in _SAID_OF_A_KEY:
                yield from _constants(value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _constants(item)
    elif isinstance(node, Scalar):
        yield str(node.value)
