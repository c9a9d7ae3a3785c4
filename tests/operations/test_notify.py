"""What systemd is told, over its socket."""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path

import pytest

from hxroute.runtime.notify import notifier
from tests.operations.process import SECONDS, compile_routes, routes, running


@pytest.mark.parametrize("workers", ["1", "2"])
def test_service_tells_what_it_does(tmp_path: Path, workers: str) -> None:
    async def scenario() -> None:
        (tmp_path / "name").write_text("a")
        compile_routes(tmp_path, routes("one"))
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.bind(str(tmp_path / "notify"))
            systemd.settimeout(SECONDS)

            async def told() -> list[str]:
                data = await asyncio.to_thread(systemd.recv, 4096)
                return data.decode().splitlines()

            path = str(tmp_path / "notify")
            arguments = "--workers", workers
            async with running(tmp_path, *arguments, NOTIFY_SOCKET=path) as this:
                assert await told() == ["READY=1"]
                await this.reload()
                reloading, since = await told()
                assert reloading == "RELOADING=1"
                assert since.removeprefix("MONOTONIC_USEC=").isdigit()
                ready, status = await told()
                assert ready == "READY=1"
                assert status.startswith("STATUS=reloaded build/gateway.py")
                this.process.send_signal(signal.SIGTERM)
                assert await told() == ["STOPPING=1"]
                assert await this.ended() == 0

    asyncio.run(scenario())


def test_name_without_a_file_is_told_too() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("")  # the system gives it an abstract name
        systemd.settimeout(SECONDS)
        name = systemd.getsockname()[1:].decode()
        notifier({"NOTIFY_SOCKET": f"@{name}"})("READY=1", "STATUS=served")
        assert systemd.recv(4096) == b"READY=1\nSTATUS=served"


def test_nobody_who_listens_stops_nothing(tmp_path: Path) -> None:
    notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")})("READY=1")
    notifier({})("READY=1")
