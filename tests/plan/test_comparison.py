"""What two pipelines do differently: by asking both, and in the words of the file."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hxroute import nodes
from hxroute.errors import ProxyError
from hxroute.http import Handler, Start
from hxroute.ir import (
    BearerAuth,
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
from hxroute.limiting import Limit, Store
from hxroute.plan import Plan, differences
from hxroute.resilience import Concurrency, Retry
from tests.plan.gateways import pipelines
from tests.plan.served import PROBES, Served

MANY = settings(
    derandomize=True,
    deadline=None,
    max_examples=500,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
UPSTREAMS = (Upstream("u", "http://u"), Upstream("w", "http://w/{{ settings.s }}"))


def gateway_of(*pipeline: Node, path: str = "/{p0}/{p1}", **more: Any) -> Gateway:
    more = {"upstreams": UPSTREAMS, "settings": (Setting("s", default="v"),), **more}
    return Gateway((Endpoint(path, pipeline, name="e", at=9),), **more)


def texts_of(old: Gateway, new: Gateway) -> list[str]:
    """Return what differs, the only change's or what is shared."""
    plan = differences(old, new)
    found = [item.differences for item in plan.shared]
    found += [item.differences for item in plan.changes]
    return [difference.text for differences in found for difference in differences]


async def answers_of(gateway: Gateway) -> list[object]:
    served = Served(gateway)
    return [await served.answer("GET", b"/a/b", probe) for probe in PROBES]


@st.composite
def twins(draw: st.DrawFn) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
    """Return two pipelines that are alike but for one field of one node."""
    one, other = draw(pipelines()), draw(pipelines())
    theirs = {type(node): node for node in other}
    common = [place for place, node in enumerate(one) if type(node) in theirs]
    place = draw(st.sampled_from(common[::-1]))
    node: Any = one[place]
    fields = [item.name for item in dataclasses.fields(node) if item.compare]
    field = draw(st.sampled_from(fields[::-1]))
    value = getattr(theirs[type(node)], field)
    changed = dataclasses.replace(node, **{field: value})
    return one, (*one[:place], changed, *one[place + 1 :])


@MANY
@given(twins())
def test_difference_of_one_field_is_found_where_a_client_sees_it(
    pair: tuple[tuple[Node, ...], tuple[Node, ...]],
) -> None:
    old, new = (gateway_of(*pipeline) for pipeline in pair)

    if asyncio.run(answers_of(old)) != asyncio.run(answers_of(new)):
        assert texts_of(old, new)


def call(**fields: Any) -> nodes.Execute:
    return nodes.Execute("u", **fields)


def rules(**fields: Any) -> tuple[HeaderRules, ...]:
    return (HeaderRules(at=20, **fields),)


def mapping(*answers: ErrorAnswer) -> nodes.MapErrors:
    return nodes.MapErrors(ErrorTable(answers=answers))


def replacing(*rules: StatusRule) -> nodes.Execute:
    return call(errors=ErrorTable(upstream_status=rules))


MASTER = nodes.Authenticate(BearerAuth("master", ("{{ settings.s }}",)))
OTHER = nodes.Authenticate(BearerAuth("other", ("{{ settings.s }}", "sk-constant")))
LIMIT = nodes.LimitBody("1MiB")


