"""What reporters of tests read."""

from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given, settings
from syrupy.assertion import SnapshotAssertion

from hxroute.proof.report.junit import render
from hxroute.proof.report.text import of_verdict
from hxroute.proof.verdict import Proof
from tests.proof.report.golden import Xml
from tests.proof.report.proofs import (
    PROBLEMS,
    cookies,
    hostile,
    identical,
    proof,
    renamed,
)
from tests.proof.report.strategies import proofs

CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase"},
    "properties": {"property"},
    "property": set(),
    "testcase": {"failure", "system-out"},
    "failure": set(),
    "system-out": set(),
}
ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped"},
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"name", "classname"},
    "failure": {"message", "type"},
    "system-out": set(),
}
"""What of Jenkins' schema (jenkins-junit.xsd) is used here."""

# syrupy warns, on writing, of golden files that are not named after their test
pytestmark = pytest.mark.filterwarnings(r"ignore:\s*Can not relate snapshot")


def parsed(found: Proof) -> Element:
    root = fromstring(render(found).encode())
    for element in root.iter():
        assert {child.tag for child in element} <= CHILDREN[element.tag]
        assert set(element.attrib) == ATTRIBUTES[element.tag]
    return root


def test_report_of_a_small_proof(snapshot: SnapshotAssertion) -> None:
    found = proof(identical(), cookies(), hostile(), problems=PROBLEMS)

    assert render(found) == snapshot(extension_class=Xml, name="small")


def test_failure_is_the_difference_as_text() -> None:
    failure = parsed(proof(renamed())).find(".//failure")

    assert failure is not None
    assert failure.text is not None
    assert failure.text.endswith(of_verdict(renamed(), "routes.yaml"))
    assert failure.get("message") == (
        "other than recorded: client.body, client.headers.content-length, "
        "client.headers.x-frame-options, upstream.body"
    )


def test_sanctioned_case_passes_and_says_why() -> None:
    (case,) = parsed(proof(cookies())).iter("testcase")

    assert [child.tag for child in case] == ["system-out"]
    assert case[0].text == (
        "sanctioned: Merged fields are broken ones (two cookies became one)."
    )


def test_problem_of_the_ledger_is_a_failure_of_its_own() -> None:
    (case,) = parsed(proof(problems=PROBLEMS[:1])).iter("testcase")

    assert case.attrib == {"name": "divergences.yaml:12", "classname": "hxroute.ledger"}
    assert case[0].text == (
        "divergences.yaml:12: case `gone` is not in the corpus\nhelp: remove the entry"
    )


@settings(max_examples=150, deadline=None)
@given(found=proofs())
def test_any_proof_is_valid_xml_and_counted(found: Proof) -> None:
    root = parsed(found)

    failing = sum(1 for _ in root.iter("failure"))
    assert root.get("failures") == str(failing)
    assert root.get("tests") == str(sum(1 for _ in root.iter("testcase")))
    assert found.holds == (not failing)
