from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from hxroute.http import UNPARSED, Gone, Headers, Request, Response, first, read_whole
from hxroute.passing import HOP_BY_HOP, forwardable


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        ([], []),
        ([(b"a", b"1"), (b"a", b"2")], [(b"a", b"1"), (b"a", b"2")]),
        ([(b"connection", b"close"), (b"a", b"1")], [(b"a", b"1")]),
        (
            [(b"connection", b"X-A , x-b"), (b"x-a", b"1"), (b"x-b", b""), (b"c", b"")],
            [(b"c", b"")],
        ),
        (
            [
                (b"x-a", b"1"),
                (b"connection", b""),
                (b"connection", b"x-a"),
                (b"c", b""),
            ],
            [(b"c", b"")],
        ),
        ([(b"connection", b"close"), (b"close", b"1"), (b"a", b"2")], [(b"a", b"2")]),
        ([(b"te", b"trailers"), (b"upgrade", b"h2c"), (b"keep-alive", b"5")], []),
        (
            [(b"set-cookie", b"a"), (b"set-cookie", b"b")],
            [(b"set-cookie", b"a"), (b"set-cookie", b"b")],
        ),
    ],
)
def test_forwardable_fields_are_end_to_end(headers: Headers, kept: Headers) -> None:
    assert forwardable(headers) == kept


@pytest.mark.parametrize("name", sorted(HOP_BY_HOP))
def test_hop_by_hop_field_is_not_forwarded(name: bytes) -> None:
    assert forwardable([(name, b"x"), (b"a", b"1")]) == [(b"a", b"1")]
    assert forwardable([(b"connection", b"y"), (name, b"x")]) == []


def test_forwardable_leaves_the_headers_as_they_are() -> None:
    headers = [(b"connection", b"a"), (b"a", b"1")]

    forwardable(headers)

    assert headers == [(b"connection", b"a"), (b"a", b"1")]


def test_first_field_of_a_name() -> None:
    headers = [(b"a", b"1"), (b"a", b"2")]

    assert first(headers, b"a") == b"1"
    assert first(headers, b"b") is None


def test_body_is_read_whole() -> None:
    async def chunks() -> AsyncGenerator[bytes, None]:
        for chunk in (b"a", b"", b"bc"):
            yield chunk

    assert asyncio.run(read_whole(chunks())) == b"abc"
    assert asyncio.run(read_whole(b"abc")) == b"abc"


def test_gone_tells_everyone_once() -> None:
    gone, told = Gone(), list[str]()
    gone.subscribe(lambda: told.append("a"))
    gone.subscribe(lambda: told.append("b"))
    assert not gone.is_set()

    gone.set()
    gone.set()

    assert gone.is_set()
    assert told == ["a", "b"]


def test_gone_tells_late_comers_at_once() -> None:
    gone, told = Gone(), list[str]()
    gone.set()

    gone.subscribe(lambda: told.append("late"))

    assert told == ["late"]


def test_gone_forgets_who_unsubscribes() -> None:
    gone, told = Gone(), list[str]()

    def callback() -> None:
        told.append("a")

    gone.subscribe(callback)
    gone.unsubscribe(callback)
    gone.unsubscribe(callback)
    gone.set()

    assert told == []


def test_gone_tells_the_next_one_even_where_a_callback_unsubscribes() -> None:
    gone, told = Gone(), list[str]()

    def once() -> None:
        told.append("once")
        gone.unsubscribe(once)

    gone.subscribe(once)
    gone.subscribe(lambda: told.append("next"))

    gone.set()

    assert told == ["once", "next"]


def test_response_is_closed_once() -> None:
    closed: list[str] = []

    async def on_close() -> None:
        closed.append("now")

    async def close_twice() -> None:
        response = Response(200, on_close=on_close)
        await response.close()
        await response.close()
        await Response(200).close()

    asyncio.run(close_twice())

    assert closed == ["now"]


def test_requests_share_nothing() -> None:
    one, other = Request("GET", b"/"), Request("GET", b"/")

    one.headers.append((b"a", b"1"))
    one.gone.set()

    assert other.headers == []
    assert not other.gone.is_set()
    assert other.json is UNPARSED
