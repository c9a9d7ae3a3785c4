"""The index gives what a scan in file order gives, and its work has a bound."""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Iterable
from types import FrameType

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hxroute import paths
from hxroute.errors import BadPath, MethodNotAllowed, NotFound, ProxyError
from hxroute.http import Handler, Request, Response
from hxroute.ir import Endpoint
from hxroute.runtime.routing import Route, Router

Table = list[tuple[str, tuple[str, ...]]]
Outcome = tuple[int, dict[str, bytes]] | tuple[str, ...]

STANDARD = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}


async def nobody(request: Request) -> Response:
    raise AssertionError


def router_of(table: Table, policy: paths.Policy = "as_sent") -> Router:
    handler: Handler = nobody
    return Router(
        [
            Route(
                place, Endpoint(p, (), m, str(place)), paths.parse_pattern(p), handler
            )
            for place, (p, m) in enumerate(table)
        ],
        policy,
    )


def routed(router: Router, method: str, target: bytes) -> Outcome:
    request = Request(method, target)
    try:
        router.match(request)
    except MethodNotAllowed as exc:
        return exc.allow
    except (BadPath, NotFound) as exc:
        return (exc.kind,)
    assert isinstance(request.endpoint, Endpoint)
    return int(request.endpoint.name), dict(request.params)


def in_order(table: Table, policy: paths.Policy, method: str, target: bytes) -> Outcome:
    """Look at every endpoint, one after the other."""
    try:
        paths.check(target, policy)
    except BadPath as exc:
        return (exc.kind,)
    allowed: set[str] = set()
    for place, (written, methods) in enumerate(table):
        params = fitting(written, target)
        if params is None:
            continue
        if method in methods or not (methods or method in ("CONNECT", "TRACE")):
            return place, params
        allowed.update(methods or STANDARD)
    return tuple(sorted(allowed)) if allowed else (NotFound.kind,)


def fitting(written: str, target: bytes) -> dict[str, bytes] | None:
    wanted, came, params = written.split("/"), target.split(b"/"), {}
    for place, part in enumerate(wanted):
        if place == len(came):
            return None
        if part.endswith(":path}"):
            params[part[1:-6]] = b"/".join(came[place:])
            return params
        if part.startswith("{"):
            params[part[1:-1]] = came[place]
            if not came[place]:
                return None
        elif plain(part.encode()) != plain(came[place]):
            return None
    return params if len(wanted) == len(came) else None


def plain(segment: bytes) -> bytes:
    def shown(match: re.Match[bytes]) -> bytes:
        byte = bytes.fromhex(match[1].decode())
        return byte if re.fullmatch(rb"[\w.~-]", byte, re.ASCII) else match[0].upper()

    return re.sub(rb"%([0-9a-fA-F]{2})", shown, segment)


SEGMENTS = ["a", "a", "b", "%61", "%2f", "%2F", "%65", "e", "", "a%20b", "x.y"]
PARTS = st.sampled_from([*SEGMENTS, "{}", "{}", "{}"])
METHODS = st.sampled_from(["GET", "POST", "PROPFIND", "CONNECT", "TRACE", "get"])


@st.composite
def written_paths(draw: st.DrawFn) -> str:
    parts = draw(st.lists(PARTS, min_size=1, max_size=4))
    named = [f"{{p{n}}}" if part == "{}" else part for n, part in enumerate(parts)]
    if draw(st.booleans()):
        named[-1:] = ["{rest:path}"] if draw(st.booleans()) else [named[-1], "{r:path}"]
    return "/" + "/".join(named)


TABLES = st.lists(
    st.tuples(written_paths(), st.lists(METHODS, max_size=2, unique=True).map(tuple)),
    max_size=9,
)
CAME = st.sampled_from([*SEGMENTS, "z", ".a", "..", "%2e", "%zz", "%00", "\xe9"])
TARGETS = st.lists(CAME, max_size=5).map(
    lambda p: ("/" + "/".join(p)).encode("latin-1")
)
POLICIES: st.SearchStrategy[paths.Policy] = st.sampled_from(["strict", "as_sent"])


@settings(derandomize=True, deadline=None, max_examples=600)
@given(TABLES, POLICIES, METHODS, st.lists(TARGETS, min_size=1, max_size=4))
@example([("/a", ("GET",)), ("/{x}", ())], "strict", "TRACE", [b"/a", b"/%61"])
@example([("/{x}", ()), ("/a", ("TRACE",))], "strict", "TRACE", [b"/%61", b"/a"])
@example([("/{x}", ()), ("/{y}", ("TRACE", "GET"))], "strict", "TRACE", [b"/a"])
@example([("/a%2Fb", ()), ("/{r:path}", ())], "strict", "GET", [b"/a%2fb", b"//a"])
def test_match_is_a_scan_in_file_order(
    table: Table, policy: paths.Policy, method: str, targets: list[bytes]
) -> None:
    router = router_of(table, policy)
    for target in targets * 2:  # what has been asked for before is answered alike
        expected = in_order(table, policy, method, target)
        assert routed(router, method, target) == expected


