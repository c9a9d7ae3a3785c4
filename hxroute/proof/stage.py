"""The stage: scripted upstreams where a gateway calls, one case after the other.

A case is told by its turn: nothing is added to its request by which the upstream would
know it. Each begins on fresh connections, so that it shows the same whatever came
before it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import Final, Self

from hxroute.errors import StartError
from hxroute.proof.exchange import REFUSED
from hxroute.sandbox.scripted import OK, Connection, Script, ScriptedUpstream
from hxroute.sandbox.seen import Seen

__all__ = ["HOST", "Stage"]

HOST: Final = "127.0.0.1"
_SHARED: Final = (socket.SO_REUSEADDR, socket.SO_REUSEPORT)
"""What lets a socket listen on a port that another of ours keeps."""

_GRACE: Final = 0.03
"""Seconds in which a gateway that goes on after its answer shows it: what comes later is
taken for another case's."""

_SHOWN: Final = 200
"""Bytes of the first line of a request that never became whole."""

_PATIENCE: Final = 0.1
"""Seconds in which a gateway that watches its connections has closed those we ended."""


class Stage:
    """The upstreams of a gateway, by name, and the ports that they listen on.

    async with Stage({"litellm": 4000}) as stage:
        async with stage.plays(script) as seen:
            ...  # one request goes through the gateway
        seen  # what reached which upstream

    Args:
        ports: where each listens; 0 is a free port.
    """

    def __init__(self, ports: Mapping[str, int]) -> None:
        self._upstreams = {name: _Upstream(port) for name, port in ports.items()}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            for upstream in self._upstreams.values():
                await stack.enter_async_context(upstream)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    @property
    def ports(self) -> dict[str, int]:
        """Where each upstream listens."""
        return {name: upstream.port for name, upstream in self._upstreams.items()}

    @contextlib.asynccontextmanager
    async def plays(self, script: Script) -> AsyncIterator[Arrived]:
        """Answer every request by a script; what arrives meanwhile is in the list."""
        seen = Arrived()
        for name, upstream in self._upstreams.items():
            await upstream.expects(script, name, seen)
        try:
            yield seen
            await asyncio.sleep(_GRACE)
        finally:
            for upstream in self._upstreams.values():
                await upstream.rest()


class Arrived(list[tuple[str, Seen]]):
    """The requests that reached an upstream, each with its name.

    `torn` are the first lines of those that began, and never became whole.
    """

    def __init__(self) -> None:
        super().__init__()
        self.torn: list[str] = []


class _Upstream(ScriptedUpstream):
    """One upstream, on a port that stays its own while it refuses to listen."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._wish = port
        self._script: Script = OK
        self._name = ""
        self._into = Arrived()
        self._lazy = False
        self._holder: socket.socket | None = None

    async def __aenter__(self) -> Self:
        self._holder = _held(self._wish)
        self._wish = self._holder.getsockname()[1]
        try:
            await self._listen()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._holder is not None
        await self._deafen()
        self._holder.close()

    @property
    def port(self) -> int:
        return self._wish

    def script(self, case: str) -> Script:
        return self._script

    def began(self, request: Seen) -> None:
        self._into.append((self._name, request))
        super().began(request)

    def lost(self, connection: Connection) -> None:
        if connection.unread:
            line = bytes(connection.unread).split(b"\r\n")[0][:_SHOWN]
            self._into.torn.append(line.decode("latin-1"))
        super().lost(connection)

    async def expects(self, script: Script, name: str, into: Arrived) -> None:
        """Play a script from now on, and list what arrives."""
        await self._end_all()  # what was opened since the last case
        self._script, self._name, self._into = script, name, into
        self.seen.clear()
        refuses = script == REFUSED
        if refuses and self._server is not None:
            await self._deafen()
        elif not refuses and self._server is None:
            await self._listen()

    async def rest(self) -> None:
        """End every connection: those at rest in order, so that the gateway sees it."""
        for connection in tuple(self._connections):
            connection.finish()
        if not self._connections:
            return
        if not self._lazy:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    await self._until(lambda: not self._connections)
        # A client that looks at a connection when it wants it finds it ended then.
        self._lazy = self._lazy or bool(self._connections)
        await self._end_all()

    async def _listen(self) -> None:
        listener = _bound(self._wish, *_SHARED)
        self._server = await asyncio.get_running_loop().create_server(
            self.connection, sock=listener, backlog=256, start_serving=False
        )
        await self._server.start_serving()

    async def _deafen(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._end_all()

    async def _end_all(self) -> None:
        for connection in tuple(self._connections):
            connection.abort()
        await self._until(lambda: not self._connections)


def _held(port: int) -> socket.socket:
    """Bind a socket that keeps a port, also while nothing listens.

    Raises:
        StartError: where somebody else listens there.
    """
    if port:
        _bound(port, socket.SO_REUSEADDR).close()  # nobody who would share it
    try:
        return _bound(port, socket.SO_REUSEPORT)
    except StartError:  # connections of before are in TIME-WAIT: RFC 9293 section 3.6.1
        return _bound(port, *_SHARED)


def _bound(port: int, *options: int) -> socket.socket:
    """Bind a socket.

    Raises:
        StartError: where somebody else has the port.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        for option in options:
            bound.setsockopt(socket.SOL_SOCKET, option, 1)
        bound.bind((HOST, port))
    except (OSError, OverflowError) as exc:
        bound.close()
        why = getattr(exc, "strerror", None) or exc
        raise StartError(
            f"the scripted upstream cannot listen on {HOST}:{port} ({why}); "
            "stop what listens there"
        ) from exc
    return bound
