"""Another gateway in the place of the one that is served, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
import uvicorn
from starlette.responses import PlainTextResponse

from hxroute.errors import StartError
from hxroute.ir import Gateway
from hxroute.runtime import Running, application, serve
from hxroute.runtime.app import kept_of, replace
from hxroute.runtime.reload import Change, Edits, Reloader, Renewed, attach
from hxroute.sandbox.scripted import ScriptedUpstream
from hxroute.sandbox.seen import read_request
from tests.clients import called_by
from tests.runtime.serving import ask, client, compiled, read_answer

SECONDS = 30  # never waited for: how long a reload may take on a busy machine
GOES_ON = "the last good gateway goes on serving"
GET = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
CASE = b"GET /x HTTP/1.1\r\nHost: a\r\nx-hx-case: c\r\n\r\n"
OWN = b"GET /own HTTP/1.1\r\nHost: a\r\n\r\n"


def gateway(version: object, setting: str = "URL") -> Gateway:
    """Return a gateway that tells its version in each answer."""
    return called_by(
        compiled(
            f"""\
        - {{path: /own, respond: {{text: "{version}"}}}}
        - {{path: "/{{rest:path}}", upstream: u}}
        """,
            f"""\
version: 1
settings: {{url: {{env: {setting}}}}}
upstreams: {{u: {{url: "{{{{ settings.url }}}}", idle_timeout: 60s}}}}
headers:
  up: {{drop: [authorization, cookie]}}
  down: {{set: {{x-version: "{version}"}}}}
