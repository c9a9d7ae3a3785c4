"""Watching a file: what counts is what its path leads to."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from hxroute.runtime.watch import watching

SECONDS = 20  # never waited for: how long a change may take on a busy machine


class Calls:
    """Counts calls, and lets a test wait for the next."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.count = 0

    def __call__(self) -> None:
        self.count += 1
        self._event.set()

    async def next(self) -> None:
        async with asyncio.timeout(SECONDS):
            await self._event.wait()
        self._event.clear()


@contextlib.asynccontextmanager
async def watched(path: Path) -> AsyncIterator[Calls]:
    """Watch a path, from when it was first looked at on."""
    calls = Calls()
    async with watching(path, calls):
        await calls.next()
        yield calls


def write(path: Path) -> None:
    path.write_text("new content")


def rename_over(path: Path) -> None:
    aside = path.with_name("aside")
    aside.write_text("new content")
    aside.replace(path)


def delete(path: Path) -> None:
    path.unlink()


def delete_its_folder(path: Path) -> None:
    path.unlink()
    path.parent.rmdir()


@pytest.mark.parametrize("edit", [write, rename_over, delete, delete_its_folder])
def test_watching_notices_an_edit(tmp_path: Path, edit: Callable[[Path], None]) -> None:
    path = tmp_path / "folder" / "file"
    path.parent.mkdir()
    path.write_text("old")

    async def scenario() -> None:
        async with watched(path) as calls:
            edit(path)
            await calls.next()

    asyncio.run(scenario())


@pytest.mark.parametrize("edit", [delete, delete_its_folder])
def test_watching_notices_a_file_that_comes_back(
    tmp_path: Path, edit: Callable[[Path], None]
) -> None:
    path = tmp_path / "folder" / "file"
    path.parent.mkdir()
    path.write_text("old")

    async def scenario() -> None:
        async with watched(path) as calls:
            edit(path)
            await calls.next()
            path.parent.mkdir(exist_ok=True)
            path.write_text("new")
            await calls.next()
            path.write_text("newer content")
            await calls.next()

    asyncio.run(scenario())


def test_watching_notices_a_file_that_is_not_there_yet(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"

    async def scenario() -> None:
        async with watched(path) as calls:
            path.parent.mkdir()
            path.write_text("new")
            await calls.next()

    asyncio.run(scenario())


def test_watching_follows_a_link_to_another_folder(tmp_path: Path) -> None:
    path, target = tmp_path / "link", tmp_path / "folder" / "file"
    target.parent.mkdir()
    target.write_text("old")
    path.symlink_to(target)

    async def scenario() -> None:
        async with watched(path) as calls:
            target.write_text("new content")
            await calls.next()

    asyncio.run(scenario())


def test_watching_follows_a_folder_that_is_swapped(tmp_path: Path) -> None:
    """As Kubernetes does it: file -> ..data/file, and ..data is renamed over."""
    path, data, aside = (tmp_path / name for name in ("file", "..data", "..tmp"))
    for name in ("..1", "..2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    data.symlink_to("..1")
    path.symlink_to("..data/file")

    async def scenario() -> None:
        async with watched(path) as calls:
            aside.symlink_to("..2")
            aside.replace(data)
            await calls.next()
            assert path.read_text() == "..2"
            path.write_text("edited in its new place")
            await calls.next()

    asyncio.run(scenario())


def test_watching_minds_no_other_file(tmp_path: Path) -> None:
    path, other = tmp_path / "file", tmp_path / "other"
    path.write_text("old")

    async def scenario() -> None:
        async with watched(path) as calls, watched(other) as others:
            for number in range(5):
                other.write_text("x" * number)
                await others.next()
            path.write_text("new content")
            await calls.next()
            assert calls.count == 2

    asyncio.run(scenario())


def test_watching_of_what_cannot_be_watched_ends_too(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with watched(tmp_path / ("x" * 300) / "file"):
            pass

    asyncio.run(scenario())


def test_watching_ends_with_its_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())

    async def scenario() -> None:
        async with watched(tmp_path / "file"):
            pass

    asyncio.run(scenario())
    for thread in set(threading.enumerate()) - before:
        thread.join(SECONDS)
        assert not thread.is_alive()
