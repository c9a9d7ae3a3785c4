"""What comes before what: a stranger makes the gateway read, render and call nothing."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from hxroute.sandbox.scripted import ScriptedUpstream
from tests.attacks.stage import get, post
from tests.runtime.serving import (
    HEAD,
    KEYED_AUTH,
    Answer,
    ask,
    client,
    compiled,
    read_answer,
    served,
)

ELSEWHERE = "counted.invalid"
GATEWAY = compiled(
    """\
    - path: /x
      auth: k
      methods: [POST]
      request: {max_body: 100, json: {rename: {a: b}}}
      upstream: {name: u, path: "/{{ body.needed }}", headers: {x-h: "{{ body.h }}"}}
    - {path: /stream, auth: k, upstream: u}
    - {path: /elsewhere, auth: k, upstream: elsewhere}
    """,
    HEAD.replace(
        "upstreams: {", f'upstreams: {{elsewhere: {{url: "http://{ELSEWHERE}"}}, '
    )
    + KEYED_AUTH,
)
RIGHT, WRONG = b"Authorization: Bearer right", b"Authorization: Bearer wrong"

_looked_up: list[str] | None = None


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if _looked_up is not None and event == "socket.getaddrinfo":
        _looked_up.append(str(arguments[0]))


sys.addaudithook(_note)  # stays for the process, and notes nothing by itself


@contextlib.contextmanager
def looked_up() -> Iterator[list[str]]:
    """Note each name that is looked up while in here, in any thread."""
    global _looked_up
    names: list[str] = []
    _looked_up = names
    try:
        yield names
    finally:
        _looked_up = None


@contextlib.asynccontextmanager
async def gateway() -> AsyncIterator[tuple[int, ScriptedUpstream]]:
    async with (
        ScriptedUpstream() as upstream,
        served(GATEWAY, {"URL": upstream.url}) as port,
    ):
        yield port, upstream


WITHOUT_A_KEY = {
    "before-templates": post("/x", {}, WRONG),
    "before-json": post("/x", b"{", WRONG),
    "before-depth": post("/x", b"[" * 90, WRONG),
    "before-the-size": post("/x", b" " * 101, WRONG),
    "before-a-header-value": post("/x", {"needed": 1, "h": "\n"}, WRONG),
    "before-connecting": get("/stream", WRONG),
    "before-looking-up": get("/elsewhere", WRONG),
    "without-any": get("/stream"),
}
WITH_A_KEY = {
    "before-templates": 400,
    "before-json": 400,
    "before-depth": 400,
    "before-the-size": 413,
    "before-a-header-value": 400,
    "before-connecting": 200,
    "before-looking-up": 502,
}
"""What the same requests end in with the right key: each tries what comes after."""


@pytest.mark.parametrize("name", WITHOUT_A_KEY, ids="G20-{}".format)
def test_key_comes_first(name: str) -> None:
    async def scenario() -> tuple[Answer, int]:
        async with gateway() as (port, upstream):
            return await ask(port, WITHOUT_A_KEY[name]), upstream.accepted

    with looked_up() as names:
        answer, accepted = asyncio.run(scenario())

    assert (answer.status, accepted) == (401, 0)
    assert ELSEWHERE not in names


@pytest.mark.parametrize("name", WITH_A_KEY, ids="G20-{}".format)
def test_with_a_key_the_rest_is_tried(name: str) -> None:
    async def scenario() -> Answer:
        async with gateway() as (port, _):
            return await ask(port, WITHOUT_A_KEY[name].replace(WRONG, RIGHT))

    with looked_up() as names:
        answer = asyncio.run(scenario())

    assert answer.status == WITH_A_KEY[name]
    assert (ELSEWHERE in names) is (name == "before-looking-up")


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 50",
        b"Content-Length: 50\r\nExpect: 100-continue",
        b"Transfer-Encoding: chunked",
    ],
    ids=["G20-length", "G20-expect", "G20-chunked"],
)
def test_key_comes_before_the_body(framing: bytes) -> None:
    """The answer is there although the body is not, and nobody asks for it."""

    async def scenario() -> None:
        async with gateway() as (port, upstream):
            for path in (b"/x", b"/stream"):
                head = b"POST %b HTTP/1.1\r\nHost: a\r\n%b\r\n%b\r\n\r\n"
                async with client(port, head % (path, WRONG, framing)) as (reader, _):
                    answer = await read_answer(reader)
                assert (answer.status, answer.get("connection")) == (401, "close")
            assert upstream.accepted == 0

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (get("/no", WRONG), 404),
        (get("/x", WRONG), 405),
        (get("/a/../stream", WRONG), 400),
        (get("/stream", WRONG), 401),
    ],
    ids=["G20-no-path", "G20-no-method", "G20-bad-path", "G20-no-key"],
)
def test_path_and_match_come_before_the_key(request_: bytes, status: int) -> None:
    async def scenario() -> tuple[int, int]:
        async with gateway() as (port, upstream):
            return (await ask(port, request_)).status, upstream.accepted

    assert asyncio.run(scenario()) == (status, 0)
