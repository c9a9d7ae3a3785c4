"""Behaviours of undici, an HTTP client: bodies, their lengths and their codings."""

from __future__ import annotations

import asyncio
import zlib

import pytest

from tests.behaviours.origin import Call, Script, reply, sized
from tests.behaviours.registry import Peer, Play, run
from tests.behaviours.stage import fields, is_refused_or_one, request, stage
from tests.runtime.serving import read_answer

undici = Peer("undici")
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
BIG = bytes(range(256)) * 1024


@undici(
    "client-content-length-fastpath",
    {
        "large body": (reply(sized(BIG)), BIG),
        "boundary at a packet": (reply(sized(BIG)[: -len(BIG)], BIG), BIG),
        "chunked": (
            reply(CHUNKED + b"20000\r\n" + BIG[:131072], b"\r\n0\r\n\r\n"),
            BIG[:131072],
        ),
        "large head": (
            reply(sized(BIG, "x-one: " + "v" * 3000, "x-two: " + "v" * 3000)),
            BIG,
        ),
        "interim": (reply(b"HTTP/1.1 103 Hints\r\n\r\n", sized(BIG)), BIG),
    },
)
async def a_body_arrives_whole(script: Script, body: bytes) -> None:
    async with stage(script) as s:
        answer = await s.get()
        assert answer.complete
        assert answer.body == body


@undici("client-content-length-fastpath-keep-alive-reuse")
async def a_large_body_leaves_the_connection_usable() -> None:
    async with stage(reply(sized(BIG))) as s:
        for _ in range(5):
            assert (await s.get()).body == BIG
        assert {call.link for call in s.origin.calls} == {1}


@undici("client-content-length-fastpath-pipelined")
async def pipelined_requests_are_answered_in_order() -> None:
    scripts = {"/1": reply(sized(b"A" * 65536)), "/2": reply(sized(b"B" * 32768))}
    data = request("GET", "/1") + request("GET", "/2")
    async with stage(scripts) as s, s.client(data) as (reader, _):
        assert (await read_answer(reader)).body == b"A" * 65536
        assert (await read_answer(reader)).body == b"B" * 32768


@undici(
    "client-content-length-fastpath",
    {
        "truncated and closed": ("Connection: close",),
        "truncated": ("Connection: keep-alive",),
    },
)
async def a_truncated_body_of_known_length_is_a_502(field: str) -> None:
    raw = sized(BIG[:32768], field)[:-22768]
    async with stage(reply(raw, close=True)) as s:
        assert (await s.get()).status == 502


@undici("client-content-length-fastpath-backpressure")
async def a_body_arrives_whole_at_a_slow_client() -> None:
    async with stage(reply(sized(BIG * 8))) as s, s.client(request()) as (reader, _):
        await reader.readuntil(b"\r\n\r\n")
        body = b""
        while len(body) < len(BIG) * 8:
            body += await reader.read(8192)
            await asyncio.sleep(0)
        assert body == BIG * 8


@undici("client-content-length-fastpath-304")
async def a_304_has_no_body_whatever_it_declares() -> None:
    raw = b"HTTP/1.1 304 Not Modified\r\ncontent-length: 1234\r\netag: x\r\n\r\n"
    async with stage(reply(raw)) as s, s.client(request()) as (reader, writer):
        for _ in range(2):
            answer = await read_answer(reader)
            assert (answer.status, answer.get("etag")) == (304, "x")
            writer.write(request())


@undici("content-length-request-body-short")
async def an_upload_that_breaks_off_ends_its_call() -> None:
    head = request("PUT", "/x", "Content-Length: 10")
    async with stage() as s:
        async with s.client(head + b"asd"):
            call = await s.origin.arrived("/x")
        await call.gone.wait()
        assert not call.is_whole


@undici(
    "content-length",
    {
        "request GET with a body": ("GET", b"asda", ["4"]),
        "request of no length": ("PUT", b"", ["0"]),
    },
)
async def a_length_goes_on_with_its_body(
    method: str, body: bytes, lengths: list[str]
) -> None:
    data = request(method, "/x", *([] if body else ["Content-Length: 0"]), body=body)
    async with stage() as s:
        assert (await s.ask(data)).status == 200
        called = s.origin.of("/x")[0]
        assert (called.values("content-length"), called.body) == (lengths, body)


