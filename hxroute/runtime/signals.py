"""Signals: end in order, end at once, load again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Final

__all__ = ["Ending", "hangups"]

_ENDING: Final = (signal.SIGINT, signal.SIGTERM)


class Ending:
    """The wish to end: the first signal asks for an end in order, the second for one now.

    Args:
        first: what is called at once with the first.
    """

    def __init__(self, first: Callable[[], object] = lambda: None) -> None:
        self._first = first
        self.asked, self.forced = asyncio.Event(), asyncio.Event()

    def ask(self) -> None:
        """Ask for an end."""
        if self.asked.is_set():
            self.forced.set()
        else:
            self.asked.set()
            self._first()

    @contextlib.contextmanager
    def captured(self) -> Iterator[None]:
        """Take the signals that ask for an end, in the main thread's event loop."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        for number in _ENDING:
            loop.add_signal_handler(number, self.ask)
        try:
            yield
        finally:
            for number in _ENDING:
                loop.remove_signal_handler(number)

    async def wait(self, work: Coroutine[Any, Any, object], seconds: float) -> None:
        """Wait so long for something; not where the end is to be at once."""
        waits = [asyncio.create_task(each) for each in (work, self.forced.wait())]
        first = asyncio.FIRST_COMPLETED
        _, left = await asyncio.wait(waits, timeout=seconds, return_when=first)
        for wait in left:
            wait.cancel()


@contextlib.asynccontextmanager
async def hangups(
    again: Callable[[], object], end: Callable[[], object]
) -> AsyncIterator[None]:
    """Take SIGHUP for a request to load again, while in here.

    A terminal that goes away sends it as well; that still ends what it has begun.
    """
    had_terminal = os.isatty(0)

    def hung_up() -> None:
        if had_terminal and not os.isatty(0):
            end()
        else:
            again()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, hung_up)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it is ending already
