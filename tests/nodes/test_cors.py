from __future__ import annotations

import asyncio

import pytest

from hxroute.http import Headers, Request, Response
from hxroute.nodes import Cors
from tests.nodes.fakes import start

APP = "https://app.example"
NODE = Cors((APP, "http://localhost:3000"))
ALLOW = b"access-control-allow-origin"


def asking(*origins: bytes, method: str = "GET") -> Request:
    return Request(method, b"/", headers=[(b"origin", origin) for origin in origins])


def answered(node: Cors, request: Request, *fields: tuple[bytes, bytes]) -> Headers:
    """Return the fields of an answer that comes out of a node."""

    async def answer(_: Request) -> Response:
        return Response(200, list(fields))

    return asyncio.run(node.wrap(answer, start())(request)).headers


def preflight(
    node: Cors, origin: bytes = APP.encode(), method: bytes = b"GET", *asked: bytes
) -> dict[bytes, bytes]:
    """Return the fields of the answer to a preflight, without Vary."""
    request = asking(origin, method="OPTIONS")
    request.headers.append((b"access-control-request-method", method))
    request.headers += [(b"access-control-request-headers", value) for value in asked]
    response = asyncio.run(node.preflight()(request))
    assert (response.status, response.body) == (204, b"")
    (vary, *fields) = response.headers
    assert vary[0] == b"vary"
    assert vary[1].startswith(b"Origin, ")
    return dict(fields)


def test_cors_lets_a_listed_origin_read() -> None:
    assert answered(NODE, asking(APP.encode())) == [
        (b"vary", b"Origin"),
        (ALLOW, APP.encode()),
    ]


@pytest.mark.parametrize(
    "origin",
    [
        b"http://app.example",
        b"https://app.example:443",
        b"https://app.example:8443",
        b"https://app.example/",
        b"https://APP.example",
        b"https://app.example.evil.example",
        b"https://evil-app.example",
        b"https://sub.app.example",
        b"https://app.example@evil.example",
        b"https://appxexample",
        b"https://app.example https://evil.example",
        b"http://localhost",
        b"http://localhost:30000",
        b"null",
        b"*",
        b"",
        b"\xff",
    ],
)
def test_cors_lets_no_other_origin_read(origin: bytes) -> None:
    assert answered(NODE, asking(origin)) == [(b"vary", b"Origin")]


def test_cors_lets_nobody_read_where_the_origin_is_missing_or_repeated() -> None:
    assert answered(NODE, asking()) == [(b"vary", b"Origin")]
    twice = asking(APP.encode(), APP.encode())
    assert answered(NODE, twice) == [(b"vary", b"Origin")]


def test_cors_takes_null_only_where_it_is_listed() -> None:
    assert answered(Cors(("null",)), asking(b"null"))[1:] == [(ALLOW, b"null")]


def test_cors_for_everyone_does_not_depend_on_who_asks() -> None:
    for request in (asking(), asking(b"https://a.example"), asking(b"null")):
        assert answered(Cors(("*",)), request) == [(ALLOW, b"*")]


def test_cors_takes_the_place_of_what_the_upstream_says() -> None:
    theirs = [(b"Access-Control-Allow-Origin".lower(), b"*")]
    theirs += [(b"access-control-allow-credentials", b"true"), (b"x-a", b"1")]

    allowed = answered(NODE, asking(APP.encode()), *theirs)
    refused = answered(NODE, asking(b"https://evil.example"), *theirs)

    assert allowed == [(b"x-a", b"1"), (b"vary", b"Origin"), (ALLOW, APP.encode())]
    assert refused == [(b"x-a", b"1"), (b"vary", b"Origin")]


@pytest.mark.parametrize("value", [b"origin", b"Accept, ORIGIN", b"*"])
def test_cors_says_once_that_the_answer_varies(value: bytes) -> None:
    fields = answered(NODE, asking(), (b"vary", value))
    assert fields == [(b"vary", value)]


def test_cors_says_that_the_answer_varies_beside_other_reasons() -> None:
    fields = answered(NODE, asking(), (b"vary", b"x-origin"))
    assert fields == [(b"vary", b"x-origin"), (b"vary", b"Origin")]


def test_cors_leaves_a_shared_list_of_fields_alone() -> None:
    shared: Headers = [(b"x-a", b"1")]

    async def answer(_: Request) -> Response:
        return Response(204, shared)

    asyncio.run(NODE.wrap(answer, start())(asking(APP.encode())))
    assert shared == [(b"x-a", b"1")]


def test_cors_with_credentials_and_exposed_fields() -> None:
    node = Cors((APP,), expose=("x-a", "x-b"), credentials=True)
    assert answered(node, asking(APP.encode()))[1:] == [
        (ALLOW, APP.encode()),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", b"x-a, x-b"),
    ]


def test_cors_of_some_methods_says_nothing_to_others() -> None:
    node = Cors((APP,), methods=("PUT",))
    assert ALLOW in dict(answered(node, asking(APP.encode(), method="PUT")))
    assert ALLOW not in dict(answered(node, asking(APP.encode(), method="GET")))


def test_preflight_allows_the_method_that_is_asked_for() -> None:
    node = Cors((APP,), credentials=True, max_age=600)
    assert preflight(node, APP.encode(), b"DELETE") == {
        ALLOW: APP.encode(),
        b"access-control-allow-credentials": b"true",
        b"access-control-allow-methods": b"DELETE",
        b"access-control-max-age": b"600",
    }


def test_preflight_allows_the_fields_that_are_asked_for() -> None:
    name = b"access-control-allow-headers"
    fields = preflight(NODE, APP.encode(), b"POST", b"Content-Type,authorization", b"")
    assert fields[name] == b"authorization, content-type"
    everything = Cors(("*",), headers=("*",))
    fields = preflight(everything, b"null", b"POST", b"x-b", b"authorization")
    assert fields[name] == b"authorization, x-b"


@pytest.mark.parametrize(
    ("origin", "method", "asked"),
    [
        (b"https://evil.example", b"GET", b""),
        (APP.encode(), b"get", b""),
        (APP.encode(), b"PUT", b""),
        (APP.encode(), b"GET, POST", b""),
        (APP.encode(), b"", b""),
        (APP.encode(), b"GET", b"x-other"),
        (APP.encode(), b"GET", b"authorization, x-other"),
        (APP.encode(), b"GET", b"content-type x"),
    ],
)
def test_preflight_that_is_refused_allows_nothing(
    origin: bytes, method: bytes, asked: bytes
) -> None:
    node = Cors((APP,), methods=("GET", "POST"), max_age=5)
    assert preflight(node, origin, method, asked) == {}


def test_preflight_for_any_field_repeats_no_malformed_name() -> None:
    node = Cors((APP,), headers=("*",))
    assert preflight(node, APP.encode(), b"GET", b"x a, y") == {}
    assert preflight(node, APP.encode(), b"G T", b"x-a") == {}


def test_preflight_of_private_networks_gets_no_word_of_them() -> None:
    request = asking(APP.encode(), method="OPTIONS")
    request.headers.append((b"access-control-request-method", b"GET"))
    request.headers.append((b"access-control-request-private-network", b"true"))
    fields = asyncio.run(NODE.preflight()(request)).headers
    assert not [name for name, _ in fields if name.endswith(b"private-network")]