defaults: {{auth: none, request: {{headers: up}}, response: {{headers: down}}}}
""",
        )
    )


@dataclass
class Served:
    """A served app, and what replaces its gateway."""

    port: int
    reloader: Reloader
    lines: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    renewed: list[Gateway | Exception | None] = field(default_factory=list)
    asked_with: list[str | None] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def reload(self, renewed: Gateway | Exception | None) -> str:
        """Ask for a reload, and return the line that it says."""
        self.renewed.append(renewed)
        self.reloader.ask()
        return await self.line()

    async def asked_times(self, count: int) -> None:
        """Wait until `renew` has been called so many times."""
        async with asyncio.timeout(SECONDS):
            while len(self.asked_with) < count:
                await self.asked.wait()
                self.asked.clear()

    async def line(self) -> str:
        async with asyncio.timeout(SECONDS):
            return await self.lines.get()


@contextlib.asynccontextmanager
async def served(
    environ: dict[str, str],
    mount: PlainTextResponse | None = None,
    renew: Callable[[str | None], Renewed | None] | None = None,
) -> AsyncIterator[Served]:
    """Serve the gateway `one`, which the next of `renewed` replaces when asked for."""
    numbers = itertools.count(1)

    def next_of_renewed(digest: str | None) -> Renewed | None:
        this.asked_with.append(digest)
        loop.call_soon_threadsafe(this.asked.set)
        item = this.renewed.pop(0)
        if isinstance(item, Exception):
            raise item
        number = next(numbers)
        if item is None:
            return None
        return Renewed(item, f"digest {number}", f"number {number}")

    def say(line: str) -> None:
        loop.call_soon_threadsafe(this.lines.put_nowait, line)

    def start(renewed: Renewed) -> Change:
        running = Running(renewed.gateway, environ, kept_of(app))

        async def change() -> str:
            await replace(app, running)
            return ""

        return change

    loop = asyncio.get_running_loop()
    app = application(gateway("one"), environ=environ)
    if mount is not None:
        app.mount("/mounted", mount)
    edits = Edits(renew or next_of_renewed, "digest 0")
    reloader = Reloader(edits, start, say)
    attach(app, reloader.working)
    server = uvicorn.Server(serve.configuration(app))
    with serve.listen("127.0.0.1", 0) as bound:
        this = Served(bound.getsockname()[1], reloader)
        task = asyncio.create_task(server.serve(sockets=[bound]))
        try:
            assert (await ask(this.port, OWN)).body == b"one"
            yield this
        finally:
            server.should_exit = True
            await task


async def has_connections(upstream: ScriptedUpstream, count: int) -> None:
    """Wait until an upstream has so many connections."""
    async with asyncio.timeout(SECONDS):
        await upstream._until(lambda: upstream.connections == count)


class Held:
    """An upstream that begins an answer when it is told to, and ends it when told."""

    def __init__(self) -> None:
        self.asked, self.begin, self.end = (asyncio.Event() for _ in range(3))
        self.gone = asyncio.Event()

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def _connection(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await read_request(reader)
        self.asked.set()
        await self.begin.wait()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n")
        writer.write(b"transfer-encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\n")
        await self.end.wait()
        writer.write(b"9\r\ndata: z\n\n\r\n0\r\n\r\n")
        assert await reader.read() == b""  # the gateway closes it, not this upstream
        writer.close()
        self.gone.set()


@pytest.mark.usefixtures("each_client")
def test_replaced_gateway_gets_no_new_request() -> None:
    async def scenario() -> None:
        async with (
            ScriptedUpstream() as upstream,
            served({"URL": upstream.url}) as this,
            client(this.port, GET) as (reader, writer),
        ):
            assert (await read_answer(reader)).get("x-version") == "one"
            assert await this.reload(gateway("two")) == "reloaded number 1"
            writer.write(GET)
            assert (await read_answer(reader)).get("x-version") == "two"
            assert (await ask(this.port, OWN)).body == b"two"

    asyncio.run(scenario())


@pytest.mark.usefixtures("each_client")
@pytest.mark.parametrize("begun", [True, False], ids=["begun", "not-yet-begun"])
def test_response_ends_on_the_gateway_that_the_request_began_on(*, begun: bool) -> None:
    async def scenario() -> None:
        held = Held()
        async with (
            held.serve() as url,
            served({"URL": url}) as this,
            client(this.port, GET) as (reader, _),
        ):
            await held.asked.wait()
            if begun:
                held.begin.set()
                head = await reader.readuntil(b"\r\n\r\n")
                assert (await reader.readuntil(b"data: a\n\n")).endswith(b"a\n\n")
            await this.reload(gateway("two"))
            assert (await ask(this.port, OWN)).body == b"two"
            held.begin.set()
            held.end.set()
            if begun:
                assert b"x-version: one\r\n" in head
                rest = await reader.readuntil(b"0\r\n\r\n")
                assert rest == b"\r\n9\r\ndata: z\n\n\r\n0\r\n\r\n"
            else:
                answer = await read_answer(reader)
                assert answer.get("x-version") == "one"
                assert (answer.body, answer.complete) == (
                    b"data: a\n\ndata: z\n\n",
                    True,
                )
            async with asyncio.timeout(SECONDS):
                await held.gone.wait()

    asyncio.run(scenario())


@pytest.mark.usefixtures("each_client")
def test_replaced_gateway_closes_its_pools_with_its_last_request() -> None:
    stream = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n"

    async def scenario() -> None:
        async with (
            ScriptedUpstream({"c": [stream, {"sleep": 60}]}) as upstream,
            served({"URL": upstream.url}) as this,
        ):
            await ask(this.port, GET)
            async with client(this.port, CASE), client(this.port, CASE) as second:
                await upstream.arrived("c", 2)
                await this.reload(gateway("two"))
                assert upstream.connections == 2
                await ask(this.port, GET)
                assert upstream.connections == 3
                second[1].close()
                await has_connections(upstream, 2)
            await has_connections(upstream, 1)
            await this.reload(gateway("three"))
            await has_connections(upstream, 0)

    asyncio.run(scenario())


@pytest.mark.usefixtures("each_client")
def test_two_thousand_requests_notice_no_reload() -> None:
    """Half of them on kept connections; none goes back to an older gateway."""
    seen: list[int] = []

    async def ask_often(port: int, *, kept: bool) -> None:
        last = 0
        async with client(port, b"") as (reader, writer):
            for _ in range(200):
                if kept:
                    writer.write(GET)
                answer = await (read_answer(reader) if kept else ask(port, GET))
                before, last = last, int(answer.get("x-version") or 0)
                assert (answer.status, answer.complete) == (200, True)
                assert last >= before
                seen.append(last)
                if len(seen) % 100 == 0:
                    due.set()

    async def scenario() -> None:
        async with (
            ScriptedUpstream() as upstream,
            served({"URL": upstream.url}) as this,
        ):
            await this.reload(gateway(1))
            clients = asyncio.gather(
                *(ask_often(this.port, kept=number % 2 == 0) for number in range(10))
            )
            version = 1
            while len(seen) < 1900:
                await due.wait()
                due.clear()
                version += 1
                await this.reload(gateway(version))
            await clients
            await this.reload(gateway("last"))
            await has_connections(upstream, 0)

    due = asyncio.Event()
    asyncio.run(scenario())
    assert (len(seen), len(set(seen)) > 5) == (2000, True)


def test_mount_of_the_users_own_stays() -> None:
    mount = PlainTextResponse("mounted")

    async def scenario() -> None:
        async with served({"URL": "http://127.0.0.1:1"}, mount) as this:
            await this.reload(gateway("two"))
            answer = await ask(this.port, b"GET /mounted/x HTTP/1.1\r\nHost: a\r\n\r\n")
            assert answer.body == b"mounted"

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("failure", "lines"),
    [
        (
            StartError("routes.yaml has errors"),
            [f"routes.yaml has errors; {GOES_ON}"],
        ),
        (
            StartError("one\ntwo"),
            ["one", "two", GOES_ON],
        ),
        (
            ValueError("sk-secret"),
            [f"a reload failed (ValueError); {GOES_ON}"],
        ),
        (
            gateway("two", "UNSET"),
            [f"line 2: setting `url`: not set; set UNSET; {GOES_ON}"],
        ),
    ],
)
def test_gateway_that_cannot_be_had_changes_nothing(
    failure: Gateway | Exception, lines: list[str]
) -> None:
    async def scenario() -> None:
        async with served({"URL": "http://127.0.0.1:1"}) as this:
            said = [await this.reload(failure)]
            said += [await this.line() for _ in lines[1:]]
            assert said == lines
            assert (await ask(this.port, OWN)).body == b"one"
            await this.reload(gateway("three"))
            assert (await ask(this.port, OWN)).body == b"three"
            assert this.asked_with == ["digest 0", None]

    asyncio.run(scenario())


def test_nothing_new_is_nothing_to_say() -> None:
    async def scenario() -> None:
        async with served({"URL": "http://127.0.0.1:1"}) as this:
            await this.reload(gateway("two"))
            this.renewed += [None, gateway("three")]
            this.reloader.ask()
            await this.asked_times(2)
            this.reloader.ask()
            assert await this.line() == "reloaded number 3"
            assert this.asked_with == ["digest 0", "digest 1", "digest 1"]

    asyncio.run(scenario())


def test_settings_are_read_again() -> None:
    async def scenario() -> None:
        async with ScriptedUpstream() as upstream:
            environ = {"URL": "http://127.0.0.1:1"}
            async with served(environ) as this:
                assert (await ask(this.port, GET)).status == 502
                environ["URL"] = upstream.url
                await this.reload(gateway("two"))
                assert (await ask(this.port, GET)).status == 200

    asyncio.run(scenario())


def test_asking_while_one_is_under_way_makes_one_more() -> None:
    begun, go_on = threading.Semaphore(0), threading.Semaphore(0)
    calls = []

    def renew(digest: str | None) -> Renewed:
        calls.append(digest)
        begun.release()
        assert go_on.acquire(timeout=SECONDS)
        return Renewed(gateway(len(calls)), f"{len(calls)}", f"number {len(calls)}")

    async def scenario() -> None:
        async with served({"URL": "http://127.0.0.1:1"}, renew=renew) as this:
            this.reloader.ask()
            await asyncio.to_thread(begun.acquire, timeout=SECONDS)
            for _ in range(5):
                this.reloader.ask()
            assert (await ask(this.port, OWN)).body == b"one"
            go_on.release(2)
            assert await this.line() == "reloaded number 1"
            assert await this.line() == "reloaded number 2"
            assert (await ask(this.port, OWN)).body == b"2"
        assert calls == ["digest 0", "1"]

    asyncio.run(scenario())


def test_server_ends_while_a_gateway_is_being_made() -> None:
    begun, go_on = threading.Semaphore(0), threading.Semaphore(0)

    def renew(digest: str | None) -> Renewed:
        begun.release()
        assert go_on.acquire(timeout=SECONDS)
        return Renewed(gateway("two"), "2", "number 2")

    async def scenario() -> None:
        async with served({"URL": "http://127.0.0.1:1"}, renew=renew) as this:
            this.reloader.ask()
            await asyncio.to_thread(begun.acquire, timeout=SECONDS)
        assert this.lines.empty()
        go_on.release()

    asyncio.run(scenario())


def test_line_that_nobody_reads_stops_no_reload() -> None:
    def say(line: str) -> None:
        said.set()
        raise BrokenPipeError

    said = threading.Event()

    async def scenario() -> None:
        async with served({"URL": "http://127.0.0.1:1"}) as this:
            this.reloader._say = say
            this.renewed += [gateway("two"), gateway("three")]
            for version in (b"two", b"three"):
                said.clear()
                this.reloader.ask()
                assert await asyncio.to_thread(said.wait, SECONDS)
                assert (await ask(this.port, OWN)).body == version

    asyncio.run(scenario())
