"""Behaviours of nginx-tests: answers that hold more, or less, than they say."""

from __future__ import annotations

import asyncio

import pytest

from tests.behaviours.origin import Call, reply
from tests.behaviours.registry import Peer, Play, run
from tests.behaviours.stage import fields, is_refused_or_one, request, stage
from tests.runtime.serving import read_answer

nginx = Peer("nginx")
SEE = b"SEE-THIS"
MORE = b"SEE-THIS-BUT-NOT-THIS\n"
SHORT = b"SEE-THIS-TOO-SHORT-RESPONSE\n"


def small(length: int, body: bytes = b"", kind: str = "text/html") -> bytes:
    """Return an answer that says how long it is, truly or not."""
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n"
    return head.encode() + b"\r\n" + body


def events(length: int, body: bytes = b"") -> bytes:
    """Return the same as an event stream, which is not gathered but passed on."""
    return small(length, body, "text/event-stream")


@nginx(
    "proxy_extra_data",
    {
        "response with extra data": (small(8, MORE), 200, SEE, True),
        "too short response": (small(100, SHORT), 502, None, True),
        "empty too short response": (small(100), 502, None, True),
        "unbuffered with extra data": (events(8, MORE), 200, SEE, True),
        "unbuffered too short response": (events(100, SHORT), 200, SHORT, False),
        "unbuffered empty too short response": (events(100), 200, b"", False),
        "zero size": (small(0, b"NOT-THIS\n"), 200, b"", True),
        "unbuffered zero size": (events(0, b"NOT-THIS\n"), 200, b"", True),
    },
)
@nginx(
    "proxy_unfinished",
    {
        "length no final chunk": (small(100, b"unfinished\r\n"), 502, None, True),
        "length final chunk": (small(10, b"finished\r\n"), 200, b"finished\r\n", True),
        "unbuffered length no final chunk": (
            events(100, b"unfinished\r\n"),
            200,
            b"unfinished\r\n",
            False,
        ),
        "unbuffered length final chunk": (
            events(10, b"finished\r\n"),
            200,
            b"finished\r\n",
            True,
        ),
    },
)
async def what_is_declared_counts(
    raw: bytes, status: int, body: bytes | None, complete: bool
) -> None:
    """An answer that is gathered can still become a 502; the others are cut."""
    async with stage(reply(raw, close=True)) as s:
        answer = await s.get()
        assert (answer.status, answer.complete) == (status, complete)
        if body is None:
            assert b"SEE" not in answer.body
        else:
            assert answer.body == body


@nginx(
    "proxy_extra_data",
    {
        "response with extra data on a connection that stays": (small(8, MORE),),
        "unbuffered with extra data on a connection that stays": (events(8, MORE),),
    },
)
async def what_is_left_over_answers_nobody(raw: bytes) -> None:
    async with stage(reply(raw)) as s:
        for times in range(1, 4):
            assert (await s.get()).body == SEE
            await s.canary()
            calls = s.origin.of("/x")
            assert len({call.link for call in calls}) == times


@nginx(
    "proxy_extra_data",
    {
        "no data in HEAD": (small(8, MORE), "8"),
        "too short to HEAD": (small(100, SHORT), "100"),
        "empty response to HEAD": (small(100), "100"),
        "unbuffered no data in HEAD": (events(8, MORE), "8"),
        "unbuffered too short response to HEAD": (events(100, SHORT), "100"),
        "unbuffered empty response to HEAD": (events(100), "100"),
        "head no body": (small(8), "8"),
        "head matching": (small(8, SEE), "8"),
        "head extra": (small(8, MORE), "8"),
        "head too short": (small(100, SEE), "100"),
    },
)
async def an_answer_to_head_has_a_length_and_no_body(raw: bytes, length: str) -> None:
    async with stage(reply(raw, close=True)) as s:
        seen = await s.all(request("HEAD", "/x", "Connection: close"))
        assert seen.startswith(b"HTTP/1.1 200 ")
        assert seen.endswith(b"\r\n\r\n")
        assert b"SEE" not in seen
        assert f"content-length: {length}\r\n".encode() in seen


@nginx(
    "proxy_extra_data",
    {
        "head no body cached": (small(8), small(8, SEE), 200),
        "head matching cached": (small(8, SEE), small(8, SEE), 200),
        "head extra cached": (small(8, MORE), small(8, MORE), 200),
        "head too short cached": (small(100, SEE), small(100, SEE), 502),
    },
)
async def a_get_is_not_answered_by_a_head_before_it(
    to_head: bytes, to_get: bytes, status: int
) -> None:
    async def script(call: Call) -> None:
        await reply(to_head if call.method == "HEAD" else to_get, close=True)(call)

    async with stage(script) as s:
        await s.ask(request("HEAD"))
        answer = await s.get()
        assert answer.status == status
        assert (answer.body == SEE) == (status == 200)


def chunk(letter: bytes, size: int) -> bytes:
    """Return one chunk of a letter."""
    return b"%x\r\n%b\r\n" % (size, letter * size)


CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"


@nginx(
    "proxy_chunked_extra",
    {
        "chunked with extra data": (b"connection: close\r\n",),
        "chunked with extra data on a connection that stays": (b"",),
    },
)
async def nothing_comes_behind_the_last_chunk(field: bytes) -> None:
    head = CHUNKED[:-2] + field + b"\r\n"
    extra = (chunk(b"z", 115) + LAST) * 2
    script = reply(head + chunk(b"x", 126) * 4, chunk(b"y", 115) + LAST + extra)
    async with stage(script) as s:
        assert (await s.get()).body == b"x" * 504 + b"y" * 115


