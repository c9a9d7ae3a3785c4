"""Behaviours of nginx-tests: targets, calls that are never repeated, kept connections."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from tests.behaviours.origin import OK, Call, Origin, Script, reply
from tests.behaviours.registry import Peer, Play, run
from tests.behaviours.stage import gateway, request, stage
from tests.runtime.serving import client, read_answer, served

nginx = Peer("nginx")
HERE = "localhost:8080"


@nginx(
    "http_uri",
    {
        "percent": ("/foo/bar%",),
        "percent digit": ("/foo/bar%1",),
        "dot args": ("/foo/bar/.?args",),
        "frag 1": ("/foo/bar/.#frag",),
        "frag 2": ("/foo/bar/?#frag",),
        "frag 3": ("http://localhost:8080#frag",),
        "frag 4": ("http://localhost:8080?a#frag",),
        "frag 5": ("/%aa#frag",),
        "dot dot args": ("/foo/bar/..?args",),
        "just fragment": ("#frag",),
        "trailing dot": ("/foo/bar/.",),
        "trailing dot dot": ("/foo/bar/..",),
        "space": ("/ /",),
        "control": ("/\x02",),
        "control escaped": ("/%02",),
    },
)
async def a_target_with_two_readings_is_refused(target: str) -> None:
    async with stage() as s:
        answer = await s.ask(request("GET", target, host=HERE))
        assert answer.status == 400
        assert s.origin.calls == []


@nginx(
    "http_uri",
    {
        "absolute": ("http://localhost", "localhost", "/"),
        "absolute slash": ("http://localhost/", "localhost", "/"),
        "absolute args": ("http://localhost?args", "localhost", "/?args"),
        "port": ("http://localhost:8080", HERE, "/"),
        "port slash": ("http://localhost:8080/", HERE, "/"),
        "port args": ("http://localhost:8080?args", HERE, "/?args"),
    },
)
async def an_absolute_target_is_a_path_where_it_names_the_host(
    target: str, host: str, seen: str
) -> None:
    async with stage() as s:
        assert (await s.ask(request("GET", target, host=host))).status == 200
        assert [call.target for call in s.origin.calls] == [seen]
        elsewhere = await s.ask(request("GET", target, host="elsewhere"))
        assert elsewhere.status == 400
        assert len(s.origin.calls) == 1


async def established(method: str, script: Script) -> tuple[int, list[int]]:
    """Call over a connection that is in use; return the status and the connections."""
    empty = reply(b"HTTP/1.1 204 No Content\r\n\r\n")
    async with stage({"/establish": empty, "/x": script}) as s:
        assert (await s.get("/establish")).status == 204
        answer = await s.ask(request(method))
        return answer.status, [call.link for call in s.origin.of("/x")]


NOT_FOUND = reply(b"HTTP/1.1 404 Not Found\r\ncontent-length: 8\r\n\r\nSEE-THIS")
DROPPED = reply(close=True)


@nginx(
    "proxy_non_idempotent",
    {
        "get": ("GET", DROPPED, 502, [1, 2]),
        "post": ("POST", DROPPED, 502, [1]),
        "get 404": ("GET", NOT_FOUND, 404, [1]),
        "post 404": ("POST", NOT_FOUND, 404, [1]),
        "keepalive": ("GET", reply(OK), 200, [1]),
        "keepalive post": ("POST", reply(OK), 200, [1]),
    },
)
async def only_what_may_be_repeated_is_repeated(
    method: str, script: Script, status: int, links: list[int]
) -> None:
    """Once more on a new connection, where one that was kept has been dropped."""
    assert await established(method, script) == (status, links)


async def links(times: int, upstream: str, wait: float) -> list[int]:
    """Call so many times in a row, then wait and call again; return the connections."""
    async with stage(upstream=upstream) as s:
        for _ in range(times):
            assert (await s.get()).body == b"ok"
        await asyncio.sleep(wait)  # the time for which a connection is kept
        assert (await s.get()).body == b"ok"
        return [call.link for call in s.origin.of("/x")]


@nginx(
    "upstream_keepalive",
    {
        "request": (0, [1]),
        "keepalive": (1, [1, 1]),
        "keepalive again": (2, [1, 1, 1]),
        "request timer": (3, [1, 1, 1, 1]),
        "keepalive timer": (4, [1, 1, 1, 1, 1]),
    },
)
async def a_connection_is_used_again(times: int, expected: list[int]) -> None:
    assert await links(times, "idle_timeout: 1m", 0) == expected


@nginx("upstream_keepalive", {"keepalive timeout": ()})
async def a_connection_is_not_kept_for_ever() -> None:
    assert await links(2, "idle_timeout: 100ms", 0.2) == [1, 1, 2]


@nginx("http_keepalive_shutdown", {"connection close on exit": ()})
async def the_last_answer_of_a_connection_says_so() -> None:
    go_on = asyncio.Event()

    async def script(call: Call) -> None:
        await go_on.wait()
        await call.write(OK[:-2])

    async with (
        Origin({"/x": script}) as origin,
        contextlib.AsyncExitStack() as stack,
    ):
        url = f"http://127.0.0.1:{origin.port}"
        port = await stack.enter_async_context(served(gateway(), {"URL": url}))
        first = request("GET", "/first")
        async with (
            client(port, first) as (reader, writer),
            client(port, first) as (idle, _),
        ):
            for each in (reader, idle):
                assert (await read_answer(each)).get("connection") is None
            writer.write(request("HEAD"))
            await origin.arrived("/x")
            ending = asyncio.create_task(stack.aclose())
            assert await idle.read() == b""  # the gateway has begun to end
            go_on.set()
            last = await read_answer(reader, head_only=True)
            assert (last.status, last.get("connection")) == (200, "close")
            assert await reader.read() == b""
        await ending


@pytest.mark.parametrize("play", nginx.params())
def test_nginx(play: Play, runner: asyncio.Runner) -> None:
    run(play, runner)
