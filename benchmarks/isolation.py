"""What a black hole behind one endpoint does to the others' p99.

    python benchmarks/isolation.py [ROUNDS]

One upstream answers, the other accepts and never says a word. Each round measures the
first alone, then while 100 calls wait for the second; shown are the medians.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

HXROUTE = sys.executable, "-m", "hxroute"
REQUESTS, USERS, WAITING = 4000, 8, 100
ROUTES = """\
version: 1
server: {port: PORT}
upstreams:
  good: {url: "http://127.0.0.1:GOOD"}
  hole: {url: "http://127.0.0.1:HOLE", timeout: {read: 10m}}
endpoints:
  - {path: /good, methods: [GET], auth: none, observe: none, request: HEADERS, upstream: good}
  - {path: /hole, methods: [GET], auth: none, observe: none, request: HEADERS, upstream: hole}
headers: {safe: {drop: [authorization, cookie]}}
""".replace("HEADERS", "{headers: safe}")
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer every request at once."""
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(ANSWER)
    writer.close()


async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Never say a word."""
    await reader.read()
    writer.close()


def get(path: str) -> bytes:
    """Return a request."""
    return f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


async def user(port: int, taken: list[float]) -> None:
    """Send one request after the other, and note how long each takes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(REQUESTS // USERS):
        began = time.perf_counter()
        writer.write(get("/good"))
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(2)
        assert head.startswith(b"HTTP/1.1 200"), head
        taken.append(time.perf_counter() - began)
    writer.close()


async def p99(port: int) -> float:
    """Return the 99th percentile in milliseconds."""
    taken: list[float] = []
    await asyncio.gather(*(user(port, taken) for _ in range(USERS)))
    return statistics.quantiles(taken, n=100)[98] * 1000


@contextlib.asynccontextmanager
async def waiting(port: int) -> AsyncIterator[None]:
    """Have calls wait for the upstream that never answers."""
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(WAITING)]
    for _, writer in opened:
        writer.write(get("/hole"))
    await asyncio.sleep(0.2)
    yield
    for _, writer in opened:
        writer.close()


def compiled(folder: Path, routes: str) -> None:
    """Compile a routes file in a folder."""
    (folder / "routes.yaml").write_text(routes, "utf-8")
    subprocess.run(
        [*HXROUTE, "compile"], cwd=folder, check=True, stdout=subprocess.DEVNULL
    )


@contextlib.asynccontextmanager
async def gateway(good: int, hole: int) -> AsyncIterator[int]:
    """Serve a gateway in a process of its own; give its port."""
    probe = await asyncio.start_server(hold, "127.0.0.1", 0)
    port: int = probe.sockets[0].getsockname()[1]
    probe.close()
    text = ROUTES.replace("PORT", str(port)).replace("GOOD", str(good))
    with tempfile.TemporaryDirectory() as name:
        compiled(Path(name), text.replace("HOLE", str(hole)))
        process = await asyncio.create_subprocess_exec(
            *HXROUTE, "run", cwd=name, stdout=subprocess.DEVNULL
        )
        try:
            while True:
                with contextlib.suppress(OSError):
                    await asyncio.open_connection("127.0.0.1", port)
                    break
                await asyncio.sleep(0.1)
            yield port
        finally:
            process.kill()
            await process.wait()


async def main(rounds: int) -> None:
    """Measure, and print a line."""
    good = await asyncio.start_server(answer, "127.0.0.1", 0)
    hole = await asyncio.start_server(hold, "127.0.0.1", 0)
    ports = (server.sockets[0].getsockname()[1] for server in (good, hole))
    alone, beside = [], []
    async with gateway(*ports) as port:
        await p99(port)
        for _ in range(rounds):
            alone.append(await p99(port))
            async with waiting(port):
                beside.append(await p99(port))
    before, after = statistics.median(alone), statistics.median(beside)
    change = (after / before - 1) * 100
    print(f"p99 alone {before:.2f} ms, beside {after:.2f} ms: {change:+.1f} %")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 9))
