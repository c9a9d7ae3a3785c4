"""Behaviours of YARP's forwarder: fields that end at each hop, and broken answers."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from tests.behaviours.origin import Call, Origin, reply, stall
from tests.behaviours.registry import Peer, Play, run
from tests.behaviours.stage import gateway, request, stage
from tests.runtime.serving import client, served

yarp = Peer("yarp")
CHUNKED = (
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\naccept-ranges: bytes\r\n\r\n"
)
ODD = (
    b"HTTP/1.1 234 Test\r\nx-test: response\r\ncontent-language: l\r\n"
    b"content-length: 7\r\n\r\ncontent"
)


@yarp("ResponseBodyDestinationErrorFirstRead_Returns502", close=(False,), reset=(True,))
async def an_answer_without_its_body_is_a_502(resets: bool) -> None:
    async def script(call: Call) -> None:
        await call.write(
            b"HTTP/1.1 200 OK\r\naccept-ranges: bytes\r\ncontent-length: 5\r\n\r\n"
        )
        if resets:
            call.reset()
        call.close()

    async with stage(script) as s:
        answer = await s.get()
        assert (answer.status, answer.get("accept-ranges")) == (502, None)


@yarp("ResponseBodyDestinationErrorSecondRead_Aborted")
async def an_answer_that_breaks_off_is_aborted() -> None:
    passed = asyncio.Event()

    async def script(call: Call) -> None:
        await call.write(CHUNKED + b"1\r\na\r\n")
        await passed.wait()
        call.reset()

    async with stage(script) as s, s.client(request()) as (reader, _):
        head = await reader.readuntil(b"\r\n\r\n1\r\na\r\n")
        assert b"accept-ranges: bytes" in head
        passed.set()
        assert await reader.read() == b""


@yarp("ResponseBodyClientError_Aborted")
async def a_client_that_leaves_ends_its_answer() -> None:
    async with stage(stall(CHUNKED + b"1\r\na\r\n")) as s:
        async with s.client(request()) as (reader, _):
            await reader.readuntil(b"\r\n\r\n1\r\na\r\n")
        await s.origin.of("/x")[0].gone.wait()


@yarp("ResponseBodyCancelledAfterStart_Aborted")
async def a_gateway_that_ends_aborts_what_it_had_begun() -> None:
    async with (
        Origin({"/x": stall(CHUNKED + b"1\r\na\r\n")}) as origin,
        contextlib.AsyncExitStack() as stack,
    ):
        url = f"http://127.0.0.1:{origin.port}"
        gate = served(gateway(), {"URL": url}, grace=0)
        port = await stack.enter_async_context(gate)
        async with client(port, request()) as (reader, _):
            await reader.readuntil(b"\r\n\r\n1\r\na\r\n")
            await stack.aclose()
            assert await reader.read() == b""
        await origin.of("/x")[0].gone.wait()


UPGRADE = ("Connection: upgrade", "Upgrade: websocket")


@yarp(
    "UpgradableRequestFailsToUpgrade_ProxiesResponse",
    websocket=UPGRADE,
    spdy=("Connection: upgrade", "Upgrade: SPDY/3.1"),
)
async def an_upgrade_is_ignored_and_the_answer_passes(*sent: str) -> None:
    async with stage(reply(ODD)) as s:
        answer = await s.get("/x", *sent)
        assert (answer.status, answer.body) == (234, b"content")
        assert answer.get("x-test") == "response"
        assert answer.get("content-language") == "l"


@yarp("FalseUpgradeTest", none=(), h2c=("Connection: upgrade", "Upgrade: h2c"))
async def a_body_arrives_whatever_upgrade_is_asked_for(*sent: str) -> None:
    async with stage() as s:
        answer = await s.post(b"Hello World", "/x", *sent)
        assert answer.status == 200
        assert s.origin.of("/x")[0].body == b"Hello World"


KEEP_ALIVE = ("Connection: keep-alive", "Keep-Alive: timeout=100")


@yarp(
    "NonUpgradableRequest_RemoveAllConnectionHeaders",
    upgrade=("Connection: upgrade", "Upgrade: test123"),
    keep_alive=KEEP_ALIVE,
    neither=(),
)
@yarp(
    "UpgradableRequest_RemoveAllConnectionHeaders",
    websocket=UPGRADE,
    spdy=("Connection: upgrade", "Upgrade: SPDY/"),
    both=("Connection: upgrade, keep-alive", *UPGRADE[1:], *KEEP_ALIVE[1:]),
)
async def connection_fields_end_here(*sent: str) -> None:
    async with stage() as s:
        assert (await s.get("/x", *sent, "Foo: bar")).status == 200
        assert s.origin.of("/x")[0].names == ["host", "foo"]


HOP_BY_HOP = (
    "Connection: close",
    "Keep-Alive: timeout=100",
    "Proxy-Authenticate: value",
    "Proxy-Authorization: value",
    "Proxy-Connection: value",
    "TE: value",
    "Upgrade: test123",
)
END_TO_END = (
    "ALPN: value",
    "Alt-Svc: value",
    "Close: value",
    "HTTP2-Settings: value",
    "Proxy-Authentication-Info: value",
    "Proxy-Features: value",
    "Proxy-Instruction: value",
    "Security-Scheme: value",
    "Upgrade-Insecure-Requests: value",
)
PROHIBITED = {
    line.partition(":")[0]: (line, line in END_TO_END)
    for line in HOP_BY_HOP + END_TO_END
}


@yarp("Request_RemoveProhibitedHeaders", PROHIBITED)
async def only_hop_by_hop_fields_of_a_request_end_here(line: str, passes: bool) -> None:
    name = line.partition(":")[0].lower()
    async with stage() as s:
        assert (await s.get("/x", line, "Foo: bar")).status == 200
        called = s.origin.of("/x")[0]
        assert called.names == ["host", *([name] if passes else []), "foo"]


@yarp("Response_RemoveProhibitedHeaders", PROHIBITED)
async def only_hop_by_hop_fields_of_an_answer_end_here(line: str, passes: bool) -> None:
    name = line.partition(":")[0].lower()
    raw = f"HTTP/1.1 200 OK\r\n{line}\r\nFoo: bar\r\ncontent-length: 0\r\n\r\n"
    async with stage(reply(raw.encode())) as s:
        answer = await s.get()
        assert answer.get("foo") == "bar"
        assert (answer.get(name) is not None) == passes


@yarp("Request_RemoveProhibitedHeaders-Transfer-Encoding")
async def a_request_in_an_unknown_coding_is_refused() -> None:
    async with stage() as s:
        answer = await s.get("/x", "Transfer-Encoding: deflate")
        assert answer.status in (400, 501)
        assert s.origin.calls == []


@yarp("Response_RemoveProhibitedHeaders-Transfer-Encoding")
async def an_answer_in_an_unknown_coding_is_a_502() -> None:
    raw = b"HTTP/1.1 200 OK\r\ntransfer-encoding: deflate\r\n\r\nx"
    async with stage(reply(raw, close=True)) as s:
        assert (await s.get()).status == 502


@yarp(
    "RequestFailure_ResponseTransformsAreCalled",
    failed=(b"", 502, "table", None),
    answered=(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 200, None, "rule"),
)
async def rules_of_answers_are_not_for_failures(
    raw: bytes, status: int, table: str | None, rule: str | None
) -> None:
    """A failure is worded by the error table alone."""
    endpoint = "- {path: /x, errors: e, response: {headers: r}, upstream: u}"
    errors = "errors: {e: {other: {headers: {x-table: table}, text: failed}}}\n"
    async with stage(
        reply(raw, close=True), endpoint, rules="r: {set: {x-rule: rule}}", more=errors
    ) as s:
        answer = await s.get()
        assert answer.status == status
        assert (answer.get("x-table"), answer.get("x-rule")) == (table, rule)


@pytest.mark.parametrize("play", yarp.params())
def test_yarp(play: Play, runner: asyncio.Runner) -> None:
    run(play, runner)
