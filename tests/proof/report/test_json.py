"""What `--format json` prints has one shape, and loses no byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from syrupy.assertion import SnapshotAssertion

from hxroute.proof.escapes import unescaped
from hxroute.proof.report.json import VERSION, render
from hxroute.proof.verdict import Proof
from tests.proof.report.golden import Json
from tests.proof.report.proofs import PROBLEMS, cookies, hostile, identical, proof
from tests.proof.report.strategies import proofs

SCHEMA = json.loads(
    Path(__file__).with_name("report.schema.json").read_text(encoding="utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)

# syrupy warns, on writing, of golden files that are not named after their test
pytestmark = pytest.mark.filterwarnings(r"ignore:\s*Can not relate snapshot")


def test_report_of_a_small_proof(snapshot: SnapshotAssertion) -> None:
    found = proof(identical(), cookies(), hostile(), problems=PROBLEMS)

    assert render(found) == snapshot(extension_class=Json, name="small")


def test_version_is_the_one_of_the_schema() -> None:
    assert SCHEMA["properties"]["version"] == {"const": VERSION}


@settings(max_examples=150, deadline=None)
@given(found=proofs())
def test_report_has_the_stated_shape_and_every_byte(found: Proof) -> None:
    text = render(found)
    document: Any = json.loads(text)

    VALIDATOR.validate(document)
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    for case, verdict in zip(document["cases"], found.verdicts, strict=True):
        request = verdict.recorded.case.request
        assert unescaped(case["request"]["body"]) == request.body
        for shown, item in zip(case["differences"], verdict.differences, strict=True):
            assert tuple(map(unescaped, shown["old"])) == item.old
            assert tuple(map(unescaped, shown["new"])) == item.new
