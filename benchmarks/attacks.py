"""What slow and greedy clients cost: hxroute beside a naive gateway and nginx.

The naive one is a Starlette app with an httpx2 client under uvicorn, as one would write
it in an afternoon; it stands below. nginx has its defaults, without buffering. Each
server is a process of its own; clients and upstream share another. Memory is the
resident memory of the server's process. Run it by `python benchmarks/attacks.py`;
`--connections 50 --limits 2s --watch 5 --megabytes 20 --streams 50` takes a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import os
import resource
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeVar

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests import processes
from tests.chaos import gateways
from tests.chaos.client import close
from tests.chaos.gateways import Place
from tests.chaos.greedy import STREAMS, Spring, hold, pour, unread
from tests.chaos.plan import Plan
from tests.chaos.slow import GOOD, Style, Traffic, besiege, traffic
from tests.chaos.upstream import Upstream

Server = Callable[[str, argparse.Namespace], AbstractAsyncContextManager[Place]]
Cells = dict[str, str]
T = TypeVar("T")

_FILES = 20_000
_WARM = 20
_NGINX = """\
daemon off; pid {folder}/pid; error_log stderr crit; worker_processes 1;
worker_rlimit_nofile 20000; events {{ worker_connections 16384; }}
http {{ access_log off; client_max_body_size 0;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  upstream u {{ server {upstream}; keepalive 1000; }}
  server {{ listen 127.0.0.1:{port} backlog=2048; location / {{
    proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection "";
    proxy_buffering off; proxy_request_buffering off; }} }} }}
"""


# -- the servers


def hxroute(
    url: str, options: argparse.Namespace
) -> AbstractAsyncContextManager[Place]:
    """Serve by `hxroute run`, with the limits that it has without being told."""
    names = ("head_timeout", "body_timeout", "idle_timeout")
    stated = [f"{name}: {options.limits}" for name in names if options.limits]
    limits = "{" + ", ".join(stated) + "}" if stated else ""
    text = gateways.routes(connections=10_000, read="600s", limits=limits)
    return gateways.in_process(text, {"URL": url, "WAVE": url})


@contextlib.asynccontextmanager
async def naive(url: str, options: argparse.Namespace) -> AsyncIterator[Place]:
    """Serve the naive gateway, in a process that runs this file."""
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, str(Path(__file__)), "--serve-naive", url]
        log = Path(name) / "log"
        with gateways.running(command, Path(name), os.environ, log) as process:
            assert process.stdout is not None
            port = await asyncio.to_thread(process.stdout.readline)
            yield Place(int(port), process.pid, log)


@contextlib.asynccontextmanager
async def nginx(url: str, options: argparse.Namespace) -> AsyncIterator[Place]:
    """Serve by nginx, and watch its one worker."""
    with tempfile.TemporaryDirectory() as name:
        port = processes.free_port()
        upstream = url.removeprefix("http://")
        config = _NGINX.format(folder=name, upstream=upstream, port=port)
        (Path(name) / "nginx.conf").write_text(config)
        command = ["nginx", "-p", name, "-c", f"{name}/nginx.conf"]
        log = Path(name) / "log"
        with gateways.running(command, Path(name), os.environ, log) as process:
            yield Place(port, await asyncio.to_thread(_worker, process.pid), log)


def _worker(master: int) -> int:
    """Return the process id of nginx's worker, once it has one."""
    children = Path(f"/proc/{master}/task/{master}/children")
    while not (found := children.read_text().split()):
        time.sleep(0.05)
    return int(found[0])


def serve_naive(url: str) -> None:
    """Forward whatever comes, as a first draft would."""
    limits = httpx2.Limits(max_connections=None)
    client = httpx2.AsyncClient(base_url=url, timeout=600, limits=limits)

    async def forward(asked: Request) -> StreamingResponse:
        fields = [f for f in asked.headers.raw if f[0] != b"host"]
        target = asked.url.path + ("?" + asked.url.query if asked.url.query else "")
        made = client.build_request(
            asked.method,
            target,
            headers=fields,
            content=asked.stream() if asked.method in ("POST", "PUT") else None,
        )
        got = await client.send(made, stream=True)
        answer = StreamingResponse(
            got.aiter_raw(), got.status_code, background=BackgroundTask(got.aclose)
        )
        answer.raw_headers = [(n.lower(), v) for n, v in got.headers.raw]
        return answer

    methods = ["GET", "HEAD", "POST", "PUT"]
    app = Starlette(routes=[Route("/{rest:path}", forward, methods=methods)])
    bound = socket.create_server(("127.0.0.1", 0), backlog=2048)
    print(bound.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="critical")).run(sockets=[bound])


# -- the attacks


