"""A gateway that runs out of file descriptors comes back by itself (F17)."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Final

from tests.upstream.process import gateway
from tests.upstream.raw import RawUpstream, canary_body
from tests.upstream.wire import Answer, Client, connected, framed

FILES: Final = 60
CLIENTS: Final = 150


def cpu_seconds(pid: int) -> float:
    """Return what a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def asked(port: int, target: str) -> Answer:
    """Ask on a connection of its own; an answer of status 0 where there is none."""
    with contextlib.suppress(OSError):
        async with connected(port) as client:
            return await client.ask("GET", target)
    return Answer()


def test_gateway_without_files_left_recovers(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with RawUpstream() as upstream:
            with gateway(tmp_path, upstream.url, files=FILES) as (port, pid):
                await run_out(port, pid)
                await recover(port)

    asyncio.run(scenario())


async def status(client: Client) -> bytes:
    """Return the status that comes, none where the connection just ends."""
    try:
        return (await client.reader.readexactly(12))[9:]
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


async def run_out(port: int, pid: int) -> None:
    """Ask for more at once than the gateway can open files for."""
    async with contextlib.AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(connected(port)) for _ in range(CLIENTS)
        ]
        for client in clients:
            client.writer.write(framed("GET", "/x"))
        before = cpu_seconds(pid)
        asking = [asyncio.create_task(status(client)) for client in clients]
        done, waiting = await asyncio.wait(asking, timeout=2)
        for task in waiting:
            task.cancel()
        assert {task.result() for task in done} <= {b"", b"200", b"502", b"503"}
        assert cpu_seconds(pid) - before < 1, "it spins"


async def recover(port: int) -> None:
    """Ask until the gateway answers, and then some more."""
    async with asyncio.timeout(20):
        while (await asked(port, "/x")).body != canary_body("GET", "/x"):
            pass
    for number in range(20):
        answer = await asked(port, f"/{number}")
        assert answer.body == canary_body("GET", f"/{number}")
