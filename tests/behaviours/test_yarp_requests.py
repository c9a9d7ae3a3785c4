"""Behaviours of YARP's forwarder: requests, and what ends them early."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from hxroute.ir import Gateway
from tests.behaviours.origin import OK, Call, deaf, reply, stall
from tests.behaviours.registry import Peer, Play, run
from tests.behaviours.stage import drip, gateway, request, stage
from tests.processes import free_port
from tests.runtime.serving import Answer, ask, read_answer, served

yarp = Peer("yarp")
QUICK = "timeout: {connect: 200ms, read: 200ms, write: 200ms, pool: 200ms}"
LARGE = 8 << 20


@yarp("RequestWithBodies_WrongContentLength", nothing=(1, b""), less=(2, b"a"))
async def a_body_shorter_than_declared_is_no_request(length: int, sent: bytes) -> None:
    """The upstream must not take what has come for the whole."""

    async def script(call: Call) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await call.read()
            await call.write(OK)
        call.close()

    head = request("POST", "/x", f"Content-Length: {length}")
    async with stage(script) as s:
        async with s.client(head + sent) as (reader, writer):
            call = await s.origin.arrived("/x")
            writer.write_eof()
            assert b" 200 " not in await reader.read()
        await call.gone.wait()
        assert not call.is_whole


@yarp("RequestWithBodies_WrongContentLength-more")
async def a_body_longer_than_declared_ends_where_it_was_declared_to() -> None:
    data = request("POST", "/x", "Content-Length: 1") + b"a?\r\n\r\n"
    async with stage() as s:
        raw = await s.all(data)
        assert raw.count(b"HTTP/1.1 ") == 2
        assert b"HTTP/1.1 400 " in raw
        assert [call.body for call in s.origin.of("/x")] == [b"a"]


@yarp("RequestWithBodies_WithoutContentLength")
async def a_body_without_a_length_goes_on_in_chunks() -> None:
    data = request("POST", "/x", "Transfer-Encoding: chunked")
    async with stage() as s:
        answer = await s.ask(data + b"7\r\nrequest\r\n8\r\n content\r\n0\r\n\r\n")
        assert answer.status == 200
        called = s.origin.of("/x")[0]
        assert called.body == b"request content"
        assert called.values("transfer-encoding") == ["chunked"]
        assert called.values("content-length") == []


@yarp(
    "RequestWithCookieHeaders",
    one_field=(["a=A; b=B; c=C"],),
    commas=(["a=A, b=B, c=C"],),
    two_fields=(["a=A; b=B", "c=C"],),
)
async def cookies_go_on_as_they_came(values: list[str]) -> None:
    async with stage() as s:
        await s.get("/x", *(f"Cookie: {value}" for value in values))
        assert s.origin.of("/x")[0].values("cookie") == values


MULTI = ("Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Via")
CONTENT = ("Content-Encoding", "Content-Language", "Content-Type")


@yarp("RequestWithEmptyMultiHeaders", {name: (name,) for name in MULTI + CONTENT})
async def empty_fields_stay_and_stay_apart(name: str) -> None:
    async with stage() as s:
        await s.get("/x", f"{name}:", "X-Between: 1", f"{name}: ")
        called = s.origin.of("/x")[0]
        assert called.names == ["host", name.lower(), "x-between", name.lower()]
        assert called.values(name.lower()) == ["", ""]


async def asked_of(port: int, data: bytes, configured: Gateway) -> Answer:
    """Ask a gateway whose upstream is that port."""
    url = f"http://127.0.0.1:{port}"
    async with served(configured, {"URL": url}) as own:
        return await ask(own, data)


@yarp("UnableToConnect_Returns502", {"": (request(),)})
@yarp("UnableToConnectWithBody_Returns502", {"": (request("POST", body=b"x"),)})
async def unable_to_connect(data: bytes) -> None:
    answer = await asked_of(free_port(), data, gateway())
    assert answer.status == 502
    assert b"127.0.0.1" not in answer.body


@yarp("RequestTimedOut_Returns504", {"": (request(),)})
@yarp("RequestWithBodyTimedOut_Returns504", {"": (request("POST", body=b"x"),)})
async def timed_out(data: bytes) -> None:
    async with stage(stall(), upstream=QUICK) as s:
        assert (await s.ask(data)).status == 504
        await s.origin.of("/x")[0].gone.wait()


@yarp("RequestConnectTimedOut_Returns504")
async def connect_timed_out() -> None:
    with deaf() as port:
        answer = await asked_of(port, request(), gateway(upstream=QUICK))
        assert answer.status == 504


@yarp("RequestWithBody_KeptAliveByActivity")
async def a_slow_upload_is_no_silence_of_the_upstream() -> None:
    """Six pieces take longer than the read timeout; none of them does."""
    head = request("POST", "/x", "Content-Length: 6")
    async with (
        stage(upstream=QUICK.replace("read: 200ms", "read: 300ms")) as s,
        s.client(head) as (reader, writer),
    ):
        await drip(writer, [b"a"] * 6, 0.1)
        assert (await read_answer(reader)).status == 200
        assert s.origin.of("/x")[0].body == b"aaaaaa"


@yarp("RequestCanceled_Returns400", GET=(request(),), POST=(request(body=b"x"),))
async def a_client_that_leaves_ends_its_call(data: bytes) -> None:
    async with stage(stall()) as s:
        async with s.client(data):
            call = await s.origin.arrived("/x")
        await call.gone.wait()


@yarp("RequestBodyClientErrorBeforeResponseError_Returns400")
async def a_malformed_body_is_a_400_and_no_request() -> None:
    head = request("POST", "/x", "Transfer-Encoding: chunked")
    async with stage() as s:
        async with s.client(head + b"1\r\na\r\n") as (reader, writer):
            call = await s.origin.arrived("/x")
            writer.write(b"no size\r\n")
            assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        await call.gone.wait()
        assert not call.is_whole


@yarp("RequestBodyDestinationErrorBeforeResponseError_Returns502")
async def an_upstream_that_resets_an_upload_is_a_502() -> None:
    async def script(call: Call) -> None:
        await call.reader.read(1)
        call.reset()

    head = request("POST", "/x", f"Content-Length: {LARGE}")
    async with stage(script) as s, s.client(head + bytes(LARGE)) as (reader, _):
        assert (await read_answer(reader)).status == 502


@yarp("RequestBodyCanceledAfterResponse_Reported")
async def an_upload_may_break_off_after_its_answer() -> None:
    async def script(call: Call) -> None:
        await call.write(OK)
        await call.left()

    head = request("POST", "/x", "Content-Length: 10")
    async with stage(script) as s:
        async with s.client(head + b"a") as (reader, _):
            answer = await read_answer(reader)
            assert (answer.status, answer.body) == (200, b"ok")
            assert answer.get("connection") == "close"
        await s.origin.of("/x")[0].gone.wait()


EXPECTS = ("Expect: 100-continue", f"Content-Length: {LARGE}")


async def final(reader: asyncio.StreamReader) -> Answer:
    """Read the final answer, whatever interim ones come before it."""
    while (answer := await read_answer(reader)).status < 200:
        pass
    return answer


@yarp("Expect100ContinueWithFailedResponse_ReturnResponse")
async def an_upstream_may_refuse_before_the_body_is_sent() -> None:
    async def script(call: Call) -> None:
        await call.write(b"HTTP/1.1 409 Conflict\r\ncontent-length: 2\r\n\r\nno")
        await call.left()

    async with (
        stage(script) as s,
        s.client(request("POST", "/x", *EXPECTS)) as (reader, _),
    ):
        answer = await final(reader)
        assert (answer.status, answer.body) == (409, b"no")
        assert answer.get("connection") == "close"


KEYED = "- {path: /x, auth: k, upstream: u}"
SMALL = "- {path: /x, request: {max_body: 1KiB}, upstream: u}"


@yarp(
    "PostExpect100_BodyNotUploadedIfFailed",
    no_key=(KEYED, EXPECTS, 401),
    too_large=(SMALL, EXPECTS, 413),
    no_endpoint=("- {path: /y, upstream: u}", EXPECTS, 404),
    chunked=(KEYED, ("Expect: 100-continue", "Transfer-Encoding: chunked"), 401),
)
async def the_gateway_refuses_before_the_body_is_sent(
    endpoint: str, sent: tuple[str, ...], status: int
) -> None:
    keys = 'auth: {k: {bearer: ["{{ settings.key }}"]}}\n' if "auth" in endpoint else ""
    async with stage(None, endpoint, more=keys) as s:
        raw = await s.all(request("POST", "/x", *sent))
        assert raw.startswith(b"HTTP/1.1 %d " % status)
        assert s.origin.calls == []


@yarp(
    "PostExpect100_BodyNotUploadedIfFailed-wanted",
    length=("Content-Length: 2", b"ab"),
    chunked=("Transfer-Encoding: chunked", b"2\r\nab\r\n0\r\n\r\n"),
)
async def a_body_that_is_wanted_is_asked_for(framing: str, body: bytes) -> None:
    data = request("POST", "/x", "Expect: 100-continue", framing)
    async with stage() as s, s.client(data) as (reader, writer):
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(body)
        assert (await read_answer(reader)).status == 200
        assert s.origin.of("/x")[0].body == b"ab"


@yarp("IncompleteClientRequests_ProxyHealthIsUnaffected")
async def clients_that_leave_are_no_failures_of_the_upstream() -> None:
    served_418 = b"HTTP/1.1 418 Teapot\r\ncontent-length: 11\r\n\r\nHello world"
    async with stage({"/x": stall(), "/then": reply(served_418)}) as s:
        for times in range(42):
            async with s.client(request()):
                await s.origin.arrived("/x", times + 1)
        answer = await s.get("/then")
        assert (answer.status, answer.body) == (418, b"Hello world")


@pytest.mark.parametrize("play", yarp.params())
def test_yarp(play: Play, runner: asyncio.Runner) -> None:
    run(play, runner)
