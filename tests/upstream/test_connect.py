"""Upstreams that cannot be reached, and those beside them that can (F1, F18, F19)."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Final

import pytest

from hxroute.errors import ConnectFailed, ConnectTimeout
from hxroute.http import Request, Timeout, read_whole
from hxroute.ir import Upstream
from tests.clients import open_connector
from tests.processes import free_port
from tests.runtime.serving import compiled, served
from tests.upstream.cases import ABC, REFUSED, Case, Expected, Refused, Whole, sized
from tests.upstream.gateway import HEAD, Bench, tell
from tests.upstream.raw import RawUpstream, canary_body
from tests.upstream.silent import full_backlog, silent
from tests.upstream.tls import SELF_SIGNED, server_context
from tests.upstream.wire import Answer, connected

UPSTREAMS: Final = """\
upstreams:
  bad: {url: "{{ settings.other }}", timeout: {connect: 300ms, read: 300ms}}
  patient: {url: "{{ settings.other }}", timeout: {connect: 60s, read: 60s}}
  good: {url: "{{ settings.url }}"}
"""
GATEWAY = compiled(
    """\
- {path: "/bad/{rest:path}", upstream: bad}
- {path: "/patient/{rest:path}", upstream: patient}
- {path: "/good/{rest:path}", upstream: good}
""",
    HEAD + UPSTREAMS,
)


@contextlib.asynccontextmanager
async def beside(other: str) -> AsyncIterator[Bench]:
    """Serve a gateway with another upstream beside the raw one."""
    async with (
        RawUpstream() as upstream,
        served(GATEWAY, {"URL": upstream.url, "OTHER": other}) as port,
    ):
        yield Bench(upstream, port)


async def ask(port: int, target: str) -> Answer:
    async with connected(port) as client:
        return await client.ask("GET", target)


def refused(other: str, expected: Expected) -> None:
    """Call an upstream that cannot be reached, twice, and one that can."""

    async def scenario() -> None:
        async with asyncio.timeout(10), beside(other) as bench:
            for _ in range(2):
                tell(Case("x", (), expected), await ask(bench.port, "/bad/x"))
                await bench.canary("/good/canary", "POST")

    asyncio.run(scenario())


def test_closed_port_is_502() -> None:
    refused(f"http://127.0.0.1:{free_port()}", Refused(("connect_failed",)))


def test_name_that_is_none_is_502() -> None:
    """F18: NXDOMAIN."""
    refused("http://no-such-host.invalid", Refused(("connect_failed",)))


def test_black_hole_is_504() -> None:
    with full_backlog() as port:
        refused(f"http://127.0.0.1:{port}", Refused(("connect_timeout",)))


@pytest.fixture
def silent_port() -> Iterator[int]:
    with silent() as port:
        yield port


def test_slow_tls_is_504(silent_port: int) -> None:
    refused(f"https://127.0.0.1:{silent_port}", Refused(("connect_timeout",)))


def test_silence_is_504(silent_port: int) -> None:
    refused(f"http://127.0.0.1:{silent_port}", Refused(("read_timeout",)))


def test_tls_to_a_plain_port_is_502() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(sized(b"speak HTTP", status="400 Bad Request"))
        writer.close()

    async def scenario() -> None:
        server = await asyncio.start_server(plain, "127.0.0.1", 0)
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server, beside(url) as bench:
            case = Case("x", (), Refused(("connect_failed",)))
            tell(case, await ask(bench.port, "/bad/x"))
            await bench.canary("/good/canary")

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [("http", REFUSED), ("https", Refused(("connect_failed",)))],
    ids=["E13-plain-to-tls", "E13-tls-untrusted"],
)
def test_tls_port_without_trust_is_502(scheme: str, expected: Expected) -> None:
    async def scenario() -> None:
        async with (
            RawUpstream(server_context()) as other,
            beside(other.url.replace("https", scheme)) as bench,
        ):
            tell(Case("x", (), expected), await ask(bench.port, "/bad/x"))
            assert other.seen("/bad/x") == []
            await bench.canary("/good/canary")

    asyncio.run(scenario())


def test_environment_makes_nobody_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """D20: trust is a matter of the file."""
    monkeypatch.setenv("SSL_CERT_FILE", str(SELF_SIGNED))

    async def scenario() -> None:
        async with (
            RawUpstream(server_context()) as other,
            beside(other.url) as bench,
        ):
            expected = Refused(("connect_failed",))
            tell(Case("x", (), expected), await ask(bench.port, "/bad/x"))

    asyncio.run(scenario())


def test_black_holed_upstream_leaves_the_others_alone() -> None:
    """F19: a hundred calls wait for one upstream, and another answers meanwhile."""

    async def scenario() -> None:
        with full_backlog() as port:
            async with beside(f"http://127.0.0.1:{port}") as bench:
                waiting = [
                    asyncio.create_task(ask(bench.port, "/patient/x"))
                    for _ in range(100)
                ]
                for number in range(50):
                    await bench.canary(f"/good/{number}", "POST")
                assert not any(task.done() for task in waiting)
                for task in waiting:
                    task.cancel()
                await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(scenario())


def test_silent_upstream_leaves_the_others_alone(silent_port: int) -> None:
    async def scenario() -> None:
        async with beside(f"http://127.0.0.1:{silent_port}") as bench:
            waiting = [
                asyncio.create_task(ask(bench.port, "/patient/x")) for _ in range(100)
            ]
            for number in range(50):
                await bench.canary(f"/good/{number}", "POST")
            assert not any(task.done() for task in waiting)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(scenario())


class SlowNames:
    """A resolver that answers once it is let."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.asked = 0

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked += 1
        self.answers.wait()
        return ["127.0.0.1"]


