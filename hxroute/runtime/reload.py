"""Reloading: another gateway in the place of the one that is served.

What makes the other gateway is handed in, and so is what asks for it: an edit, or
whatever else. Where none can be made, or it does not start, all stays as it is.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final

from starlette.applications import Starlette

from hxroute.errors import StartError
from hxroute.ir import Gateway
from hxroute.kept import Kept
from hxroute.runtime.app import Running, kept_of, replace

__all__ = ["Edits", "Reloader", "Renewed", "attach"]

_GOES_ON: Final = "the last good gateway goes on serving"


@dataclass(frozen=True, slots=True)
class Renewed:
    """Another gateway, the digest of what it was made of, and a line about it.

    `keep` is called once it has started: only then is it worth keeping for the next start.
    """

    gateway: Gateway
    digest: str
    line: str
    keep: Callable[[], object] = lambda: None


@dataclass(frozen=True, slots=True)
class Edits:
    """Where other gateways come from.

    `renew` is called in a thread, with the digest of what is served, or None where the
    last try failed. It returns None where nothing has changed, and raises StartError
    where there is no gateway to be had. `digest` is of what is served at first.
    """

    renew: Callable[[str | None], Renewed | None]
    digest: str | None


class Reloader:
    """Puts other gateways in the place of an app's own, one after the other.

    Args:
        app: the application whose gateway is replaced.
        edits: where the others come from.
        start: starts a gateway in a thread, with what the one before has kept; raises
            StartError where it cannot.
        say: what prints a line.
    """

    def __init__(
        self,
        app: Starlette,
        edits: Edits,
        start: Callable[[Gateway, Kept | None], Running],
        say: Callable[[str], object],
    ) -> None:
        self.app = app
        self._renew = edits.renew
        self._served = edits.digest
        self._start = start
        self._say = say
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Ask for a reload; while one is under way, for one more behind it."""
        self._asked.set()

    @contextlib.asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Reload whenever it is asked for, while in here."""
        task = asyncio.create_task(self._work())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _work(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            await self._reload()

    async def _reload(self) -> None:
        try:
            made = await asyncio.to_thread(self._make)
        except Exception as exc:
            self._served = None
            self._tell(*_refusal(exc))
            return
        if made is not None:
            renewed, running = made
            self._served = renewed.digest
            await replace(self.app, running)
            self._tell(f"reloaded {renewed.line}")

    def _make(self) -> tuple[Renewed, Running] | None:
        renewed = self._renew(self._served)
        if renewed is None:
            return None
        running = self._start(renewed.gateway, kept_of(self.app))
        renewed.keep()
        return renewed, running

    def _tell(self, *lines: str) -> None:
        with contextlib.suppress(OSError):  # nobody reads, which stops no gateway
            for line in lines:
                self._say(line)


def _refusal(exc: Exception) -> list[str]:
    """Say why there is no other gateway: of what is not ours, its type only."""
    if not isinstance(exc, StartError):
        return [f"a reload failed ({type(exc).__name__}); {_GOES_ON}"]
    lines = str(exc).splitlines()
    return [f"{lines[0]}; {_GOES_ON}"] if len(lines) == 1 else [*lines, _GOES_ON]


def attach(
    app: Starlette, *contexts: Callable[[], AbstractAsyncContextManager[None]]
) -> None:
    """Enter contexts once an app has started, and leave them before it ends."""
    inner = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[Any]:
        async with inner(app) as state, contextlib.AsyncExitStack() as stack:
            for context in contexts:
                await stack.enter_async_context(context())
            yield state

    app.router.lifespan_context = lifespan
