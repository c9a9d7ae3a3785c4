"""Workers: processes that accept from one socket, and the parent that keeps them.

The parent owns the socket, so that the port never refuses while workers come and go.
It serves nobody. Each worker gets from it the build that was last proven to start, at
its start and at each reload. A worker that ends is replaced at once; where one after
the other ends as soon as it has begun, ever later.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final

from hxroute import ir
from hxroute.errors import StartError
from hxroute.runtime import frames, notify
from hxroute.runtime.loader import Build
from hxroute.runtime.server import LEFT_SECONDS
from hxroute.runtime.signals import Ending

__all__ = ["Workers", "pause_after"]

_PROGRAM: Final = (
    "import sys; sys.path[:] = sys.argv.pop(1).split(':'); "
    "from hxroute.runtime.worker import main; main()"
)
_STEADY_SECONDS: Final = 1.0
"""A worker that has served so long did not end because of how it began."""

_PATIENCE: Final = 60.0
"""Seconds that a worker may take to serve a build: many times what the largest takes."""

_SHORTEST, _LONGEST = 0.1, 10.0
"""Seconds between workers that end one after the other as soon as they have begun."""


def pause_after(pause: float, served: float) -> float:
    """Return how long to wait before another worker comes in one's place.

    Args:
        pause: how long was waited for the one that has ended, in seconds.
        served: how long that one has served.
    """
    if served >= _STEADY_SECONDS:
        return 0.0
    return min(max(pause * 2, _SHORTEST), _LONGEST)


class _Worker:
    """A worker's process, and the channel to it."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.process = process
        self._reader, self._writer = reader, writer
        self._turn = asyncio.Lock()
        self._since: float | None = None

    async def follow(
        self, build: Callable[[], bytes], patience: float = _PATIENCE
    ) -> str | None:
        """Give it a build; return why it does not serve that, None where it has ended.

        One that says nothing for so many seconds is stuck, and is killed: no reload
        waits for it for ever.
        """
        try:
            async with self._turn, asyncio.timeout(patience):
                await frames.send(self._writer, build())
                why = (await frames.receive(self._reader)).decode()
        except TimeoutError:
            self.send(signal.SIGKILL)
            return f"it did not answer within {patience:g}s"
        except (asyncio.IncompleteReadError, OSError):
            return None
        if self._since is None and not why:
            self._since = asyncio.get_running_loop().time()
        return why

    async def ended(self) -> str:
        """Wait for its end, and say how it came."""
        status = await self.process.wait()
        self._writer.close()
        return signal.Signals(-status).name if status < 0 else f"exit status {status}"

    def served(self) -> float:
        """Return for how many seconds it has served."""
        now = asyncio.get_running_loop().time()
        return 0.0 if self._since is None else now - self._since

    def send(self, number: int) -> None:
        """Send it a signal, where it is still there."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)


class Workers:
    """A number of workers on a socket.

    Args:
        count: how many.
        first: the build that they start with.
        bound: the socket.
        environ: the environment that they get.
        say: what prints a line.
        tell: what tells the system's service manager.
    """

    def __init__(
        self,
        count: int,
        first: Build,
        bound: socket.socket,
        environ: Mapping[str, str],
        say: Callable[[str], object],
        tell: notify.Notify,
    ) -> None:
        self._count = count
        self._build, self._server = first.text, first.gateway.server
        self._bound = bound
        self._environ = {k: v for k, v in environ.items() if k != notify.SOCKET}
        self._say, self._tell = say, tell
        self._workers: set[_Worker] = set()
        self._tasks: set[asyncio.Task[str | None]] = set()
        self.ending = Ending(lambda: tell("STOPPING=1"))

    async def run(
        self, contexts: Iterable[Callable[[], AbstractAsyncContextManager[None]]]
    ) -> None:
        """Keep the workers until a signal ends them.

        Raises:
            StartError: where none of the first starts.
        """
        with self.ending.captured():
            try:
                async with contextlib.AsyncExitStack() as stack:
                    for context in contexts:
                        await stack.enter_async_context(context())
                    kept = await self._begin()
                    self._tell("READY=1")
                    await self.ending.asked.wait()
                    await self._end(kept)
            finally:
                for worker in self._workers:
                    worker.send(signal.SIGKILL)

    async def pass_on(self, build: bytes, server: ir.Server) -> str:
        """Give every worker another build; return what is to be said of it.

        One that cannot follow ends in order, and another comes in its place.
        """
        self._build, self._server = build, server
        workers = list(self._workers)
        whys = await asyncio.gather(*(each.follow(self._current) for each in workers))
        for worker, why in zip(workers, whys, strict=True):
            if why:
                worker.send(signal.SIGTERM)
        return next((f"a worker is replaced: {why}" for why in whys if why), "")

    def _current(self) -> bytes:
        return self._build

    async def _begin(self) -> list[asyncio.Task[None]]:
        first = [await self._spawn() for _ in range(self._count)]
        whys = await asyncio.gather(*(each.follow(self._current) for each in first))
        if "" not in whys and not self.ending.asked.is_set():
            why = next(filter(None, whys), "each ended before it had started")
            raise StartError(f"no worker starts: {why}")
        return [asyncio.create_task(self._keep(worker)) for worker in first]

    async def _keep(self, worker: _Worker) -> None:
        """Put another worker in the place of each that ends."""
        pause = 0.0
        while True:
            how = await worker.ended()
            self._workers.discard(worker)
            if self.ending.asked.is_set():
                return
            pause = pause_after(pause, worker.served())
            when = f" in {pause:g}s" if pause else ""
            self._tell_of(worker, f"ended ({how}); another starts{when}")
            another = await self._another(pause)
            if another is None:
                return
            worker = another
            task = asyncio.create_task(self._follow(worker))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _another(self, pause: float) -> _Worker | None:
        """Begin another worker after a pause; None where the end is asked for."""
        while not await self._is_to_end(pause):
            try:
                return await self._spawn()
            except OSError as exc:  # no file, no memory: others may give some back
                pause = pause_after(pause, 0.0)
                why = os.strerror(exc.errno or 0)
                self._tell_them(f"no worker can begin ({why}); again in {pause:g}s")
        return None

    async def _is_to_end(self, seconds: float) -> bool:
        """Wait so long, or until the end is asked for; tell whether it is."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.ending.asked.wait()
        return self.ending.asked.is_set()

    async def _follow(self, worker: _Worker) -> str | None:
        why = await worker.follow(self._current)
        if why:
            self._tell_of(worker, f"did not start: {why}")
        return why

    def _tell_of(self, worker: _Worker, what: str) -> None:
        self._tell_them(f"worker {worker.process.pid} {what}")

    def _tell_them(self, line: str) -> None:
        with contextlib.suppress(OSError):  # nobody reads it
            self._say(line)

    async def _spawn(self) -> _Worker:
        ours, theirs = socket.socketpair()
        with theirs:
            descriptors = self._bound.fileno(), theirs.fileno()
            command = [sys.executable, "-P", "-c", _PROGRAM, ":".join(sys.path)]
            try:
                process = await asyncio.create_subprocess_exec(
                    *command,
                    *map(str, descriptors),
                    stdin=asyncio.subprocess.DEVNULL,
                    env=self._environ,
                    pass_fds=descriptors,
                )
            except OSError:
                ours.close()
                raise
        worker = _Worker(process, *await asyncio.open_connection(sock=ours))
        self._workers.add(worker)
        if self.ending.asked.is_set():  # it was not there to be told
            worker.send(signal.SIGTERM)
        return worker

    async def _end(self, kept: list[asyncio.Task[None]]) -> None:
        """End every worker in order, and what has not ended in time."""
        self._bound.close()  # the workers have it, for as long as they accept
        seconds = self._server.drain_delay + self._server.grace + 2 * LEFT_SECONDS
        self._send(signal.SIGTERM)
        await self.ending.wait(asyncio.wait(kept), seconds)
        if self.ending.forced.is_set():
            self._send(signal.SIGTERM)  # their second, which ends them at once
            await asyncio.wait(kept, timeout=2 * LEFT_SECONDS)
        self._send(signal.SIGKILL)
        await asyncio.gather(*kept)

    def _send(self, number: int) -> None:
        for worker in self._workers:
            worker.send(number)