@pytest.mark.parametrize(
    ("old", "new", "texts"),
    [
        ([MASTER, call()], [call()], ["auth: `master` -> none"]),
        ([MASTER, call()], [OTHER, call()], ["auth: `master` -> `other`"]),
        (
            [MASTER, call()],
            [nodes.Authenticate(BearerAuth("master", ("sk-constant",))), call()],
            ["auth: `master`: `{{ settings.s }}` -> `***`"],
        ),
        ([LIMIT, call()], [nodes.LimitBody("2MiB"), call()], ["max_body 1MiB -> 2MiB"]),
        (
            [LIMIT, call()],
            [nodes.LimitBody("{{ settings.s }}"), call()],
            ["max_body 1MiB -> `{{ settings.s }}`"],
        ),
        (
            [LIMIT, nodes.RenameJson((("a", "b"),)), call()],
            [LIMIT, call()],
            ["request json: rename `a: b` -> none"],
        ),
        ([nodes.Observe(), call()], [call()], ["access_log on -> off"]),
        ([nodes.Observe(access_log=False), call()], [call()], []),
        (
            [call()],
            [nodes.Respond(text="a")],
            ["answered by upstream `u` -> `respond`"],
        ),
        (
            [nodes.Respond(text="a", headers=(("x-key", "1"), ("x-b", "1")))],
            [nodes.Respond(404, json='"a"', headers=(("x-key", "2"), ("x-b", "2")))],
            [
                "respond: status 200 -> 404",
                "respond: header `x-key` *** -> ***",
                "respond: header `x-b` `1` -> `2`",
                "respond: text `a` -> none",
                'respond: json none -> `"a"`',
            ],
        ),
        (
            [call(method="PUT", query=(("a", "1"),))],
            [call(path="/x", query=())],
            [
                "upstream: method `PUT` -> none",
                "upstream: query `a=1` -> ``",
                "upstream: path none -> `/x`",
            ],
        ),
        (
            [call()],
            [call(timeout=Timeout(read=0.25))],
            ["upstream: timeout.read 60s -> 250ms"],
        ),
        ([call(timeout=Timeout())], [call()], []),
        ([call(timeout=Timeout(first_byte=60.0))], [call()], []),
        (
            [call(timeout=Timeout(first_byte=5.0))],
            [call(timeout=Timeout(read=5.0, total=90.0))],
            [
                "upstream: timeout.read 60s -> 5s",
                "upstream: timeout.first_byte 5s -> that of read",
                "upstream: timeout.total none -> 90s",
            ],
        ),
        (
            [call()],
            [nodes.Execute("w")],
            [
                "upstream `u` -> `w`",
                "upstream: url `http://u` -> `http://w/{{ settings.s }}`",
            ],
        ),
    ],
)
def test_difference_in_the_words_of_the_language(
    old: list[Node], new: list[Node], texts: list[str]
) -> None:
    assert texts_of(gateway_of(*old), gateway_of(*new)) == texts


@pytest.mark.parametrize(
    ("old", "new", "texts"),
    [
        ({"drop": ("cookie",)}, {}, ["`cookie` no longer dropped"]),
        ({}, {"drop": ("cookie",)}, ["`cookie` dropped"]),
        ({"drop": ("a", "b")}, {"drop": ("b", "a")}, []),
        ({"drop": ("connection", "host")}, {}, []),
        ({"name": "one", "drop": ("a",)}, {"name": "other", "drop": ("a",)}, []),
        ({"forward": ("cookie",)}, {}, []),
        ({"set": (("a", "1"), ("b", "2"))}, {"set": (("b", "2"), ("a", "1"))}, []),
        ({"set": (("a", "1"),)}, {}, ["`a` no longer set to `1`"]),
        ({"set": (("a", "1"),)}, {"set": (("a", "2"),)}, ["`a` set to `1` -> `2`"]),
        ({"set": (("a", ""),)}, {"drop": ("a",)}, []),
        (
            {"set": (("authorization", "Bearer one"),)},
            {"set": (("authorization", "Bearer two"),)},
            ["`authorization` set to *** -> ***"],
        ),
        (
            {"drop": ("a",)},
            {"set": (("a", "{{ headers.b }}"),)},
            ["`a` set to `{{ headers.b }}`, no longer dropped"],
        ),
        (
            {"set": (("a", "1"),)},
            {"drop": ("a",)},
            ["`a` dropped, no longer set to `1`"],
        ),
        ({}, {"keep": ("a", "b")}, ["all but `a`, `b` dropped"]),
        ({"keep": ()}, {"drop": ("a",)}, ["all but `a` no longer dropped"]),
        ({"keep": ("a",)}, {"keep": ("b",)}, ["`a` dropped", "`b` no longer dropped"]),
    ],
)
def test_difference_of_header_rules_is_what_becomes_of_a_field(
    old: dict[str, Any], new: dict[str, Any], texts: list[str]
) -> None:
    there = [call(request_headers=rules(**side)) for side in (old, new)]
    back = [call(response_headers=rules(**side)) for side in (old, new)]

    found = [texts_of(*map(gateway_of, side)) for side in (there, back)]

    assert found[0] == [f"request headers: {text}" for text in texts]
    if "host" not in old.get("drop", ()):
        assert found[1] == [f"response headers: {text}" for text in texts]


