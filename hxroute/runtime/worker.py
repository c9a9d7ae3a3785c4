"""A worker: the process that serves, where several of them share a socket.

Its parent sends it a build to start with, and each that comes in that one's place;
every one is answered with nothing, or with why it cannot be. It never reads the build
from the disk: what lies there may not have been proven yet. A parent that has gone is
a reason to end in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator

from starlette.applications import Starlette

from hxroute.runtime import collector, frames, loader, logs
from hxroute.runtime.app import Running, kept_of, prepare, replace
from hxroute.runtime.reload import attach, because
from hxroute.runtime.server import Server

__all__ = ["main"]


def main() -> None:
    """Serve on the socket, and as the channel says, whose descriptors are arguments."""
    # A terminal sends them to its whole group; the parent is who decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    bound, channel = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    logs.to_stderr()
    with contextlib.suppress(EOFError, ConnectionError):
        _serve(bound, channel)


def _serve(bound: socket.socket, channel: socket.socket) -> None:
    loaded = loader.execute(frames.first(channel))
    try:
        prepare(loaded.app, Running(loaded.gateway, os.environ))
    except Exception as exc:
        asyncio.run(_refuse(channel, because(exc)))
        return
    server = Server(loaded.app)
    attach(loaded.app, functools.partial(_following, channel, server))
    collector.settle()
    server.run([bound])


async def _refuse(channel: socket.socket, why: str) -> None:
    _, writer = await asyncio.open_connection(sock=channel)
    await frames.send(writer, why.encode())


@contextlib.asynccontextmanager
async def _following(channel: socket.socket, server: Server) -> AsyncIterator[None]:
    """Do as the parent says, while in here."""
    reader, writer = await asyncio.open_connection(sock=channel)
    task = asyncio.create_task(_follow(reader, writer, server))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        writer.close()


async def _follow(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Server
) -> None:
    try:
        await frames.send(writer, b"")  # what it has started with
        while True:
            build = await frames.receive(reader)
            await frames.send(writer, (await _renewed(server.app, build)).encode())
    except (asyncio.IncompleteReadError, ConnectionError):
        server.ending.ask()


async def _renewed(app: Starlette, build: bytes) -> str:
    """Put another gateway in the place of an app's; return why that cannot be."""
    try:
        running = await asyncio.to_thread(_made, build, app)
    except Exception as exc:
        return because(exc)
    await replace(app, running)
    return ""


def _made(build: bytes, app: Starlette) -> Running:
    return Running(loader.execute(build).gateway, os.environ, kept_of(app))


if __name__ == "__main__":
    main()