EVENT_CHUNKS = CHUNKED[:-2] + b"content-type: text/event-stream\r\n\r\n"
UNFINISHED = b"ff\r\nunfinished\r\n"
FINISHED = b"a\r\nfinished\r\n\r\n" + LAST
LINES = (b"X" * 98 + b"\r\n") * 10_000


@nginx(
    "proxy_unfinished",
    {
        "chunked no final chunk": (CHUNKED + UNFINISHED, False),
        "chunked final chunk": (CHUNKED + FINISHED, True),
        "unbuffered chunked no final chunk": (EVENT_CHUNKS + UNFINISHED, False),
        "unbuffered chunked final chunk": (EVENT_CHUNKS + FINISHED, True),
        "big unfinished": (small(1_000_100, LINES + b"unfinished\r\n"), False),
        "big finished": (small(1_000_010, LINES + b"finished\r\n"), True),
        "big unfinished un": (events(1_000_100, LINES + b"unfinished\r\n"), False),
        "big finished un": (events(1_000_010, LINES + b"finished\r\n"), True),
    },
)
async def only_a_whole_answer_ends_cleanly(raw: bytes, complete: bool) -> None:
    async with stage(reply(raw, close=True)) as s:
        answer = await s.get()
        assert (answer.status, answer.complete) == (200, complete)
        assert answer.body.endswith(b"finished\r\n")


def framed(*lines: str) -> bytes:
    """Return an answer framed by those fields, with a last chunk as its body."""
    head = ["HTTP/1.1 200 OK", "Connection: close", *lines, "", ""]
    return "\r\n".join(head).encode() + LAST


@nginx(
    "proxy_duplicate_headers",
    {
        "normal": (framed("Content-Length: 0"), 200, ["0"]),
        "invalid length": (framed("Content-Length: foo"), 502, None),
        "unknown transfer encoding": (framed("Transfer-Encoding: foo"), 502, None),
        "duplicate transfer encoding": (
            framed("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
            502,
            None,
        ),
    },
)
async def an_answer_is_framed_once(
    raw: bytes, status: int, lengths: list[str] | None
) -> None:
    async with stage(reply(raw, close=True)) as s:
        answer = await s.get()
        assert answer.status == status
        assert answer.complete
        if lengths is not None:
            assert answer.body == b""
            assert fields(answer, "content-length") == lengths


@nginx(
    "proxy_duplicate_headers",
    {
        "duplicate length": (["Content-Length: 0"] * 2, ["0"]),
        "length and transfer encoding": (
            ["Content-Length: 9", "Transfer-Encoding: chunked"],
            [],
        ),
        "transfer encoding and length": (
            ["Transfer-Encoding: chunked", "Content-Length: 9"],
            [],
        ),
    },
)
async def framing_stated_twice_is_refused_or_read_as_one(
    lines: list[str], lengths: list[str]
) -> None:
    """RFC 9112 §6.3: chunked overrides a length; RFC 9110 §8.6: equal ones are one."""
    async with stage(reply(framed(*lines), close=True)) as s:
        is_refused_or_one(await s.get(), b"", lengths)


@nginx("proxy_duplicate_headers", {"duplicate expires ignored": ()})
async def repeated_fields_pass_as_they_are() -> None:
    raw = small(0).replace(b"\r\n\r\n", b"\r\nexpires: foo\r\nexpires: bar\r\n\r\n")
    async with stage(reply(raw)) as s:
        assert fields(await s.get(), "expires") == ["foo", "bar"]


CLOSES = b"HTTP/1.1 200 OK\r\nconnection: close\r\n"
TEST_OK = b"TEST-OK-IF-YOU-SEE-THIS\n"


@nginx(
    "proxy_noclose",
    {
        "request to bad backend": ("2s", [b"content-length: 24\r\n\r\n" + TEST_OK]),
        "bad backend - multiple packets": (
            "2s",
            [b"content-length: 32\r\n\r\n" + TEST_OK, b"AND-THIS"],
        ),
        "content-length actually used": (
            "1m",
            [b"content-length: 24\r\n\r\n" + TEST_OK],
        ),
    },
)
async def an_answer_is_whole_before_its_connection_closes(
    read: str, parts: list[bytes]
) -> None:
    async def script(call: Call) -> None:
        for part in (CLOSES + parts[0], *parts[1:]):
            await call.write(part)
            await asyncio.sleep(0)
        await call.left()

    async with stage(script, upstream=f"timeout: {{read: {read}}}") as s:
        answer = await s.get()
        assert answer.complete
        assert answer.body.endswith(parts[-1][-8:])
        await s.origin.of("/x")[0].gone.wait()


@nginx("proxy_noclose", {"bad backend - no content length": ()})
async def an_answer_without_an_end_is_passed_on_and_cut() -> None:
    async def script(call: Call) -> None:
        await call.write(CLOSES + b"\r\n" + TEST_OK)
        await call.left()

    async with (
        stage(script, upstream="timeout: {read: 200ms}") as s,
        s.client(request()) as (reader, _),
    ):
        answer = await read_answer(reader)
        assert (answer.status, answer.body) == (200, TEST_OK)
        assert not answer.complete


@pytest.mark.parametrize("play", nginx.params())
def test_nginx(play: Play, runner: asyncio.Runner) -> None:
    run(play, runner)
