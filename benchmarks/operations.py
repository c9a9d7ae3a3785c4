"""What reloads, killed workers, the end and stale connections cost the clients.

The gateway is a process of its own under `hxroute run`; clients and upstream share
another. Half of the clients open a connection for each request, half keep theirs; each
has one request under way at a time. Run it by `python benchmarks/operations.py`, parts
of it by their names; `--reloads 5 --kills 3 --streams 20 --gets 500 --posts 200` is
shorter. It needs Linux.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.under_load import (
    CLOSES_AFTER,
    Figures,
    Load,
    Reader,
    Writer,
    gateway,
    load,
    routes,
)
from tests.operations.process import Process, compile_routes

LAST = b"\r\n0\r\n\r\n"
BROKEN: list[Callable[[Path], object]] = [
    lambda build: build.write_text("def broken(:\n"),
    lambda build: build.write_text("raise SystemExit(0)\n"),
    lambda build: build.write_bytes(build.read_bytes()[: build.stat().st_size // 2]),
    lambda build: build.write_bytes(b""),
    lambda build: build.write_bytes(b"\x00\xff" * 500),
    lambda build: build.write_text("import nothing_of_this_name\n"),
    lambda build: build.write_text("app = gateway = None\n"),
    lambda build: build.unlink(),
    lambda build: (build.parent.parent / "name").unlink(),
    lambda build: (build.parent.parent / "routes.yaml").write_text("nothing: known\n"),
]
"""What spoils a build, each by itself."""


# -- the parts


async def reloads(options: argparse.Namespace, workers: int) -> Figures:
    """Reload again and again, with another setting each time."""
    took, late = [], 0
    async with gateway(workers) as (this, _, folder):
        async with load(this.port, options.clients) as clients:
            for number in range(options.reloads):
                (folder / "name").write_text(str(number))
                began = time.perf_counter()
                said = await this.reload()
                took.append(time.perf_counter() - began)
                assert said.startswith("reloaded "), said
                late += await this.own() != str(number).encode()
        figures = clients.figures()
    return {
        "reloads": options.reloads,
        **figures,
        "told the setting before": late,
        "seconds, median": middle(took),
        "seconds, max": round(max(took), 3),
    }


async def kills(options: argparse.Namespace) -> Figures:
    """Kill workers, and wait each time until the next one serves."""
    under_way, back = 0, []
    async with gateway(2) as (this, _, _folder):
        async with load(this.port, options.clients) as clients:
            for number in range(options.kills):
                before = this.children()
                under_way += clients.under_way
                os.kill(before[number % 2], signal.SIGKILL)
                began = time.perf_counter()
                await served(this, before)
                back.append(time.perf_counter() - began)
                await asyncio.sleep(1.1)  # it is steady: no pause before the next
        figures = clients.figures()
    return {
        "kills": options.kills,
        "under way at the kills": under_way,
        **figures,
        "refused": clients.failures["connect: ConnectionRefusedError"],
        "seconds until it is back, median": middle(back),
        "seconds until it is back, max": round(max(back), 3),
    }


async def served(this: Process, before: list[int]) -> None:
    """Wait until a worker that was not there before serves."""
    while not serving(this, before):  # noqa: ASYNC110  nothing tells of it
        await asyncio.sleep(0.01)


def serving(this: Process, before: list[int]) -> bool:
    """Tell whether a worker that was not there before has accepted a connection."""
    new = [pid for pid in this.children() if pid not in before]
    return any(set(sockets(pid)) & accepted(this.port) for pid in new)


def sockets(pid: int) -> Iterator[bytes]:
    """Yield the inodes of a process's sockets."""
    with contextlib.suppress(FileNotFoundError):
        for each in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                target = str(each.readlink())
                if target.startswith("socket:["):
                    yield target[8:-1].encode()


def accepted(port: int) -> set[bytes]:
    """Return the inodes of the established connections at a port of this machine."""
    end = b":%04X" % port
    lines = Path("/proc/net/tcp").read_bytes().splitlines()[1:]
    rows = [line.split() for line in lines if b" 01 " in line]
    return {row[9] for row in rows if row[1].endswith(end)}


