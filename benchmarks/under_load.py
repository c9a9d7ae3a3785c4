"""A gateway under load: clients that ask without a pause, and the upstream they reach.

Each client has one request under way at a time. Half of them open a connection for each
request, half keep theirs.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.operations.process import Process, compile_routes, running

__all__ = [
    "CLOSES_AFTER",
    "Figures",
    "Load",
    "Reader",
    "Upstream",
    "Writer",
    "gateway",
    "load",
    "routes",
]

Figures = dict[str, object]
Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter

CLOSES_AFTER = 0.01
"""Seconds after which a fickle upstream has closed what is idle."""

_SERVICE = 0.002
_EVERY = 0.1
_LASTING = 5
_LONG = 60
_LENGTH, _BODY = b"content-length: 2\r\n\r\n", b"ok"
_OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
_EVENTS = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
_GONE = OSError, asyncio.IncompleteReadError, TimeoutError, asyncio.CancelledError
_EVENT, _LAST = b"9\r\ndata: a\n\n\r\n", b"0\r\n\r\n"

# -- the upstream


@dataclass
class Upstream:
    """Answers by the path, and keeps a ledger of what it has answered."""

    fickle: bool = False
    url: str = ""
    ledger: Counter[bytes] = field(default_factory=Counter)
    connections: int = 0

    async def answer(self, reader: Reader, writer: Writer) -> None:
        """Serve one connection; where fickle, close it soon after it falls idle."""
        self.connections += 1
        patience: float | None = None
        with contextlib.suppress(*_GONE):
            while True:
                async with asyncio.timeout(patience):
                    head = await reader.readuntil(b"\r\n\r\n")
                method, path, _ = head.split(b" ", 2)
                if method == b"POST":
                    await reader.readexactly(len(_BODY))
                self.ledger[path] += 1
                if path.startswith(b"/x/events"):
                    await events(writer, endless=path.endswith(b"/endless"))
                else:
                    await asyncio.sleep(_SERVICE)
                    writer.write(_OK)
                if self.fickle:
                    patience = random.uniform(0, CLOSES_AFTER)  # noqa: S311
        writer.close()


async def events(writer: Writer, *, endless: bool) -> None:
    """Write events: a few, or without an end."""
    writer.write(_EVENTS)
    number = 0
    while endless or number < _LASTING:
        writer.write(_EVENT)
        await writer.drain()
        await asyncio.sleep(_EVERY)
        number += 1
    writer.write(_LAST)


# -- the clients


@dataclass
class Load:
    """Clients that ask without a pause until they are told to end."""

    port: int
    requests: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    under_way: int = 0
    on: bool = True

    async def fresh(self) -> None:
        """Ask on a connection of its own each time."""
        while self.on:
            with contextlib.suppress(OSError):
                await self.once(await self.opened())

    async def reused(self) -> None:
        """Ask on one connection as long as it goes well."""
        while self.on:
            with contextlib.suppress(OSError):
                connection = await self.opened()
                while self.on and await self.once(connection, keep=True):
                    pass

    async def opened(self) -> tuple[Reader, Writer]:
        """Open a connection; count where it is refused."""
        try:
            return await asyncio.open_connection("127.0.0.1", self.port)
        except OSError as exc:
            self.failed(f"connect: {type(exc).__name__}")
            await asyncio.sleep(0.01)
            raise

    async def once(
        self,
        connection: tuple[Reader, Writer],
        path: str = "/x/a",
        method: str = "GET",
        *,
        keep: bool = False,
    ) -> bool:
        """Ask once; tell whether the connection is good for another request."""
        reader, writer = connection
        head = f"{method} {path} HTTP/1.1\r\nHost: a\r\n".encode()
        asked = head + (b"\r\n" if method == "GET" else _LENGTH + _BODY)
        self.under_way += 1
        try:
            async with asyncio.timeout(_LONG):
                writer.write(asked)
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = head.partition(b"content-length: ")[2].split(b"\r", 1)[0]
                await reader.readexactly(int(length))
        except (OSError, ValueError, asyncio.IncompleteReadError) as exc:
            self.failed(type(exc).__name__)
            keep = False
        else:
            self.requests += 1
            if head[9:12] != b"200":
                self.failures[head[9:12].decode()] += 1
            keep = keep and b"connection: close" not in head
        finally:
            self.under_way -= 1
            if not keep:
                writer.close()
        return keep

    def failed(self, kind: str) -> None:
        """Count a request that was not answered."""
        self.requests += 1
        self.failures[kind] += 1

    def figures(self) -> Figures:
        """Tell what became of the requests."""
        return {
            "requests": self.requests,
            "failures": self.failures.total(),
            "kinds": dict(self.failures),
        }


@contextlib.asynccontextmanager
async def load(port: int, clients: int) -> AsyncIterator[Load]:
    """Ask all the time, while in here."""
    this = Load(port)
    work = [this.fresh, this.reused] * (clients // 2)
    tasks = [asyncio.create_task(each()) for each in work]
    await asyncio.sleep(0.5)
    try:
        yield this
    finally:
        this.on = False
        await asyncio.gather(*tasks)


# -- the gateway


def routes(url: str) -> str:
    """Return the routes file of all parts."""
    return f"""\
version: 1
server: {{grace: 2s}}
settings: {{name: {{file: name}}}}
upstreams: {{u: {{url: "{url}"}}}}
headers: {{safe: {{drop: [authorization, cookie]}}}}
defaults: {{auth: none, observe: none, request: {{headers: safe}}}}
endpoints:
  - {{path: /own, respond: {{text: "{{{{ settings.name }}}}"}}}}
  - {{path: "/x/{{rest:path}}", methods: [GET, POST], upstream: u}}
"""


@contextlib.asynccontextmanager
async def gateway(
    workers: int = 1, *, fickle: bool = False
) -> AsyncIterator[tuple[Process, Upstream, Path]]:
    """Serve a gateway before an upstream."""
    upstream = Upstream(fickle)
    server = await asyncio.start_server(upstream.answer, "127.0.0.1", 0, backlog=1000)
    upstream.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "name").write_text("0")
        compile_routes(folder, routes(upstream.url))
        async with running(folder, "--workers", str(workers)) as this:
            await this.until("Ctrl-C ends it")
            yield this, upstream, folder
    server.close()
