"""SIGHUP: another build in the place of the one that is served."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.operations.process import (
    Process,
    compile_routes,
    load,
    routes,
    running,
)
from tests.runtime.serving import client, read_answer
from tests.runtime.test_reload import Held

GOES_ON = "; the last good gateway goes on serving"
EACH_COUNT = pytest.mark.parametrize("workers", ["1", "2"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "name").write_text("a")
    compile_routes(tmp_path, routes("one"))
    return tmp_path


async def everywhere(this: Process) -> set[bytes]:
    """Return what a number of fresh connections are told."""
    return {await this.own() for _ in range(20)}


@EACH_COUNT
def test_hangups_under_load_fail_no_request(folder: Path, workers: str) -> None:
    async def scenario() -> None:
        async with running(folder, "--workers", workers) as this:
            before = this.children()
            async with load(this.port) as clients:
                for number in range(5):
                    (folder / "name").write_text(str(number))
                    assert (await this.reload()).startswith("reloaded build/gateway")
                    assert await everywhere(this) == {f"one {number}".encode()}
            assert clients.failures == []
            assert len(clients.answers) > 20
            assert this.children() == before
            compile_routes(folder, routes("two"))
            await this.reload()
            assert await everywhere(this) == {b"two 4"}

    asyncio.run(scenario())


def broken(folder: Path) -> str:
    (folder / "build" / "gateway.py").write_text("raise SystemExit")
    return "build/gateway.py cannot be loaded (SystemExit); run `hxroute compile`"


def stale(folder: Path) -> str:
    (folder / "routes.yaml").write_text(routes("three"))
    return "build/gateway.py is older than routes.yaml; run `hxroute compile`"


def without_secret(folder: Path) -> str:
    (folder / "name").unlink()
    return "line 3: setting `name`: not set; set the file name"


@EACH_COUNT
@pytest.mark.parametrize("spoil", [broken, stale, without_secret])
def test_what_does_not_start_changes_nothing(
    folder: Path, workers: str, spoil: Callable[[Path], str]
) -> None:
    async def scenario() -> None:
        async with running(folder, "--workers", workers) as this:
            async with load(this.port) as clients:
                why = spoil(folder)
                assert await this.reload() == why + GOES_ON
                assert await everywhere(this) == {b"one a"}
            assert clients.failures == []

    asyncio.run(scenario())


@EACH_COUNT
def test_stream_ends_on_the_gateway_it_began_on(folder: Path, workers: str) -> None:
    async def scenario() -> None:
        held = Held()
        async with (
            held.serve() as url,
            running(folder, "--workers", workers, URL=url) as this,
            client(this.port, b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n") as (reader, _),
        ):
            await held.asked.wait()
            (folder / "name").write_text("b")
            await this.reload()
            assert await everywhere(this) == {b"one b"}
            held.begin.set()
            held.end.set()
            answer = await read_answer(reader)
            assert (answer.body, answer.complete) == (b"data: a\n\ndata: z\n\n", True)

    asyncio.run(scenario())


def test_watch_with_workers_serves_what_is_saved(folder: Path) -> None:
    async def scenario() -> None:
        async with running(folder, "--watch", "--workers", "2") as this:
            (folder / "routes.yaml").write_text(routes("two"))
            await this.until("reloaded routes.yaml")
            assert await everywhere(this) == {b"two a"}
            (folder / "routes.yaml").write_text(routes("three") + "nothing: known\n")
            await this.until("goes on serving")
            assert await everywhere(this) == {b"two a"}

    asyncio.run(scenario())
