"""Over TLS, answers end and connections are used again as they are without."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pytest

from tests.runtime.serving import HEAD, ask, compiled, served
from tests.upstream.cases import Case
from tests.upstream.corpus.bodies import BODIES
from tests.upstream.gateway import Bench, gateway_of, shared
from tests.upstream.tls import SELF_SIGNED, server_context

TRUST: Final = f"ca_file: {json.dumps(str(SELF_SIGNED))}"
CASES: Final = tuple(replace(case, upstream=TRUST) for case in BODIES)


@pytest.fixture(scope="module")
def over_tls(runner: asyncio.Runner) -> Iterator[Bench]:
    """Serve a gateway that trusts the upstream's certificate."""
    with shared(runner, gateway_of(CASES), server_context()) as served:
        yield served


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_answer_over_tls_is_right_and_so_is_the_next(
    case: Case, runner: asyncio.Runner, over_tls: Bench
) -> None:
    runner.run(over_tls.try_case(case))


@pytest.mark.parametrize("in_order", [True, False], ids=["in-order", "cut"])
def test_answer_that_ends_with_its_connection_ends_only_in_order(
    *, in_order: bool
) -> None:
    """Without the closing alert anybody may have cut it (RFC 9112 §9.8)."""

    async def handle(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhalf of it")
        await writer.drain()
        if not in_order:
            raw = writer.transport.get_extra_info("socket")
            with socket.socket(fileno=os.dup(raw.fileno())) as below:
                below.shutdown(socket.SHUT_WR)
        writer.close()

    async def scenario() -> None:
        server = await asyncio.start_server(
            handle, "127.0.0.1", 0, ssl=server_context()
        )
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        head = HEAD.replace('url: "{{ settings.url }}"', f'url: "{url}", {TRUST}')
        gateway = compiled("- {path: /x, upstream: u}", head)
        async with asyncio.timeout(20), server, served(gateway, {"URL": url}) as port:
            answer = await ask(port, b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (answer.body, answer.complete) == (b"half of it", in_order)

    asyncio.run(scenario())
