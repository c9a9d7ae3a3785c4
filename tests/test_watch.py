"""`hxroute run --watch`, as a process of its own: what users see."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from hxroute.cli import serving
from hxroute.files import digest_of
from hxroute.sandbox.scripted import ScriptedUpstream
from tests.processes import HXROUTE, environment
from tests.runtime.serving import Answer, ask, client, read_answer

SECONDS = 60  # never waited for: how long a step may take on a busy machine
OWN = b"GET /own HTTP/1.1\r\nHost: a\r\n\r\n"
GET = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
CASE = b"GET /x HTTP/1.1\r\nHost: a\r\nx-hx-case: c\r\n\r\n"
GOES_ON = "the last good gateway goes on serving"


def routes(version: object, *, more: str = "", upstream: str = "u") -> str:
    """Return a routes file whose gateway tells its version in each answer.

    No piece of it but the whole has no errors: an upstream comes last.
    """
    return f"""\
version: 1
settings: {{url: {{env: URL, default: "http://127.0.0.1:9"}}}}
headers:
  up: {{drop: [authorization, cookie]}}
  down: {{set: {{x-version: "{version}"}}}}
defaults: {{auth: none, request: {{headers: up}}, response: {{headers: down}}}}
{more}
endpoints:
  - path: /own
    respond: {{text: "{version}"}}
  - path: /{{rest:path}}
    upstream: {upstream}
upstreams:
  u: {{url: "{{{{ settings.url }}}}", idle_timeout: 60s}}