async def end(options: argparse.Namespace, workers: int) -> Figures:
    """End while streams are open: those without an end are cut, the others come to it."""
    short = options.streams // 10
    async with gateway(workers) as (this, _, _folder):
        paths = ["endless"] * options.streams + ["short"] * short
        streams = [await stream(this.port, path) for path in paths]
        reading = [asyncio.create_task(rest(reader)) for reader, _ in streams]
        this.process.send_signal(signal.SIGTERM)
        began = time.perf_counter()
        closed = asyncio.create_task(refused(this.port))
        status = await this.ended()
        gone = time.perf_counter() - began
        asked, lost, last = await closed
        whole = [data.endswith(LAST) for data in await asyncio.gather(*reading)]
        for _, writer in streams:
            writer.close()
    return {
        "streams without an end": options.streams,
        "of these ended falsely": sum(whole[: options.streams]),
        "streams that end in time": short,
        "of these whole": sum(whole[options.streams :]),
        "seconds until nothing is accepted": round(last - began, 3),
        "connections tried meanwhile": asked,
        "of these accepted and not answered": lost,
        "seconds until it is gone": round(gone, 3),
        "exit status": status,
    }


async def stream(port: int, kind: str) -> tuple[Reader, Writer]:
    """Ask for a stream, and read up to its first event."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /x/events/{kind} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    head = await reader.readuntil(b"data: a\n\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    return reader, writer


async def rest(reader: Reader) -> bytes:
    """Read to the end, whatever it is."""
    data = b""
    with contextlib.suppress(OSError):
        while more := await reader.read(65536):
            data = (data + more)[-64:]
    return data


async def refused(port: int) -> tuple[int, int, float]:
    """Try connections until one is refused; return how many, how many lost, and when."""
    clients, asked = Load(port), 0
    while True:
        try:
            connection = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return asked, clients.failures.total(), time.perf_counter()
        asked += 1
        await clients.once(connection, "/own")


async def broken(options: argparse.Namespace, workers: int) -> Figures:
    """Reload builds that are broken in ten ways."""
    said = []
    async with gateway(workers) as (this, upstream, folder):
        async with load(this.port, options.clients) as clients:
            for spoil in BROKEN:
                spoil(folder / "build" / "gateway.py")
                first = len(this.said)
                await this.reload()
                said.append(" / ".join(this.said[first:]))
                (folder / "name").write_text("0")
                await asyncio.to_thread(compile_routes, folder, routes(upstream.url))
            assert (await this.reload()).startswith("reloaded ")
        figures = clients.figures()
    return {"broken": len(BROKEN), **figures, "said": said}


async def stale(options: argparse.Namespace, method: str, count: int) -> Figures:
    """Call an upstream that closes connections just when they may be used again."""
    async with gateway(fickle=True) as (this, upstream, _folder):
        clients, numbers = Load(this.port), iter(range(count))

        async def ask() -> None:
            for number in numbers:
                await asyncio.sleep(random.uniform(0, CLOSES_AFTER))  # noqa: S311
                await clients.once(await clients.opened(), f"/x/{number}", method)

        await asyncio.gather(*(ask() for _ in range(options.clients)))
    return {
        **clients.figures(),
        "connections upstream": upstream.connections,
        "arrived": len(upstream.ledger),
        "arrived twice": sum(times > 1 for times in upstream.ledger.values()),
    }


def middle(times: list[float]) -> float:
    """Return the median, in seconds."""
    return round(sorted(times)[len(times) // 2], 3)


# -- the table

Part = Callable[[argparse.Namespace], Awaitable[Figures]]
PARTS: dict[str, Part] = {
    "reloads": lambda options: reloads(options, 1),
    "reloads-workers": lambda options: reloads(options, 2),
    "kills": kills,
    "end": lambda options: end(options, 1),
    "end-workers": lambda options: end(options, 2),
    "broken": lambda options: broken(options, 1),
    "broken-workers": lambda options: broken(options, 2),
    "stale-gets": lambda options: stale(options, "GET", options.gets),
    "stale-posts": lambda options: stale(options, "POST", options.posts),
}


def main() -> None:
    """Print the figures of each part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS), metavar="PART")
    parser.add_argument("--clients", type=int, default=40, help="half of them fresh")
    parser.add_argument("--reloads", type=int, default=50)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--gets", type=int, default=10_000)
    parser.add_argument("--posts", type=int, default=3000)
    parser.add_argument("--output", type=Path, help="a file for the figures, as JSON")
    options = parser.parse_args()
    table: dict[str, Figures] = {}
    for name in options.parts:
        began = time.perf_counter()
        table[name] = asyncio.run(PARTS[name](options))
        print(f"{name} ({time.perf_counter() - began:.0f} s)")
        for label, figure in table[name].items():
            lines = figure if isinstance(figure, list) else [figure]
            for line in lines:
                print(f"  {label:34} {line}", flush=True)
    if options.output:
        figures = {"date": time.strftime("%F"), "parts": table}
        options.output.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
