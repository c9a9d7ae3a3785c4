"""The floor: the least that Python can do to proxy one small request under uvicorn.

A bare ASGI function and a short HTTP/1.1 client on asyncio and httptools, without
streaming, limits, timeouts or error handling. It checks one key, drops a few fields,
forwards, and sends the collected answer back.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import httptools

Message = MutableMapping[str, Any]

HOST, _, PORT = os.environ.get("BENCH_UPSTREAM", "127.0.0.1:4000").partition(":")
KEY = b"Bearer " + os.environ.get("BENCH_KEY", "sk-hx-dev-default").encode()
HOST_FIELD = f"host: {HOST}:{PORT}".encode()
DROP = {
    b"host",
    b"content-length",
    b"accept-encoding",
    b"connection",
    b"transfer-encoding",
    b"authorization",
    b"cookie",
}
DROP_BACK = {b"content-length", b"transfer-encoding", b"connection", b"server", b"date"}
idle: list[Connection] = []


class Connection(asyncio.Protocol):
    """A connection to the upstream, for one request at a time."""

    def connection_made(self, transport: Any) -> None:
        """Keep the transport."""
        self.transport = transport
        self.future: Any = None

    def send(self, data: bytes) -> Any:
        """Send a request; its answer is awaited."""
        self.future = asyncio.get_running_loop().create_future()
        self.headers: list[tuple[bytes, bytes]] = []
        self.chunks: list[bytes] = []
        self.parser = httptools.HttpResponseParser(self)
        self.transport.write(data)
        return self.future

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        self.parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a field of the answer."""
        self.headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body."""
        self.chunks.append(body)

    def on_message_complete(self) -> None:
        """Hand the answer over; the connection is idle again."""
        future, self.future = self.future, None
        idle.append(self)
        if not future.done():
            status = self.parser.get_status_code()
            future.set_result((status, self.headers, b"".join(self.chunks)))

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection, and fail its request."""
        if self in idle:
            idle.remove(self)
        if self.future and not self.future.done():
            self.future.set_exception(ConnectionError())


async def app(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Proxy one request."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    key, out = None, []
    for name, value in scope["headers"]:
        if name == b"authorization":
            key = value
        elif name not in DROP:
            out.append(name + b": " + value)
    if key != KEY:
        await send({"type": "http.response.start", "status": 401, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    out.append(HOST_FIELD)
    out.append(b"content-length: %d" % len(body))
    line = b"%s %s HTTP/1.1\r\n" % (scope["method"].encode(), scope["raw_path"])
    data = line + b"\r\n".join(out) + b"\r\n\r\n" + body
    if idle:
        connection = idle.pop()
    else:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(Connection, HOST, int(PORT))
    status, headers, content = await connection.send(data)
    back = [field for field in headers if field[0] not in DROP_BACK]
    back.append((b"content-length", b"%d" % len(content)))
    await send({"type": "http.response.start", "status": status, "headers": back})
    await send({"type": "http.response.body", "body": content})