"""


BAD = routes("two", upstream="v")


@dataclass
class Watched:
    """A process that runs `hxroute run --watch`, and the folder of its file."""

    folder: Path
    process: asyncio.subprocess.Process
    port: int = 0

    @property
    def file(self) -> Path:
        return self.folder / "routes.yaml"

    async def until(self, text: str) -> list[str]:
        """Read what it says up to the line with a text."""
        lines = []
        async with asyncio.timeout(SECONDS):
            while line := await self._line():
                lines.append(line.rstrip())
                if text in line:
                    return lines
        raise AssertionError("\n".join(lines))

    async def edit(self, text: str) -> list[str]:
        """Write the file, and read up to the line that says what came of it."""
        self.file.write_text(text)
        return await self.until("reloaded" if text != BAD else GOES_ON)

    async def rest(self) -> str:
        """Read what else it says, to its end."""
        assert self.process.stdout is not None
        async with asyncio.timeout(SECONDS):
            return (await self.process.stdout.read()).decode()

    async def _line(self) -> str:
        assert self.process.stdout is not None
        return (await self.process.stdout.readline()).decode()


@contextlib.asynccontextmanager
async def watched(
    folder: Path, *arguments: str, **variables: str
) -> AsyncIterator[Watched]:
    """Run `hxroute run --watch`, and end it as Ctrl-C does."""
    process = await asyncio.create_subprocess_exec(
        *(*HXROUTE, "run", "--watch", "--port", "0", *arguments),
        cwd=folder,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    this = Watched(folder, process)
    try:
        lines = await this.until("watching ")
        address = re.search(r":(\d+)$", "\n".join(lines), re.MULTILINE)
        assert address is not None
        this.port = int(address[1])
        yield this
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        rest = await this.rest()
        status = await process.wait()
    assert "Traceback" not in rest
    assert status == 0, rest


def hxroute(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*HXROUTE, *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "routes.yaml").write_text(routes("one"))
    return tmp_path


async def own(this: Watched) -> bytes:
    return (await ask(this.port, OWN)).body


def test_watch_serves_what_is_saved(folder: Path) -> None:
    async def scenario() -> None:
        async with watched(folder) as this:
            assert await own(this) == b"one"
            lines = await this.edit(routes("two"))
            assert lines[-1] == (
                "reloaded routes.yaml: 2 endpoints, 1 upstream, 1 setting"
            )
            assert await own(this) == b"two"
        assert hxroute(folder, "compile", "--check").returncode == 0

    asyncio.run(scenario())


def test_watch_says_what_is_wrong_and_serves_the_last_good(folder: Path) -> None:
    async def scenario() -> None:
        async with watched(folder) as this:
            lines = await this.edit(BAD)
            assert "error[HX201]: unknown upstream `v`" in lines
            assert lines[-1] == f"routes.yaml has errors; {GOES_ON}"
            assert await own(this) == b"one"
            await this.edit(routes("one"))  # as it was: the mistake is mended
            await this.edit(routes("three"))
            assert await own(this) == b"three"

    asyncio.run(scenario())


def write_in_pieces(file: Path, text: str) -> None:
    """Write as a slow program does; no piece but the last is a whole file."""
    with file.open("w") as handle:
        for character in text:
            handle.write(character)
            handle.flush()


def rename_over(file: Path, text: str) -> None:
    aside = file.with_name(".routes.yaml.swp")
    aside.write_text(text)
    aside.replace(file)


def rename_away(file: Path, text: str) -> None:
    """Keep a backup, as some editors do: for a moment there is no file."""
    file.rename(file.with_name("routes.yaml~"))
    file.write_text(text)


@pytest.mark.parametrize("write", [write_in_pieces, rename_over, rename_away])
def test_watch_minds_no_way_of_saving(
    folder: Path, write: Callable[[Path, str], None]
) -> None:
    async def scenario() -> None:
        async with watched(folder) as this:
            for version in ("two", "three"):
                write(this.file, routes(version))
                await this.until("reloaded")
                assert await own(this) == version.encode()

    asyncio.run(scenario())


def test_watch_serves_no_file_that_is_half_written(folder: Path) -> None:
    text = routes("two")

    async def scenario() -> None:
        async with watched(folder) as this:
            with this.file.open("w") as handle:
                handle.write(text[: text.index("upstream: u")])
                handle.flush()
                lines = await this.until(GOES_ON)
                assert any(line.startswith("error[HX") for line in lines)
                assert await own(this) == b"one"
                handle.write(text[text.index("upstream: u") :])
            await this.until("reloaded")
            assert await own(this) == b"two"

    asyncio.run(scenario())


def test_watch_follows_a_mounted_config_map(tmp_path: Path) -> None:
    """Kubernetes renames a link to a folder over the old one."""
    for version in ("one", "two"):
        (tmp_path / f"..{version}").mkdir()
        (tmp_path / f"..{version}" / "routes.yaml").write_text(routes(version))
    data, aside = tmp_path / "..data", tmp_path / "..data_tmp"
    data.symlink_to("..one")
    (tmp_path / "routes.yaml").symlink_to("..data/routes.yaml")

    async def scenario() -> None:
        async with watched(tmp_path) as this:
            aside.symlink_to("..two")
            aside.replace(data)
            await this.until("reloaded")
            assert await own(this) == b"two"

    asyncio.run(scenario())


def test_watch_goes_on_without_the_file_until_it_comes_back(folder: Path) -> None:
    async def scenario() -> None:
        async with watched(folder) as this:
            this.file.unlink()
            lines = await this.until(GOES_ON)
            assert lines == [
                f"routes.yaml cannot be read: No such file or directory; {GOES_ON}"
            ]
            assert await own(this) == b"one"
            await this.edit(routes("two"))
            assert await own(this) == b"two"

    asyncio.run(scenario())


def test_watch_takes_no_fifo_for_a_file(folder: Path) -> None:
    async def scenario() -> None:
        async with watched(folder) as this:
            this.file.unlink()
            await this.until(GOES_ON)
            os.mkfifo(this.file)
            assert f"routes.yaml is no regular file; {GOES_ON}" in await this.until(
                "regular"
            )

    asyncio.run(scenario())


def test_save_without_a_change_is_not_compiled(folder: Path) -> None:
    file, build = folder / "routes.yaml", folder / "build/gateway.py"
    digest = digest_of(file.read_bytes())
    assert serving._renewed(file, build, digest) is None
    assert not build.exists()
    renewed = serving._renewed(file, build, None)
    assert renewed is not None
    assert (renewed.digest, build.exists()) == (digest, False)
    renewed.keep()
    assert build.is_file()


def test_build_of_a_gateway_that_does_not_start_is_not_kept(folder: Path) -> None:
    missing = routes("two").replace(
        'env: URL, default: "http://127.0.0.1:9"', "file: f"
    )

    async def scenario() -> None:
        async with watched(folder) as this:
            build = folder / "build/gateway.py"
            before = build.read_bytes()
            this.file.write_text(missing)
            await this.until(GOES_ON)
            assert build.read_bytes() == before

    asyncio.run(scenario())


def test_watch_of_settings_that_are_missing_serves_the_last_good(
    folder: Path,
) -> None:
    missing = routes("two").replace(
        'env: URL, default: "http://127.0.0.1:9"', "file: f"
    )

    async def scenario() -> None:
        async with watched(folder) as this:
            this.file.write_text(missing)
            lines = await this.until(GOES_ON)
            assert lines[-1] == (
                "line 2: setting `url`: not set; set the file f; " + GOES_ON
            )
            assert await own(this) == b"one"
            (folder / "f").write_text("http://127.0.0.1:9")
            this.file.touch()  # as it is, it can be served now
            await this.until("reloaded")
            assert await own(this) == b"two"

    asyncio.run(scenario())


def test_watch_opens_no_default_keys_to_others(folder: Path) -> None:
    secret = routes("two").replace(
        "settings: {", "settings: {key: {env: KEY, default: sk-public, secret: true}, "
    )

    async def scenario() -> None:
        async with watched(folder, "--host", "0.0.0.0") as this:
            this.file.write_text(secret)
            lines = await this.until(GOES_ON)
            assert "`key` (KEY) still has the default" in lines[-1]
            assert "sk-public" not in lines[-1]
            assert await own(this) == b"one"

    asyncio.run(scenario())


def test_watch_says_that_an_address_takes_effect_later(folder: Path) -> None:
    moved = routes("two", more="server: {host: 127.0.0.2}")

    async def scenario() -> None:
        async with watched(folder) as this:
            lines = await this.edit(moved)
            assert lines == [
                "`server` names another address; that takes effect at the next start",
                "reloaded routes.yaml: 2 endpoints, 1 upstream, 1 setting",
            ]
            assert await own(this) == b"two"

    asyncio.run(scenario())


def test_watch_lets_streams_end_where_they_began(folder: Path) -> None:
    begun = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n"

    async def scenario() -> None:
        edited = asyncio.Event()

        async def held(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(begun.encode())
            await edited.wait()
            writer.write(b"1\r\nz\r\n0\r\n\r\n")
            assert await reader.read() == b""  # closed by the gateway that is done
            writer.close()
            closed.set()

        closed = asyncio.Event()
        upstream = await asyncio.start_server(held, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{upstream.sockets[0].getsockname()[1]}"
        async with (
            upstream,
            watched(folder, URL=url) as this,
            client(this.port, GET) as (reader, _),
        ):
            head = await reader.readuntil(b"1\r\na\r\n")
            await this.edit(routes("two"))
            assert await own(this) == b"two"
            edited.set()
            assert b"x-version: one\r\n" in head
            assert await reader.readuntil(b"0\r\n\r\n") == b"1\r\nz\r\n0\r\n\r\n"
            async with asyncio.timeout(SECONDS):
                await closed.wait()

    asyncio.run(scenario())


def test_watch_fails_no_request_while_it_reloads(folder: Path) -> None:
    """2,000 requests and ten edits at the same time; old connections are closed."""

    async def ask_often(port: int, answers: list[Answer], *, kept: bool) -> None:
        async with client(port, b"") as (reader, writer):
            while len(answers) < 2000 or not done.is_set():
                if kept:
                    writer.write(GET)
                answers.append(await (read_answer(reader) if kept else ask(port, GET)))

    async def scenario() -> None:
        answers: list[Answer] = []
        async with (
            ScriptedUpstream() as upstream,
            watched(folder, URL=upstream.url) as this,
        ):
            clients = asyncio.gather(
                *(ask_often(this.port, answers, kept=n % 2 == 0) for n in range(8))
            )
            for version in range(10):
                await this.edit(routes(version))
            done.set()
            await clients
            await this.edit(routes("last"))
            async with asyncio.timeout(SECONDS):
                await upstream._until(lambda: not upstream.connections)
        assert {(answer.status, answer.complete) for answer in answers} == {(200, True)}
        versions = {answer.get("x-version") for answer in answers}
        assert versions == {"one", *map(str, range(10))}

    done = asyncio.Event()
    asyncio.run(scenario())


def test_watch_compiles_a_build_that_is_stale(folder: Path) -> None:
    hxroute(folder, "compile")
    (folder / "routes.yaml").write_text(routes("two"))

    async def scenario() -> None:
        async with watched(folder) as this:
            assert await own(this) == b"two"

    asyncio.run(scenario())


def test_watch_begins_with_a_build_that_is_fresh(folder: Path) -> None:
    """What a user has added to it stays, until an edit makes another."""
    hxroute(folder, "compile")
    build = folder / "build/gateway.py"
    with build.open("a") as file:
        file.write(
            "from starlette.responses import PlainTextResponse\n"
            "app.mount('/mounted', PlainTextResponse('mounted'))\n"
        )
    text = build.read_text()
    mounted = b"GET /mounted/ HTTP/1.1\r\nHost: a\r\n\r\n"

    async def scenario() -> None:
        async with watched(folder) as this:
            assert build.read_text() == text
            await this.edit(routes("two"))
            assert await own(this) == b"two"
            assert (await ask(this.port, mounted)).body == b"mounted"

    asyncio.run(scenario())


def test_watch_of_a_build_alone_waits_for_its_file(folder: Path) -> None:
    hxroute(folder, "compile")
    (folder / "routes.yaml").unlink()

    async def scenario() -> None:
        async with watched(folder) as this:
            assert await own(this) == b"one"
            await this.until(GOES_ON)
            await this.edit(routes("two"))
            assert await own(this) == b"two"

    asyncio.run(scenario())


def test_watch_ends_while_a_stream_is_open(folder: Path) -> None:
    """A second Ctrl-C waits for nobody."""
    stream = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n"

    async def scenario() -> None:
        async with (
            ScriptedUpstream({"c": [stream, {"sleep": 60}]}) as upstream,
            watched(folder, URL=upstream.url) as this,
            client(this.port, CASE) as (reader, _),
        ):
            await reader.readuntil(b"1\r\na\r\n")
            await this.edit(routes("two"))
            this.process.send_signal(signal.SIGINT)

    asyncio.run(scenario())


def test_watch_of_a_file_with_errors_does_not_start(folder: Path) -> None:
    (folder / "routes.yaml").write_text(BAD)
    done = hxroute(folder, "run", "--watch", "--port", "0")
    compiled = hxroute(folder, "compile")
    assert (done.returncode, done.stdout, done.stderr) == (
        *(2, ""),
        compiled.stderr,
    )
    assert "error[HX201]" in done.stderr


def test_watch_of_a_file_that_is_not_there_does_not_start(tmp_path: Path) -> None:
    done = hxroute(tmp_path, "run", "--watch")
    assert (done.returncode, done.stderr) == (
        2,
        "error: routes.yaml cannot be read: No such file or directory\n",
    )


def test_watch_where_no_build_can_be_written(folder: Path) -> None:
    (folder / "build").write_text("a file where the folder should be")
    done = hxroute(folder, "run", "--watch")
    assert done.returncode == 2
    assert done.stderr.startswith("error: build/gateway.py cannot be written: ")


def test_watch_without_watchfiles_names_the_extra(folder: Path) -> None:
    without = (
        "import sys; sys.modules['watchfiles'] = None\nfrom hxroute.cli import main\n"
        "main(['run', '--watch'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", without],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (
        2,
        "error: `--watch` needs watchfiles; `pip install 'hxroute[watch]'`\n",
    )
