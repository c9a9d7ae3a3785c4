"""The systemd unit: what it states, and that its commands do what they say."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from hxroute import ir, units
from tests.operations.process import SECONDS, Process, compile_routes, routes, running
from tests.processes import ROOT

UNIT = ROOT / "deploy" / "hxroute.service"
PROGRAM = "/opt/hxroute/bin/hxroute"
VERIFY = shutil.which("systemd-analyze")


def assignments() -> dict[str, list[str]]:
    """Read the unit: the values of each `Section.Key` (systemd.syntax(7))."""
    section, found = "", defaultdict(list)
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, equals, value = line.partition("=")
            assert equals, line
            found[f"{section}.{key}"].append(value)
    return found


STATED = assignments()


def one(key: str) -> str:
    (value,) = STATED[f"Service.{key}"]
    return value


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Type", "notify"),
        ("Restart", "on-failure"),
        ("KillMode", "mixed"),  # else the workers get two signals: an end at once
        ("OOMPolicy", "continue"),
        ("DynamicUser", "yes"),
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateDevices", "yes"),
        ("MemoryDenyWriteExecute", "yes"),
        ("CapabilityBoundingSet", ""),
    ],
)
def test_unit_states(key: str, value: str) -> None:
    assert one(key) == value


def test_unit_gives_a_drain_its_time() -> None:
    server = ir.Server()
    stop = units.duration(one("TimeoutStopSec"))
    assert stop is not None
    assert stop > server.drain_delay + server.grace


def test_unit_holds_no_secret() -> None:
    assert not {key for key in STATED if "Environment" in key or "SetCred" in key}
    name, _, path = one("LoadCredential").partition(":")
    assert (name, path) == ("client_key", "/etc/hxroute/credentials/client_key")


@pytest.mark.skipif(VERIFY is None, reason="no systemd-analyze on this machine")
def test_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    assert VERIFY is not None
    text = UNIT.read_text(encoding="utf-8").replace(PROGRAM, sys.executable)
    (tmp_path / UNIT.name).write_text(text)
    done = subprocess.run(
        [VERIFY, "verify", "--man=no", str(tmp_path / UNIT.name)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


async def reloaded(this: Process) -> None:
    """Carry out ExecReload."""
    command = one("ExecReload").replace("$MAINPID", str(this.process.pid))
    done = await asyncio.create_subprocess_exec(*shlex.split(command))
    assert await done.wait() == 0


def test_unit_starts_reloads_and_stops_a_gateway(tmp_path: Path) -> None:
    program, command, *arguments = shlex.split(one("ExecStart"))
    assert (program, command) == (PROGRAM, "run")
    name, _, _ = one("LoadCredential").partition(":")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / name).write_text("first\n")
    text = routes("one").replace(
        "{file: name}", f'{{file: "${{CREDENTIALS_DIRECTORY}}/{name}"}}'
    )
    compile_routes(tmp_path, text)

    async def scenario(systemd: socket.socket) -> None:
        async def told() -> str:
            data = await asyncio.to_thread(systemd.recv, 4096)
            return data.decode().split("\n", 1)[0]

        async with running(
            tmp_path,
            *arguments,
            CREDENTIALS_DIRECTORY=str(credentials),
            NOTIFY_SOCKET=str(tmp_path / "notify"),
        ) as this:
            assert await told() == "READY=1"
            assert await this.own() == b"one first"
            (credentials / name).write_text("second\n")
            await reloaded(this)
            assert [await told(), await told()] == ["RELOADING=1", "READY=1"]
            assert await this.own() == b"one second"
            this.process.send_signal(signal.SIGTERM)  # to the parent only: `mixed`
            assert await told() == "STOPPING=1"
            assert await this.ended() == 0

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(SECONDS)
        asyncio.run(scenario(systemd))
