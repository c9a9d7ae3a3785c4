"""Kept connections that the upstream has closed: what may be sent again (F10)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections import Counter
from collections.abc import Iterator
from typing import Final

import pytest

from tests.upstream.cases import Case, Refused, head
from tests.upstream.gateway import Bench, bench, gateway_of, shared, tell
from tests.upstream.raw import Link, RawUpstream, answer_canary, canary_body
from tests.upstream.script import Act
from tests.upstream.wire import Client, connected

STALE: Final = int(os.environ.get("HX_STALE", "300"))
"""10,000 by hand."""

GATEWAY = gateway_of([Case("pool", (), (), upstream="max_connections: 5")])
CLIENTS: Final = 4


def closes_idle(upstream: RawUpstream, chance: random.Random) -> None:
    """Close each connection at some moment of the ten milliseconds after an answer."""

    def answer(link: Link) -> bytes:
        asked = len(link.seen)

        def close() -> None:
            if len(link.seen) == asked:  # else it is in use again
                link.writer.close()

        loop = asyncio.get_running_loop()
        loop.call_later(chance.uniform(0, 0.01), close)
        return answer_canary(link)

    upstream.canary = answer


async def ask_at_random(
    client: Client, method: str, numbers: range, chance: random.Random
) -> list[int]:
    """Ask with pauses as long as the upstream's patience; return the numbers lost."""
    lost = []
    for number in numbers:
        target = f"/pool/{number}"
        answer = await client.ask(method, target, b"x" if method == "POST" else b"")
        body = canary_body(method, target, b"x" if method == "POST" else b"")
        if (answer.status, answer.body) != (200, body):
            tell(Case("stale", (), Refused(("disconnected",))), answer)
            lost.append(number)
        await asyncio.sleep(chance.uniform(0, 0.01))  # what is tried is any moment
    return lost


def stale(method: str) -> tuple[set[int], dict[int, int]]:
    """Return the requests that failed, and how often each was seen."""

    async def scenario() -> tuple[set[int], dict[int, int]]:
        chance = random.Random(1)
        share = STALE // CLIENTS
        async with bench(GATEWAY) as served, contextlib.AsyncExitStack() as stack:
            closes_idle(served.upstream, chance)
            clients = [
                await stack.enter_async_context(connected(served.port))
                for _ in range(CLIENTS)
            ]
            parts = [range(n * share, (n + 1) * share) for n in range(CLIENTS)]
            lost = await asyncio.gather(
                *(
                    ask_at_random(client, method, numbers, chance)
                    for client, numbers in zip(clients, parts, strict=True)
                )
            )
            links = served.upstream.links
            times = Counter(target for link in links for target in link.targets)
            ledger = {n: times[f"/pool/{n}"] for numbers in parts for n in numbers}
            return set().union(*lost), ledger

    return asyncio.run(scenario())


def test_no_get_fails_on_a_stale_connection() -> None:
    """F10: an upstream that hangs up after 0-10 ms costs no client its answer."""
    lost, ledger = stale("GET")
    assert lost == set()
    assert set(ledger.values()) <= {1, 2}


def test_no_post_is_sent_twice() -> None:
    """F10: RFC 9110 §9.2.2: what was sent and not answered may have been done."""
    lost, ledger = stale("POST")
    assert {number for number, times in ledger.items() if times > 1} == set()
    assert {number for number, times in ledger.items() if not times} <= lost
    assert len(lost) < STALE // 3, "nginx loses one in five"


BROKEN_AGAIN: Final = Refused(("bad_response", "disconnected"))
SILENT: Final = b""
STARTED: Final = {
    "nothing": SILENT,
    "one-byte": b"H",
    "crlf": b"\r\n",
    "half-a-head": b"HTTP/1.1 200 OK\r\n",
    "interim": head(status="103 Hints"),
    "head": head("content-length: 3"),
    "part-of-the-body": head("content-length: 3") + b"ab",
    "garbage": b"garbage\r\n\r\n",
}


@pytest.fixture(scope="module")
def pool(runner: asyncio.Runner) -> Iterator[Bench]:
    with shared(runner, GATEWAY) as served:
        yield served


@pytest.mark.parametrize("act", [Act.CLOSE, Act.RESET], ids=["close", "reset"])
@pytest.mark.parametrize("begun", STARTED)
@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "POST", "PATCH"])
def test_request_is_sent_again_only_while_no_byte_has_come(
    method: str, begun: str, act: Act, pool: Bench, runner: asyncio.Runner
) -> None:
    """On a connection that was used before, and only what may be repeated."""
    again = begun == "nothing" and method in ("GET", "DELETE", "PUT")
    target = f"/pool/{method}-{begun}-{act.name}"

    async def scenario() -> None:
        pool.upstream.scripts[target] = (STARTED[begun], Act.PAUSE, act)
        await pool.canary("/pool/canary-before")
        async with connected(pool.port) as client:
            answer = await client.ask(method, target)
        tell(Case("x", (), BROKEN_AGAIN), answer)
        assert len(pool.upstream.seen(target)) == (2 if again else 1)
        await pool.canaries("pool", None)

    runner.run(scenario())


def test_streamed_upload_is_never_sent_again(
    pool: Bench, runner: asyncio.Runner
) -> None:
    """What was read from the client is no longer there."""

    async def scenario() -> None:
        pool.upstream.scripts["/pool/upload"] = (Act.CLOSE,)
        await pool.canary("/pool/canary-before")
        async with connected(pool.port) as client:
            client.writer.write(
                b"PUT /pool/upload HTTP/1.1\r\nHost: a\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
            )
            tell(Case("x", (), Refused(("disconnected",))), await client.read())
        assert len(pool.upstream.seen("/pool/upload")) == 1

    runner.run(scenario())
