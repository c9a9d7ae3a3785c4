"""Small gateways whose endpoints overlap, and whose pipelines differ in many ways."""

from __future__ import annotations

import dataclasses
from typing import get_args

from hypothesis import strategies as st

from hxroute import nodes
from hxroute.ir import (
    BearerAuth,
    Client,
    Endpoint,
    ErrorAnswer,
    ErrorTable,
    Gateway,
    HeaderRules,
    Node,
    Setting,
    StatusRule,
    Timeout,
    Upstream,
)
from tests.tables import tables

__all__ = ["gateways", "pipelines"]

names = st.sampled_from(["n", "m"])
fields = st.sampled_from(["authorization", "cookie", "x-a", "x-b", "connection"])
some_fields = st.lists(fields, max_size=2, unique=True).map(tuple)
values = st.sampled_from(["1", "2", "{{ settings.s }}", "{{ headers['x-a'] }}", ""])
sets = st.dictionaries(st.sampled_from(["x-a", "x-b", "x-c"]), values, max_size=2)
header_rules = st.builds(
    HeaderRules,
    name=names,
    drop=some_fields,
    keep=st.none() | some_fields,
    set=sets.map(dict.items).map(tuple),
    at=st.just(50),
)
bodies = st.sampled_from(
    [(None, None), ('{"a":1}', None), ('{"a":"{{ settings.s }}"}', None), (None, "t")]
)


limits = st.sampled_from(
    [
        Timeout(),
        Timeout(read=1.0),
        Timeout(read=1.0, first_byte=1.0),
        Timeout(first_byte=1.0),
        Timeout(total=1.0),
    ]
)


@st.composite
def answers(draw: st.DrawFn, kind: str) -> ErrorAnswer:
    json, text = draw(bodies)
    status = draw(st.sampled_from([None, 400, 504]))
    return ErrorAnswer(
        kind, status, draw(st.sampled_from([(), (("x-a", "1"),)])), json, text
    )


@st.composite
def error_tables(draw: st.DrawFn) -> ErrorTable:
    kinds = [
        "timeout",
        "read_timeout",
        "total_timeout",
        "unreachable",
        "bad_request",
        "not_found",
        "other",
    ]
    chosen = draw(st.lists(st.sampled_from(kinds), max_size=2, unique=True))
    stated = tuple(draw(answers(kind)) for kind in chosen)
    matches = draw(st.lists(st.sampled_from(["503", "5xx", "404"]), max_size=2))
    rules = []
    for match in matches:
        json, text = draw(bodies)
        status = draw(st.sampled_from([None, 503, 500]))
        rule = StatusRule((match,), None, status, (), json, text)
        if draw(st.booleans()):
            rule = dataclasses.replace(rule, unless="json_error")
        rules.append(rule)
    return ErrorTable(draw(names), stated, tuple(rules))


@st.composite
def pipelines(draw: st.DrawFn) -> tuple[Node, ...]:
    """Return a pipeline in the order of travel."""
    table = draw(error_tables())
    found: list[Node] = [nodes.MapErrors(table)]
    keys = draw(st.sampled_from([(), ("one",), ("one", "two"), ("two", "one")]))
    if keys:
        found.append(nodes.Authenticate(BearerAuth(draw(names), keys)))
    limit = draw(st.sampled_from([None, "7", "7B", "1KiB"]))
    if limit is not None:
        found.append(nodes.LimitBody(limit))
        if draw(st.booleans()):
            found.append(nodes.RenameJson((("p", draw(names)),)))
    texts = st.sampled_from(
        ["1", "{{ settings.s }}", "{{ path.p0 }}", "{{ path['p1'] }}"]
    )
    if draw(st.booleans()):
        return (
            *found,
            nodes.Respond(draw(st.sampled_from([200, 201])), text=draw(texts)),
        )
    call = nodes.Execute(
        upstream=draw(st.sampled_from(["u", "w"])),
        method=draw(st.sampled_from([None, "PUT"])),
        path=draw(st.sampled_from([None, "/c", "/{{ path.p0 }}"])),
        query=draw(st.sampled_from([None, (), (("a", "{{ query.q }}"),)])),
        headers=draw(st.sampled_from([(), (("x-a", "9"),)])),
        body=draw(st.sampled_from([None, '{"k":"{{ settings.s }}"}'])),
        timeout=draw(st.none() | limits),
        request_headers=tuple(draw(st.lists(header_rules, max_size=2))),
        response_headers=tuple(draw(st.lists(header_rules, max_size=1))),
        errors=table,
    )
    return (*found, call)


