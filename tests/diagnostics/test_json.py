from __future__ import annotations

import json
import re
from pathlib import Path

from hypothesis import given, settings
from jsonschema import Draft202012Validator

from hxroute.diagnostics import Report
from hxroute.diagnostics.json import render
from hxroute.span import Span
from tests.diagnostics.reports import report_of_three, reports

SCHEMA = json.loads(
    Path(__file__).with_name("report.schema.json").read_text(encoding="utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)


def test_report_is_one_object_of_the_stated_shape() -> None:
    assert json.loads(render(report_of_three())) == {
        "version": 1,
        "file": "routes.yaml",
        "diagnostics": [
            {
                "code": "HX312",
                "severity": "warning",
                "message": "a secret has a default",
                "span": {"line": 1, "column": 1, "end_line": 3, "end_column": 1},
                "label": "",
                "help": "remove it",
                "related": [],
            },
            {
                "code": "HX310",
                "severity": "error",
                "message": "this can never match",
                "span": {"line": 5, "column": 11, "end_line": 5, "end_column": 24},
                "label": "",
                "help": "",
                "related": [
                    {
                        "message": "taken here",
                        "span": {
                            "line": 3,
                            "column": 11,
                            "end_line": 3,
                            "end_column": 22,
                        },
                    }
                ],
            },
            {
                "code": "HX201",
                "severity": "error",
                "message": "unknown upstream `litelm`",
                "span": {"line": 6, "column": 15, "end_line": 6, "end_column": 21},
                "label": "here",
                "help": "",
                "related": [],
            },
        ],
        "errors": 2,
        "warnings": 1,
    }


def test_report_without_diagnostics_is_an_object_too() -> None:
    shown = json.loads(render(Report("routes.yaml", "version: 1\n")))

    assert (shown["diagnostics"], shown["errors"], shown["warnings"]) == ([], 0, 0)


@settings(derandomize=True, deadline=None)
@given(reports())
def test_any_report_fits_the_schema_in_visible_ascii(report: Report) -> None:
    shown = render(report)

    Draft202012Validator.check_schema(SCHEMA)
    VALIDATOR.validate(json.loads(shown))
    assert re.fullmatch("[\n -~]*\n", shown)


def test_texts_are_kept_as_they_are() -> None:
    report = Report("düse 😀\x7f.yaml", "a")
    report.add("HX101", "unknown key `a\n\u202e\x1b`", Span(1, 1, 1, 2))

    shown = json.loads(render(report))

    assert shown["file"] == "düse 😀\x7f.yaml"
    assert shown["diagnostics"][0]["message"] == "unknown key `a\n\u202e\x1b`"


def test_half_a_pair_is_replaced() -> None:
    assert json.loads(render(Report("a\udcff.yaml")))["file"] == "a?.yaml"
