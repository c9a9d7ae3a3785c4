"""What the tree says, against all requests of a small world and the router itself."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxroute.ir import Endpoint
from hxroute.paths import Policy, parse_pattern
from hxroute.space import Budget, OutOfSteps, Unnamed, claim_of, meet
from tests.tables import (
    PATHS,
    REQUESTS,
    Table,
    fate_of,
    router_of,
    space_of,
    tables,
    written_paths,
)

MANY = settings(derandomize=True, deadline=None, max_examples=120)


@MANY
@given(tables)
def test_witness_is_there_for_whoever_gets_a_request(table: Table) -> None:
    space, router = space_of(table), router_of(table)
    reached = {fate_of(router, *request) for request in REQUESTS}

    for place in range(len(table)):
        witness = space.witness(place)
        if witness is None:
            assert place not in reached
        else:
            assert fate_of(router, witness.method, witness.path) == place


@MANY
@given(tables)
def test_taken_is_what_no_request_reaches(table: Table) -> None:
    space, router = space_of(table), router_of(table)
    got = {(fate_of(router, *request), request[0]) for request in REQUESTS}

    for place, (_, methods) in enumerate(table):
        for method in methods or (None,):
            if place in space.refused:
                assert (place, method or "PROPFIND") not in got
                continue
            taken = space.taken(place, method)
            assert (taken is None) == ((place, method or "PROPFIND") in got)
            if taken is not None:
                shown = taken.request
                assert fate_of(router, shown.method, shown.path) == taken.first
                assert taken.first in taken.takers


@MANY
@given(tables)
def test_takers_alone_take_all(table: Table) -> None:
    space = space_of(table)
    for place, (path, methods) in enumerate(table):
        for method in methods or (None,):
            taken = space.taken(place, method)
            if taken is not None:
                alone = [table[taker] for taker in taken.takers]
                again = space_of([*alone, (path, methods)])
                assert again.taken(len(alone), method) is not None


@MANY
@given(tables)
def test_overlaps_are_those_that_a_request_shows(table: Table) -> None:
    space, router = space_of(table), router_of(table)
    found = [item for place in range(len(table)) for item in space.overlaps(place)]
    pairs = [(item.earlier, item.later) for item in found]

    assert sorted(pairs) == overlaps_of(table)
    for item in found:
        request = item.request
        assert fate_of(router, request.method, request.path) == item.earlier
        alone = router_of([table[item.later]])
        assert fate_of(alone, request.method, request.path) == 0


def overlaps_of(table: Table) -> list[tuple[int, int]]:
    """Return the pairs by trying every request."""
    router, alone = router_of(table), [router_of([row]) for row in table]
    own = [paths_of(path) for path, _ in table]
    got: dict[int | str, list[tuple[str, bytes]]] = {}
    for request in REQUESTS:
        got.setdefault(fate_of(router, *request), []).append(request)
    return [
        (one, other)
        for one, other in itertools.combinations(range(len(table)), 2)
        if own[one] - own[other] and own[other] - own[one]
        if any(fate_of(alone[other], *request) == 0 for request in got.get(one, ()))
    ]


def paths_of(path: str) -> set[bytes]:
    pattern = parse_pattern(path)
    return {path for path in PATHS if pattern.matches(path.split(b"/"))}


@MANY
@given(written_paths(), written_paths())
def test_meet_is_what_both_match(one: str, other: str) -> None:
    pattern = meet(parse_pattern(one), parse_pattern(other))

    common = paths_of(one) & paths_of(other)

    if pattern is None:
        assert not common
    else:
        assert common == {path for path in PATHS if pattern.matches(path.split(b"/"))}


def claims_of(*paths: str) -> Table:
    return [(path, ()) for path in paths]


@pytest.mark.parametrize(
    ("paths", "shown"),
    [
        (["/"], "GET /"),
        (["/v1/things/{id}"], "GET /v1/things/x"),
        (["/{a}/{b}"], "GET /x/x"),
        (["/{a:path}"], "GET /x"),
        (["/x", "/{a}"], "GET /y"),
        (["/x", "/y", "/z", "/x1", "/{a}"], "GET /x2"),
        (["/{a}", "/{rest:path}"], "GET /"),
        (["/{a}", "/", "/{rest:path}"], "GET /x/x"),
        (["/caf\u00e9"], "GET /caf%C3%A9"),
        (["/a%2eb/%7e"], "GET /a.b/~"),
    ],
)
def test_witness_is_readable(paths: list[str], shown: str) -> None:
    assert str(space_of(claims_of(*paths)).witness(len(paths) - 1)) == shown


def test_witness_uses_a_method_that_is_left() -> None:
    taken = ("GET", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH", "PUT")
    rows: Table = [
        ("/a", taken[:2]),
        ("/a", taken[2:]),
        ("/a", ("PROPFIND",)),
        ("/a", ()),
    ]

    assert str(space_of(rows[:1] + rows[3:]).witness(1)) == "DELETE /a"
    assert str(space_of(rows).witness(3)) == "REPORT /a"


@pytest.mark.parametrize(
    ("path", "policy", "shown"),
    [
        ("/a/../b", "as_sent", None),
        ("/a/%2E%2e", "as_sent", None),
        ("/a%2Fb", "strict", None),
        ("/a%2Fb", "as_sent", "GET /a%2Fb"),
        ("/a%5c..", "as_sent", "GET /a%%35C.."),
        ("/a\\..", "as_sent", None),
        ("/a\\b", "strict", None),
        ("/%00", "strict", None),
        ("/%00", "as_sent", "GET /%%300"),
        ("/%zz", "strict", None),
        ("/%zz", "as_sent", "GET /%zz"),
    ],
)
def test_witness_is_one_that_the_policy_lets_through(
    path: str, policy: Policy, shown: str | None
) -> None:
    space = space_of(claims_of(path), policy)
    witness = space.witness(0)

    assert (None if witness is None else str(witness)) == shown
    assert (0 in space.refused) == (witness is None)
    if witness is not None:
        router = router_of(claims_of(path), policy)
        assert fate_of(router, witness.method, witness.path) == 0


ODD = ("", "%", "%2e", ".", "..", "%%32e", "a%5C..", "%00", "\\..", "%2f", "a", "{p}")


@MANY
@given(
    st.lists(st.sampled_from(ODD), min_size=1, max_size=2, unique=True),
    st.sampled_from(["strict", "as_sent"]),
)
def test_refused_is_whatever_no_spelling_reaches(
    parts: list[str], policy: Policy
) -> None:
    table = claims_of("/" + "/".join(parts))
    space, router = space_of(table, policy), router_of(table, policy)
    spellings = [
        part.replace("{p}", "x").encode() for part in (*ODD, "%%30%30", "%%35C")
    ]
    sent = itertools.product([*spellings, b"a%%35C.."], repeat=len(parts))

    reached = any(fate_of(router, "GET", b"/" + b"/".join(path)) == 0 for path in sent)

    assert (space.witness(0) is not None) >= reached
    witness = space.witness(0)
    if witness is not None:
        assert fate_of(router, witness.method, witness.path) == 0


def test_path_that_is_no_pattern_takes_nothing() -> None:
    assert claim_of(Endpoint("a", ())) is None


def test_unnamed_is_never_a_name() -> None:
    names = [b"x", b"y", b"z", *(b"x%d" % n for n in range(1, 30))]

    unnamed = Unnamed.besides(names, ["PROPFIND", "REPORT", "SEARCH", "X"])

    assert unnamed == Unnamed(b"x30", "XX")


def ambiguous(count: int) -> Table:
    """Return endpoints of which each of one half overlaps each of the other."""
    return claims_of(
        *(f"/{{x}}/a{n}" for n in range(count)), *(f"/b{n}/{{x}}" for n in range(count))
    )


def exploding(depth: int) -> Table:
    """Return every path of literals and parameters of a depth."""
    shapes = itertools.product(["a", "*"], repeat=depth)
    return claims_of(
        *(
            "/" + "/".join(f"{{p{n}}}" if s == "*" else s for n, s in enumerate(shape))
            for shape in shapes
        )
    )


def nested_rests(depth: int) -> Table:
    """Return paths that leave of a rest only what is longer still."""
    empties = ["/" * n for n in range(1, depth)]
    return claims_of(*(f"{e}{{p}}" for e in empties), *empties, "/{rest:path}")


def steps_of(table: Table, *, overlaps: int = 3) -> int:
    """Count the steps to all answers."""
    space = space_of(table, budget=Budget(10**9))
    for place, (_, methods) in enumerate(table):
        for method in methods or (None,):
            space.taken(place, method)
        list(itertools.islice(space.overlaps(place), overlaps))
    return 10**9 - space.budget.left


@pytest.mark.parametrize("make", [ambiguous, nested_rests])
def test_steps_grow_with_the_text(make: Callable[[int], Table]) -> None:
    few, many = make(50), make(200)

    assert steps_of(many) / steps_of(few) < 1.5 * text_of(many) / text_of(few)


def text_of(table: Table) -> int:
    return sum(len(path) for path, _ in table)


def test_steps_are_few_for_a_common_table() -> None:
    things = (f"/v1/things{n}" for n in range(250))
    rows = claims_of(
        *(f"{path}{end}" for path in things for end in ("", "/{id}", "/{id}/a")),
        "/v1/{rest:path}",
    )

    assert steps_of(rows) < 20_000


def test_steps_run_out_where_paths_are_built_to_explode() -> None:
    space = space_of(exploding(12))
    questions = (list(space.overlaps(place)) for place in range(len(space.claims)))

    with pytest.raises(OutOfSteps):
        list(questions)
    assert space.budget.left >= -10_000
