"""Workers that end, and the parent that keeps them."""

from __future__ import annotations

import asyncio
import functools
import itertools
import os
import resource
import signal
import socket
import sys
from pathlib import Path

import pytest

from hxroute.runtime.workers import _Worker, pause_after
from tests.operations.process import Process, compile_routes, load, routes, running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "name").write_text("a")
    compile_routes(tmp_path, routes("one"))
    return tmp_path


async def others(this: Process, gone: int, count: int = 2) -> None:
    """Wait until so many workers are there, and one is not."""
    while len(now := this.children()) != count or gone in now:
        await this.own()


def test_killed_worker_is_replaced_and_the_port_never_refuses(folder: Path) -> None:
    async def scenario() -> None:
        async with running(folder, "--workers", "2") as this:
            async with load(this.port) as clients:
                for _ in range(3):
                    victim = this.children()[0]
                    os.kill(victim, signal.SIGKILL)
                    assert "SIGKILL" in await this.until(f"worker {victim} ended")
                    await others(this, victim)
            assert not [each for each in clients.failures if "Refused" in each]
            assert len(clients.failures) <= 3 * 4  # what the clients had in flight
            assert await this.own() == b"one a"
            this.process.send_signal(signal.SIGTERM)
            assert await this.ended() == 0

    asyncio.run(scenario())


def test_worker_that_does_not_start_is_told_and_tried_again(folder: Path) -> None:
    async def scenario() -> None:
        async with running(folder, "--workers", "2") as this:
            (folder / "name").unlink()
            (folder / "build" / "gateway.py").write_text("raise SystemExit")
            for worker in this.children():
                os.kill(worker, signal.SIGKILL)
            assert "setting `name`: not set" in await this.until("did not start")
            (folder / "name").write_text("b")
            assert await this.own() == b"one b"  # the build is the last good one

    asyncio.run(scenario())


def test_worker_that_cannot_begin_is_tried_again(folder: Path) -> None:
    async def scenario() -> None:
        async with running(folder, "--workers", "2") as this:
            files = functools.partial(
                resource.prlimit, this.process.pid, resource.RLIMIT_NOFILE
            )
            before = files()
            files((3, before[1]))
            victim = this.children()[0]
            os.kill(victim, signal.SIGKILL)
            assert "Too many open files" in await this.until("no worker can begin")
            files(before)
            await others(this, victim)
            this.process.send_signal(signal.SIGTERM)
            assert await this.ended() == 0

    asyncio.run(scenario())


def test_workers_end_with_their_parent(folder: Path) -> None:
    async def scenario() -> None:
        async with running(folder, "--workers", "2") as this:
            this.process.kill()
            assert await this.ended() == -signal.SIGKILL  # all who write have ended

    asyncio.run(scenario())


def test_pauses_grow_while_workers_end_at_once() -> None:
    pauses = itertools.accumulate([0.0] * 10, pause_after, initial=0.0)
    assert [round(pause, 1) for pause in pauses] == [
        *(0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0, 10.0)
    ]
    assert pause_after(10.0, served=1.0) == 0.0


def test_worker_that_does_not_answer_is_killed() -> None:
    async def scenario() -> tuple[str | None, int]:
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", "import signal; signal.pause()")
            )
            worker = _Worker(process, *await asyncio.open_connection(sock=ours))
            why = await worker.follow(lambda: b"a build", patience=0)
            await worker.ended()
            return why, process.returncode or 0

    why, status = asyncio.run(scenario())

    assert why == "it did not answer within 0s"
    assert status == -signal.SIGKILL
