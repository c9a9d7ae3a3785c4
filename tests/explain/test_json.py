"""What `--json` prints has one shape, whatever the request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from hxroute import paths
from hxroute.compiler import compile
from hxroute.explain import Explanation, Question, explain
from hxroute.explain.data import Answer, Call, Candidate, Failure, Field, Step
from hxroute.explain.json import render
from hxroute.http import Timeout
from tests.explain.files import ENVIRONMENTS, REPOSITORY, RICH, compiled, explained
from tests.explain.strategies import questions
from tests.processes import ROOT
from tests.strategies import mistaken_routes

SCHEMA = json.loads(
    Path(__file__).with_name("explanation.schema.json").read_text(encoding="utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)
FILES = {"rich": compiled(RICH), "hx": compiled(REPOSITORY)}
PATHS = {
    name: tuple(endpoint.path for endpoint in result.gateway.endpoints)
    for name, result in FILES.items()
    if result.gateway is not None
}


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_explanation_has_the_stated_shape(name: str, data: st.DataObject) -> None:
    question = data.draw(questions(PATHS[name]))
    environ = data.draw(st.sampled_from([{}, *ENVIRONMENTS.values()]))

    printed = render(explain(FILES[name], question, environ))

    VALIDATOR.validate(json.loads(printed))
    assert printed.endswith("}\n")
    assert all(" " <= item <= "~" or item == "\n" for item in printed)


CASES = sorted((ROOT / "tests" / "cases" / "valid").glob("*.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_every_endpoint_of_every_case_can_be_explained(case: Path) -> None:
    result = compiled(case.read_text(encoding="utf-8"))
    assert result.gateway is not None
    for endpoint in result.gateway.endpoints:
        path = paths.parse_pattern(endpoint.path).sample.decode()
        for method in (*endpoint.methods, "HEAD", "POST", "TRACE"):
            explanation = explained(result, f"{method} {path}?a=1", body=b"{}")

            VALIDATOR.validate(json.loads(render(explanation)))


@settings(max_examples=60, deadline=None)
@given(mistaken_routes(), questions(PATHS["hx"]))
def test_whatever_compiles_can_be_explained(text: str, question: Question) -> None:
    result = compile(text.encode(errors="replace"), "routes.yaml")
    if result.gateway is not None:
        VALIDATOR.validate(json.loads(render(explain(result, question, {}))))


def test_schema_and_data_name_the_same_fields() -> None:
    shapes = SCHEMA["$defs"]
    for kind in (Answer, Call, Candidate, Failure, Field, Step):
        shape = shapes[kind.__name__.lower()]
        assert set(shape["properties"]) == set(kind.__dataclass_fields__)
        assert shape["required"] == list(kind.__dataclass_fields__)
    waits = shapes["call"]["properties"]["timeout"]["properties"]
    assert set(waits) == set(Timeout.__dataclass_fields__)
    assert SCHEMA["required"] == ["version", *Explanation.__dataclass_fields__]


def test_module_says_what_every_field_is() -> None:
    from hxroute.explain import data

    assert data.__doc__ is not None
    for kind in (Answer, Call, Candidate, Explanation, Failure, Field, Step):
        for name in kind.__dataclass_fields__:
            assert f'"{name}"' in data.__doc__


def test_whole_object_of_a_small_request() -> None:
    environ = {"HX_MASTER_KEY": "right"}

    printed = render(explained(FILES["hx"], "GET /healthz", environ=environ))

    body = '{"ok":true,"note":"HX wrapper \u2013 proxy mode"}'
    headers = [["content-type", "application/json"], ["content-length", "46"]]
    answer = {"status": 200, "headers": headers, "body": body}
    found = json.loads(printed)
    assert found["answer"] == answer
    assert found["steps"][-1] == {
        "node": "Respond",
        "line": 99,
        "text": "answer 200, without an upstream",
        "ends": answer,
    }
    assert (found["version"], found["method"], found["call"]) == (1, "GET", None)
