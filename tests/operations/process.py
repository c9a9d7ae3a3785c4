"""`hxroute run` as a process of its own, its signals, and clients that count."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.processes import HXROUTE, environment
from tests.runtime.serving import Answer, ask, client, read_answer

SECONDS = 60
"""Never waited for: how long a step may take on a busy machine."""

OWN = b"GET /own HTTP/1.1\r\nHost: a\r\n\r\n"


def routes(version: object, more: str = "", server: str = "{}") -> str:
    """Return a routes file whose gateway tells its version and its setting."""
    return f"""\
version: 1
server: {server}
settings: {{name: {{file: name}}, url: {{env: URL, default: "http://127.0.0.1:9"}}}}
upstreams: {{u: {{url: "{{{{ settings.url }}}}"}}}}
headers: {{up: {{drop: [authorization, cookie]}}}}
defaults: {{auth: none, request: {{headers: up}}}}
endpoints:
  - {{path: /own, respond: {{text: "{version} {{{{ settings.name }}}}"}}}}
  - {{path: /ready, health: ready}}
  - {{path: /live, health: live}}
  - {{path: /x, upstream: u}}
{more}"""


def compile_routes(folder: Path, text: str) -> None:
    """Write a routes file and compile it."""
    (folder / "routes.yaml").write_text(text)
    subprocess.run(
        [*HXROUTE, "compile"],
        cwd=folder,
        env=environment(),
        check=True,
        capture_output=True,
        timeout=SECONDS,
    )


@dataclass
class Process:
    """A running gateway."""

    process: asyncio.subprocess.Process
    port: int = 0
    said: list[str] = field(default_factory=list)

    async def until(self, text: str) -> str:
        """Read what it says up to the line with a text, and return that line."""
        assert self.process.stdout is not None
        async with asyncio.timeout(SECONDS):
            while line := (await self.process.stdout.readline()).decode():
                self.said.append(line.rstrip())
                if text in line:
                    return line.rstrip()
        raise AssertionError("\n".join(self.said))

    async def reload(self) -> str:
        """Send SIGHUP, and return what it says of it."""
        self.process.send_signal(signal.SIGHUP)
        while True:
            line = await self.until("")
            if line.startswith("reloaded ") or line.endswith("goes on serving"):
                return line

    async def ended(self) -> int:
        """Wait for its end, and return its exit status."""
        assert self.process.stdout is not None
        async with asyncio.timeout(SECONDS):
            rest = (await self.process.stdout.read()).decode()
            self.said += rest.splitlines()
            return await self.process.wait()

    def children(self) -> list[int]:
        """Return the process ids of its workers."""
        pid = self.process.pid
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(word) for word in text.split()]

    async def own(self) -> bytes:
        return (await ask(self.port, OWN)).body


@contextlib.asynccontextmanager
async def running(
    folder: Path, *arguments: str, **variables: str
) -> AsyncIterator[Process]:
    """Serve a compiled folder, and end it."""
    process = await asyncio.create_subprocess_exec(
        *(*HXROUTE, "run", "--port", "0", *arguments),
        cwd=folder,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    this = Process(process)
    try:
        address = re.search(r":(\d+)$", await this.until("hxroute on "))
        assert address is not None
        this.port = int(address[1])
        await this.own()  # waits in the socket's queue until there is who answers
        yield this
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@dataclass
class Load:
    """Clients that ask without a pause, half of them on kept connections."""

    port: int
    answers: list[Answer] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    on: bool = True

    async def fresh(self) -> None:
        while self.on:
            try:
                self._take(await ask(self.port, OWN))
            except (OSError, asyncio.IncompleteReadError) as exc:
                self.failures.append(f"fresh: {exc!r}")

    async def reused(self) -> None:
        while self.on:
            with contextlib.suppress(OSError):
                async with client(self.port, b"") as (reader, writer):
                    await self._reuse(reader, writer)

    async def _reuse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while self.on:
            writer.write(OWN)
            try:
                self._take(await read_answer(reader))
            except (OSError, asyncio.IncompleteReadError) as exc:
                self.failures.append(f"reused: {exc!r}")
                return

    def _take(self, answer: Answer) -> None:
        if (answer.status, answer.complete) == (200, True):
            self.answers.append(answer)
        else:
            self.failures.append(f"{answer.status}")


@contextlib.asynccontextmanager
async def load(port: int, clients: int = 4) -> AsyncIterator[Load]:
    """Ask all the time, while in here."""
    this = Load(port)
    work = [this.fresh() if n % 2 else this.reused() for n in range(clients)]
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield this
    finally:
        this.on = False
        await asyncio.gather(*tasks)