def test_difference_of_header_rules_is_that_of_all_sets_in_order() -> None:
    one, other = HeaderRules(drop=("a",)), HeaderRules(set=(("a", "1"), ("b", "2")))
    old = call(request_headers=(one, other))
    new = call(request_headers=(other, one))
    same = call(
        request_headers=(one, HeaderRules(set=(("a", "1"),))), headers=(("b", "2"),)
    )

    assert texts_of(gateway_of(old), gateway_of(new)) == [
        "request headers: `a` dropped, no longer set to `1`"
    ]
    assert texts_of(gateway_of(old), gateway_of(same)) == []


@pytest.mark.parametrize(
    ("old", "new", "texts"),
    [
        (
            [ErrorAnswer("timeout", 504, json="1")],
            [ErrorAnswer("timeout", 503, json="1")],
            ["`timeout` answers 504 -> 503"],
        ),
        (
            [ErrorAnswer("timeout", json="1")],
            [ErrorAnswer("timeout", 504, json="1")],
            [],
        ),
        (
            [ErrorAnswer("timeout", json="1"), ErrorAnswer("read_timeout", json="1")],
            [ErrorAnswer("timeout", json="1")],
            [],
        ),
        ([ErrorAnswer("other", json="1")], [ErrorAnswer("other", json=" 1")], []),
        (
            [],
            [ErrorAnswer("unreachable", text="no", headers=(("retry-after", "5"),))],
            [
                "`unreachable` body problem details -> `no`",
                "`unreachable` header `retry-after` none -> `5`",
            ],
        ),
        (
            [ErrorAnswer("timeout", json="1")],
            [ErrorAnswer("timeout", json="1"), ErrorAnswer("read_timeout", json="2")],
            ["`read_timeout` body `1` -> `2`"],
        ),
        ([], [ErrorAnswer("unauthorized", json="1")], []),
        ([], [ErrorAnswer("not_found", json="1")], []),
    ],
)
def test_difference_of_error_mappings_is_what_each_kind_answers(
    old: list[ErrorAnswer], new: list[ErrorAnswer], texts: list[str]
) -> None:
    found = texts_of(
        gateway_of(mapping(*old), call()), gateway_of(mapping(*new), call())
    )

    assert found == [f"errors: {text}" for text in texts]


@pytest.mark.parametrize(
    ("limit", "texts"),
    [(None, []), (1.0, ["errors: `total_timeout` body problem details -> `1`"])],
)
def test_call_takes_too_long_in_all_only_where_that_is_limited(
    limit: float | None, texts: list[str]
) -> None:
    answer = ErrorAnswer("total_timeout", json="1")
    end = call(timeout=Timeout(total=limit))

    assert texts_of(gateway_of(end), gateway_of(mapping(answer), end)) == texts


def test_upstream_s_client_and_limits_are_compared() -> None:
    old = Upstream("u", "http://u", client="httpx2", timeout=Timeout(total=60.0))
    new = Upstream("u", "http://u", client="h1", timeout=Timeout(first_byte=5.0))

    found = texts_of(
        gateway_of(call(), upstreams=(old,)), gateway_of(call(), upstreams=(new,))
    )

    assert found == [
        "client httpx2 -> h1",
        "timeout.first_byte that of read -> 5s",
        "timeout.total 60s -> none",
    ]


@pytest.mark.parametrize(
    ("old", "new", "texts"),
    [
        ([], [StatusRule(("5xx",), json="1")], ["5xx: bodies passed on -> `1`"]),
        (
            [StatusRule(("5xx",), json="1")],
            [StatusRule(("503",), json="2"), StatusRule(("5xx",), json="1")],
            ["503: body `1` -> `2`"],
        ),
        (
            [StatusRule(("5xx",), json="1")],
            [StatusRule(("503",), status=503, json="1")],
            ["5xx but 503: bodies `1` -> passed on"],
        ),
        (
            [StatusRule(("404", "5xx"), text="a")],
            [StatusRule(("404", "5xx"), "json_error", 502, text="a")],
            [
                "404, 5xx: status as it came -> 502",
                "404, 5xx: unless nothing -> json_error",
            ],
        ),
        (
            [StatusRule(("404",), json="1"), StatusRule(("5xx",), json="1")],
            [StatusRule(("5xx",), json="1"), StatusRule(("404",), json="1")],
            [],
        ),
        (
            [StatusRule(("503",), json="1")],
            [StatusRule(("503", "503"), None, 503, json="1")],
            [],
        ),
    ],
)
def test_difference_of_status_rules_is_what_becomes_of_each_status(
    old: list[StatusRule], new: list[StatusRule], texts: list[str]
) -> None:
    found = texts_of(gateway_of(replacing(*old)), gateway_of(replacing(*new)))

    assert found == [f"errors: upstream_status {text}" for text in texts]


