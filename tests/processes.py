"""Servers in processes of their own, stopped by their own process id."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.clients import stated

ROOT = Path(__file__).parents[1]
HXROUTE = (sys.executable, "-m", "hxroute")
START_SECONDS = 90
STOP_SECONDS = 10


class StartError(Exception):
    """The server did not start; the text is what it wrote."""


def environment(**variables: str) -> dict[str, str]:
    """Return no more of this process's environment than a program needs, and ours.

    What coverage sets is needed too: it measures processes of their own by it.
    """
    kept = [name for name in os.environ if name.startswith("COVERAGE")]
    base = {
        name: os.environ[name] for name in ("PATH", "HOME", *kept) if name in os.environ
    }
    return {**base, "PYTHONPATH": str(ROOT), **variables}


def compiled(folder: Path) -> Path:
    """Copy routes.yaml and its schemas to a folder and compile them there.

    Raises:
        StartError: where they do not compile.
    """
    routes = (ROOT / "routes.yaml").read_text(encoding="utf-8")
    (folder / "routes.yaml").write_text(stated(routes), encoding="utf-8")
    shutil.copytree(ROOT / "schemas", folder / "schemas")
    done = subprocess.run(
        [*HXROUTE, "compile"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    if done.returncode:
        raise StartError(done.stdout + done.stderr)
    return folder


def free_port() -> int:
    """Return a port of 127.0.0.1 where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def gateway(folder: Path, env: Mapping[str, str], log: Path) -> Iterator[int]:
    """Serve a compiled folder, and yield its port.

    Raises:
        StartError: where it ends, or does not answer in time.
    """
    port = free_port()
    command = [*HXROUTE, "run", "--host", "127.0.0.1", "--port", str(port)]
    with running(command, folder, env, log, f"http://127.0.0.1:{port}/healthz"):
        yield port


@contextmanager
def running(
    command: Sequence[str | Path],
    folder: Path,
    env: Mapping[str, str],
    log: Path,
    ready: str,
) -> Iterator[None]:
    """Run a server while in here, from its first 200 to a GET of `ready` on.

    Raises:
        StartError: where it ends, or does not answer in time.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        if not _becomes_ready(process, ready):
            wrote = log.read_text(errors="replace")[-4000:]
            raise StartError(f"exit status {process.poll()}\n{wrote}")
        yield
    finally:
        _stop(process)


def _becomes_ready(process: subprocess.Popen[bytes], url: str) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if _answers(url):
            return True
        # A pause that ends early when there is nothing left to wait for.
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
    return False


def _answers(url: str) -> bool:
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=5)
    try:
        connection.request("GET", f"/{path}")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
