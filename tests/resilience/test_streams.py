"""What a client gets of an upstream that fails: an answer, or a stream that is cut.

Before the first byte every failure is an answer of the error mapping. After it the
stream is cut, behind one event where the file declares it, and never ends as if it
were whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import pytest

from hxroute.ir import Gateway
from hxroute.sandbox.scripted import Script, ScriptedUpstream
from tests.runtime.serving import Answer, ask, client, compiled, read_answer, served
from tests.upstream.silent import full_backlog, silent

pytestmark = pytest.mark.usefixtures("each_client")

GET = b"GET /x HTTP/1.1\r\nHost: a\r\nx-hx-case: c\r\n\r\n"
EVENT = "response: {stream_error: {event: error, json: {error: '{{ error.kind }}'}}}"
OPENAI = (
    "response: {stream_error: {json: {error: "
    "{message: '{{ error.detail }}', status: '{{ error.status }}'}}}}"
)
HEAD = (
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    "transfer-encoding: chunked\r\n\r\n"
)
FIRST = "9\r\ndata: a\n\n\r\n"
SECONDS = 600  # which nothing waits for


def gateway(own: str = EVENT, upstream: str = "") -> Gateway:
    """Return a gateway that has an answer to each kind of error."""
    return compiled(
        f"- {{path: '/{{rest:path}}', upstream: u, {own}}}"
        if own
        else "- {path: '/{rest:path}', upstream: u}",
        "version: 1\n"
        "settings: {url: {env: URL}}\n"
        f'upstreams: {{u: {{url: "{{{{ settings.url }}}}"{upstream}}}}}\n'
        "headers: {safe: {drop: [authorization, cookie]}}\n"
        "errors: {e: {other: {json: {kind: '{{ error.kind }}'}}}}\n"
        "defaults: {auth: none, errors: e, request: {headers: safe}}\n",
    )


def answered(script: Script, declared: Gateway, *, front: bool = True) -> Answer:
    async def scenario() -> Answer:
        async with (
            ScriptedUpstream({"c": script}) as upstream,
            served(declared, {"URL": upstream.url}, front=front) as port,
        ):
            return await ask(port, GET)

    return asyncio.run(scenario())


STUCK = {"sleep": SECONDS}


@pytest.mark.parametrize(
    ("kind", "status", "script", "upstream"),
    [
        ("disconnected", 502, [{"reset": True}], ""),
        ("disconnected", 502, [HEAD[:40], {"reset": True}], ""),
        ("bad_response", 502, ["nonsense\r\n\r\n", STUCK], ""),
        ("read_timeout", 504, [STUCK], ", timeout: {read: 50ms}"),
        ("read_timeout", 504, [STUCK], ", timeout: {first_byte: 50ms}"),
        ("read_timeout", 504, [HEAD[:40], STUCK], ", timeout: {read: 50ms}"),
        ("total_timeout", 504, [HEAD[:40], STUCK], ", timeout: {total: 50ms}"),
    ],
)
def test_a_failure_before_the_first_byte_is_an_answer(
    kind: str, status: int, script: Script, upstream: str
) -> None:
    answer = answered(script, gateway(upstream=upstream))

    assert (answer.status, answer.complete) == (status, True)
    assert json.loads(answer.body) == {"kind": kind}
    assert answer.get("content-type") == "application/json"


def test_no_connection_is_an_answer() -> None:
    async def scenario() -> None:
        async with ScriptedUpstream() as upstream:
            url = upstream.url
        async with served(gateway(), {"URL": url}) as port:
            answer = await ask(port, GET)
        assert (answer.status, answer.body) == (502, b'{"kind":"connect_failed"}')

    asyncio.run(scenario())


def test_no_free_connection_is_an_answer() -> None:
    declared = gateway(upstream=", max_connections: 1, timeout: {pool: 50ms}")

    async def scenario() -> None:
        async with (
            ScriptedUpstream({"c": [HEAD, FIRST, STUCK]}) as upstream,
            served(declared, {"URL": upstream.url}) as port,
            client(port, GET) as (reader, _),
        ):
            await reader.readuntil(b"data: a\n\n")
            answer = await ask(port, GET)
            assert (answer.status, answer.body) == (504, b'{"kind":"pool_timeout"}')

    asyncio.run(scenario())


def test_a_connection_that_takes_too_long_is_an_answer() -> None:
    async def scenario(port: int) -> None:
        declared = gateway(upstream=", timeout: {connect: 50ms}")
        async with served(declared, {"URL": f"http://127.0.0.1:{port}"}) as own:
            answer = await ask(own, GET)
        assert (answer.status, answer.body) == (504, b'{"kind":"connect_timeout"}')

    with full_backlog() as port:
        asyncio.run(scenario(port))


def test_an_upload_that_nobody_takes_is_an_answer() -> None:
    size = 32 << 20
    upload = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size

    async def scenario(port: int) -> None:
        declared = gateway(upstream=", timeout: {write: 50ms}")
        async with (
            served(declared, {"URL": f"http://127.0.0.1:{port}"}) as own,
            client(own, upload + bytes(size)) as (reader, _),
        ):
            answer = await read_answer(reader)
        assert (answer.status, answer.body) == (504, b'{"kind":"write_timeout"}')

    with silent() as port:
        asyncio.run(scenario(port))


BREAKS = pytest.mark.parametrize(
    ("kind", "end", "upstream"),
    [
        ("bad_response", {"reset": True}, ""),
        ("bad_response", {"close": True}, ""),
        ("bad_response", "nonsense\r\n", ""),
        ("read_timeout", STUCK, ", timeout: {read: 50ms}"),
        ("total_timeout", STUCK, ", timeout: {total: 50ms}"),
    ],
    ids=["reset", "close", "nonsense", "read", "total"],
)


@BREAKS
def test_an_event_stream_that_breaks_off_ends_with_the_event_and_is_cut(
    kind: str, end: str, upstream: str
) -> None:
    answer = answered([HEAD, FIRST, end], gateway(upstream=upstream))

    assert answer.status == 200
    assert not answer.complete
    assert events(answer.body) == [("", "a"), ("error", f'{{"error":"{kind}"}}')]


@BREAKS
def test_an_event_stream_that_breaks_off_is_cut_where_no_event_is_declared(
    kind: str, end: str, upstream: str
) -> None:
    answer = answered([HEAD, FIRST, end], gateway("", upstream))

    assert (answer.body, answer.complete) == (b"data: a\n\n", False)


def test_an_event_may_have_no_type() -> None:
    answer = answered([HEAD, FIRST, {"reset": True}], gateway(OPENAI))

    (_, (event, data)) = events(answer.body)
    assert event == ""
    assert json.loads(data) == {
        "error": {
            "message": "The upstream's answer was not valid HTTP or was cut short.",
            "status": 502,
        }
    }


@pytest.mark.parametrize(
    "begun",
    ["", "dat", "data: b", "data: b\n", "data: b\r", "data: b\r\n", ": b", "id: 7\n"],
)
def test_an_event_that_is_under_way_is_ended_first(begun: str) -> None:
    chunk = f"{len(begun):x}\r\n{begun}\r\n" if begun else ""
    answer = answered([HEAD, FIRST, chunk, {"reset": True}], gateway())

    assert events(answer.body)[-1] == ("error", '{"error":"bad_response"}')
    assert b"\n\n" in answer.body
    assert not answer.complete


@pytest.mark.parametrize("front", [True, False])
def test_a_stream_that_ends_ends_as_it_came(front: bool) -> None:
    script = [HEAD, FIRST, "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"]
    answer = answered(script, gateway(), front=front)

    assert (answer.body, answer.complete) == (b"data: a\n\ndata: [DONE]\n\n", True)


def test_under_a_foreign_server_too_the_stream_is_cut_behind_the_event() -> None:
    answer = answered([HEAD, FIRST, {"reset": True}], gateway(), front=False)

    assert events(answer.body)[-1] == ("error", '{"error":"bad_response"}')
    assert not answer.complete


@pytest.mark.parametrize("media", ["application/json", "text/plain"])
def test_an_event_is_put_into_nothing_but_event_streams(media: str) -> None:
    head = HEAD.replace("text/event-stream", media)
    answer = answered([head, FIRST, {"reset": True}], gateway())

    assert (answer.body, answer.complete) == (b"data: a\n\n", False)


def test_an_event_is_not_put_into_a_coding() -> None:
    head = HEAD.replace("transfer", "content-encoding: gzip\r\ntransfer")
    answer = answered([head, FIRST, {"reset": True}], gateway())

    assert (answer.body, answer.complete) == (b"data: a\n\n", False)


def test_an_event_is_not_put_into_a_declared_length() -> None:
    head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    script: Script = [
        f"{head}content-length: 100000\r\n\r\n",
        "data: a\n\n",
        {"close": True},
    ]
    answer = answered(script, gateway())

    assert (answer.body, answer.complete) == (b"data: a\n\n", False)


def test_a_stream_that_the_gateway_s_end_cuts_ends_with_the_event() -> None:
    async def scenario() -> None:
        async with (
            ScriptedUpstream({"c": [HEAD, FIRST, STUCK]}) as upstream,
            contextlib.AsyncExitStack() as stack,
        ):
            serving = served(gateway(), {"URL": upstream.url}, grace=0)
            port = await stack.enter_async_context(serving)
            async with reading(port) as reader:
                ends = asyncio.create_task(stack.aclose())
                rest = await reader.read()
                await ends
        body = rest.split(b"\r\n", 1)[1].removesuffix(b"\r\n")
        assert events(body) == [("error", '{"error":"overloaded"}')]
        assert not rest.endswith(b"0\r\n\r\n")

    asyncio.run(scenario())


@contextlib.asynccontextmanager
async def reading(port: int) -> AsyncIterator[asyncio.StreamReader]:
    """Open a connection on which the first event has come."""
    async with client(port, GET) as (reader, _):
        await reader.readuntil(b"data: a\n\n\r\n")
        yield reader


def events(body: bytes) -> list[tuple[str, str]]:
    """Parse an event stream as browsers do: the type and the data of each event."""
    found, event, data = list[tuple[str, str]](), "", list[str]()
    text = body.decode().replace("\r\n", "\n").replace("\r", "\n")
    for line in text.split("\n")[:-1]:
        name, _, value = line.partition(":")
        if not line and data:
            found.append((event, "\n".join(data)))
        if not line:
            event, data = "", []
        elif name == "event":
            event = value.removeprefix(" ")
        elif name == "data":
            data.append(value.removeprefix(" "))
    return found
