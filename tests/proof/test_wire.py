"""What a client is told of an answer, by servers that write given bytes."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from hxroute.proof.messages import Answer, Request
from hxroute.proof.wire import MOST, NoAnswer, send
from hxroute.sandbox.scripted import Script, ScriptedUpstream
from tests.processes import free_port

GET = Request("GET", "/x")
HEAD = Request("HEAD", "/x")
HOST = "gateway.example"
PATIENCE = 60.0
SHORT = 0.05
CLOSE = {"close": True}
LONG = "x" * 1024
SILENCE = {"sleep": 600}
CHUNKED = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"

Handler = Callable[
    [asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]
]


def answer(*script: Any, request: Request = GET, patience: float = PATIENCE) -> Answer:
    """Ask a server that answers by a script."""

    async def asked() -> Answer:
        async with ScriptedUpstream({"": script}) as server:
            return await send(request, ("127.0.0.1", server.port), HOST, patience)

    return asyncio.run(asked())


def failure(*script: Any, request: Request = GET, patience: float = PATIENCE) -> str:
    """Ask in vain; return what is said of it."""
    with pytest.raises(NoAnswer) as caught:
        answer(*script, request=request, patience=patience)
    return str(caught.value)


@asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[tuple[str, int]]:
    """Serve by a function that may do what no script does."""
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()


async def reset(text: str) -> Answer:
    """Ask a server that sends a text and then RST instead of an end."""

    async def handler(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(text.encode())
        await writer.drain()
        connection: socket.socket = writer.get_extra_info("socket")
        at_once = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        writer.transport.abort()

    async with served(handler) as address:
        return await send(GET, address, HOST, PATIENCE)


# ---- framing


def test_answer_of_a_length() -> None:
    got = answer("HTTP/1.1 201 Made\r\nX-A:  b \r\ncontent-length: 3\r\n\r\nabcdef")

    headers = (("x-a", "b"), ("content-length", "3"))
    assert got == Answer(201, headers, "abc", excess="def")


def test_answer_without_a_reason() -> None:
    assert answer("HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n").status == 200


def test_answer_in_chunks() -> None:
    got = answer(CHUNKED, "3\r\nabc\r\n", "A\r\n0123456789\r\n0\r\n\r\n")

    assert (got.body, got.complete, got.trailers) == ("abc0123456789", True, ())


def test_answer_in_chunks_with_extensions_and_trailers() -> None:
    got = answer(
        CHUNKED, '3;a=b;c="d"\r\nabc\r\n0;last\r\nX-One: 1\r\nx-two:2\r\n\r\nmore'
    )

    assert (got.body, got.complete) == ("abc", True)
    assert got.trailers == (("x-one", "1"), ("x-two", "2"))


@pytest.mark.parametrize("cut", range(1, len(CHUNKED) + 40, 7))
def test_answer_in_pieces_is_the_same(cut: int) -> None:
    whole = CHUNKED + "3\r\nabc\r\n1\r\nd\r\n0\r\nx-a: 1\r\n\r\n"

    async def handler(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in (whole[:cut], whole[cut:]):
            writer.write(part.encode())
            await writer.drain()
        writer.close()

    async def asked() -> Answer:
        async with served(handler) as address:
            return await send(GET, address, HOST, PATIENCE)

    got = asyncio.run(asked())
    assert (got.body, got.complete, got.trailers) == ("abcd", True, (("x-a", "1"),))


def test_coding_before_chunked_is_left() -> None:
    head = "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n"

    assert answer(head, "2\r\n\x1f\x8b\r\n0\r\n\r\n").body == "\x1f\x8b"


def test_answer_to_the_end() -> None:
    got = answer("HTTP/1.1 200 OK\r\n\r\nabc", "def", CLOSE)

    assert (got.body, got.complete) == ("abcdef", True)


def test_answer_of_http_1_0() -> None:
    got = answer("HTTP/1.0 200 OK\r\n\r\nabc", CLOSE)

    assert (got.status, got.body, got.complete) == (200, "abc", True)


def test_head_has_no_body() -> None:
    got = answer("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", request=HEAD)

    assert got == Answer(200, (("content-length", "9"),))


@pytest.mark.parametrize("status", [101, 204, 304])
def test_status_has_no_body(status: int) -> None:
    got = answer(f"HTTP/1.1 {status} X\r\ncontent-length: 9\r\n\r\n")

    assert (got.status, got.body, got.complete) == (status, "", True)


def test_informational_answers_come_before() -> None:
    got = answer(
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na",
    )

    assert got == Answer(200, (("content-length", "1"),), "a", interim=(100, 103))


def test_bytes_come_as_they_are() -> None:
    every = "".join(map(chr, range(256)))

    got = answer(
        f"HTTP/1.1 200 OK\r\nx-a: \xe9\xff\r\ncontent-length: 256\r\n\r\n{every}"
    )

    assert got.body == every
    assert got.headers[0] == ("x-a", "\xe9\xff")


# ---- cut, reset, garbage, silence


@pytest.mark.parametrize(
    "sent",
    [
        "3\r\nabc\r\n",
        "3\r\nabc\r\n5",
        "3\r\nabc\r\n5\r",
        "3\r\nabc\r\n5\r\n",
        "3\r\nabc\r",
        "3\r\nabc",
        "5\r\nabc",
        "3\r\nabc\r\n0\r\n",
        "3\r\nabc\r\n0\r\nx-a: 1",
        "3\r\nabc\r\n0\r\nx-a: 1\r\n",
    ],
)
def test_chunks_that_are_cut_keep_what_was_content(sent: str) -> None:
    got = answer(CHUNKED, sent, CLOSE)

    assert (got.body, got.complete, got.trailers) == ("abc", False, ())


def test_body_that_is_cut_is_not_complete() -> None:
    got = answer("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", CLOSE)

    assert (got.body, got.complete) == ("abc", False)


@pytest.mark.parametrize(
    "head",
    [
        CHUNKED + "9\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n",
    ],
)
def test_body_that_is_reset_is_not_complete(head: str) -> None:
    got = asyncio.run(reset(f"{head}abc"))

    assert (got.body, got.complete) == ("abc", False)


def test_reset_without_an_answer() -> None:
    with pytest.raises(NoAnswer, match=r"^the connection was reset$"):
        asyncio.run(reset(""))


def test_end_without_an_answer() -> None:
    assert failure(CLOSE) == "the connection ended without one"


def test_end_within_the_head() -> None:
    cut = failure("HTTP/1.1 200 OK\r\nx-a: b\r\n", CLOSE)

    assert cut == "the connection ended within its head"


def test_end_after_an_informational_answer() -> None:
    cut = failure("HTTP/1.1 100 Continue\r\n\r\n", CLOSE)

    assert cut == "the connection ended without one"


@pytest.mark.parametrize(
    "garbage",
    [
        "SSH-2.0-x\r\n\r\n",
        "\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 two OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "x 200 y\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1_0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: " + "9" * 5000 + "\r\n\r\n",
        CHUNKED + "-5\r\n",
        CHUNKED + "0x5\r\n",
        CHUNKED + "\r\n",
        CHUNKED + "g\r\n",
        CHUNKED + "3\r\nabcde\r\n",
        CHUNKED + "f" * 5000 + "\r\n",
    ],
)
def test_garbage_is_no_answer(garbage: str) -> None:
    assert failure(garbage, CLOSE) == "what came is no HTTP/1.1 answer"


@pytest.mark.parametrize(
    "before",
    [
        (),
        ("HTTP/1.1 200 OK\r\n",),
        ("HTTP/1.1 100 Continue\r\n\r\n",),
        ("HTTP/1.1 200 OK\r\n\r\nabc",),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc",),
        (CHUNKED, "3\r\nabc\r\n"),
    ],
)
def test_silence_is_waited_for_so_long(before: Script) -> None:
    said = failure(*before, SILENCE, patience=SHORT)

    assert said == "no whole answer within 0.05 s"


def test_gateway_that_does_not_listen() -> None:
    with pytest.raises(NoAnswer, match=r"^the gateway does not listen$"):
        asyncio.run(send(GET, ("127.0.0.1", free_port()), HOST, PATIENCE))


def test_gateway_whose_host_is_not_known() -> None:
    with pytest.raises(NoAnswer, match=r"^the gateway's host is not known$"):
        asyncio.run(send(GET, ("no.such.host.invalid", 80), HOST, PATIENCE))


# ---- what does not end


@pytest.mark.parametrize(
    ("begins", "goes_on"),
    [
        ("HTTP/1.1 200 OK\r\n\r\n", "x"),
        (CHUNKED, f"400\r\n{LONG}\r\n"),
        (CHUNKED + "fffffffffffffff\r\n", "x"),
        (CHUNKED + "0\r\n", f"x-a: {LONG}\r\n"),
        (f"HTTP/1.1 200 OK\r\ncontent-length: {1 << 50}\r\n\r\n", "x"),
        ("", f"HTTP/1.1 100 Continue\r\nx-a: {LONG}\r\n\r\n"),
    ],
)
def test_endless_answer_is_left_at_a_limit(begins: str, goes_on: str) -> None:
    said, sent = asyncio.run(endless(begins, goes_on))

    assert said == "the answer has more than 64 MiB"
    assert sent < 2 * MOST


@pytest.mark.parametrize(
    ("begins", "goes_on"),
    [("HTTP/1.1 200 OK\r\n", "x-a: b\r\n"), ("", "x"), (CHUNKED, "1")],
)
def test_endless_line_is_left_at_a_lower_limit(begins: str, goes_on: str) -> None:
    said, sent = asyncio.run(endless(begins, goes_on))

    assert said == "what came is no HTTP/1.1 answer"
    assert sent < MOST


async def endless(begins: str, goes_on: str) -> tuple[str, int]:
    """Ask a server that does not end; return what is said, and how much it wrote."""
    sent, gone = 0, asyncio.Event()
    part = goes_on.encode() * ((1 << 18) // len(goes_on))

    async def handler(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(begins.encode())
        with suppress(ConnectionError):
            while True:
                writer.write(part)
                await writer.drain()
                sent += len(part)
        writer.close()
        gone.set()

    async with served(handler) as address:
        with pytest.raises(NoAnswer) as caught:
            await send(GET, address, HOST, PATIENCE)
        await gone.wait()
    return str(caught.value), sent


def test_answer_just_below_the_limit_is_whole() -> None:
    size = MOST - (1 << 10)
    head = f"HTTP/1.1 200 OK\r\ncontent-length: {size}\r\n\r\n"

    got = answer(head, {"repeat": ["x", size]})

    assert (len(got.body), got.complete) == (size, True)


# ---- what is sent


def test_request_is_sent_as_it_stands() -> None:
    fields = (("X-b", "1"), ("x-A", " 2"), ("X-b", "\xff"))
    wanted = Request("PoST", "//a/../b?%zz", fields, "body")

    async def asked() -> bytes:
        seen = asyncio.get_running_loop().create_future()

        async def handler(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            seen.set_result(head + await reader.readexactly(4))
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            writer.close()

        async with served(handler) as address:
            await send(wanted, address, HOST, PATIENCE)
        found: bytes = await seen
        return found

    assert asyncio.run(asked()) == (
        b"PoST //a/../b?%zz HTTP/1.1\r\nX-b: 1\r\nx-A:  2\r\nX-b: \xff\r\n"
        b"Host: gateway.example\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody"
    )


def test_request_of_64_mebibytes_is_sent_whole() -> None:
    asked = Request("POST", "/x", (), "x" * 1024, 64 * 1024)

    async def seen() -> int:
        async with ScriptedUpstream() as server:
            await send(asked, ("127.0.0.1", server.port), HOST, PATIENCE)
            return len(server.seen[0].body)

    assert asyncio.run(seen()) == 64 << 20


@pytest.mark.parametrize("aborts", [False, True])
def test_early_answer_is_read_while_the_request_is_sent(aborts: bool) -> None:
    large = Request("POST", "/x", (), "x" * 1024, 32 * 1024)

    async def handler(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Much\r\ncontent-length: 4\r\n\r\nmuch")
        await writer.drain()
        # What is not read makes the end of the connection a reset.
        writer.transport.abort() if aborts else writer.close()

    async def asked() -> Answer:
        async with served(handler) as address:
            return await send(large, address, HOST, PATIENCE)

    for _ in range(20):
        got = asyncio.run(asked())
        assert (got.status, got.body, got.complete) == (413, "much", True)


def test_answer_to_a_request_that_is_never_read() -> None:
    large = Request("POST", "/x", (), "x" * 1024, 32 * 1024)

    async def asked() -> Answer:
        left = asyncio.Event()

        async def handler(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            await writer.drain()
            await left.wait()
            writer.close()

        async with served(handler) as address:
            try:
                return await send(large, address, HOST, PATIENCE)
            finally:
                left.set()

    assert asyncio.run(asked()).body == "ok"


def test_nothing_is_left_open(recwarn: pytest.WarningsRecorder) -> None:
    async def asked() -> None:
        async with ScriptedUpstream({"": (SILENCE,)}) as server:
            asking = asyncio.ensure_future(
                send(GET, ("127.0.0.1", server.port), HOST, PATIENCE)
            )
            await server.arrived("")
            asking.cancel()
            await asyncio.wait([asking])
            assert asking.cancelled()
            await server.closed("")

    asyncio.run(asked())
    assert not recwarn.list
