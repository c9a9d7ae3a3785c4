"""Reloading: another gateway in the place of the one that is served.

What makes the other gateway is handed in, and so is what asks for it: an edit, or
whatever else. Where none can be made, or it does not start, all stays as it is.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final

from starlette.applications import Starlette

from hxroute.errors import StartError
from hxroute.ir import Gateway
from hxroute.runtime.notify import Notify, reloading

__all__ = ["Edits", "Reloader", "Renewed", "attach", "because"]

_GOES_ON: Final = "the last good gateway goes on serving"


@dataclass(frozen=True, slots=True)
class Renewed:
    """Another gateway, the digest of what it was made of, and a line about it.

    `keep` is called once it has started: only then is it worth keeping for the next start.
    `build` prints the module it was made of, for processes that are to load the same.
    """

    gateway: Gateway
    digest: str | None
    line: str
    keep: Callable[[], object] = lambda: None
    build: Callable[[], bytes] = bytes


Change = Callable[[], Awaitable[str]]
"""Puts a started gateway in its place; returns what is to be said of that besides."""


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
    """Puts other gateways in the place of the one that is served, one after the other.

    Args:
        edits: where the others come from.
        start: starts a gateway in a thread and returns what puts it in its place;
            raises StartError where it cannot.
        say: what prints a line.
        notify: what tells the system's service manager.
    """

    def __init__(
        self,
        edits: Edits,
        start: Callable[[Renewed], Change],
        say: Callable[[str], object],
        notify: Notify = lambda *_: None,
    ) -> None:
        self._renew = edits.renew
        self._served = edits.digest
        self._start = start
        self._say = say
        self._notify = notify
        self._asked = asyncio.Event()
        self._anew = False

    def ask(self) -> None:
        """Ask for a reload; while one is under way, for one more behind it."""
        self._asked.set()

    def ask_anew(self) -> None:
        """Ask for a reload even where the file is the same: settings may not be."""
        self._anew = True
        self.ask()

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
        self._notify(*reloading())
        try:
            said = await self._change()
        except Exception as exc:
            self._served = None
            said = _refusal(exc)
        for line in said:
            with contextlib.suppress(OSError):  # nobody reads, which stops no gateway
                self._say(line)
        self._notify("READY=1", *(f"STATUS={line}" for line in said[:1]))

    async def _change(self) -> list[str]:
        served, self._anew = None if self._anew else self._served, False
        made = await asyncio.to_thread(self._make, served)
        if made is None:
            return []
        renewed, put_in_place = made
        self._served = renewed.digest
        besides = await put_in_place()
        return [f"reloaded {renewed.line}", *filter(None, [besides])]

    def _make(self, served: str | None) -> tuple[Renewed, Change] | None:
        renewed = self._renew(served)
        if renewed is None:
            return None
        change = self._start(renewed)
        renewed.keep()
        return renewed, change


def because(exc: Exception) -> str:
    """Say why a gateway cannot be: of what is not ours, its type only."""
    if isinstance(exc, StartError):
        return str(exc)
    return f"a reload failed ({type(exc).__name__})"


def _refusal(exc: Exception) -> list[str]:
    lines = because(exc).splitlines()
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
