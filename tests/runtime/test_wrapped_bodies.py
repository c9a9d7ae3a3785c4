"""Bodies inside of bodies: who closes the outermost closes each of them, in its task.

One that is left open would be closed by the loop, in some task, at some later time.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import AsyncGenerator, Callable

import pytest

from hxroute.http import Handler, Request, Response
from hxroute.ir import ErrorTable, StatusRule, Upstream
from hxroute.nodes import Execute, Observe, StreamError
from hxroute.resilience import CircuitBreaker
from hxroute.runtime.breaker import Breaker, breaking
from hxroute.sandbox.scripted import Script, ScriptedUpstream
from tests.clients import open_connector
from tests.nodes.fakes import start

EVENTS = [(b"content-type", b"text/event-stream")]
STREAM: Script = [
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
    "1\r\nx\r\n",
    {"sleep": 600},
]
LARGE = bytes(65 * 1024)


class Source:
    """An upstream whose answers go on and on; notes which task ends them."""

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self._status = status
        self._headers = headers
        self.closed_by: asyncio.Task[None] | None = None

    async def __call__(self, request: Request) -> Response:
        self.body = self._going_on()
        return Response(self._status, list(self._headers), self.body)

    async def _going_on(self) -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield LARGE
        finally:
            self.closed_by = asyncio.current_task()


def replacing(upstream: Handler) -> Handler:
    """Return a call whose answers would be replaced, were they not so large."""
    table = ErrorTable("t", upstream_status=(StatusRule(("5xx",), text="no"),))
    return Execute("u", errors=table).wrap(upstream, start(upstream=upstream))


@pytest.mark.parametrize(
    ("wrap", "status"),
    [
        (lambda call: Observe().wrap(call, start()), 200),
        (lambda call: StreamError('{"a": 1}').wrap(call, start()), 200),
        (lambda call: breaking(call, CircuitBreaker(), Breaker()), 200),
        (replacing, 500),
    ],
    ids=["observe", "stream_error", "circuit_breaker", "status_rule"],
)
def test_a_body_closes_the_one_inside(
    wrap: Callable[[Handler], Handler], status: int
) -> None:
    async def scenario() -> None:
        source = Source(status, EVENTS if status == 200 else [])
        response = await wrap(source)(Request("GET", b"/"))
        assert not isinstance(response.body, bytes)
        assert response.body is not source.body
        assert await anext(response.body) == LARGE
        await response.body.aclose()
        assert source.closed_by is asyncio.current_task()

    asyncio.run(scenario())


@pytest.mark.usefixtures("each_client")
def test_a_body_of_an_upstream_leaves_none_open() -> None:
    left: list[object] = []

    async def scenario() -> None:
        sys.set_asyncgen_hooks(finalizer=left.append)
        async with ScriptedUpstream({"c": STREAM}) as upstream:
            connector = open_connector(Upstream("u", "x"), upstream.url)
            asked = Request("GET", b"/x", headers=[(b"x-hx-case", b"c")])
            response = await connector.handler(None)(asked)
            assert not isinstance(response.body, bytes)
            assert await anext(response.body) == b"x"
            await response.body.aclose()
            await response.close()
            response.body = b""
            gc.collect()
            await connector.close()

    asyncio.run(scenario())
    assert left == []
