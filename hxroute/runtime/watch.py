"""Watching a file: the only module that imports watchfiles, which is an extra."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path
from typing import Final

from watchfiles import awatch

__all__ = ["watching"]

_QUIET_MS: Final = 50
"""How long a folder must be quiet, so that what is written in pieces is whole."""

_LOOK_MS: Final = 1000
"""How often to look without being told: folders come and go, and links lead far."""


@contextlib.asynccontextmanager
async def watching(path: Path, changed: Callable[[], object]) -> AsyncIterator[None]:
    """Call back whenever a path leads to other content, while in here; once at first.

    Editors write in place or rename over, and links are swapped on the way to a file:
    it is what the path leads to that counts, not which event tells of it.
    """
    stop = asyncio.Event()
    task = asyncio.create_task(_watch(path, changed, stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait([task])


async def _watch(
    path: Path, changed: Callable[[], object], stop: asyncio.Event
) -> None:
    seen: object = ()
    while not stop.is_set():
        async with contextlib.aclosing(_wakes(path, stop)) as wakes:
            async for _ in wakes:
                before, seen = seen, _state(path)
                if seen != before:
                    changed()


async def _wakes(path: Path, stop: asyncio.Event) -> AsyncGenerator[None, None]:
    """Yield at once, then at changes in the path's folders, and now and then."""
    yield
    try:
        folders = _folders(path)
        async with contextlib.aclosing(_changes(folders, stop)) as changes:
            async for _ in changes:
                yield
                if _folders(path) != folders:
                    return
    except (OSError, RuntimeError):  # a folder has just gone, or no watch is left
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_MS / 1000):
                await stop.wait()


def _changes(folders: set[Path], stop: asyncio.Event) -> AsyncGenerator[object, None]:
    return awatch(
        *folders,
        watch_filter=None,
        step=_QUIET_MS,
        stop_event=stop,
        rust_timeout=_LOOK_MS,
        yield_on_timeout=True,
        recursive=False,
    )


def _folders(path: Path) -> set[Path]:
    """Return where the path is and where what it leads to is, where that is there."""
    folders = {path.absolute().parent, Path(os.path.realpath(path)).parent}
    return {folder for folder in folders if folder.is_dir()}


def _state(path: Path) -> tuple[int, ...] | None:
    """Return what is another whenever the file is another or was written."""
    try:
        now = path.stat()
    except OSError:
        return None
    return (now.st_dev, now.st_ino, now.st_mode, now.st_size, now.st_mtime_ns)
