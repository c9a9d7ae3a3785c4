"""The single faults are what they claim to be."""

from __future__ import annotations

import pytest

from hxroute.compiler import compile
from hxroute.diagnostics.text import render
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