def request(target: bytes = b"/x") -> Request:
    return Request("GET", target)


def test_slow_names_leave_other_names_alone() -> None:
    """F18: forty calls wait for one name, and another upstream's name is found."""

    async def scenario() -> None:
        names = SlowNames()
        limits = Timeout(connect=60)
        async with RawUpstream() as upstream:
            url = upstream.url.replace("127.0.0.1", "slow.invalid")
            slow = open_connector(Upstream("slow", "x", limits), url, names)
            url = upstream.url.replace("127.0.0.1", "localhost")
            good = open_connector(Upstream("good", "x", limits), url)
            try:
                waiting = [
                    asyncio.create_task(slow.handler(None)(request()))
                    for _ in range(40)
                ]
                for number in range(20):
                    target = b"/%d" % number
                    answer = await good.handler(None)(request(target))
                    body = await read_whole(answer.body)
                    assert body == canary_body("GET", target.decode())
                    await answer.close()
                assert not any(task.done() for task in waiting)
                names.answers.set()
                for answer in await asyncio.gather(*waiting):
                    await read_whole(answer.body)
                    await answer.close()
                assert names.asked == 1
            finally:
                names.answers.set()
                await slow.close()
                await good.close()

    asyncio.run(scenario())


def test_name_that_takes_too_long_is_a_timeout() -> None:
    async def scenario() -> None:
        names = SlowNames()
        limits = Timeout(connect=0.2)
        slow = open_connector(
            Upstream("slow", "x", limits), "http://slow.invalid", names
        )
        try:
            for _ in range(2):
                with pytest.raises(ConnectTimeout):
                    await slow.handler(None)(request())
        finally:
            names.answers.set()
            await slow.close()

    asyncio.run(scenario())


def test_name_that_fails_once_is_asked_for_again() -> None:
    async def scenario() -> None:
        found: list[list[str]] = [[], ["127.0.0.1"]]

        def names(host: str, port: int) -> list[str]:
            if not (addresses := found.pop(0)):
                raise OSError("not now")
            return addresses

        async with RawUpstream() as upstream:
            upstream.scripts["/x"] = (ABC,)
            url = upstream.url.replace("127.0.0.1", "moody.invalid")
            moody = open_connector(Upstream("moody", "x"), url, names)
            with pytest.raises(ConnectFailed):
                await moody.handler(None)(request())
            answer = await moody.handler(None)(request())
            assert await read_whole(answer.body) == b"abc"
            await answer.close()
            await moody.close()

    asyncio.run(scenario())


def test_whole_is_told_from_refused() -> None:
    """The oracle itself: an answer of the upstream's is no refusal."""
    answer = Answer(502, [], b"abc", complete=True)
    assert REFUSED.mistake(answer)
    assert Whole(b"abc", 502).mistake(answer) is None
