from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxroute import paths
from hxroute.errors import BadPath, MethodNotAllowed, NotFound
from hxroute.http import Handler, Request, Response
from hxroute.ir import Endpoint
from hxroute.runtime.routing import Route, Router


async def nobody(request: Request) -> Response:
    raise AssertionError


def routed(
    target: str,
    *endpoints: tuple[str, str],
    method: str = "GET",
    policy: paths.Policy = "strict",
) -> Request:
    """Match a path against pairs of methods and path; return the request."""
    request = Request(method, target.encode("latin-1"))
    router(endpoints, policy).match(request)
    return request


def router(
    endpoints: tuple[tuple[str, str], ...], policy: paths.Policy = "strict"
) -> Router:
    routes = []
    for place, (methods, path) in enumerate(endpoints):
        pattern = paths.parse_pattern(path)
        endpoint = Endpoint(path, (), tuple(methods.split()), name=path)
        handler: Handler = nobody
        routes.append(Route(place, endpoint, pattern, handler))
    return Router(routes, policy)


def name(request: Request) -> str:
    assert isinstance(request.endpoint, Endpoint)
    return request.endpoint.name


def test_match_takes_the_first_in_file_order() -> None:
    assert name(routed("/a/b", ("", "/{x:path}"), ("", "/a/b"))) == "/{x:path}"
    assert name(routed("/a/b", ("", "/a/b"), ("", "/{x:path}"))) == "/a/b"
    assert name(routed("/a/b", ("POST", "/a/b"), ("", "/a/{x}"))) == "/a/{x}"
    assert name(routed("/a/b", ("", "/a/{x}"), ("", "/{y}/b"))) == "/a/{x}"


def test_match_gives_the_raw_bytes_of_parameters() -> None:
    request = routed(
        "/a%41/b%20c/d/e%2F", ("", "/{x}/b%20c/{r:path}"), policy="as_sent"
    )
    assert request.params == {"x": b"a%41", "r": b"d/e%2F"}


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/v1/embeddings", "/v1/%65mbeddings"),
        ("/v1/embeddings", "/%76%31/embeddings"),
        ("/caf%c3%a9", "/caf%C3%A9"),
        ("/café", "/caf%c3%a9"),
        ("/a~b", "/a%7Eb"),
        ("/{x:path}", "/"),
        ("/v1/{x:path}", "/v1/"),
        ("/v1/{x:path}", "/v1//a"),
        ("/", "/"),
    ],
)
def test_match_compares_decoded_unreserved_characters(path: str, target: str) -> None:
    assert name(routed(target, ("", path))) == path


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/v1", "/v1/"),
        ("/v1/", "/v1"),
        ("/v1", "/V1"),
        ("/v1/{x}", "/v1/"),
        ("/v1/{x}", "/v1"),
        ("/v1/{x}", "/v1/a/b"),
        ("/v1/{x:path}", "/v1"),
        ("/v1/{x:path}", "/v12/a"),
        ("/a/b", "/a%2Fb"),
        ("/a", "//a"),
        ("/a%20b", "/a+b"),
    ],
)
def test_match_finds_nothing_else(path: str, target: str) -> None:
    with pytest.raises(NotFound):
        routed(target, ("", path), policy="as_sent")


def test_match_refuses_bad_paths_before_it_looks() -> None:
    with pytest.raises(BadPath):
        routed("/a/%2e%2e/b", ("", "/{x:path}"))
    with pytest.raises(BadPath):
        routed("/a%2Fb", ("", "/{x:path}"))
    assert routed("/a%2Fb", ("", "/{x:path}"), policy="as_sent").params == {
        "x": b"a%2Fb"
    }


def test_match_says_which_methods_the_path_has() -> None:
    with pytest.raises(MethodNotAllowed) as caught:
        routed("/a", ("GET", "/a"), ("PUT", "/{x}"), ("", "/b"), method="POST")
    assert caught.value.allow == ("GET", "PUT")


@pytest.mark.parametrize("method", ["CONNECT", "TRACE"])
def test_match_takes_every_method_but_two(method: str) -> None:
    with pytest.raises(MethodNotAllowed) as caught:
        routed("/a", ("", "/a"), method=method)
    assert "DELETE" in caught.value.allow
    assert name(routed("/a", ("", "/a"), method="PROPFIND")) == "/a"
    assert name(routed("/a", ("TRACE", "/a"), method="TRACE")) == "/a"


SEGMENT = st.sampled_from(["a", "b", "{x}"])
PATH = st.lists(SEGMENT, min_size=1, max_size=3, unique=True).map(
    lambda s: "/" + "/".join(s)
)
TARGET = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(
    lambda s: "/" + "/".join(s)
)


@settings(derandomize=True, deadline=None)
@given(st.lists(PATH, min_size=1, max_size=6), TARGET)
def test_match_by_the_index_is_match_in_order(written: list[str], target: str) -> None:
    """The index over exact paths gives what a scan in file order gives."""

    def matches(path: str) -> bool:
        pairs = zip(path.split("/"), target.split("/"), strict=False)
        same = path.count("/") == target.count("/")
        return same and all(own in ("{x}", part) for own, part in pairs)

    expected = next((path for path in written if matches(path)), None)
    endpoints = tuple(("", path) for path in written)
    if expected is None:
        with pytest.raises(NotFound):
            routed(target, *endpoints)
    else:
        assert name(routed(target, *endpoints)) == expected
