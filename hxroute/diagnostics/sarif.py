"""Diagnostics as SARIF 2.1.0 (OASIS), for code scanning."""

from __future__ import annotations

import os
from importlib import metadata
from typing import Final
from urllib.parse import quote

from hxroute.diagnostics.catalog import CATALOG
from hxroute.diagnostics.pages import page
from hxroute.diagnostics.report import Diagnostic, Report
from hxroute.diagnostics.shown import as_json, in_order, prose
from hxroute.span import Span

__all__ = ["render"]

_SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
    "sarif-schema-2.1.0.json"
)
_LINE_ENDS: Final = ("\r\n", "\n", "\r", "\x85", "\u2028", "\u2029")
"""What ends a line here, which is more than SARIF takes for granted."""


def render(report: Report) -> str:
    """Render the diagnostics of a file as a SARIF log of one run."""
    found = in_order(report)
    levels = {item.code: item.severity for item in found}
    codes = sorted(levels)
    driver = {
        "name": "hxroute",
        "version": metadata.version("hxroute"),
        "rules": [_rule(code, levels[code]) for code in codes],
    }
    uri = _uri(report.file)
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "newlineSequences": _LINE_ENDS,
        "results": [_result(item, codes.index(item.code), uri) for item in found],
    }
    return as_json({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(code: str, level: str) -> dict[str, object]:
    text = page(code)
    what = " ".join(text.split("\n\n")[1].split())
    return {
        "id": code,
        "shortDescription": {"text": CATALOG[code]},
        "fullDescription": {"text": what},
        "help": {"text": what, "markdown": text},
        "defaultConfiguration": {"level": level},
    }


def _result(found: Diagnostic, index: int, uri: str) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": found.code,
        "ruleIndex": index,
        "level": found.severity,
        "message": {"text": prose(found)},
        "locations": [_location(found.span, uri)],
    }
    if found.related:
        result["relatedLocations"] = [
            {"id": number, **_location(place, uri), "message": {"text": text}}
            for number, (place, text) in enumerate(found.related, 1)
        ]
    return result


def _location(span: Span, uri: str) -> dict[str, object]:
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
    place = {"artifactLocation": {"uri": uri}, "region": region}
    return {"physicalLocation": place}


def _uri(file: str) -> str:
    """Write a file name as a URI reference (RFC 3986), an absolute one as `file:`."""
    path = quote(os.fsencode(file))
    return f"file://{path}" if file.startswith("/") else path
