"""nginx and Caddy as reverse proxies, with the least configuration that serves.

They run from a temporary folder on free ports of 127.0.0.1, and are stopped by their own
process id.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from tests.front.harness import Bench
from tests.front.upstream import Recorder
from tests.processes import ROOT, environment, free_port

__all__ = ["FOLDERS", "PEERS", "Missing", "Peer", "serving"]

Pairs: TypeAlias = Sequence[tuple[int, int]]
"""Ports: where to listen, and the upstream behind it."""

FOLDERS: Final = "HXROUTE_PEERS"
"""The environment variable that names folders to look in first."""

PATIENCE: Final = 2.0
"""Seconds after which a peer that says nothing waits for more."""

SHARDS: Final = 8
"""Upstreams of one peer, so that its waits overlap."""

START_SECONDS: Final = 20


class Missing(Exception):
    """A peer is not installed; the text says which."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Another proxy: its program, how it tells its version, and its configuration."""

    name: str
    version_flag: str
    file: str
    command: tuple[str, ...]
    head: str
    block: str
    tail: str = ""

    def program(self) -> str:
        """Return where the program is.

        Raises:
            Missing: where it is not installed.
        """
        name = self.name.lower()
        named, path = os.environ.get(FOLDERS, ""), os.environ.get("PATH", "")
        folders = (named, str(ROOT / "build/peers/bin"), path, "/usr/sbin")
        found = shutil.which(name, path=os.pathsep.join(filter(None, folders)))
        if found is None:
            raise Missing(f"{name} is not installed; scripts/peers says how")
        return found

    def version(self) -> str:
        """Return the version of the program.

        Raises:
            Missing: where it is not installed.
        """
        done = subprocess.run(
            [self.program(), self.version_flag],
            capture_output=True,
            text=True,
            env=environment(),
            timeout=START_SECONDS,
            check=True,
        )
        found = re.search(r"\d+\.\d+\.\d+", done.stdout + done.stderr)
        assert found is not None
        return found[0]

    def configuration(self, folder: Path, pairs: Pairs) -> str:
        """Return the text of its configuration."""
        blocks = (
            self.block.replace("PORT", str(port)).replace("UPSTREAM", str(upstream))
            for port, upstream in pairs
        )
        return (self.head + "".join(blocks) + self.tail).replace("FOLDER", str(folder))


NGINX: Final = Peer(
    name="nginx",
    version_flag="-v",
    file="nginx.conf",
    command=("-e", "FOLDER/error.log", "-c", "FOLDER/nginx.conf"),
    head="""\
daemon off;
worker_processes 1;
pid FOLDER/nginx.pid;
error_log FOLDER/error.log;
events {}
http {
    access_log off;
    client_body_temp_path FOLDER/body;
    proxy_temp_path FOLDER/proxy;
    fastcgi_temp_path FOLDER/fastcgi;
    uwsgi_temp_path FOLDER/uwsgi;
    scgi_temp_path FOLDER/scgi;
""",
    block="""\
    server {
        listen 127.0.0.1:PORT;
        location / {
            proxy_pass http://127.0.0.1:UPSTREAM;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }
    }
""",
    tail="}\n",
)

CADDY: Final = Peer(
    name="Caddy",
    version_flag="version",
    file="Caddyfile",
    command=("run", "--config", "FOLDER/Caddyfile", "--adapter", "caddyfile"),
    head="""\
{
    admin off
    auto_https off
    persist_config off
}
""",
    block="""\
:PORT {
    bind 127.0.0.1
    reverse_proxy 127.0.0.1:UPSTREAM
}
""",
)

PEERS: Final = (NGINX, CADDY)


@contextlib.asynccontextmanager
async def serving(peer: Peer) -> AsyncIterator[list[Bench]]:
    """Run a peer, and yield a bench for each of its upstreams.

    Raises:
        Missing: where it is not installed.
    """
    program = peer.program()
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        recorders = [await stack.enter_async_context(Recorder()) for _ in range(SHARDS)]
        pairs = [(free_port(), recorder.port) for recorder in recorders]
        config = peer.configuration(folder, pairs)
        (folder / peer.file).write_text(config, encoding="utf-8")
        arguments = [part.replace("FOLDER", str(folder)) for part in peer.command]
        log = stack.enter_context((folder / "log.txt").open("wb"))
        process = await asyncio.create_subprocess_exec(
            program,
            *arguments,
            cwd=folder,
            env=environment(HOME=str(folder)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        stack.push_async_callback(_stop, process)
        for port, _ in pairs:
            await _listens(process, port, folder)
        yield [
            Bench(port, recorder, PATIENCE)
            for (port, _), recorder in zip(pairs, recorders, strict=True)
        ]


async def _listens(
    process: asyncio.subprocess.Process, port: int, folder: Path
) -> None:
    """Wait until a peer takes connections."""
    async with asyncio.timeout(START_SECONDS):
        while process.returncode is None:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                # A pause that ends early when there is nothing left to wait for.
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), 0.05)
            else:
                writer.close()
                return
    raise RuntimeError((folder / "log.txt").read_text(errors="replace")[-2000:])


async def _stop(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), START_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
