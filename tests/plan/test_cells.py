"""Cells, against all requests of a small world and two routers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxroute.paths import Policy
from hxroute.plan.cells import Cell, cells
from hxroute.space import Budget, OutOfSteps
from tests.tables import REQUESTS, Table, fate_of, router_of, space_of, tables


def cells_of(old: Table, new: Table, steps: int = 10**6) -> list[Cell]:
    budget = Budget(steps)
    return list(cells(space_of(old, budget=budget), space_of(new, budget=budget)))


@settings(derandomize=True, deadline=None, max_examples=150)
@given(tables, tables)
def test_cells_are_the_fates_of_all_requests(old: Table, new: Table) -> None:
    before, after = router_of(old), router_of(new)
    fates = {(fate_of(before, *r), fate_of(after, *r)) for r in REQUESTS}

    found = cells_of(old, new)

    assert fates <= {(cell.old, cell.new) for cell in found}
    assert len(found) == len({(cell.old, cell.new) for cell in found})
    for cell in found:
        method, path = cell.request.method, cell.request.path
        assert fate_of(before, method, path) == cell.old
        assert fate_of(after, method, path) == cell.new


def test_cells_of_an_endpoint_that_only_one_policy_lets_through() -> None:
    table: Table = [("/a%2Fb", ()), ("/{x}", ())]
    budget = Budget()
    old, new = space_of(table, "as_sent", budget), space_of(table[1:], "strict", budget)

    found = {(cell.old, cell.new): str(cell.request) for cell in cells(old, new)}

    assert found[0, "bad_path"] == "GET /a%2Fb"
    assert found[1, 0] == "GET /x"
    assert (0, 0) not in found
    back = {(cell.old, cell.new): str(cell.request) for cell in cells(new, old)}
    assert back["bad_path", 0] == "GET /a%2Fb"


def test_cells_of_the_same_paths_by_other_methods_take_few_steps() -> None:
    rows: Table = [(f"/v1/a{n}", ("GET",)) for n in range(500)]
    rest: Table = [("/v1/{rest:path}", ())]

    assert len(cells_of([*rows, *rest], [*rows, *rest], 60_000)) < 2_000


def test_cells_of_too_many_pairs_are_not_told_apart() -> None:
    many: Table = [("/a", ("GET",))] * 2000

    with pytest.raises(OutOfSteps):
        cells_of(many, [("/a", ("PUT",))] * 2000)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(tables, tables, st.booleans())
def test_cells_of_two_policies_are_true(old: Table, new: Table, turn: bool) -> None:
    old, new = odd(old), odd(new)
    policies: list[Policy] = ["strict", "as_sent"]
    one, other = policies[::-1] if turn else policies
    before, after = router_of(old, one), router_of(new, other)
    budget = Budget()
    found = list(cells(space_of(old, one, budget), space_of(new, other, budget)))

    doubled = [request for request in REQUESTS if request[1].startswith(b"//")]
    plain = [r for r in REQUESTS if b"b" not in r[1] and r not in doubled]
    fates = {(fate_of(before, *r), fate_of(after, *r)) for r in plain}
    assert fates <= {(cell.old, cell.new) for cell in found}
    for cell in found:
        method, path = cell.request.method, cell.request.path
        assert fate_of(before, method, path) == cell.old
        assert fate_of(after, method, path) == cell.new


def odd(table: Table) -> Table:
    """Return a table in which a policy refuses some endpoints."""
    return [(path.replace("b", "%2F"), methods) for path, methods in table]
