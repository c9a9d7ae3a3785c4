from __future__ import annotations

import asyncio
import dataclasses
import re

import pytest

from hxroute.errors import BadResponse, RateLimited, StartError
from hxroute.http import Request, Response, Start, read_whole
from hxroute.limiting import Buckets, Limit, Room, Store
from hxroute.nodes import RateLimit
from tests.nodes.fakes import pieces, start, through

SECOND = 1_000_000
ONCE = Limit("client", 1, 60.0, "client", endpoint="e")


class Clock:
    """Microseconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 5

    def __call__(self) -> int:
        return self.now


def timed(node: RateLimit, settings: dict[str, object] | None = None) -> Start:
    """Return a start whose buckets go by one clock, which stands still."""
    begin, clock = start(settings), Clock()
    for limit in node.limits:
        key = (RateLimit, limit.endpoint, limit.name)
        begin.kept.once(key, lambda: Buckets(clock))
    return begin


def clock_of(begin: Start) -> Clock:
    clock = next(iter(begin.kept.state.values())).clock
    assert isinstance(clock, Clock)
    return clock


def asks(client: str = "10.0.0.1", key: str = "", **fields: str) -> Request:
    headers = [(name.encode(), value.encode()) for name, value in fields.items()]
    return Request("GET", b"/", headers=headers, client=client, key=key)


def passes(node: RateLimit, request: Request, begin: Start) -> bool:
    try:
        return through(node, request, begin).status == 200
    except RateLimited:
        return False


def fields_of(node: RateLimit, request: Request, begin: Start) -> dict[str, str]:
    """Return the fields of an answer, or of the error in its place."""
    try:
        found = tuple(through(node, request, begin).headers)
    except RateLimited as exc:
        found = exc.fields
    return {name.decode(): value.decode() for name, value in found}


def test_rate_limit_refuses_until_there_is_a_token_again() -> None:
    node = RateLimit((dataclasses.replace(ONCE, requests=2),))
    begin = timed(node)

    assert [passes(node, asks(), begin) for _ in range(3)] == [True, True, False]
    clock_of(begin).now += 30 * SECOND
    assert [passes(node, asks(), begin) for _ in range(2)] == [True, False]


def test_rate_limit_says_how_long_to_wait_in_whole_seconds_rounded_up() -> None:
    node = RateLimit((ONCE,))
    begin = timed(node)
    through(node, asks(), begin)
    clock_of(begin).now += 500_000

    assert fields_of(node, asks(), begin) == {
        "retry-after": "60",
        "ratelimit-policy": '"client";q=1;w=60',
        "ratelimit": '"client";r=0;t=60',
    }


def test_rate_limit_tells_what_is_left_on_answers_that_pass() -> None:
    node = RateLimit((dataclasses.replace(ONCE, requests=60, burst=3),))

    assert fields_of(node, asks(), timed(node)) == {
        "ratelimit-policy": '"client";q=60;w=60;hxroute-burst=3',
        "ratelimit": '"client";r=2;t=1',
    }


def test_rate_limit_adds_to_what_an_upstream_tells() -> None:
    node = RateLimit((ONCE,))
    request = asks(ratelimit='"own";r=5')  # the fake answers with it

    told = through(node, request, timed(node)).headers

    values = [value for name, value in told if name == b"ratelimit"]
    assert values == [b'"own";r=5', b'"client";r=0;t=60']


def test_rate_limit_leaves_the_headers_of_a_shared_answer_alone() -> None:
    shared = Response(204)

    async def answer(request: Request) -> Response:
        return dataclasses.replace(shared)

    node = RateLimit((ONCE,))
    told = asyncio.run(node.wrap(answer, timed(node))(asks()))

    assert len(told.headers) == 2
    assert shared.headers == []


def test_rate_limit_tells_it_also_where_something_behind_it_fails() -> None:
    async def fail(request: Request) -> Response:
        raise BadResponse(fields=((b"x", b"1"),))

    node = RateLimit((ONCE,))
    with pytest.raises(BadResponse) as caught:
        asyncio.run(node.wrap(fail, timed(node))(asks()))

    names = [name for name, _ in caught.value.fields]
    assert names == [b"x", b"ratelimit-policy", b"ratelimit"]


def test_rate_limit_keeps_to_itself_what_it_is_not_to_tell() -> None:
    node = RateLimit((dataclasses.replace(ONCE, fields=False),))
    begin = timed(node)

    assert fields_of(node, asks(), begin) == {}
    assert fields_of(node, asks(), begin) == {"retry-after": "60"}


def test_rate_limit_reads_no_body_of_what_it_refuses() -> None:
    node = RateLimit((ONCE,))
    begin = timed(node)
    request = Request("POST", b"/", body=pieces(b"a"), length=1, client="10.0.0.1")

    assert passes(node, asks(), begin)
    assert not passes(node, request, begin)
    assert asyncio.run(read_whole(request.body)) == b"a"


def test_rate_limit_by_key_knows_no_addresses_but_where_there_is_no_key() -> None:
    node = RateLimit((dataclasses.replace(ONCE, by="key"),))
    begin = timed(node)

    assert passes(node, asks("10.0.0.1", key="alice"), begin)
    assert not passes(node, asks("10.0.0.2", key="alice"), begin)
    assert passes(node, asks("10.0.0.1", key="bob"), begin)
    assert passes(node, asks("10.0.0.1"), begin)
    assert not passes(node, asks("10.0.0.1"), begin)


def test_rate_limit_by_key_tells_a_key_from_an_address_of_its_name() -> None:
    node = RateLimit((dataclasses.replace(ONCE, by="key"),))
    begin = timed(node)

    assert passes(node, asks("10.0.0.1"), begin)
    assert passes(node, asks("10.0.0.2", key="10.0.0.1"), begin)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("not:an:address", "not:an:other", False),
        ("", "", True),
    ],
)
def test_rate_limit_by_client_counts_an_ipv6_network_as_one(
    one: str, other: str, same: bool
) -> None:
    node = RateLimit((ONCE,))
    begin = timed(node)

    assert passes(node, asks(one), begin)
    assert passes(node, asks(other), begin) is not same


def test_rate_limit_by_endpoint_counts_all_together() -> None:
    node = RateLimit((dataclasses.replace(ONCE, by="endpoint"),))
    begin = timed(node)

    assert passes(node, asks("10.0.0.1", key="a"), begin)
    assert not passes(node, asks("10.0.0.2", key="b"), begin)


@pytest.mark.parametrize("tail", ["", "x" * 500, "\udcff" * 100])
def test_rate_limit_by_template_counts_each_value(tail: str) -> None:
    node = RateLimit((dataclasses.replace(ONCE, by="{{ headers.tenant }}"),))
    begin = timed(node)

    def asked(value: str) -> Request:
        request = asks()
        sent = (value + tail).encode(errors="surrogateescape")
        request.headers = [(b"tenant", sent)]
        return request

    assert passes(node, asked("a"), begin)
    assert passes(node, asked("b"), begin)
    assert not passes(node, asked("a"), begin)
    assert passes(node, asks(), begin), "what is absent is a value as well"
    kept = next(iter(begin.kept.state.values()))._full_at
    assert max(map(len, kept)) <= 64


def test_rate_limit_by_a_setting_counts_all_together() -> None:
    node = RateLimit((dataclasses.replace(ONCE, by="{{ settings.tenant }}"),))
    begin = timed(node, {"tenant": "t"})

    assert passes(node, asks("10.0.0.1"), begin)
    assert not passes(node, asks("10.0.0.2"), begin)


def test_rate_limit_takes_of_every_bucket_or_of_none() -> None:
    often = Limit("often", 3, 60.0, "endpoint", endpoint="e")
    node = RateLimit((ONCE, often))
    begin = timed(node)

    assert passes(node, asks("10.0.0.1"), begin)
    refused = fields_of(node, asks("10.0.0.1"), begin)
    assert refused["ratelimit"] == '"client";r=0;t=60, "often";r=2;t=20'
    assert refused["retry-after"] == "60"
    assert passes(node, asks("10.0.0.2"), begin)
    assert passes(node, asks("10.0.0.3"), begin)
    assert fields_of(node, asks("10.0.0.4"), begin)["retry-after"] == "20"


def test_rate_limit_waits_for_the_slowest_of_those_that_refuse() -> None:
    slow = Limit("slow", 1, 3600.0, "endpoint", endpoint="e")
    node = RateLimit((ONCE, slow))
    begin = timed(node)
    through(node, asks(), begin)

    assert fields_of(node, asks(), begin)["retry-after"] == "3600"


def test_rate_limit_counts_each_endpoint_for_itself_but_in_a_shared_bucket() -> None:
    other = RateLimit((dataclasses.replace(ONCE, endpoint="f"),))
    shared = RateLimit((dataclasses.replace(ONCE, endpoint=""),))
    begin = timed(RateLimit((ONCE, *other.limits, *shared.limits)))

    assert passes(RateLimit((ONCE,)), asks(), begin)
    assert passes(other, asks(), begin)
    assert passes(shared, asks(), begin)
    assert not passes(RateLimit(shared.limits, at=9), asks(), begin)


def test_rate_limit_gives_its_limits_equal_room() -> None:
    begin = timed(RateLimit((ONCE,)))
    for _ in range(2):
        RateLimit((ONCE,)).wrap(_never, begin)
    RateLimit((dataclasses.replace(ONCE, endpoint="f"),)).wrap(_never, begin)

    assert begin.once((Room,), Room).limits == 2


async def _never(request: Request) -> Response:
    raise AssertionError(request)


@pytest.mark.parametrize(
    "url", ["", "http://h", "valkey://", "127.0.0.1:6379", "valkey://:hush@h:x"]
)
def test_rate_limit_in_no_store_does_not_start(url: str) -> None:
    store = Store("shared", "{{ settings.url }}", at=7)
    node = RateLimit((dataclasses.replace(ONCE, store=store),))
    with pytest.raises(StartError, match="line 7: store `shared`") as caught:
        node.wrap(_never, start({"url": url}))
    assert not re.search("hush", str(caught.value))
