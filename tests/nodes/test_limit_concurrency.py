from __future__ import annotations

import asyncio

import pytest

from hxroute.errors import Overloaded
from hxroute.http import Request, Response, Start
from hxroute.kept import Kept
from hxroute.nodes import LimitConcurrency
from hxroute.resilience import Concurrency
from tests.nodes.fakes import echo, start, through


def test_limit_concurrency_lets_a_request_through() -> None:
    node = LimitConcurrency("e", Concurrency(1))
    assert through(node, Request("POST", b"/", body=b"ab")).body == b"ab"


def test_limit_concurrency_refuses_one_too_many() -> None:
    async def scenario(request: Request) -> Response:
        """Call the endpoint from within itself."""
        return await handler(request)

    handler = LimitConcurrency("e", Concurrency(1)).wrap(scenario, start())
    with pytest.raises(Overloaded):
        asyncio.run(handler(Request("GET", b"/")))


def test_limit_concurrency_counts_each_endpoint_by_itself() -> None:
    begin = start()
    inner = LimitConcurrency("one", Concurrency(1)).wrap(echo, begin)
    outer = LimitConcurrency("other", Concurrency(1)).wrap(inner, begin)
    assert asyncio.run(outer(Request("GET", b"/"))).status == 200


def test_limit_concurrency_still_counts_after_a_reload_what_began_before() -> None:
    async def answers_after_the_reload(request: Request) -> Response:
        with pytest.raises(Overloaded):
            await after(request)
        return Response(200)

    begin = start()
    before = LimitConcurrency("e", Concurrency(1)).wrap(answers_after_the_reload, begin)
    again = Start({}, begin.connect, kept=Kept(begin.kept))
    after = LimitConcurrency("e", Concurrency(1)).wrap(echo, again)
    assert asyncio.run(before(Request("GET", b"/"))).status == 200
    assert asyncio.run(after(Request("GET", b"/"))).status == 200
