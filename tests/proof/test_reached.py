"""An endpoint that no recorded case asks is told: nothing of it is proven."""

from __future__ import annotations

from hxroute.compiler import compile
from hxroute.proof.exchange import Case, Exchange
from hxroute.proof.messages import Request
from hxroute.proof.reached import unreached

ROUTES = b"""\
version: 1
endpoints:
  - {path: /a, methods: [GET], auth: none, respond: {json: 1}}
  - {path: "/a/{x}", auth: none, respond: {json: 2}}
  - {path: "/{rest:path}", auth: none, respond: {json: 3}}
"""


def unasked(*asked: tuple[str, str]) -> list[str]:
    gateway = compile(ROUTES, "routes.yaml").gateway
    assert gateway is not None
    found = [Exchange(Case("c", Request(*one))) for one in asked]
    return [endpoint.path for endpoint in unreached(gateway, found)]


def test_endpoints_are_reached_as_requests_are_matched() -> None:
    everything = [("GET", "/a?x=1"), ("PUT", "/a/b"), ("POST", "/a")]

    assert unasked(*everything) == []
    assert unasked(*everything[:2]) == ["/{rest:path}"]
    assert unasked(("POST", "/a")) == ["/a", "/a/{x}"]


def test_refused_requests_reach_nothing() -> None:
    assert unasked(("GET", "/a/../b"), ("GET", "/%zz")) == [
        "/a",
        "/a/{x}",
        "/{rest:path}",
    ]
