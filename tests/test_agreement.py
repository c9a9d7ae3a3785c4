"""What `check` accepts, `run` accepts: it builds, starts, and answers every endpoint."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hxroute import paths
from hxroute.backends.python import emit
from hxroute.compiler import compile
from hxroute.diagnostics.text import render
from hxroute.ir import Endpoint, Gateway, Setting, Upstream
from hxroute.runtime.app import Running
from hxroute.sandbox.scripted import ScriptedUpstream
from tests.runtime.serving import ask, served
from tests.strategies import ROUTES, examples, mistaken

CASES = sorted((Path(__file__).parent / "cases" / "valid").glob("*.yaml"))
SOURCES = [
    re.sub(
        "file: /run/secrets/([a-z]+)",
        r"env: \1",
        path.read_text("utf-8").replace("/etc/hxroute", str(CASES[0].parents[1])),
    )
    for path in [ROUTES, *CASES]
]
KEY = "http://127.0.0.1:9"
"""A text that will do for a URL, for a key, and for whatever else is a text."""

_FITTING = {"string": KEY, "boolean": "true", "integer": "7", "size": "1MiB"}
_OF_ITS_KIND = {"VALKEY_URL": "valkey://127.0.0.1:9", "ISSUER": "http://127.0.0.1:9/"}
"""Variables of the cases that not every text will do for."""


@examples(400)
@given(st.sampled_from(SOURCES).flatmap(mistaken))
def test_what_check_accepts_starts_and_answers(source: str) -> None:
    gateway = compile(source.encode("utf-8", "surrogatepass"), "routes.yaml").gateway

    if gateway is not None:
        asyncio.run(starts_and_answers(gateway))


@pytest.mark.parametrize("source", SOURCES, ids=["routes", *(p.stem for p in CASES)])
def test_files_as_they_stand_start_and_answer(source: str) -> None:
    result = compile(source.encode(), "routes.yaml")
    assert result.gateway is not None, render(result.report)

    asyncio.run(starts_and_answers(result.gateway))


async def starts_and_answers(gateway: Gateway) -> None:
    module: dict[str, object] = {}
    exec(emit(gateway), module)
    built = module["gateway"]
    assert built == gateway
    for environ in (fitting(gateway.settings, whole=True), fitting(gateway.settings)):
        running = Running(gateway, environ)
        await running.close()
    async with ScriptedUpstream() as upstream:
        there = dataclasses.replace(gateway, upstreams=tuple(at(gateway, upstream.url)))
        async with served(there, environ) as port:
            for endpoint in there.endpoints:
                answer = await ask(port, request_for(endpoint))
                assert 200 <= answer.status < 600
                assert answer.status != 500, endpoint


def fitting(declared: tuple[Setting, ...], *, whole: bool = False) -> dict[str, str]:
    """Return an environment in which every setting fits, or only what has to be set."""
    return {
        setting.env[0]: _OF_ITS_KIND.get(
            setting.env[0], _FITTING.get(setting.type, "1s")
        )
        for setting in declared
        if setting.env and (whole or (setting.default is None and not setting.optional))
    }


def at(gateway: Gateway, url: str) -> Iterator[Upstream]:
    for upstream in gateway.upstreams:
        yield dataclasses.replace(upstream, url=url)


def request_for(endpoint: Endpoint) -> bytes:
    method = endpoint.methods[0] if endpoint.methods else "POST"
    path = paths.parse_pattern(endpoint.path).sample
    body = b'{"text": "x", "prompt": "y"}'
    return (
        method.encode()
        + b" "
        + path
        + b" HTTP/1.1\r\nhost: a\r\nauthorization: Bearer "
        + KEY.encode()
        + b"\r\ncontent-length: %d\r\n\r\n" % len(body)
        + body
    )
