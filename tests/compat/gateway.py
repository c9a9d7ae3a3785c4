"""The gateway as its users run it: compiled, then served, in a process of its own."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_DEADLINE = 60.0
STOP_DEADLINE = 10.0
OURS = ("HX_", "MASTER_KEY")
READY = b'"ok":true'


class StartError(Exception):
    """The gateway did not start; the text is what it wrote to stderr."""


def environment(profile: Mapping[str, str], upstream: str) -> dict[str, str]:
    """Return this process's environment with the gateway's part replaced."""
    kept = {key: os.environ[key] for key in os.environ if not key.startswith(OURS)}
    path = os.pathsep.join([str(ROOT), *filter(None, [kept.get("PYTHONPATH")])])
    return kept | {"PYTHONPATH": path, "HX_LITELLM_UPSTREAM": upstream} | {**profile}


def compiled(folder: Path) -> Path:
    """Copy routes.yaml and its schemas to a folder and compile them there.

    Raises:
        StartError: It does not compile.
    """
    shutil.copy(ROOT / "routes.yaml", folder)
    shutil.copytree(ROOT / "schemas", folder / "schemas")
    done = subprocess.run(
        [sys.executable, "-m", "hxroute", "compile"],
        cwd=folder,
        env=environment({}, "http://127.0.0.1:4000"),
        capture_output=True,
        text=True,
        timeout=START_DEADLINE,
        check=False,
    )
    if done.returncode:
        raise StartError(done.stdout + done.stderr)
    return folder


def free_port() -> int:
    """Return a port of 127.0.0.1 where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(folder: Path, env: Mapping[str, str], log: Path) -> Iterator[int]:
    """Serve a compiled folder; yield the port, and stop it at the end.

    Raises:
        StartError: It ended, or did not answer in time.
    """
    port = free_port()
    command = [sys.executable, "-m", "hxroute", "run", "--host", "127.0.0.1"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(process, port, log)
        yield port
    finally:
        _stop(process)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_DEADLINE
    while not _ready(port):
        if process.poll() is not None:
            raise StartError(f"exit status {process.returncode}\n{_text(log)}")
        if time.monotonic() > deadline:
            raise StartError(f"no answer in {START_DEADLINE} s\n{_text(log)}")
        time.sleep(0.05)  # a foreign process has no event to wait for


def _ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return READY in connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_DEADLINE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _text(log: Path) -> str:
    return log.read_text(errors="replace")
