"""A gateway served for real, in the test's own event loop."""

from __future__ import annotations

import asyncio
import contextlib
import textwrap
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import uvicorn

from hxroute.compiler import compile
from hxroute.diagnostics.text import render
from hxroute.ir import Gateway
from hxroute.runtime import application, serve
from tests.clients import called_by

HEAD = """\
version: 1
settings: {url: {env: URL}, key: {env: KEY, default: right, secret: true}}
upstreams: {u: {url: "{{ settings.url }}"}}
headers: {as_sent: {forward: [authorization, cookie]}}
defaults: {auth: none, request: {headers: as_sent}}
"""
KEYED_AUTH = 'auth: {k: {bearer: ["{{ settings.key }}"]}}\n'
"""The auth `k`, whose key is `right`."""


def compiled(endpoints: str, head: str = HEAD) -> Gateway:
    """Compile the endpoints of a gateway on the upstream `u`."""
    text = head + "endpoints:\n" + textwrap.indent(textwrap.dedent(endpoints), "  ")
    result = compile(text.encode(), "routes.yaml")
    gateway, report = result.gateway, result.report
    assert gateway is not None, render(report)
    return gateway


@contextlib.asynccontextmanager
async def served(
    gateway: Gateway,
    environ: Mapping[str, str],
    *,
    front: bool = True,
    grace: int | None = None,
) -> AsyncIterator[int]:
    """Serve a gateway and give its port; without `front` as a foreign server would."""
    config = serve.configuration(application(called_by(gateway), environ=environ))
    if not front:
        config.http, config.date_header = "h11", True
    if grace is not None:
        config.timeout_graceful_shutdown = grace
    server = uvicorn.Server(config)
    with serve.listen("127.0.0.1", 0) as bound:
        task = asyncio.create_task(server.serve(sockets=[bound]))
        try:
            yield bound.getsockname()[1]
        finally:
            server.should_exit = True
            await task


@dataclass
class Answer:
    """What a raw client read."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    complete: bool = True
    raw: bytes = field(default=b"", repr=False)

    def get(self, name: str) -> str | None:
        """Return the first value of a field."""
        return next((value for key, value in self.headers if key == name), None)


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def client(port: int, data: bytes) -> AsyncIterator[Connection]:
    """Open a connection, write to it, and leave it in the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        yield reader, writer
    finally:
        await leave(writer)


async def leave(writer: asyncio.StreamWriter) -> None:
    """Close a connection, whatever has become of it."""
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def ask(port: int, data: bytes) -> Answer:
    """Send one raw request on a connection of its own and read the answer."""
    async with client(port, data) as (reader, _):
        return await read_answer(reader, head_only=data.startswith(b"HEAD"))


async def read_answer(
    reader: asyncio.StreamReader, *, head_only: bool = False
) -> Answer:
    """Read one answer; `complete` tells whether its framing came to its end."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    headers = [
        (k.lower(), v.strip()) for k, _, v in (line.partition(":") for line in lines)
    ]
    answer = Answer(int(first.split(" ")[1]), headers, b"")
    if head_only or answer.status in (204, 304):
        return answer
    try:
        if answer.get("transfer-encoding") == "chunked":
            async for chunk in chunks(reader):
                answer.body += chunk
        else:
            answer.body = await reader.readexactly(
                int(answer.get("content-length") or 0)
            )
    except asyncio.IncompleteReadError as exc:
        answer.body += exc.partial
        answer.complete = False
    return answer


async def chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield each chunk of a chunked body as it arrives."""
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line, 16)
        data = await reader.readexactly(size + 2)
        if not size:
            return
        yield data[:-2]
