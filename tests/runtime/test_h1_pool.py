"""The pool of our own client, where the library's leaves calls to their limits."""

from __future__ import annotations

import asyncio

from hxroute.errors import ProxyError
from hxroute.http import Request
from hxroute.ir import Upstream
from hxroute.runtime.connectors import open_connector
from hxroute.sandbox.scripted import ScriptedUpstream


def asking() -> Request:
    return Request("GET", b"/x", headers=[(b"x-hx-case", b"c")])


def test_closing_lets_nobody_wait_or_connect_again() -> None:
    async def scenario() -> None:
        async with ScriptedUpstream({"c": [{"sleep": 9}]}) as upstream:
            one = Upstream("u", "x", max_connections=1, client="h1")
            connector = open_connector(one, upstream.url)
            call = connector.handler(None)
            calls = [asyncio.create_task(call(asking())) for _ in range(3)]
            await upstream.arrived("c")
            await connector.close()
            ends = await asyncio.gather(*calls, return_exceptions=True)
            assert all(isinstance(end, ProxyError) for end in ends)
            assert upstream.accepted == 1

    asyncio.run(asyncio.wait_for(scenario(), 20))
