from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator

import pytest

from hxroute.errors import BadResponse, ClientGone
from hxroute.http import Request, Response, read_whole
from hxroute.nodes import Observe
from tests.nodes.fakes import pieces, start, through

REQUEST = Request("GET", b"/v1/x", query=b"key=secret", client="127.0.0.1", body=b"abc")


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "hxroute.access")
    return caplog


def test_observe_logs_a_gathered_answer(log: pytest.LogCaptureFixture) -> None:
    through(Observe(), REQUEST)
    assert log.messages[0].startswith("127.0.0.1 GET /v1/x 200 3 B ")
    assert "secret" not in log.text


def test_observe_logs_a_stream_at_its_end(log: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async def streaming(request: Request) -> Response:
            return Response(200, [], pieces(b"ab", b"cde"))

        response = await Observe().wrap(streaming, start())(REQUEST)
        assert log.messages == []
        assert await read_whole(response.body) == b"abcde"

    asyncio.run(scenario())
    assert " 200 5 B " in log.messages[0]
    assert not log.messages[0].endswith("cut")


def test_observe_logs_a_stream_that_is_cut(log: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async def streaming(request: Request) -> Response:
            async def broken() -> AsyncGenerator[bytes, None]:
                yield b"ab"
                raise BadResponse

            return Response(200, [], broken())

        response = await Observe().wrap(streaming, start())(REQUEST)
        with pytest.raises(BadResponse):
            await read_whole(response.body)

    asyncio.run(scenario())
    assert " 200 2 B " in log.messages[0]
    assert log.messages[0].endswith("cut")


def test_observe_logs_a_client_that_left(log: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async def leaving(request: Request) -> Response:
            raise ClientGone

        with pytest.raises(ClientGone):
            await Observe().wrap(leaving, start())(REQUEST)

    asyncio.run(scenario())
    assert " 499 0 B " in log.messages[0]


def test_observe_is_nothing_where_it_is_off(log: pytest.LogCaptureFixture) -> None:
    through(Observe(access_log=False), REQUEST)
    assert log.messages == []
