"""SIGTERM: what has begun ends, and nothing else begins."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from tests.operations.process import Process, compile_routes, routes, running
from tests.runtime.serving import Answer, ask, client, read_answer
from tests.runtime.test_reload import Held

EACH_COUNT = pytest.mark.parametrize("workers", ["1", "2"])
GET = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
LONG = "{drain_delay: 5m, grace: 5m}"


def served(folder: Path, server: str) -> Path:
    (folder / "name").write_text("a")
    compile_routes(folder, routes("one", server=server))
    return folder


async def asked(this: Process, path: str) -> Answer:
    return await ask(this.port, f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())


async def not_ready(this: Process) -> None:
    """Wait until no worker says that it is ready."""
    while {(await asked(this, "/ready")).status for _ in range(10)} != {503}:
        pass


async def refused(this: Process) -> None:
    """Wait until nothing is accepted."""
    while True:
        try:
            await this.own()
        except (OSError, asyncio.IncompleteReadError):
            return


@EACH_COUNT
def test_readiness_turns_before_accepting_ends(tmp_path: Path, workers: str) -> None:
    async def scenario() -> None:
        folder = served(tmp_path, LONG)
        async with running(folder, "--workers", workers) as this:
            assert (await asked(this, "/ready")).status == 200
            this.process.send_signal(signal.SIGTERM)
            await not_ready(this)
            assert (await asked(this, "/live")).status == 200
            assert await this.own() == b"one a"
            this.process.send_signal(signal.SIGTERM)
            assert await this.ended() == 0

    asyncio.run(scenario())


@EACH_COUNT
def test_what_has_begun_ends_in_order(tmp_path: Path, workers: str) -> None:
    async def scenario() -> None:
        held = Held()
        async with (
            held.serve() as url,
            running(
                served(tmp_path, "{grace: 5m}"), "--workers", workers, URL=url
            ) as this,
            client(this.port, GET) as (reader, _),
            client(this.port, b"GET /own HTTP/1.1\r\nHost: a\r\n\r\n") as (idle, _),
        ):
            await held.asked.wait()
            await read_answer(idle)
            this.process.send_signal(signal.SIGTERM)
            assert await idle.read() == b""
            await refused(this)
            held.begin.set()
            held.end.set()
            answer = await read_answer(reader)
            assert answer.get("connection") == "close"
            assert (answer.body, answer.complete) == (b"data: a\n\ndata: z\n\n", True)
            assert await reader.read() == b""
            assert await this.ended() == 0

    asyncio.run(scenario())


def test_request_on_its_way_is_answered(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            running(served(tmp_path, "{grace: 5m}")) as this,
            client(this.port, b"GET /own HTTP/1.1\r\nHost") as (reader, writer),
        ):
            await this.own()
            this.process.send_signal(signal.SIGTERM)
            await refused(this)
            writer.write(b": a\r\n\r\n")
            answer = await read_answer(reader)
            assert (answer.body, answer.get("connection")) == (b"one a", "close")
            assert await this.ended() == 0

    asyncio.run(scenario())


@EACH_COUNT
@pytest.mark.parametrize("second", [True, False], ids=["second-signal", "grace-over"])
def test_what_does_not_end_is_cut(
    tmp_path: Path, workers: str, *, second: bool
) -> None:
    async def scenario() -> None:
        held = Held()
        folder = served(tmp_path, "{grace: 5m}" if second else "{grace: 100ms}")
        async with (
            held.serve() as url,
            running(folder, "--workers", workers, URL=url) as this,
            client(this.port, GET) as (reader, _),
        ):
            held.begin.set()
            assert b"200 OK" in await reader.readuntil(b"data: a\n\n")
            this.process.send_signal(signal.SIGTERM)
            if second:
                await refused(this)
                this.process.send_signal(signal.SIGTERM)
            rest = await reader.read()
            assert not rest.endswith(b"0\r\n\r\n")
            held.end.set()
            assert await this.ended() == 0

    asyncio.run(scenario())