@pytest.mark.parametrize("first", ["/a/b", "/a/{x}", "/{x}/b", "/{x}/{y}", "/{r:path}"])
@pytest.mark.parametrize("method", ["GET", "POST", "PROPFIND", "TRACE"])
def test_match_of_all_that_overlap_is_in_file_order(first: str, method: str) -> None:
    shapes = ["/a/b", "/a/{x}", "/{x}/b", "/{x}/{y}", "/a/{r:path}", "/{r:path}"]
    chosen = [("GET",), ("PROPFIND",), (), ("POST", "GET"), ("TRACE",), ("PUT",)]
    for order in itertools.permutations(range(len(chosen)), 3):
        table: Table = [(first, ("POST",)), *((shapes[n], chosen[n]) for n in order)]
        for target in (b"/a/b", b"/a/c", b"/c/b", b"/c/c", b"/a/b"):
            expected = in_order(table, "strict", method, target)
            assert routed(router_of(table, "strict"), method, target) == expected


def calls(router: Router, target: bytes, method: str = "GET") -> int:
    """Count every call that a match makes: its work, whatever the machine."""
    made = 0
    request = Request(method, target)

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        router.match(request)
    except ProxyError:
        pass
    finally:
        sys.setprofile(before)
    return made


def common(size: int) -> Router:
    """A gateway with some endpoints of each kind, and then many more."""
    kinds: Iterable[Table] = (
        [
            (f"/v1/lists{n}", ("GET",)),
            (f"/v1/things{n}/{{id}}", ("GET", "POST")),
            (f"/v1/calls{n}/{{id}}/parts/{{part}}", ("POST",)),
            (f"/static/{n}", ()),
        ]
        for n in range(size // 4)
    )
    table = list(itertools.chain.from_iterable(kinds))
    return router_of([*table, ("/v1/{rest:path}", ())])


COMMON = [
    b"/v1/lists1",
    b"/static/1",
    b"/v1/things1/x",
    b"/v1/calls1/x/parts/y",
    b"/v1/chat/completions",
    b"/v1/%2F%65",
    b"/nothing",
    b"/static/1/nothing",
]


@pytest.mark.parametrize("target", COMMON)
@pytest.mark.parametrize("method", ["GET", "BREW"])
def test_match_makes_the_same_calls_among_ten_and_ten_thousand(
    target: bytes, method: str
) -> None:
    few, many = common(12), common(10_000)
    for _ in range(2):
        assert calls(few, target, method) == calls(many, target, method)


def test_match_of_a_path_asked_for_before_takes_next_to_nothing() -> None:
    router = common(100)
    calls(router, b"/static/1")
    looked = calls(router, b"/static/1")
    assert (
        looked == calls(router, b"/static/1") <= 4
    )  # itself, two looks, the count's end


def hostile_tables() -> dict[str, Table]:
    """Tables in which much of the tree is reached by one path."""
    either = ["/" + "/".join(p) for p in itertools.product(["y", "{}"], repeat=9)]
    rests = [f"{path}/{{r:path}}" for path in either]
    stairs = ["/{}" * depth + tail for depth in range(40) for tail in ("/x", "/y/{}")]
    mixed = ["/{}/{}/x", "/{}/y/{r:path}", "/y/{}/x", "/{}/{}/{r:path}", "/y/y/{}/x"]
    written = {"either": either, "rests": rests, "stairs": stairs, "mixed": mixed}
    return {
        name: [(numbered(path), ("PUT",)) for path in table]
        for name, table in written.items()
    }


def numbered(path: str) -> str:
    numbers = itertools.count()
    return re.sub(r"\{\}", lambda _: f"{{p{next(numbers)}}}", path)


@pytest.mark.parametrize("name", ["either", "rests", "stairs", "mixed"])
@pytest.mark.parametrize("end", ["", "/x", "/y", "/z", "//"])
def test_match_comes_to_no_node_twice(name: str, end: str) -> None:
    """At most four calls a node, and a node for each segment of the file at most."""
    table = hostile_tables()[name]
    router = router_of(table)
    nodes = sum(path.count("/") for path, _ in table)
    listed = 3 * len(table)  # what a 405 lists
    for length in (*range(12), 39, 40, 41, 4000):
        target = b"/y" * length + end.encode()
        assert calls(router, target) <= 4 * nodes + listed + 40, length


def test_match_looks_no_deeper_than_the_file() -> None:
    router = router_of(hostile_tables()["mixed"])
    assert calls(router, b"/y" * 8) == calls(router, b"/y" * 8000)


def test_match_keeps_nothing_of_what_clients_ask_for() -> None:
    """But a path that stands in the file, once."""
    router = router_of([("/a", ()), ("/b/{x}", ()), ("/{r:path}", ("GET",))])
    for target in ("/b/c", "/c", "/%61", "/a/b", "/b//", "/a/../b"):
        path = bytes(bytearray(target.encode()))  # nobody else has it
        before = sys.getrefcount(path)
        calls(router, path, "GET")
        calls(router, path, "PUT")
        assert sys.getrefcount(path) == before
