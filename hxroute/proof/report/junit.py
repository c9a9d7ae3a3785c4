"""A proof as JUnit XML: a test case a case, and one for each problem of the ledger.

The form is the one that Jenkins, GitLab and GitHub's reporters read. It says nothing of
time and of machines, so that equal proofs give equal reports. All texts are printable,
and with that characters of XML 1.0 (section 2.2).
"""

from __future__ import annotations

from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from hxroute.diagnostics.shown import printable
from hxroute.proof.report import text
from hxroute.proof.report.values import cut, visible
from hxroute.proof.verdict import Problem, Proof, Verdict

__all__ = ["render"]

_CASES: Final = "hxroute.prove"
_LEDGER: Final = "hxroute.ledger"
"""What takes the place of a class, which reporters group by."""

_LONG: Final = 500
"""Characters of a message that are shown; the whole of it stands in the text."""


def render(proof: Proof) -> str:
    """Render a proof."""
    counts: dict[str, Any] = {
        "tests": str(len(proof.verdicts) + len(proof.problems)),
        "failures": str(proof.count("unexplained") + len(proof.problems)),
        "errors": "0",
    }
    root = Element("testsuites", name="hxroute prove", **counts)
    suite = SubElement(root, "testsuite", name="proof", skipped="0", **counts)
    properties = SubElement(suite, "properties")
    for name in ("oracle", "new", "routes", "summary"):
        value = printable(getattr(proof, name))
        SubElement(properties, "property", name=name, value=value)
    for verdict in proof.verdicts:
        _case(suite, verdict, proof.routes)
    for problem in proof.problems:
        _problem(suite, problem)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, "unicode")}\n'


def _case(suite: Element, verdict: Verdict, routes: str) -> None:
    name = visible(verdict.name)
    case = SubElement(suite, "testcase", name=name, classname=_CASES)
    if verdict.outcome == "unexplained":
        facts = [item.fact for item in verdict.differences if not item.is_sanctioned]
        said = cut(", ".join(map(visible, facts)), _LONG)
        differs = f"{text.request_line(verdict)}\n\n{text.of_verdict(verdict, routes)}"
        _fail(case, "unexplained", f"other than recorded: {said}", differs)
    elif verdict.outcome == "sanctioned":
        reasons = "; ".join(map(printable, verdict.reasons)) or "sanctioned"
        SubElement(case, "system-out").text = f"sanctioned: {reasons}"


def _problem(suite: Element, problem: Problem) -> None:
    at = f"{printable(problem.file)}:{problem.line}"
    case = SubElement(suite, "testcase", name=at, classname=_LEDGER)
    cure = f"\nhelp: {printable(problem.help)}" if problem.help else ""
    message = printable(problem.message)
    _fail(case, "ledger", message, f"{at}: {message}{cure}")


def _fail(case: Element, kind: str, message: str, content: str) -> None:
    SubElement(case, "failure", type=kind, message=message).text = content
