"""Behaviours of Caddy's reverse proxy and of its idle timeouts."""

from __future__ import annotations

import asyncio

import pytest

from tests.behaviours.origin import reply, stall
from tests.behaviours.registry import Peer, Play, run
from tests.behaviours.stage import drip, gateway, logged, request, stage
from tests.processes import free_port
from tests.runtime.serving import ask, read_answer, served

caddy = Peer("caddy")
HELLO = b"hello, retry"


@caddy(
    "TestDialErrorBodyRetry",
    POST=(request("POST", body=HELLO), HELLO),
    GET=(request(), b""),
)
async def a_body_survives_a_name_of_several_addresses(data: bytes, body: bytes) -> None:
    """Where `localhost` is ::1 too, nobody listens there and the next one is tried."""
    async with stage(host="localhost") as s:
        assert (await s.ask(data)).status == 200
        assert [call.body for call in s.origin.of("/x")] == [body]


@caddy("TestDialErrorBodyRetry-nobody-listens")
async def no_connection_is_a_502() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    async with served(gateway(), {"URL": url}) as port:
        assert (await ask(port, request("POST", body=HELLO))).status == 502


@caddy("TestResponseRetryNoMatchNoRetry", {str(s): (s,) for s in (500, 502, 503)})
@caddy("TestResponseRetryExhaustedPreservesStatusCode", {"": (503,)})
async def an_error_status_is_an_answer(status: int) -> None:
    raw = b"HTTP/1.1 %d Error\r\ncontent-length: 2\r\n\r\nno" % status
    async with stage(reply(raw)) as s:
        answer = await s.get()
        assert (answer.status, answer.body) == (status, b"no")
        assert len(s.origin.of("/x")) == 1


@caddy("TestClientDisconnectRecordsStatus")
async def a_client_that_left_is_logged_as_499() -> None:
    with logged("hxroute.access") as lines:
        async with stage(stall()) as s:
            async with s.client(request()):
                await s.origin.arrived("/x")
            assert " GET /x 499 0 B " in await lines.get()


SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    b"keep-alive: timeout=9\r\nalt-svc: h2\r\n\r\n"
)


@caddy(
    "TestFinalizeResponse_101_StripsHopByHop",
    unasked=(),
    asked=("Connection: upgrade", "Upgrade: websocket"),
)
async def an_upstream_that_switches_protocols_is_a_502(*sent: str) -> None:
    async with stage(reply(SWITCHED)) as s:
        answer = await s.get("/x", *sent)
        assert answer.status == 502
        for name in ("upgrade", "keep-alive", "alt-svc"):
            assert answer.get(name) is None


@caddy("TestFinalizeResponse_200_StripsHopByHop")
async def hop_by_hop_fields_of_an_answer_end_here() -> None:
    raw = (
        b"HTTP/1.1 200 OK\r\nkeep-alive: timeout=9\r\nconnection: x-one\r\n"
        b"x-one: 1\r\nalt-svc: h2\r\ncontent-length: 0\r\n\r\n"
    )
    async with stage(reply(raw)) as s:
        names = [name for name, _ in (await s.get()).headers]
        assert sorted(names) == ["alt-svc", "content-length", "date"]


@caddy(
    "TestIdleTimeoutReader_HardDeadlineCapsIdleReset",
    {"": ("300ms", "1GiB", 8, 0.1, 408)},
)
@caddy(
    "TestIdleTimeoutReader_MinRateCatchesTrickle",
    {"": ("250ms", "1KiB", 1, 0.1, 408)},
)
@caddy(
    "TestIdleTimeoutReader_MinRateAllowsSustainedRate",
    {"": ("250ms", "1KiB", 400, 0.05, 200)},
)
async def a_body_must_come_at_a_rate(
    timeout: str, rate: str, size: int, gap: float, status: int
) -> None:
    """Twelve pieces, none of which is late by itself."""
    limits = f"limits: {{body_timeout: {timeout}, min_body_rate: {rate}}}\n"
    head = request("POST", "/x", f"Content-Length: {12 * size}")
    async with stage(more=limits) as s, s.client(head) as (reader, writer):
        feeding = asyncio.create_task(drip(writer, [bytes(size)] * 12, gap))
        answer = await read_answer(reader)
        assert answer.status == status
        assert (answer.get("connection") == "close") == (status == 408)
        feeding.cancel()


@pytest.mark.parametrize("play", caddy.params())
def test_caddy(play: Play, runner: asyncio.Runner) -> None:
    run(play, runner)
