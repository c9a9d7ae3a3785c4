"""What minutes of mixed traffic with faults leave behind: memory, files and tasks.

The gateway is a process of its own, with every kind of resilience declared, on two
targets that fail by chance: they cut, reset, stall and answer 503. Clients ask by GET and
POST, read event streams, and leave in the middle. Run it by `python benchmarks/soak.py`;
`--seconds 60` is shorter, `--output docs` writes the figures and their curves. It needs
Linux.
"""

# ruff: noqa: S311  (chance is no secret here)
from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse

from hxroute import files
from hxroute.backends import python as backend
from hxroute.compiler import compile
from hxroute.runtime import serve
from hxroute.runtime.loader import load

ROUTES = """\
version: 1
upstreams:
  u:
    targets: ["http://127.0.0.1:{one}", "http://127.0.0.1:{two}"]
    balance: least_requests
    health: {{path: /health, interval: 500ms}}
    outlier_detection: {{ejection_time: 1s, interval: 1s, max_ejected: 50%}}
    timeout: {{read: 500ms}}
    retry: {{attempts: 2, when: [unreachable, 503]}}
    circuit_breaker: {{ratio: 50%, open: 500ms}}
    concurrency: {{max: 100, queue: 20}}
headers: {{safe: {{drop: [authorization, cookie]}}}}
defaults:
  auth: none
  observe: none
  rate_limit: {{requests: 10000, per: 1s, by: client}}
  request: {{headers: safe, max_body: 64KiB}}
  response: {{stream_error: {{json: {{error: "{{{{ error.kind }}}}"}}}}}}
endpoints:
  - {{path: "/{{rest:path}}", upstream: u}}
"""
FAULTS = 0.05
"""The share of calls that the upstream spoils, and that clients leave."""

MIB = 1024 * 1024
ENDS = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)


@dataclass(frozen=True, slots=True)
class Sample:
    """What the gateway's process holds, so many seconds after the begin."""

    seconds: float
    mib: float
    files: int
    tasks: int


# -- the gateway's process


def serve_build(build: str) -> None:
    """Serve a build, and beside it how many tasks there are."""

    async def tasks(_: Request) -> PlainTextResponse:
        return PlainTextResponse(str(len(asyncio.all_tasks())))

    app = load(Path(build)).app
    app.add_route("/tasks", tasks)
    with serve.listen("127.0.0.1", 0) as bound:
        print(bound.getsockname()[1], flush=True)
        serve.run(app, bound)


# -- the upstream


async def target(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer as an upstream that fails by chance."""
    with contextlib.suppress(*ENDS, asyncio.CancelledError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].split(b"\r", 1)[0]
            await reader.readexactly(int(length or 0))
            fault = b"/health" not in head and random.random() < FAULTS
            if b"/stream" in head:
                await stream(writer, fault=fault)
            elif not fault:
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            else:
                await random.choice(SPOILT)(writer)


async def stream(writer: asyncio.StreamWriter, *, fault: bool) -> None:
    """Send an event stream, perhaps only its half."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n")
    writer.write(b"transfer-encoding: chunked\r\n\r\n")
    for number in range(10):
        if fault and number == 5:
            raise ConnectionResetError
        writer.write(b"a\r\ndata: %02d\n\n\r\n" % number)
        await writer.drain()
        await asyncio.sleep(0.02)
    writer.write(b"0\r\n\r\n")


async def cut(writer: asyncio.StreamWriter) -> None:
    """Send half an answer."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\n" + b"x" * 100000)
    raise ConnectionResetError


async def reset(writer: asyncio.StreamWriter) -> None:
    """End without an answer."""
    writer.transport.abort()


async def stall(writer: asyncio.StreamWriter) -> None:
    """Answer when nobody waits any more."""
    await asyncio.sleep(1)
    raise ConnectionResetError


async def refuse(writer: asyncio.StreamWriter) -> None:
    """Answer 503."""
    writer.write(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n")


SPOILT = (cut, reset, stall, refuse)


@contextlib.asynccontextmanager
async def upstream() -> AsyncIterator[int]:
    """Run one target."""

    async def answer(r: asyncio.StreamReader, w: asyncio.StreamWriter) -> None:
        try:
            await target(r, w)
        finally:
            w.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


# -- the clients


async def client(port: int, found: Counter[str], pause: float) -> None:
    """Ask again and again, now and then leaving in the middle."""
    while True:
        with contextlib.suppress(*ENDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                for _ in range(20):
                    found[await ask(reader, writer)] += 1
                    await asyncio.sleep(random.uniform(0, 2 * pause))
            except ENDS:
                found["cut"] += 1
            finally:
                writer.close()


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
    """Make one request; return its status."""
    kind = random.choice((b"GET /x", b"GET /x", b"POST /x", b"GET /stream"))
    body = b"y" * 2000 if kind.startswith(b"POST") else b""
    head = b"%b HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (kind, len(body))
    writer.write(head + body)
    if random.random() < FAULTS:
        await asyncio.sleep(random.uniform(0, 0.1))
        raise ConnectionResetError
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"transfer-encoding" in head:
        await reader.readuntil(b"\r\n0\r\n\r\n")
    else:
        length = head.partition(b"content-length: ")[2].split(b"\r", 1)[0]
        await reader.readexactly(int(length or 0))
    return head[9:12].decode()


# -- what is seen


async def sample(pid: int, port: int, began: float) -> Sample:
    """Look at the gateway's process."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /tasks HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    tasks = (await reader.read()).rpartition(b"\r\n\r\n")[2]
    writer.close()
    seconds = round(time.monotonic() - began, 1)
    return Sample(seconds, *held(Path(f"/proc/{pid}")), int(tasks))


