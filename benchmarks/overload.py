"""What becomes of a gateway that is offered three times what its upstream can do.

The upstream takes a fixed time for each call, and the gateway's `concurrency` lets so
many through at a time: that is the capacity. Requests are offered at a fixed rate,
whatever becomes of those before (an open loop): first the capacity, then three times as
much, then the capacity again. The gateway is a process of its own; clients and upstream
share another. Run it by `python benchmarks/overload.py`; `--seconds 5` is shorter.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hxroute.compiler import compile
from hxroute.sandbox import gateway as served

_SERVICE = 0.02
_SLOTS = 8
_CAPACITY = _SLOTS / _SERVICE
_PROBE_SECONDS = 0.05
_STEP = 0.25
_OK, _SHED = b"200", b"503"
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
_ROUTES = """\
version: 1
upstreams:
  u:
    url: "http://127.0.0.1:{port}"
    concurrency: {{max: {slots}, queue: {slots}, queue_timeout: 40ms}}
headers: {{safe: {{drop: [authorization, cookie]}}}}
defaults: {{auth: none, observe: none, request: {{headers: safe}}}}
endpoints:
  - {{path: /healthz, respond: {{text: ok}}}}
  - {{path: /x, upstream: u}}
"""

Outcome = tuple[float, float, bytes]
"""When a request was offered, how long it took, and its status."""


@dataclass
class Clients:
    """Keeps connections, and what became of each request."""

    port: int
    outcomes: list[Outcome] = field(default_factory=list)
    idle: deque[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(
        default_factory=deque
    )

    async def ask(self, path: bytes = b"/x") -> None:
        """Offer one request and note its outcome; no answer is an empty status."""
        began, status = time.perf_counter(), b""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            if self.idle:
                reader, writer = self.idle.pop()
            else:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % path)
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2]
            await reader.readexactly(int(length.split(b"\r", 1)[0]))
            status = head[9:12]
            self.idle.append((reader, writer))
        self.outcomes.append((began, time.perf_counter() - began, status))


async def offer(clients: Clients, rate: float, seconds: float) -> list[Outcome]:
    """Offer requests at a rate; return what became of them."""
    begin, tasks = time.perf_counter(), set[asyncio.Task[None]]()
    first = len(clients.outcomes)
    count = 0
    while (elapsed := time.perf_counter() - begin) < seconds:
        while count < elapsed * rate:
            tasks.add(asyncio.create_task(clients.ask()))
            count += 1
        await asyncio.sleep(0.001)
    await asyncio.gather(*tasks)
    return clients.outcomes[first:]


async def probe(clients: Clients) -> None:
    """Ask for the health route again and again."""
    while True:
        await clients.ask(b"/healthz")
        await asyncio.sleep(_PROBE_SECONDS)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve as the upstream, until the end: each call takes a fixed time."""
    ends = (OSError, asyncio.IncompleteReadError, asyncio.CancelledError)
    with contextlib.suppress(*ends):
        while True:
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(_SERVICE)
            writer.write(_HEAD)


def percentile(outcomes: list[Outcome], status: bytes, share: float) -> float:
    """Return the milliseconds in which a share of the answers of a status came."""
    took = sorted(seconds for _, seconds, got in outcomes if got == status)
    return took[min(len(took) - 1, int(len(took) * share))] * 1000 if took else 0.0


def times(outcomes: list[Outcome], status: bytes) -> str:
    """Say how long answers of a status took."""
    p50, p99 = (percentile(outcomes, status, share) for share in (0.5, 0.99))
    return f"{status.decode()} p50 {p50:.1f} ms, p99 {p99:.1f} ms"


def goodput(outcomes: list[Outcome], seconds: float) -> float:
    """Return how many were answered with 200 in a second."""
    return sum(status == _OK for _, _, status in outcomes) / seconds


def recovery(outcomes: list[Outcome], peak: float) -> float:
    """Return after how many seconds goodput is 95 % of the peak again."""
    begin = min(began for began, _, _ in outcomes)
    steps: dict[int, int] = {}
    for began, _, status in outcomes:
        step = int((began - begin) / _STEP)
        steps[step] = steps.get(step, 0) + (status == _OK)
    well = (n for n, count in sorted(steps.items()) if count >= 0.95 * peak * _STEP)
    return next(well, len(steps)) * _STEP


async def measure(port: int, seconds: float) -> Iterator[str]:
    """Offer the three loads, and return a line for each figure."""
    clients, prober = Clients(port), Clients(port)
    await offer(clients, _CAPACITY / 2, 1)  # warm
    peak = goodput(await offer(clients, _CAPACITY * 0.95, seconds), seconds)
    probing = asyncio.create_task(probe(prober))
    over = await offer(clients, 3 * _CAPACITY, seconds)
    probing.cancel()
    after = await offer(clients, _CAPACITY * 0.95, max(seconds / 2, 3))
    held = goodput(over, seconds)
    others = sum(status not in (_OK, _SHED) for _, _, status in over)
    shed = sum(status == _SHED for _, _, status in over)
    health = percentile(prober.outcomes, _OK, 0.99)
    return iter(
        (
            f"offered {len(over) / seconds:.0f}/s, capacity {_CAPACITY:.0f}/s",
            f"goodput {held:.0f}/s, {held / peak:.0%} of the peak of {peak:.0f}/s",
            f"shed {shed}, else neither 200 nor 503: {others}",
            times(over, _SHED),
            times(over, _OK),
            f"recovered within {recovery(after, peak) + _STEP:.2f} s",
            f"health p99 {health:.1f} ms of {len(prober.outcomes)} probes",
        )
    )


async def run(seconds: float) -> None:
    """Serve upstream and gateway, and print the figures."""
    upstream = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1000)
    routes = _ROUTES.format(port=upstream.sockets[0].getsockname()[1], slots=_SLOTS)
    declared = compile(routes.encode(), "routes.yaml").gateway
    assert declared is not None
    command = (sys.executable, "-m", "hxroute")
    with tempfile.TemporaryDirectory() as folder:
        served.write(declared, Path(folder))
        with served.serving(Path(folder), command, os.environ) as (_, port):
            for line in await measure(port, seconds):
                print(line)
    upstream.close()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=30)
    asyncio.run(run(options.parse_args().seconds))
