"""Gateways to run against: in this event loop, or as `hxroute run`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from hxroute.compiler import compile
from hxroute.diagnostics.text import render
from tests import processes
from tests.clients import stated
from tests.runtime.serving import served

__all__ = ["Place", "gateway", "in_loop", "in_process", "routes", "running"]

_ROUTES = """\
version: 1
settings: {{url: {{env: URL}}, wave: {{env: WAVE}}}}
upstreams:
  u: {{url: "{{{{ settings.url }}}}", {upstream}}}
  w: {{url: "{{{{ settings.wave }}}}", {upstream}}}
headers: {{as_sent: {{forward: [authorization, cookie]}}}}
errors: {{told: {{other: {{json: {{kind: "{{{{ error.kind }}}}"}}}}}}}}
defaults: {{auth: none, errors: told, request: {{headers: as_sent}}}}
endpoints:
  - {{path: /healthz, respond: {{json: {{ok: true}}}}}}
  - {{path: '/read/{{rest:path}}', request: {{max_body: 1MiB}}, upstream: u}}
  - {{path: '/pass/{{rest:path}}', upstream: u}}
  - {{path: '/wave/{{rest:path}}', request: {{max_body: 1MiB}}, upstream: w}}
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a gateway is: its port, its process, what that has written."""

    port: int
    pid: int
    log: Path | None = None

    def fds(self) -> int:
        """Return how many files the process has open."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def rss(self) -> int:
        """Return how much memory the process holds, in KiB."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def routes(*, connections: int = 30, read: str = "2s", limits: str = "") -> str:
    """Return the routes file of a chaos run."""
    timeout = f"timeout: {{connect: 5s, read: {read}, write: 5s, pool: 20s}}"
    text = stated(_ROUTES.format(upstream=f"max_connections: {connections}, {timeout}"))
    return text + (f"limits: {limits}\n" if limits else "")


def gateway(
    text: str, environ: Mapping[str, str], *, process: bool
) -> AbstractAsyncContextManager[Place]:
    """Serve a routes file in a process of its own, or else in this loop."""
    return in_process(text, environ) if process else in_loop(text, environ)


@contextlib.asynccontextmanager
async def in_loop(text: str, environ: Mapping[str, str]) -> AsyncIterator[Place]:
    """Serve a routes file in this event loop."""
    result = compile(text.encode(), "routes.yaml")
    assert result.gateway is not None, render(result.report)
    async with served(result.gateway, environ) as port:
        yield Place(port, os.getpid())


@contextlib.asynccontextmanager
async def in_process(text: str, environ: Mapping[str, str]) -> AsyncIterator[Place]:
    """Serve a routes file by `hxroute run`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "routes.yaml").write_text(text)
        env = processes.environment(**environ)
        compiling = [*processes.HXROUTE, "compile"]
        done = await asyncio.to_thread(
            subprocess.run, compiling, cwd=folder, env=env, capture_output=True
        )
        if done.returncode:
            raise processes.StartError(done.stderr.decode())
        command = [*processes.HXROUTE, "run", "--host", "127.0.0.1", "--port", "0"]
        log = folder / "log"
        with running(command, folder, env, log) as process:
            assert process.stdout is not None
            line = await asyncio.to_thread(process.stdout.readline)
            if not line.startswith("hxroute on http://"):
                raise processes.StartError(line + log.read_text())
            yield Place(int(line.rpartition(":")[2]), process.pid, log)


@contextlib.contextmanager
def running(
    command: list[str], folder: Path, env: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[str]]:
    """Run a server while in here; its standard error goes to the log."""
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(processes.STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
