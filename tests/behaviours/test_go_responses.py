"""Behaviours of Go's httputil.ReverseProxy: what becomes of an answer."""

from __future__ import annotations

import asyncio

import pytest

from tests.behaviours.origin import Call, Script, reply, stall
from tests.behaviours.registry import Peer, Play, run
from tests.behaviours.stage import fields, logged, request, stage

go = Peer("go")
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
EVENTS = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream%b\r\n"
BAD = b"HTTP/1.1 999 No\r\ncontent-length: 2\r\nx-upstream: told\r\n\r\nok"
GOOD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-upstream: told\r\n\r\nok"
TEAPOT = """\
errors:
  e:
    other: {status: 418, text: teapot}
    upstream_status: [{match: 503, status: 504, text: replaced}]
"""
ANSWERED = "- {path: '/{rest:path}', errors: e, upstream: u}"


@go("TestReverseProxy-status")
async def an_error_status_passes() -> None:
    reply_404 = b"HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\nnone"
    async with stage(reply(reply_404)) as s:
        answer = await s.get()
        assert (answer.status, answer.body) == (404, b"none")


@go("TestReverseProxy-hop-fields-of-answers")
async def hop_fields_of_answers() -> None:
    raw = (
        b"HTTP/1.1 200 OK\r\nupgrade: foo\r\nkeep-alive: timeout=9\r\n"
        b"proxy-authenticate: Basic\r\ntrailers: no field of its own\r\n"
        b"trailer: x-trailer\r\nx-foo: bar\r\ncontent-length: 0\r\n\r\n"
    )
    async with stage(reply(raw)) as s:
        answer = await s.get()
        names = {name for name, _ in answer.headers}
        assert names == {"trailers", "x-foo", "content-length", "date"}


@go("TestReverseProxyStripHeadersPresentInConnection-answer")
async def strip_what_connection_names() -> None:
    raw = (
        b"HTTP/1.1 200 OK\r\nconnection: x-some, X-Token\r\nx-some: a\r\n"
        b"x-token: b\r\nx-kept: c\r\ncontent-length: 0\r\n\r\n"
    )
    async with stage(reply(raw)) as s:
        names = {name for name, _ in (await s.get()).headers}
        assert names == {"x-kept", "content-length", "date"}


@go("TestReverseProxy-repeated-fields")
async def repeated_fields_stay_apart() -> None:
    raw = (
        b"HTTP/1.1 200 OK\r\nx-multi: foo\r\nset-cookie: flavor=chip\r\n"
        b"x-multi: bar\r\ncontent-length: 0\r\n\r\n"
    )
    async with stage(reply(raw)) as s:
        answer = await s.get()
        assert fields(answer, "x-multi") == ["foo", "bar"]
        assert fields(answer, "set-cookie") == ["flavor=chip"]


@go("TestReverseProxy-trailers", {"": (b"trailer: x-trailer\r\n",)})
@go("TestUnannouncedTrailer", {"": (b"",)})
async def trailers_are_dropped(announcement: bytes) -> None:
    raw = CHUNKED.replace(b"\r\n\r\n", b"\r\n" + announcement + b"\r\n")
    script = reply(raw, b"2\r\nok\r\n0\r\nx-trailer: late\r\n\r\n")
    async with stage(script) as s:
        seen = await s.all(request("GET", "/x", "Connection: close"))
        assert seen.endswith(b"\r\n\r\n2\r\nok\r\n0\r\n\r\n")
        assert b"trailer" not in seen.lower()


@go("TestReverseProxy-hang-up")
async def hang_up() -> None:
    async with stage(reply(close=True)) as s:
        assert (await s.get()).status == 502


@go("TestReverseProxyFlushInterval")
async def pieces_come_together() -> None:
    async with stage(reply(CHUNKED, b"1\r\nh\r\n", b"1\r\ni\r\n0\r\n\r\n")) as s:
        assert (await s.get()).body == b"hi"


@go("TestReverseProxyFlushIntervalHeaders")
async def the_head_comes_before_the_body() -> None:
    async with stage(stall(CHUNKED)) as s, s.client(request()) as (reader, _):
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")


@go(
    "TestSelectFlushInterval",
    event_stream=(EVENTS % b"" + b"transfer-encoding: chunked\r\n\r\n",),
    event_stream_with_parameter=(
        EVENTS % b";charset=utf-8" + b"transfer-encoding: chunked\r\n\r\n",
    ),
    event_stream_of_known_length=(EVENTS % b"" + b"content-length: 10\r\n\r\n",),
    unknown_length=(CHUNKED,),
    until_it_closes=(b"HTTP/1.1 200 OK\r\n\r\n",),
)
async def a_piece_is_sent_at_once(head: bytes) -> None:
    """The upstream sends the second piece only once the client has the first."""
    seen = asyncio.Event()
    is_chunked = b"chunked" in head

    async def script(call: Call) -> None:
        await call.read()
        await call.write(head + (b"5\r\nfirst\r\n" if is_chunked else b"first"))
        await seen.wait()
        await call.write(b"5\r\nagain\r\n0\r\n\r\n" if is_chunked else b"again")
        if b"content-length" not in head and not is_chunked:
            call.close()

    async with stage(script) as s, s.client(request()) as (reader, _):
        await reader.readuntil(b"first")
        seen.set()
        await reader.readuntil(b"again")