def test_difference_of_long_texts_is_shown_where_they_differ() -> None:
    old, new = (nodes.Respond(text="a" * 500 + end + "b" * 500) for end in "xy")

    (text,) = texts_of(gateway_of(old), gateway_of(new))

    assert text == (
        f"respond: text `…{'a' * 15}x{'b' * 44}…` -> `…{'a' * 15}y{'b' * 44}…`"
    )


def test_difference_shows_nothing_that_a_terminal_obeys() -> None:
    old, new = nodes.Respond(text="\x1b[31m"), nodes.Respond(text="\u202e")

    assert texts_of(gateway_of(old), gateway_of(new)) == [
        "respond: text `\ufffd[31m` -> `\ufffd`"
    ]


@pytest.mark.parametrize(
    ("template", "other"),
    [
        ("{{ path.p0 }}", "{{ path.id }}"),
        ("{{ path['p0'] }}", '{{ path["id"] }}'),
        ("{{ 'path.id' ~ path.p0 }}", "{{ 'path.id' ~ path.id }}"),
        ("path.id", "path.id"),
        ("{{ settings.s ~ '  ' }}", "{{  settings['s']\n~ '  ' }}"),
    ],
)
def test_parameter_by_another_name_is_no_difference(template: str, other: str) -> None:
    old = gateway_of(nodes.Respond(text=template))
    new = gateway_of(nodes.Respond(text=other), path="/{id}/{p1}")

    assert differences(old, new) == Plan()


@pytest.mark.parametrize(
    ("template", "other"),
    [("a {{ -1 }}", "a {{- 1 }}"), ("{{ 'a b' }}", "{{ 'a  b' }}"), ("a b", "a  b")],
)
def test_blanks_that_matter_make_a_difference(template: str, other: str) -> None:
    old, new = (gateway_of(nodes.Respond(text=text)) for text in (template, other))

    assert len(texts_of(old, new)) == 1


@pytest.mark.parametrize("template", ["{{ path.p0 }}", "{{ path['p0'] }}"])
def test_parameter_of_the_same_name_may_be_another_part(template: str) -> None:
    old = gateway_of(nodes.Respond(text=template))
    new = gateway_of(nodes.Respond(text=template), path="/{p1}/{p0}")

    assert texts_of(old, new) == [
        f"respond: text `{template}`: reads another part of the path"
    ]


def test_parameters_at_once_are_compared_with_their_names() -> None:
    old = gateway_of(nodes.Respond(json='"{{ path | length }}"'))
    new = gateway_of(nodes.Respond(json='"{{ path | length }}"'), path="/{p1}/{p0}")

    assert len(texts_of(old, new)) == 1


@dataclasses.dataclass(frozen=True)
class Unheard:
    """A node that a plan has no words for."""

    level: int = 1
    at: int = dataclasses.field(default=0, compare=False)

    def wrap(self, next: Handler, start: Start) -> Handler:
        return next

    def raises(self) -> tuple[type[ProxyError], ...]:
        return ()


def test_node_without_words_of_its_own_is_compared_by_its_fields() -> None:
    old, new = gateway_of(Unheard(1, 7), call()), gateway_of(Unheard(2, 8), call())

    assert texts_of(old, old) == []
    assert texts_of(old, new) == ["Unheard.level `1` -> `2`"]


def test_documents_are_compared_by_their_templates() -> None:
    old, new, other = (
        gateway_of(nodes.Respond(json=text))
        for text in (
            '{"a":[1,"{{ path.p0 }}"]}',
            '{"a": [1, "{{path.p0}}"]}',
            '{"a":["{{ path.p0 }}",1]}',
        )
    )

    assert texts_of(old, new) == []
    assert len(texts_of(old, other)) == 1