@st.composite
def upstreams(draw: st.DrawFn, name: str) -> Upstream:
    url = draw(st.sampled_from(["http://a", "http://b/{{ settings.s }}"]))
    return Upstream(
        name,
        url,
        client=draw(st.sampled_from(get_args(Client))),
        timeout=draw(limits),
        max_connections=draw(st.sampled_from([1000, 5])),
    )


some_settings = st.sampled_from(["v1", "v2"]).map(lambda v: (Setting("s", default=v),))


@st.composite
def gateways(draw: st.DrawFn) -> Gateway:
    """Return a gateway; lines are 100 and the endpoint's place."""
    few = draw(st.lists(pipelines(), min_size=2, max_size=3))
    return Gateway(
        endpoints=tuple(
            Endpoint(
                path, draw(st.sampled_from(few)), methods, f"e{place}", 100 + place
            )
            for place, (path, methods) in enumerate(draw(tables.filter(bool)))
        ),
        upstreams=(draw(upstreams("u")), draw(upstreams("w"))),
        settings=draw(some_settings),
        unmatched=(nodes.MapErrors(draw(error_tables())),),
    )


@st.composite
def mixed(draw: st.DrawFn, pipeline: tuple[Node, ...]) -> tuple[Node, ...]:
    """Return a pipeline with a few nodes, or a few fields of its last, of another."""
    other = {type(node): node for node in draw(pipelines())}
    found = []
    for node in pipeline:
        theirs = other.get(type(node), node)
        taken = [
            field.name
            for field in dataclasses.fields(theirs)  # type: ignore[arg-type]
            if draw(st.integers(0, 3)) == 0
        ]
        changed = {name: getattr(theirs, name) for name in taken}
        found.append(dataclasses.replace(node, **changed))  # type: ignore[type-var]
    return tuple(found)


@st.composite
def edited(draw: st.DrawFn, gateway: Gateway) -> Gateway:
    """Return a gateway that is like another but for a few things."""
    endpoints = list(gateway.endpoints)
    for edit in draw(
        st.lists(
            st.sampled_from(["mix", "drop", "move", "mix"]), min_size=1, max_size=4
        )
    ):
        place = draw(st.integers(0, max(0, len(endpoints) - 1)))
        one = endpoints.pop(place) if endpoints else gateway.endpoints[0]
        if edit == "mix":
            pipeline = draw(mixed(one.pipeline))
            endpoints.insert(place, dataclasses.replace(one, pipeline=pipeline))
        elif edit == "move":
            endpoints.insert(draw(st.integers(0, len(endpoints))), one)
    numbered = tuple(
        dataclasses.replace(item, at=100 + place)
        for place, item in enumerate(endpoints)
    )
    found = dataclasses.replace(gateway, endpoints=numbered)
    if draw(st.integers(0, 3)) == 0:
        given = (draw(upstreams("u")), *found.upstreams[1:])
        found = dataclasses.replace(found, upstreams=given)
    if draw(st.integers(0, 3)) == 0:
        found = dataclasses.replace(found, settings=draw(some_settings))
    if draw(st.integers(0, 3)) == 0:
        found = dataclasses.replace(found, unmatched=draw(mixed(found.unmatched)))
    return found