@go("TestSelectFlushInterval-default")
async def a_small_answer_of_known_length_comes_whole() -> None:
    script = reply(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n", b"first", b"again")
    async with stage(script) as s:
        answer = await s.get()
        assert (answer.get("content-length"), answer.body) == ("10", b"firstagain")


@go(
    "TestReverseProxyModifyResponse",
    accepted=(GOOD, 200, "told"),
    refused=(BAD, 502, None),
)
async def an_answer_that_is_refused_is_a_502(
    raw: bytes, status: int, field: str | None
) -> None:
    async with stage(reply(raw)) as s:
        answer = await s.get()
        assert (answer.status, answer.get("x-upstream")) == (status, field)


@go(
    "TestReverseProxyErrorHandler",
    default=("", reply(close=True), 502, None),
    errorhandler=(TEAPOT, reply(close=True), 418, b"teapot"),
    modifyresponse_noerr=(
        TEAPOT,
        reply(b"HTTP/1.1 503 Busy\r\ncontent-length: 2\r\n\r\nno"),
        504,
        b"replaced",
    ),
    modifyresponse_err=(TEAPOT, reply(BAD), 418, b"teapot"),
)
async def an_error_is_answered_by_the_table(
    errors: str, script: Script, status: int, body: bytes | None
) -> None:
    endpoint = ANSWERED if errors else "- {path: /x, upstream: u}"
    async with stage(script, endpoint, more=errors) as s:
        answer = await s.get()
        assert answer.status == status
        if body is None:
            assert answer.get("content-type") == "application/problem+json"
        else:
            assert answer.body == body


@go("TestReverseProxy_CopyBuffer")
async def an_answer_cut_short_is_logged() -> None:
    script = reply(CHUNKED + b"ff\r\nthis call was relayed", close=True)
    with logged("hxroute.error") as lines:
        async with stage(script) as s:
            assert not (await s.get()).complete
            assert (await lines.get()).startswith("GET /x: cut: ")


@go("TestModifyResponseClosesBody")
async def an_answer_that_is_refused_is_closed() -> None:
    async with stage(stall(BAD.replace(b" 2\r", b" 99\r"))) as s:
        assert (await s.get()).status == 502
        await s.origin.of("/x")[0].gone.wait()


@go(
    "TestReverseProxy_PanicBodyError",
    chunked=(CHUNKED + b"ff\r\nrelayed",),
    long=(b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\nrelayed",),
    events=(EVENTS % b"" + b"content-length: 99\r\n\r\nrelayed",),
)
async def an_answer_cut_short_is_never_ended_cleanly(raw: bytes) -> None:
    async with stage(reply(raw, close=True)) as s:
        answer = await s.get()
        assert (answer.status, answer.complete) == (200, False)


@go("TestReverseProxy_PanicBodyError-short")
async def a_small_answer_cut_short_is_a_502() -> None:
    raw = b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nrelayed"
    async with stage(reply(raw, close=True)) as s:
        answer = await s.get()
        assert (answer.status, b"relayed" in answer.body) == (502, False)


HINTS = (
    b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n"
    b"HTTP/1.1 102 Processing\r\nlink: </foo.js>\r\n\r\n"
)


@go("Test1xxResponses")
async def interim_answers_are_skipped() -> None:
    final = b"HTTP/1.1 200 OK\r\nlink: </last.css>\r\ncontent-length: 5\r\n\r\nHello"
    async with stage(reply(HINTS, final)) as s:
        answer = await s.get()
        assert (answer.status, answer.body) == (200, b"Hello")
        assert fields(answer, "link") == ["</last.css>"]


@go("Test1xxHeadersNotModifiedAfterRoundTrip")
async def fields_of_an_interim_answer_are_never_those_of_the_final() -> None:
    async with stage(reply(HINTS, close=True)) as s:
        answer = await s.get()
        assert (answer.status, fields(answer, "link")) == (502, [])


@go("Test1xxHeadersNotModifiedAfterRoundTrip-client-gone")
async def a_client_may_leave_after_an_interim_answer() -> None:
    async with stage(stall(HINTS)) as s:
        async with s.client(request()):
            call = await s.origin.arrived("/x")
        await call.gone.wait()


@pytest.mark.parametrize("play", go.params())
def test_go(play: Play, runner: asyncio.Runner) -> None:
    run(play, runner)
