"""Small tables of endpoints, and all requests of their small world."""

from __future__ import annotations

import itertools
from typing import Final

from hypothesis import strategies as st

from hxroute.errors import BadPath, MethodNotAllowed, NotFound
from hxroute.http import Handler, Request, Response
from hxroute.ir import Endpoint
from hxroute.paths import Policy, parse_pattern
from hxroute.runtime.routing import Route, Router
from hxroute.space import Budget, Space, claim_of

Table = list[tuple[str, tuple[str, ...]]]
"""Paths and methods."""

METHODS: Final = ("GET", "PUT", "TRACE", "PROPFIND")
PATHS: Final = [
    b"/".join((b"", *segments))
    for length in range(1, 5)
    for segments in itertools.product((b"a", b"b", b"", b"x"), repeat=length)
]
REQUESTS: Final = [(method, path) for path in PATHS for method in METHODS]


@st.composite
def written_paths(draw: st.DrawFn) -> str:
    """Return a path of up to three segments and perhaps a rest."""
    parts = draw(st.lists(st.sampled_from(["a", "b", "", "*"]), max_size=3))
    named = [f"{{p{n}}}" if part == "*" else part for n, part in enumerate(parts)]
    rest = ["{rest:path}"] if not named or draw(st.booleans()) else []
    return "/".join(["", *named, *rest])


method_lists = st.sampled_from(
    [(), (), ("GET",), ("PUT",), ("TRACE",), ("GET", "PUT"), ("GET", "TRACE")]
)
tables: st.SearchStrategy[Table] = st.lists(
    st.tuples(written_paths(), method_lists), max_size=7
)


def space_of(
    table: Table, policy: Policy = "strict", budget: Budget | None = None
) -> Space:
    endpoints = (Endpoint(path, (), methods) for path, methods in table)
    return Space(map(claim_of, endpoints), policy, budget)


async def nobody(request: Request) -> Response:
    raise AssertionError


def router_of(table: Table, policy: Policy = "strict") -> Router:
    handler: Handler = nobody
    return Router(
        [
            Route(place, Endpoint(p, (), m, name=str(place)), parse_pattern(p), handler)
            for place, (p, m) in enumerate(table)
        ],
        policy,
    )


def fate_of(router: Router, method: str, path: bytes) -> int | str:
    """Return who gets a request from the runtime: a place, or the kind of an error."""
    request = Request(method, path)
    try:
        router.match(request)
    except (BadPath, MethodNotAllowed, NotFound) as exc:
        return exc.kind
    assert isinstance(request.endpoint, Endpoint)
    return int(request.endpoint.name)
