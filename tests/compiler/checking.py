"""Checking one template, in one line each."""

from __future__ import annotations

from hxroute.compiler import expressions
from hxroute.compiler.expressions import Place
from hxroute.compiler.source import read
from hxroute.diagnostics import Report
from hxroute.span import Span

PLACE = Place(
    {"settings": frozenset({"url", "port"}), "headers": None, "body": None},
    secrets=frozenset({"key"}),
)


def report_on(source: str, place: Place = PLACE) -> Report:
    """Check the value of `a:`."""
    report = Report("routes.yaml")
    document = read(source.encode(), report)
    assert document is not None
    node = document.get("a")
    assert node is not None
    expressions.document(node, place, report)
    return report


def checked(source: str, place: Place = PLACE) -> list[tuple[str, str, Span]]:
    """Check the value of `a:` and return what is found."""
    found = report_on(source, place).diagnostics
    return [(item.code, item.message, item.span) for item in found]
