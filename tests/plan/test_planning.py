"""The plan, against what two gateways really answer."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hxroute import nodes
from hxroute.compiler import compile
from hxroute.ir import Endpoint, ErrorAnswer, ErrorTable, Gateway
from hxroute.plan import Plan, differences
from hxroute.space import OutOfSteps
from tests.plan.gateways import edited, gateways
from tests.plan.served import PROBES, Served
from tests.tables import REQUESTS, fate_of, router_of

MANY = settings(
    derandomize=True,
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
SOME_REQUESTS = [item for item in REQUESTS if item[1].count(b"/") < 4]

Fates = tuple[int | str, int | str]


def unlike(old: Gateway, new: Gateway) -> set[Fates]:
    """Return whose requests are answered in two ways, by asking."""
    return asyncio.run(_unlike(old, new))


async def _unlike(old: Gateway, new: Gateway) -> set[Fates]:
    routers = [
        router_of([(e.path, e.methods) for e in side.endpoints]) for side in (old, new)
    ]
    before, after = Served(old), Served(new)
    requests = {
        (fate_of(routers[0], *request), fate_of(routers[1], *request)): request
        for request in SOME_REQUESTS
    }
    return {
        fates
        for fates, request in requests.items()
        for probe in PROBES
        if await before.answer(*request, probe) != await after.answer(*request, probe)
    }


def named(plan: Plan, new: Gateway) -> Iterator[Fates]:
    """Yield whose requests a plan says are answered otherwise."""
    for change in plan.changes:
        old = change.old.error or (change.old.line or 0) - 100
        yield old, change.new.error or (change.new.line or 0) - 100


def is_named(fates: Fates, plan: Plan, new: Gateway) -> bool:
    if fates in set(named(plan, new)):
        return True
    place = fates[1]
    touched = {name for item in plan.shared for name in item.endpoints}
    if isinstance(place, str):
        return bool(plan.shared)
    return new.endpoints[place].name in touched


@MANY
@given(st.data())
def test_plan_names_whoever_is_answered_otherwise(data: st.DataObject) -> None:
    old = data.draw(gateways())
    new = data.draw(edited(old))

    plan = differences(old, new)

    for fates in unlike(old, new):
        assert is_named(fates, plan, new)


@MANY
@given(gateways())
def test_plan_of_a_gateway_and_itself_is_empty(gateway: Gateway) -> None:
    moved = dataclasses.replace(
        gateway,
        endpoints=tuple(
            dataclasses.replace(item, name="other", at=7) for item in gateway.endpoints
        ),
    )

    assert differences(gateway, gateway) == Plan()
    assert differences(gateway, moved) == Plan()


def gateway_of(*endpoints: str, head: str = "") -> Gateway:
    rows = "".join(f"  - {{{keys}}}\n" for keys in endpoints)
    source = f"version: 1\n{head}defaults: {{auth: none}}\nendpoints:\n{rows}"
    result = compile(source.encode(), "routes.yaml")
    assert result.gateway is not None, result.report.diagnostics
    return result.gateway


def shown(plan: Plan) -> list[tuple[str, str, object, object]]:
    return [
        (
            change.kind,
            str(change.request),
            change.old.error or change.old.line,
            change.new.error or change.new.line,
        )
        for change in plan.changes
    ]


ONE = "path: /one, respond: {text: '1'}"
TWO = "path: '/{x}', respond: {text: '2'}"
ALL = "path: '/{r:path}', respond: {text: '0'}"


def test_endpoint_that_comes_takes_requests_of_another() -> None:
    plan = differences(gateway_of(ALL), gateway_of(ONE, ALL))

    assert shown(plan) == [("moved", "GET /one", 4, 4)]
    assert [item.text for item in plan.changes[0].differences] == [
        "respond: text `0` -> `1`"
    ]


def test_endpoint_that_goes_leaves_requests_to_nobody() -> None:
    plan = differences(gateway_of(ONE, TWO), gateway_of(ONE))

    assert shown(plan) == [
        ("removed", "GET /x", 5, "not_found"),
        ("unmatched", "TRACE /x", "method_not_allowed", "not_found"),
    ]
    assert [
        kind for kind, *_ in shown(differences(gateway_of(ONE), gateway_of(ONE, TWO)))
    ] == [
        "added",
        "unmatched",
    ]


def test_order_that_matters_is_told_from_order_that_does_not() -> None:
    three = "path: /three, respond: {text: '3'}"

    assert (
        differences(gateway_of(ONE, three, TWO), gateway_of(three, ONE, TWO)) == Plan()
    )
    assert shown(differences(gateway_of(ONE, TWO), gateway_of(TWO))) == [
        ("moved", "GET /one", 4, 4)
    ]


def test_methods_that_come_and_go() -> None:
    old = gateway_of("path: /a, methods: [GET, PUT], respond: {}")
    new = gateway_of("path: /a, methods: [GET, POST], respond: {}")

    assert shown(differences(old, new)) == [
        ("removed", "PUT /a", 4, "method_not_allowed"),
        ("added", "POST /a", "method_not_allowed", 4),
    ]


def test_same_answer_of_another_endpoint_is_no_change() -> None:
    old = gateway_of("path: '/{r:path}', respond: {text: same}")
    new = gateway_of(
        "path: /a, respond: {text: same}", "path: '/{r:path}', respond: {text: same}"
    )

    assert differences(old, new) == Plan()


def test_errors_before_any_endpoint_are_compared_by_kind() -> None:
    base = gateway_of(ONE)
    old, new = (
        dataclasses.replace(
            base, unmatched=(nodes.MapErrors(ErrorTable(answers=answers)),)
        )
        for answers in (
            (ErrorAnswer("not_found", text="a"), ErrorAnswer("timeout", text="a")),
            (ErrorAnswer("not_found", text="b"), ErrorAnswer("timeout", text="b")),
        )
    )

    (change,) = differences(old, new).changes

    assert (change.kind, str(change.request)) == ("unmatched", "GET /x")
    assert [item.text for item in change.differences] == [
        "errors: `not_found` body `a` -> `b`"
    ]


def test_plan_of_too_many_overlaps_ends() -> None:
    rows = tuple(Endpoint(f"/{{x}}/a{n}", ()) for n in range(1000))
    others = tuple(Endpoint(f"/b{n}/{{x}}", ()) for n in range(1000))

    with pytest.raises(OutOfSteps):
        differences(Gateway(rows), Gateway(others))