def held(process: Path) -> tuple[float, int]:
    """Return the resident memory of a process in MiB, and its open files."""
    pages = int((process / "statm").read_text().split()[1])
    mib = round(pages * os.sysconf("SC_PAGE_SIZE") / MIB, 2)
    return mib, len(list((process / "fd").iterdir()))


def slope(samples: list[Sample]) -> float:
    """Return the MiB that memory grows by in an hour, over the second half."""
    half = samples[len(samples) // 2 :]
    hours = [one.seconds / 3600 for one in half]
    return statistics.linear_regression(hours, [one.mib for one in half]).slope


def curves(samples: list[Sample]) -> str:
    """Draw the three curves, one above the other, each from 0."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {SHAPE}>',
        f"<style>\n{STYLE}\n</style>",
    ]
    longest = samples[-1].seconds
    for place, (key, name) in enumerate(NAMES.items()):
        values = [float(getattr(one, key)) for one in samples]
        bottom, most = 90 + 100 * place, max(values)
        points = " ".join(
            f"{one.seconds / longest * 560:.1f},{bottom - value / most * 70:.1f}"
            for one, value in zip(samples, values, strict=True)
        )
        lines.append(f'<polyline points="{points}"/>')
        lines.append(f'<text x="570" y="{bottom - 55}">{name}</text>')
        lines.append(f'<text x="570" y="{bottom - 37}">{most:g} at most</text>')
    lines.append(f'<text x="0" y="298">{longest / 60:.0f} minutes</text>')
    return "\n".join([*lines, "</svg>", ""])


SHAPE = (
    'viewBox="0 0 720 300" role="img" aria-label="memory, files and tasks over time"'
)
STYLE = """\
text { font: 13px system-ui, sans-serif; fill: #24292f }
polyline { fill: none; stroke: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  polyline { stroke: #4493f8 }
}"""
NAMES = {"mib": "memory, MiB", "files": "open files", "tasks": "tasks"}


async def soak(build: Path, options: argparse.Namespace) -> dict[str, object]:
    """Run clients against a gateway, and look at it now and then."""
    async with upstream() as one, upstream() as two:
        gateway = compile(
            ROUTES.format(one=one, two=two).encode(), "routes.yaml"
        ).gateway
        assert gateway is not None
        files.write(build, backend.emit(gateway))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, __file__, "--serve", str(build)),
            stderr=asyncio.subprocess.DEVNULL,  # it tells of each fault
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        port = int(await process.stdout.readline())
        began, found = time.monotonic(), Counter[str]()
        at_rest = await sample(process.pid, port, began)
        asking = [
            asyncio.create_task(client(port, found, options.pause))
            for _ in range(options.clients)
        ]
        samples = [at_rest]
        while samples[-1].seconds < options.seconds:
            await asyncio.sleep(options.seconds / 300)
            samples.append(await sample(process.pid, port, began))
        for task in asking:
            task.cancel()
        await asyncio.wait(asking)
        await asyncio.sleep(5)  # longer than idle connections are kept
        after = await sample(process.pid, port, began)
        process.terminate()
        await process.wait()
    return {
        "answers": dict(sorted(found.items())),
        "at rest": asdict(at_rest),
        "after": asdict(after),
        "MiB an hour, second half": round(slope(samples), 2),
        "samples": [asdict(one) for one in samples],
    }


def main() -> None:
    """Run it, and print what stays."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--pause", type=float, default=0.05, help="between requests")
    parser.add_argument(
        "--output", type=Path, help="a folder for soak.json and soak.svg"
    )
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve_build(options.serve)
        return
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(soak(Path(folder) / "gateway.py", options))
    if options.output:
        samples = [Sample(**one) for one in found["samples"]]  # type: ignore[attr-defined]
        files.write(options.output / "soak.json", json.dumps(found, indent=1) + "\n")
        files.write(options.output / "soak.svg", curves(samples))
    del found["samples"]
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
