"""A circuit breaker over real sockets: what the client gets, and what the upstream."""

from __future__ import annotations

import asyncio

import pytest

from hxroute.errors import CircuitOpen, ConnectFailed
from hxroute.http import Request, Response
from hxroute.ir import Gateway
from hxroute.kept import Kept
from hxroute.runtime.upstreams.opening import Upstreams
from hxroute.sandbox.scripted import Script, ScriptedUpstream
from hxroute.templates import Settings
from tests.runtime.serving import ask, client, compiled, served

pytestmark = pytest.mark.usefixtures("each_client")

DOWN: Script = ["HTTP/1.1 503 Down\r\ncontent-length: 0\r\n\r\n"]
EVENTS = (
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    "transfer-encoding: chunked\r\n\r\n"
)
BROKEN: Script = [EVENTS, "9\r\ndata: a\n\n\r\n", {"reset": True}]


def gateway(breaker: str, more: str = "") -> Gateway:
    return compiled(
        """\
        - {path: /x, upstream: u}
        - {path: /y, upstream: u}
        - {path: /other, upstream: v}
        """,
        "version: 1\n"
        "settings: {url: {env: URL}}\n"
        f'upstreams: {{u: {{url: "{{{{ settings.url }}}}", circuit_breaker: {breaker}'
        f'{more}}}, v: {{url: "{{{{ settings.url }}}}"}}}}\n'
        "headers: {safe: {drop: [authorization, cookie]}}\n"
        "defaults: {auth: none, request: {headers: safe}}\n",
    )


def get(case: str = "ok", path: str = "/x") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: a\r\nx-hx-case: {case}\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("script", "status"),
    [(DOWN, 503), ([{"reset": True}], 502), (BROKEN, 200)],
    ids=["status", "reset", "stream"],
)
def test_an_upstream_that_fails_is_left_alone(script: Script, status: int) -> None:
    async def scenario() -> None:
        async with (
            ScriptedUpstream({"bad": script}) as upstream,
            served(gateway("{failures: 3, open: 1h}"), {"URL": upstream.url}) as port,
        ):
            answers = [await ask(port, get("bad")) for _ in range(3)]
            assert [answer.status for answer in answers] == [status] * 3
            arrived = len(upstream.seen)
            refused = await ask(port, get("ok", "/y"))
            assert (refused.status, refused.get("retry-after")) == (503, "3600")
            assert len(upstream.seen) == arrived
            assert (await ask(port, get("ok", "/other"))).status == 200

    asyncio.run(scenario())


def test_each_try_that_is_late_counts() -> None:
    late = gateway("{failures: 3, open: 1h}", ", retry: {per_try: 20ms, backoff: 0s}")

    async def scenario() -> None:
        async with (
            ScriptedUpstream({"slow": [{"sleep": 600}]}) as upstream,
            served(late, {"URL": upstream.url}) as port,
        ):
            assert (await ask(port, get("slow"))).status == 504
            refused = await ask(port, get())
            assert (refused.status, refused.get("retry-after")) == (503, "3600")
            assert not upstream.seen_of("ok")

    asyncio.run(scenario())


def test_an_upstream_that_is_well_again_is_called_again() -> None:
    async def scenario() -> None:
        async with (
            ScriptedUpstream({"bad": DOWN}) as upstream,
            served(gateway("{failures: 1, open: 1ms}"), {"URL": upstream.url}) as port,
        ):
            await ask(port, get("bad"))
            while (await ask(port, get())).status == 503:
                pass
            assert (await ask(port, get())).status == 200

    asyncio.run(scenario())


def test_clients_that_leave_open_nothing() -> None:
    async def scenario() -> None:
        async with (
            ScriptedUpstream({"slow": [{"sleep": 600}]}) as upstream,
            served(gateway("{failures: 1, open: 1h}"), {"URL": upstream.url}) as port,
        ):
            for number in range(3):
                async with client(port, get("slow")):
                    await upstream.arrived("slow", number + 1)
                await upstream.closed("slow", number + 1)
            assert (await ask(port, get())).status == 200

    asyncio.run(scenario())


def test_calls_shed_by_the_upstream_s_own_limit_open_nothing() -> None:
    limited = gateway("{failures: 1, open: 1h, when: [503]}", ", concurrency: {max: 1}")

    async def scenario() -> None:
        async with (
            ScriptedUpstream({"slow": [{"sleep": 600}]}) as upstream,
            served(limited, {"URL": upstream.url}) as port,
        ):
            async with client(port, get("slow")):
                await upstream.arrived("slow")
                assert [(await ask(port, get())).status for _ in range(3)] == [503] * 3
            await upstream.closed("slow")
            assert (await ask(port, get())).status == 200

    asyncio.run(scenario())


@pytest.mark.parametrize("mended", [True, False])
def test_after_a_reload_a_circuit_stays_that_of_its_address(mended: bool) -> None:
    async def scenario() -> None:
        async with ScriptedUpstream() as upstream:
            kept = Kept()
            with pytest.raises(ConnectFailed):
                await called("http://127.0.0.1:1", kept)
            after = Kept(kept)
            if mended:
                assert (await called(upstream.url, after)).status == 200
            else:
                with pytest.raises(CircuitOpen):
                    await called("http://127.0.0.1:1", after)

    asyncio.run(scenario())


async def called(url: str, kept: Kept) -> Response:
    """Call an upstream that is left alone after its first failure."""
    declared = gateway("{failures: 1, open: 1h}").upstreams
    upstreams = Upstreams(declared, Settings({"url": url}), [], kept)
    try:
        return await upstreams.connect("u", None, None)(Request("GET", b"/x"))
    finally:
        await upstreams.close()
