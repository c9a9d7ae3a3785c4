from __future__ import annotations

import re

import pytest

from hxroute.diagnostics import CATALOG, Diagnostic, Report, did_you_mean
from hxroute.span import Span

HERE = Span(1, 1, 1, 2)


def test_error_fails_a_report() -> None:
    report = Report("routes.yaml")

    report.add("HX101", "unknown key", HERE, label="here", help="remove it")

    assert report.failed
    assert report.diagnostics == [
        Diagnostic("HX101", "unknown key", HERE, "here", "remove it", "error", ())
    ]


def test_warning_does_not_fail_a_report() -> None:
    report = Report("routes.yaml")

    report.add("HX312", "a secret has a default", HERE, help="remove it")

    assert not report.failed
    assert report.diagnostics[0].severity == "warning"


def test_same_mistake_is_reported_once() -> None:
    report = Report("routes.yaml")

    report.add("HX312", "unknown key `a`", HERE)
    report.add("HX312", "unknown key `b`", HERE)
    report.add("HX312", "unknown key `a`", HERE)

    assert [found.message[-3:] for found in report.diagnostics] == ["`a`", "`b`"]


def test_report_without_diagnostics_has_not_failed() -> None:
    assert not Report("routes.yaml").failed


def test_code_that_is_not_in_the_catalog_is_a_defect() -> None:
    with pytest.raises(AssertionError):
        Report("routes.yaml").add("HX999", "what", HERE)


@pytest.mark.parametrize(
    ("name", "known", "text"),
    [
        ("litelm", ["openai", "litellm"], "did you mean `litellm`?"),
        ("x", ["openai", "litellm"], "known are `litellm`, `openai`"),
        ("x", [], ""),
        ("", ["a"], "known are `a`"),
        ("x", [f"name_{n}" for n in range(20)], None),
        ("x", [f"name_{n}" for n in range(21)], ""),
    ],
)
def test_did_you_mean(name: str, known: list[str], text: str | None) -> None:
    shown = did_you_mean(name, known)

    if text is None:
        assert shown.startswith("known are `name_0`, ")
    else:
        assert shown == text


def test_did_you_mean_does_not_depend_on_the_order() -> None:
    assert did_you_mean("ab", ["abd", "abc"]) == did_you_mean("ab", ["abc", "abd"])


def test_catalog_is_in_order_and_says_what_each_code_means() -> None:
    assert list(CATALOG) == sorted(CATALOG)
    assert len(set(CATALOG.values())) == len(CATALOG)
    for code, meaning in CATALOG.items():
        assert re.fullmatch(r"HX[0-4][0-9]{2}", code)
        assert meaning
        assert not meaning.endswith(".")
