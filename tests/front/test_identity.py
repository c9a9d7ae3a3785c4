"""Rows D16 to D20: what the upstream says, and what the environment says."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hxroute.ir import Gateway
from tests.front.cases import get
from tests.front.harness import BUFFERED, STREAMED
from tests.front.reader import Message
from tests.front.upstream import Recorder
from tests.front.wire import Answer, converse
from tests.runtime.serving import served

SET = (b"a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", b"b=2; Path=/; HttpOnly")
COOKIES = (
    b"HTTP/1.1 200 OK\r\nSet-Cookie: %b\r\nSet-Cookie: %b\r\n"
    b"Content-Length: 2\r\n\r\nok" % SET
)
METADATA = "http://169.254.169.254/latest/meta-data/"
GATEWAYS = pytest.mark.parametrize(
    "gateway", [STREAMED, BUFFERED], ids=["streamed", "buffered"]
)


def redirect(url: str) -> bytes:
    """Return an answer that sends its reader elsewhere."""
    location = url.encode()
    return b"HTTP/1.1 302 Found\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" % location


@contextlib.asynccontextmanager
async def behind(gateway: Gateway, upstream: Recorder) -> AsyncIterator[int]:
    """Serve a gateway whose upstream has a name, as cookies need one."""
    url = f"http://localhost:{upstream.port}"
    async with served(gateway, {"URL": url}) as port:
        yield port


async def ask(port: int, request: bytes) -> Answer:
    """Send a request on a connection of its own, and return its one answer."""
    talk = await converse(port, request, "whole", bool, 10)
    (answer,) = talk.answers
    return answer


def only(upstream: Recorder) -> Message:
    """Return the one request that has arrived."""
    record = upstream.take()
    (message,) = record.messages
    assert record.strays == ()
    return message


@GATEWAYS
def test_d16_two_set_cookies_stay_two(gateway: Gateway) -> None:
    async def scenario() -> None:
        async with (
            Recorder({b"/login": COOKIES}) as upstream,
            behind(gateway, upstream) as port,
        ):
            answer = await ask(port, get(b"/login"))
            assert answer.values("set-cookie") == [value.decode() for value in SET]

    asyncio.run(scenario())


@GATEWAYS
def test_d17_cookies_of_one_client_reach_no_other(gateway: Gateway) -> None:
    async def scenario() -> None:
        async with (
            Recorder({b"/login": COOKIES}) as upstream,
            behind(gateway, upstream) as port,
        ):
            await ask(port, get(b"/login"))
            upstream.take()
            for _ in range(3):
                await ask(port, get(b"/g"))
                assert only(upstream).values(b"cookie") == []
            assert upstream.accepted == 1, "another connection would prove less"

    asyncio.run(scenario())


@GATEWAYS
def test_d18_no_field_is_added(gateway: Gateway) -> None:
    async def scenario() -> None:
        async with Recorder() as upstream, behind(gateway, upstream) as port:
            await ask(port, get(b"/g"))
            host = b"localhost:%d" % upstream.port
            assert only(upstream).fields == ((b"host", host),)

    asyncio.run(scenario())


@GATEWAYS
def test_d19_redirects_are_passed_on(gateway: Gateway) -> None:
    async def scenario() -> None:
        async with Recorder() as elsewhere, Recorder() as upstream:
            near = f"http://127.0.0.1:{elsewhere.port}/secret"
            upstream.answers = {b"/far": redirect(METADATA), b"/near": redirect(near)}
            async with behind(gateway, upstream) as port:
                for target, location in ((b"/far", METADATA), (b"/near", near)):
                    answer = await ask(port, get(target))
                    assert answer.status == 302
                    assert answer.values("location") == [location]
            assert elsewhere.accepted == 0

    asyncio.run(scenario())


@GATEWAYS
def test_d20_the_environment_changes_no_call(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login user password secret\n")
    netrc.chmod(0o600)

    async def scenario() -> None:
        async with Recorder() as proxy, Recorder() as upstream:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
                monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
            monkeypatch.setenv("NETRC", str(netrc))
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
            async with behind(gateway, upstream) as port:
                answer = await ask(port, get(b"/g"))
                assert answer.status == 200
                assert only(upstream).values(b"authorization") == []
            assert proxy.accepted == 0

    asyncio.run(scenario())