@undici("content-length-request-data-behind-no-length")
async def data_behind_a_length_of_zero_is_no_body() -> None:
    data = request("PUT", "/x", "Content-Length: 0") + b"asdasd\r\n\r\n"
    async with stage() as s:
        raw = await s.all(data)
        assert raw.startswith(b"HTTP/1.1 200 ")
        assert b"HTTP/1.1 400 " in raw
        assert [call.body for call in s.origin.calls] == [b""]


@undici("content-length-response-short")
async def an_answer_that_is_too_short_is_a_502() -> None:
    raw = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n123"
    async with stage(reply(raw, close=True)) as s:
        assert (await s.get()).status == 502


@undici("client-header-field-boundaries-packets")
async def fields_may_come_in_pieces() -> None:
    parts = (
        b"HTTP/1.1 200 OK\r\nKeep-Al",
        b"ive: time",
        b"out=3\r\nContent-Len",
        b"gth: 1",
        b"2\r\nX-Note: ab\r\nX-No",
        b"te: c",
        b"d\r\n\r\nhello world!",
    )
    async with stage(reply(*parts)) as s:
        answer = await s.get()
        assert answer.body == b"hello world!"
        assert fields(answer, "x-note") == ["ab", "cd"]
        assert fields(answer, "keep-alive") == []


def two(*lengths: str) -> bytes:
    """Return an answer of two bytes that states those lengths."""
    lines = "".join(f"Content-Length: {length}\r\n" for length in lengths)
    return f"HTTP/1.1 200 OK\r\n{lines}\r\nok".encode()


@undici(
    "client-header-field-boundaries",
    {"lengths 2 and 3": (two("2", "3"),), "length 2, 3": (two("2, 3"),)},
)
async def two_lengths_are_an_error(raw: bytes) -> None:
    async with stage(reply(raw)) as s:
        assert (await s.get()).status == 502


@undici(
    "client-header-field-boundaries",
    {"lengths 2 and 2": (two("2", "2"),), "length 2, 2": (two("2, 2"),)},
)
async def a_length_stated_twice_is_refused_or_read_as_one(raw: bytes) -> None:
    async with stage(reply(raw)) as s:
        is_refused_or_one(await s.get(), b"ok", ["2"])


GZIP = zlib.compressobj(wbits=31)
ZIPPED = GZIP.compress(b"hello world") + GZIP.flush()


@undici(
    "decompress",
    {
        "none": (None, b"hello world", "200 OK"),
        "empty": ("", b"hello world", "200 OK"),
        "redirect": ("gzip", ZIPPED, "301 Moved"),
        "unsupported": ("x-custom-encoding", b"hello world", "200 OK"),
        "gzip": ("gzip", ZIPPED, "200 OK"),
        "x gzip": ("x-gzip", ZIPPED, "200 OK"),
        "gzip, br": ("gzip, br", ZIPPED[::-1], "200 OK"),
        "deflate": ("deflate", zlib.compress(b"hello world"), "200 OK"),
        "deflate, gzip": ("deflate, gzip", ZIPPED, "200 OK"),
        "gzip that is none": ("gzip", b"hello world", "200 OK"),
    },
)
async def a_coded_body_passes_as_it_is(
    coding: str | None, body: bytes, status: str
) -> None:
    lines = [] if coding is None else [f"content-encoding: {coding}"]
    async with stage(reply(sized(body, *lines, status=status))) as s:
        answer = await s.get()
        assert answer.body == body
        assert answer.get("content-encoding") == coding
        assert answer.get("content-length") == str(len(body))


@undici("decompress-HEAD")
async def a_coded_answer_to_head_passes_as_it_is() -> None:
    async def script(call: Call) -> None:
        raw = sized(ZIPPED, "content-encoding: gzip")
        await call.write(raw[: -len(ZIPPED)] if call.method == "HEAD" else raw)

    async with stage(script) as s:
        answer = await s.ask(request("HEAD"))
        assert answer.get("content-encoding") == "gzip"
        assert answer.get("content-length") == str(len(ZIPPED))


@pytest.mark.parametrize("play", undici.params())
def test_undici(play: Play, runner: asyncio.Runner) -> None:
    run(play, runner)
