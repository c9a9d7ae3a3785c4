"""Reading a source, in one line each."""

from __future__ import annotations

from hxroute.compiler.source import read
from hxroute.compiler.tree import Mapping, plain, unrepeated
from hxroute.diagnostics import Report
from hxroute.diagnostics.text import render


def data_of(source: str | bytes) -> object:
    report = Report("routes.yaml")
    node = read(source.encode() if isinstance(source, str) else source, report)
    assert report.diagnostics == []
    assert node is not None
    return plain(node)


def document_of(source: str) -> Mapping:
    node = read(source.encode(), Report("routes.yaml"))
    assert node is not None
    return node


def refused(source: str | bytes) -> tuple[str, str, int, int]:
    report = Report("routes.yaml")
    node = read(source.encode() if isinstance(source, str) else source, report)
    assert node is None
    (found,) = report.diagnostics
    assert render(report).startswith(f"error[{found.code}]")
    return found.code, found.message, found.span.line, found.span.column


def mistakes_beside(source: str) -> tuple[object, list[tuple[str, str, int, int]]]:
    """Return the data of a document and what is wrong with it."""
    report = Report("routes.yaml")
    node = read(source.encode(), report)
    assert node is not None
    assert render(report).count("error[") == len(report.diagnostics)
    return plain(unrepeated(node)), [
        (found.code, found.message, found.span.line, found.span.column)
        for found in report.diagnostics
    ]
