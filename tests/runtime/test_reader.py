"""The reader of answers, without a connection."""

from __future__ import annotations

import asyncio

import pytest

from hxroute.runtime.h1.reader import Answer, Malformed, Reader

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def read(*pieces: bytes, method: str = "GET") -> tuple[Reader, Answer]:
    """Feed a reader."""
    reader, answer = Reader(), Answer(asyncio.Future(loop=asyncio.new_event_loop()))
    reader.begin(method, answer)
    for piece in pieces:
        reader.feed(piece)
    return reader, answer


@pytest.fixture(autouse=True)
def _closed(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    monkeypatch.setattr(asyncio, "new_event_loop", lambda: loop)


def test_answer_in_one_piece_leaves_the_connection_free() -> None:
    reader, answer = read(OK)
    assert (answer.status, answer.take(), answer.ended) == (200, b"ok", True)
    assert reader.keeps


@pytest.mark.parametrize(
    "interim",
    [
        b"HTTP/1.1 199 X\r\ncontent-length: 5\r\n\r\nhello",
        b"HTTP/1.1 104 X\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ],
)
def test_interim_answer_has_no_body(interim: bytes) -> None:
    with pytest.raises(Malformed):
        read(interim + OK)


@pytest.mark.parametrize(
    "behind", [b"\r\n", b"\n", b"x", OK, b"HTTP/1.1 100 Continue\r\n\r\n"]
)
@pytest.mark.parametrize(
    "whole",
    [
        OK,
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    ],
)
def test_bytes_behind_an_answer_end_the_connection(whole: bytes, behind: bytes) -> None:
    reader, answer = read(whole + behind)
    assert answer.ended
    assert not reader.keeps


@pytest.mark.parametrize("before", [b"\r\n", b"\n", b"\r\n\r\n", b" "])
def test_nothing_comes_before_an_answer(before: bytes) -> None:
    with pytest.raises(Malformed):
        read(before + OK)


def test_answer_to_head_has_no_body_and_the_next_one_has() -> None:
    reader, answer = read(
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", method="HEAD"
    )
    assert answer.ended
    assert reader.keeps
    following = Answer(answer.waiter or asyncio.Future())
    reader.begin("GET", following)
    reader.feed(OK)
    assert (following.ended, following.take()) == (True, b"ok")
