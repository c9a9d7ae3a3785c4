"""The single faults are what they claim to be, and `hxroute prove` finds each."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hxroute.compiler import compile
from hxroute.diagnostics.text import render
from tests.compat.handed import CORPUS
from tests.processes import HXROUTE, START_SECONDS, environment
from tests.proof.mutations import MUTATIONS, ORIGINAL, Mutation

GATEWAY = compile(ORIGINAL.encode(), "routes.yaml").gateway


def test_there_are_twenty_faults_and_more_by_as_many_names() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS) >= 20
    assert len({mutation.text for mutation in MUTATIONS}) == len(MUTATIONS)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda item: item.name)
def test_mutation_applies_once(mutation: Mutation) -> None:
    assert ORIGINAL.count(mutation.old) == 1


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda item: item.name)
def test_mutation_compiles_to_another_gateway(mutation: Mutation) -> None:
    compiled = compile(mutation.text.encode(), "routes.yaml")

    assert compiled.gateway is not None, render(compiled.report)
    assert compiled.gateway != GATEWAY


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda item: item.name)
def test_mutation_names_a_line_that_is_there(mutation: Mutation) -> None:
    lines = [line.strip() for line in mutation.text.splitlines()]

    assert any(line.startswith(mutation.blamed) for line in lines)
    assert mutation.facts


def proved(folder: Path, text: str, *cases: str) -> tuple[int, dict[str, Any]]:
    """Prove the recorded cases on a routes file, by the command."""
    (folder / "routes.yaml").write_text(text, encoding="utf-8")
    command = [*HXROUTE, "prove", "-c", str(CORPUS), "--format", "json", *cases]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=START_SECONDS,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.name)
def test_mutation_is_caught_by_prove(mutation: Mutation, tmp_path: Path) -> None:
    code, proof = proved(tmp_path, mutation.text, mutation.case)

    (case,) = proof["cases"]
    unexplained = [item for item in case["differences"] if not item["sanctioned"]]
    lines = mutation.text.splitlines()
    named = {lines[item["line"] - 1].strip() for item in unexplained if item["line"]}
    assert (code, case["outcome"]) == (1, "unexplained")
    assert {item["fact"] for item in unexplained} >= set(mutation.facts)
    assert any(line.startswith(mutation.blamed) for line in named), named


def test_cases_that_catch_mutations_hold_on_the_file_itself(tmp_path: Path) -> None:
    cases = {mutation.case for mutation in MUTATIONS}

    code, proof = proved(tmp_path, ORIGINAL, *cases)

    assert code == 0, proof["summary"]
    assert proof["counts"]["unexplained"] == 0
