"""A call that is made in the place of one that failed, over real sockets."""

from __future__ import annotations

import asyncio

import pytest

from hxroute.nodes import Execute, Fallback
from hxroute.nodes.fallback import with_calls
from hxroute.sandbox.scripted import Script
from tests.resilience.upstreams import Sequenced, answer, cases, gateway, get
from tests.runtime.serving import Answer, ask, client, read_answer, served

pytestmark = pytest.mark.usefixtures("each_client")

UPSTREAMS = """\
first: {url: "{{ settings.a }}", max_connections: 1, timeout: {read: 300ms}}
second: {url: "{{ settings.b }}"}
"""
ENDPOINT = """\
- path: /x
  request: {headers: as_a}
  upstream: %s
  fallback: {%sto: [{upstream: %s, headers: as_b}]}
"""
RESET: Script = [{"reset": True}]
SILENT: Script = [{"sleep": 60}]


async def asked(
    a: Sequenced,
    b: Sequenced,
    *requests: bytes,
    when: str = "",
    first: str = "first",
    second: str = "second",
) -> list[Answer]:
    routes = gateway(UPSTREAMS, ENDPOINT % (first, when, second))
    async with served(routes, {"A": a.url, "B": b.url}) as port:
        return [await ask(port, request) for request in requests]


@pytest.mark.parametrize(
    ("script", "when", "falls"),
    [
        (answer(503), "", True),
        (answer(500), "", False),
        (answer(500), "when: [5xx], ", True),
        (answer(429), "when: [429], ", True),
        (answer(404), "when: [5xx, 429], ", False),
        (RESET, "", True),
        (RESET, "when: [timeout, 5xx], ", False),
        (RESET, "when: [disconnected, bad_response], ", True),
        (SILENT, "", True),
        (SILENT, "when: [unreachable, 5xx], ", False),
        (["nonsense\r\n\r\n"], "", True),
    ],
)
def test_the_file_says_after_what(script: Script, when: str, falls: bool) -> None:
    async def scenario() -> None:
        async with Sequenced(script) as a, Sequenced() as b:
            request = get("POST", body="{}")
            (got,) = await asked(a, b, request, when=when)
            assert (got.status == 200) is falls
            assert cases([a, b]) == [1, int(falls)]

    asyncio.run(scenario())


def test_each_call_has_its_own_credentials() -> None:
    async def scenario() -> None:
        async with Sequenced(answer(503)) as a, Sequenced() as b:
            fields = "Authorization: Bearer client", "Cookie: c=1"
            await asked(a, b, get("GET", *fields))
            assert [it.values("authorization") for it in (*a.seen, *b.seen)] == [
                ["Bearer of-a"],
                ["Bearer of-b"],
            ]
            assert not b.seen[0].values("cookie")
            assert b.seen[0].values("host") == [f"127.0.0.1:{b.port}"]

    asyncio.run(scenario())


def test_each_call_is_made_of_the_client_s_request() -> None:
    first = "{name: first, path: /a, query: {q: '1'}, body: {of: first}}"
    second = "{name: second, path: /b, body: {n: '{{ body.n }}'}}"

    async def scenario() -> None:
        async with Sequenced(answer(503)) as a, Sequenced() as b:
            request = get("POST", body='{"n":7}', path="/x?own=1")
            await asked(a, b, request, first=first, second=second)
            assert [(it.target, it.body) for it in (*a.seen, *b.seen)] == [
                ("/a?q=1", '{"of":"first"}'),
                ("/b?own=1", '{"n":7}'),
            ]

    asyncio.run(scenario())


def test_the_answer_of_the_last_passes_whatever_it_is() -> None:
    async def scenario() -> None:
        last = answer(502, "x-of: b", body="no more")
        async with Sequenced(answer(503)) as a, Sequenced(last) as b:
            (got,) = await asked(a, b, get())
            assert (got.status, got.body, got.get("x-of")) == (502, b"no more", "b")

    asyncio.run(scenario())