async def slow(server: Server, options: argparse.Namespace) -> Cells:
    """Hold thousands of connections that send next to nothing, and serve the others."""
    plan, count = Plan(options.seed, GOOD), options.connections
    counts: dict[Style, int] = {"head": count, "body": count, "idle": count}
    found: dict[str, Traffic] = {}
    numbers = itertools.count()
    async with Upstream(plan) as upstream, server(upstream.url, options) as place:

        async def during(name: str, work: Awaitable[T]) -> T:
            found[name], done = await traffic(
                place.port, upstream, numbers, work, clients=10, every=0.05
            )
            return done

        await during("before", asyncio.sleep(options.quiet))
        pace = {"every": options.every, "watch": options.watch}
        siege = besiege(place.port, plan, counts, **pace)
        attackers = await during("meanwhile", siege)
        await during("after", asyncio.sleep(options.quiet))
    cells = {}
    for style in counts:
        lasted = [a.lasted for a in attackers if a.style == style and a.lasted]
        last = f" in {min(lasted):.1f} to {max(lasted):.1f} s" if lasted else ""
        cells[f"slow {style}: closed of {count}"] = f"{len(lasted)}{last}"
    for name, part in found.items():
        wrong = len(part.report.complaints)
        for complaint in part.report.complaints[:10]:
            print(f"- {name}: {complaint}", file=sys.stderr)
        p50, p99 = (part.quantile(share) * 1000 for share in (0.5, 0.99))
        times = f"p50 {p50:.1f} p99 {p99:.1f} ms"
        cells[f"good ones {name}"] = f"{len(part.times)}, {wrong} failed, {times}"
    return cells


async def heads(server: Server, options: argparse.Namespace) -> Cells:
    """Send a head that does not end: one huge field, then many tiny ones."""
    cells = {}
    large, small = options.megabytes, max(1, options.megabytes // 20)
    for block, size in ((b"a" * 65536, large), (b"a: b\r\n" * 9362, small)):
        async with (
            Upstream(Plan(0)) as upstream,
            server(upstream.url, options) as place,
        ):
            grown, sent, said = await pour(place, block, size << 20)
        kind = "one field" if b":" not in block else "tiny fields"
        cell = f"+{grown:.1f} MiB, {said} ({sent >> 10} KiB taken)"
        cells[f"{size} MiB of {kind}"] = cell
    return cells


async def streams(server: Server, options: argparse.Namespace) -> Cells:
    """Hold event streams open."""
    plan, count = Plan(options.seed, STREAMS), options.streams
    async with Upstream(plan) as upstream, server(upstream.url, options) as place:
        opened = await hold(place, plan, _WARM)
        before = place.rss()
        opened += await hold(place, plan, count)
        each = (place.rss() - before) / count
        for _, writer in opened:
            await close(writer)
        await upstream.idle()
    return {f"each of {count} event streams": f"{each:.1f} KiB"}


async def reader(server: Server, options: argparse.Namespace) -> Cells:
    """Ask for a large body and read none of it."""
    size = options.reading
    async with Spring(size << 20) as spring, server(spring.url, options) as place:
        grown = await unread(place, spring)
    cell = f"+{grown:.1f} MiB, {spring.sent >> 20} MiB were sent"
    return {f"{size} MiB that nobody reads": cell}


# -- the table

SERVERS: dict[str, Server] = {"hxroute": hxroute, "naive": naive, "nginx": nginx}
ATTACKS = {"slow": slow, "heads": heads, "streams": streams, "reader": reader}


def show(servers: list[str], table: dict[str, Cells]) -> None:
    """Print the figures of one attack."""
    rows = [["", *servers]]
    rows += [[label, *(cells[s] for s in servers)] for label, cells in table.items()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip(), flush=True)
    print(flush=True)


def main() -> None:
    """Print a table: a line for each figure, a column for each server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("attacks", nargs="*", default=list(ATTACKS), metavar="ATTACK")
    parser.add_argument("--servers", nargs="+", default=list(SERVERS))
    parser.add_argument("--connections", type=int, default=2000, help="of each style")
    parser.add_argument("--limits", default="", help="of hxroute; else its defaults")
    parser.add_argument("--watch", type=float, default=100, help="seconds")
    parser.add_argument("--every", type=float, default=2, help="seconds between bytes")
    parser.add_argument("--quiet", type=float, default=10, help="seconds")
    parser.add_argument("--megabytes", type=int, default=300, help="of a head")
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--reading", type=int, default=500, help="MiB of a body")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--serve-naive", metavar="URL", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve_naive:
        serve_naive(options.serve_naive)
        return
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    servers = [s for s in options.servers if s != "nginx" or shutil.which("nginx")]
    for name in options.attacks:
        table: dict[str, Cells] = {}
        for server in servers:
            began = time.perf_counter()
            for label, cell in asyncio.run(
                ATTACKS[name](SERVERS[server], options)
            ).items():
                table.setdefault(label, {})[server] = cell
            took = time.perf_counter() - began
            print(f"({name} of {server}: {took:.0f} s)", file=sys.stderr, flush=True)
        show(servers, table)


if __name__ == "__main__":
    main()
