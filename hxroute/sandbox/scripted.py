"""A scripted HTTP/1.1 upstream: each request names the raw bytes it is answered with.

The request's `x-hx-case` field picks a script, a list of steps:

- a text is written as it is (latin-1: one character, one byte)
- `{"repeat": [text, times]}` writes the text so many times
- `{"sleep": seconds}` waits, or stops where the peer leaves meanwhile
- `{"reset": true}` ends the connection at once: what is not yet written is lost
- `{"close": true}` closes it after the last step; without it, it stays open

It knows nothing of the gateway: standard library only, and no HTTP beyond what it
takes to find the end of a request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from hxroute.sandbox.seen import Counted, Seen, read_request

__all__ = ["MAX_HEAD", "OK", "Connection", "Script", "ScriptedUpstream", "Step"]

Step = str | Mapping[str, Any]
Script = Sequence[Step]

MAX_HEAD = 1 << 20
OK: Script = (
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n",
    '{"ok":true}',
)


class ScriptedUpstream:
    """Serve scripts on a free port of 127.0.0.1 and record what arrives.

    async with ScriptedUpstream({"slow": [{"sleep": 60}]}) as upstream:
        ...  # a client calls upstream.url with "x-hx-case: slow"
        await upstream.arrived("slow")
        ...  # the client leaves
        await upstream.closed("slow")
    """

    def __init__(self, scripts: Mapping[str, Script] | None = None) -> None:
        self._scripts = dict(scripts or {})
        self._connections: set[Connection] = set()
        self._left: list[str] = []
        self._change = asyncio.Event()
        self._server: asyncio.Server | None = None
        self.seen: list[Seen] = []
        self.accepted = 0

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self.connection, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for connection in tuple(self._connections):
            connection.abort()
        await self._until(lambda: not self._connections)
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._server is not None, "not started"
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """The address to call, without a final slash."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    @property
    def requests(self) -> int:
        """How many requests have arrived whole and are not yet answered whole."""
        return sum(connection.request is not None for connection in self._connections)

    def reply(self, case: str, script: Script) -> None:
        """Set the script of a case."""
        self._scripts[case] = script

    def script(self, case: str) -> Script:
        """Return the script of a case: 200 where none was set."""
        return self._scripts.get(case, OK)

    def seen_of(self, case: str) -> list[Seen]:
        """Return the requests of a case, in the order of arrival."""
        return [request for request in self.seen if request.case == case]

    async def arrived(self, case: str, times: int = 1) -> Seen:
        """Wait until a case was asked for so many times; return the last of them."""
        await self._until(lambda: len(self.seen_of(case)) >= times)
        return self.seen_of(case)[times - 1]

    async def closed(self, case: str, times: int = 1) -> None:
        """Wait until the peer has left before its answer was whole, so many times."""
        await self._until(lambda: self._left.count(case) >= times)

    async def idle(self) -> None:
        """Wait until no request is in flight."""
        await self._until(lambda: not self.requests)

    async def _until(self, true: Callable[[], bool]) -> None:
        while not true():
            await self._change.wait()

    def _changed(self) -> None:
        self._change.set()
        self._change = asyncio.Event()

    def connection(self) -> Connection:
        """Return the protocol of a new connection."""
        return Connection(self)

    def opened(self, connection: Connection) -> None:
        """Note a new connection."""
        self.accepted += 1
        self._connections.add(connection)
        self._changed()

    def left(self, connection: Connection) -> None:
        """Note that the peer of a connection has closed it."""
        if connection.request is not None:
            self._left.append(connection.request.case)
        self._changed()

    def lost(self, connection: Connection) -> None:
        """Note the end of a connection."""
        self._connections.discard(connection)
        self._changed()

    def began(self, request: Seen) -> None:
        """Record a request."""
        self.seen.append(request)
        self._changed()

    def answered(self) -> None:
        """Note that an answer is whole."""
        self._changed()


class Connection(asyncio.StreamReaderProtocol):
    """One connection: requests in, scripts out, one after the other."""

    def __init__(self, upstream: ScriptedUpstream) -> None:
        super().__init__(asyncio.StreamReader(limit=MAX_HEAD), self._serve)
        self.upstream = upstream
        self.request: Seen | None = None
        self.gone = asyncio.Event()
        self.unread = bytearray()
        self._ours = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note it."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.upstream.opened(self)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Keep what is no whole request yet."""
        if len(self.unread) < MAX_HEAD:
            self.unread += data
        super().data_received(data)

    def eof_received(self) -> bool | None:
        """Note that nothing more comes."""
        self._peer_left()
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note its end."""
        self._peer_left()
        super().connection_lost(exc)
        self.upstream.lost(self)

    def abort(self) -> None:
        """End the connection at once."""
        self._ours = True
        self.gone.set()
        self._transport.abort()

    def finish(self) -> None:
        """Say that nothing more comes; end it at once where an answer is under way."""
        if self.request is None and self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self.abort()

    def _peer_left(self) -> None:
        if not self._ours and not self.gone.is_set():
            self.upstream.left(self)
        self.gone.set()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while await self._exchange(reader, writer):
                pass
        except (
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
            ConnectionError,
            ValueError,
        ):
            pass  # what was not read to its end is in `unread`
        finally:
            self._ours = True
            writer.close()

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Read one request and play its script; say whether to go on."""
        counted = Counted(reader)
        self.request = await read_request(counted)
        del self.unread[: counted.count]
        self.upstream.began(self.request)
        script = self.upstream.script(self.request.case)
        try:
            for step in script:
                await self._play(step, writer)
                if self.gone.is_set():
                    return False
        finally:
            self.request = None
            self.upstream.answered()
        return {"close": True} not in script

    async def _play(self, step: Step, writer: asyncio.StreamWriter) -> None:
        match step:
            case str(text):
                writer.write(text.encode("latin-1"))
                await writer.drain()
            case {"repeat": [str(text), int(times)]}:
                writer.write(text.encode("latin-1") * times)
                await writer.drain()
            case {"sleep": float() | int() as seconds}:
                await self._sleep(seconds)
            case {"reset": True}:
                self.abort()
            case {"close": True}:
                pass
            case _:
                raise ValueError(f"not a step: {step!r}")

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.gone.wait()
        except TimeoutError:
            pass