def test_the_error_of_the_last_is_the_client_s() -> None:
    async def scenario() -> None:
        async with Sequenced(answer(503)) as a, Sequenced(RESET) as b:
            (got,) = await asked(a, b, get("POST", body="{}"))
            assert got.status == 502
            assert b"upstream" in got.body

    asyncio.run(scenario())


def test_connections_of_calls_that_failed_are_not_lost() -> None:
    """The first upstream has one connection in all, and its answers never end."""
    head = "HTTP/1.1 503 X\r\ntransfer-encoding: chunked\r\n\r\n5\r\nnever\r\n"
    endless: Script = [head, {"sleep": 60}]

    async def scenario() -> None:
        async with Sequenced(*[endless] * 5) as a, Sequenced() as b:
            answers = await asked(a, b, *[get()] * 6)
            assert [it.status for it in answers] == [200] * 6
            assert cases([a, b]) == [6, 5]

    asyncio.run(scenario())


def test_a_stream_that_has_begun_is_the_client_s() -> None:
    head = "HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\n" + "x" * 100_000

    async def scenario() -> None:
        async with Sequenced([head, {"sleep": 0.05}, *RESET]) as a, Sequenced() as b:
            (got,) = await asked(a, b, get())
            assert (got.status, got.complete) == (200, False)
            assert cases([a, b]) == [1, 0]

    asyncio.run(scenario())


def test_the_other_s_stream_comes_as_it_comes() -> None:
    events = (
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
        "transfer-encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\n"
    )

    async def scenario() -> None:
        async with Sequenced(answer(503)) as a, Sequenced([events, SILENT[0]]) as b:
            routes = gateway(UPSTREAMS, ENDPOINT % ("first", "", "second"))
            async with (
                served(routes, {"A": a.url, "B": b.url}) as port,
                client(port, get()) as (reader, _),
            ):
                assert await reader.readuntil(b"data: a\n\n")
            await b.closed("c")

    asyncio.run(scenario())


def test_a_body_that_streams_goes_on_only_where_none_of_it_was_sent() -> None:
    body = "x" * 500_000
    endpoint = (ENDPOINT % ("first", "", "second")).replace(
        "as_a}", "as_a, max_body: none}"
    )

    async def scenario() -> None:
        async with Sequenced(answer(503)) as a, Sequenced() as b:
            routes = gateway(UPSTREAMS, endpoint)
            async with served(routes, {"A": a.url, "B": b.url}) as port:
                assert (await ask(port, get("POST", body=body))).status == 503
            assert cases([a, b]) == [1, 0]
            gone = a.url
        async with Sequenced() as b, served(routes, {"A": gone, "B": b.url}) as port:
            assert (await ask(port, get("POST", body=body))).status == 200
            assert b.seen[0].body == body

    asyncio.run(scenario())


def test_a_client_that_leaves_ends_it() -> None:
    async def scenario() -> None:
        async with Sequenced(answer(503)) as a, Sequenced(SILENT) as b:
            routes = gateway(UPSTREAMS, ENDPOINT % ("first", "", "second"))
            async with served(routes, {"A": a.url, "B": b.url}) as port:
                async with client(port, get()):
                    await b.arrived("c")
                await b.closed("c")
                async with client(port, get()) as (reader, _):
                    assert (await read_answer(reader)).status == 200

    asyncio.run(scenario())


def test_what_a_mapping_made_of_a_status_is_still_that_status() -> None:
    endpoint = (ENDPOINT % ("first", "", "second")).replace(
        "as_a}", "as_a}\n  errors: openai"
    )

    async def scenario() -> None:
        async with Sequenced(answer(503)) as a, Sequenced() as b:
            routes = gateway(UPSTREAMS, endpoint)
            async with served(routes, {"A": a.url, "B": b.url}) as port:
                assert (await ask(port, get())).status == 200

    asyncio.run(scenario())


def test_a_pipeline_with_its_calls_has_them_in_the_place_of_the_fallback() -> None:
    calls = Execute("second"), Execute("third")
    last = Execute("first")
    assert list(with_calls((Fallback(calls), last))) == [*calls, last]