RATE = Limit("client", 1, 1.0, "client", endpoint="e", store=Store("s", "valkey://h"))


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"requests": 2}, "rate 1 in 1s -> 2 in 1s"),
        ({"per": 60.0}, "rate 1 in 1s -> 1 in 60s"),
        ({"burst": 9}, "burst 1 -> 9"),
        ({"by": "endpoint"}, "by `client` -> `endpoint`"),
        ({"fields": False}, "fields on -> off"),
        ({"endpoint": ""}, "shared none -> yes"),
        ({"when_store_down": "closed"}, "when_store_down open -> closed"),
        ({"store": Store("t", "valkey://i")}, "store `s` -> `t`"),
    ],
)
def test_difference_of_a_limit_is_told(changed: dict[str, Any], text: str) -> None:
    old, new = (
        gateway_of(nodes.RateLimit((limit,)), call())
        for limit in (RATE, dataclasses.replace(RATE, **changed))
    )

    assert f"rate_limit `client`: {text}" in texts_of(old, new)


def test_limit_that_comes_and_goes_is_told() -> None:
    node = nodes.RateLimit((dataclasses.replace(RATE, store=None),))

    texts = texts_of(gateway_of(call()), gateway_of(node, call()))
    assert "rate_limit `client`: rate none -> 1 in 1s" in texts


ALTERNATIVES: dict[type, dict[str, Any]] = {
    nodes.Observe: {"access_log": False},
    nodes.Cors: {
        "origins": ("*",),
        "methods": ("GET",),
        "headers": ("x-a",),
        "expose": ("x-b",),
        "credentials": True,
        "max_age": 5,
    },
    nodes.MapErrors: {"table": ErrorTable(answers=(ErrorAnswer("other", json="1"),))},
    nodes.Authenticate: {"auth": OTHER.auth},
    nodes.RateLimit: {"limits": (dataclasses.replace(RATE, requests=2),)},
    nodes.LimitConcurrency: {"limit": Concurrency(2)},
    nodes.LimitMemory: {"max": 1 << 20},
    nodes.LimitBody: {"max_body": "7"},
    nodes.RenameJson: {"rename": (("c", "d"),)},
    nodes.Health: {"kind": "ready"},
    nodes.Respond: {
        "status": 404,
        "headers": (("a", "1"),),
        "json": "1",
        "text": "t",
    },
    nodes.StreamError: {"json": "1", "event": "error"},
    nodes.Fallback: {"calls": (call(path="/y"),), "when": ("5xx",)},
    nodes.Execute: {
        "upstream": "w",
        "method": "PUT",
        "path": "/x",
        "query": (),
        "headers": (("a", "1"),),
        "body": "1",
        "timeout": Timeout(read=1.0),
        "retry": Retry(),
        "request_headers": rules(drop=("a",)),
        "response_headers": rules(drop=("a",)),
        "errors": ErrorTable(upstream_status=(StatusRule(("5xx",), json="1"),)),
    },
}
"""Another value for each field; whoever adds a field gives it words in a plan too."""


NAMES_THE_ENDPOINT = {(nodes.LimitConcurrency, "endpoint")}
"""Fields that say whose a node is; a plan compares endpoints by what they do."""


@pytest.mark.parametrize("node", nodes.NODES, ids=lambda node: node.__name__)
def test_every_field_of_a_node_makes_a_difference(node: Any) -> None:
    samples: dict[type, Node] = {
        nodes.Authenticate: MASTER,
        nodes.RateLimit: nodes.RateLimit((RATE,)),
        nodes.LimitConcurrency: nodes.LimitConcurrency("e", Concurrency(1)),
        nodes.Cors: nodes.Cors(("https://app.example",)),
        nodes.LimitMemory: nodes.LimitMemory(1 << 30),
        nodes.LimitBody: LIMIT,
        nodes.RenameJson: nodes.RenameJson((("a", "b"),)),
        nodes.Respond: nodes.Respond(),
        nodes.StreamError: nodes.StreamError("2"),
        nodes.Fallback: nodes.Fallback((call(),)),
        nodes.Execute: call(),
    }
    sample = samples.get(node) or node()
    end = () if node in (nodes.Execute, nodes.Health, nodes.Respond) else (call(),)
    for item in dataclasses.fields(sample):  # type: ignore[arg-type]
        if item.compare and (node, item.name) not in NAMES_THE_ENDPOINT:
            value = ALTERNATIVES[node][item.name]
            other = dataclasses.replace(sample, **{item.name: value})  # type: ignore[type-var]
            old, new = gateway_of(sample, *end), gateway_of(other, *end)
            assert texts_of(old, new), item.name
