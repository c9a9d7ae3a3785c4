"""Diagnostics as JSON, for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from hxroute.diagnostics.report import Diagnostic, Report
from hxroute.diagnostics.shown import as_json, counts, in_order

__all__ = ["render"]

_VERSION: Final = 1
"""The version of the shape; keys may be added to it, none is changed or taken away."""


def render(report: Report) -> str:
    """Render the diagnostics of a file as one JSON object.

    Its keys are `version`, `file`, `diagnostics` in the order of the file, and how many
    `errors` and `warnings` those are. A diagnostic has `code`, `severity`, `message`,
    `span`, `label`, `help` (empty where there is none) and `related`, a list of `message`
    and `span`. Lines and columns count characters from 1; the end is exclusive.
    """
    errors, warnings = counts(report)
    return as_json(
        {
            "version": _VERSION,
            "file": report.file,
            "diagnostics": [_diagnostic(found) for found in in_order(report)],
            "errors": errors,
            "warnings": warnings,
        }
    )


def _diagnostic(found: Diagnostic) -> dict[str, object]:
    return {
        "code": found.code,
        "severity": found.severity,
        "message": found.message,
        "span": asdict(found.span),
        "label": found.label,
        "help": found.help,
        "related": [
            {"message": text, "span": asdict(place)} for place, text in found.related
        ],
    }
