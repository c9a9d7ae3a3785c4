"""What a request leaves behind is freed with its last reference.

The collector of a process that serves looks seldom: cycles would stay until it does,
those of failed calls with every frame that their errors went through.
"""

from __future__ import annotations

import asyncio
import gc
import types
from collections import Counter
from collections.abc import Iterator

import pytest

from hxroute.ir import Client
from hxroute.sandbox.scripted import Script, ScriptedUpstream
from tests.runtime.serving import ask, client, compiled, read_answer, served

HEAD = """\
version: 1
settings: {url: {env: URL}}
upstreams:
  u:
    targets: ["{{ settings.url }}"]
    timeout: {read: 100ms}
    outlier_detection: {}
    retry: {attempts: 2, backoff: 1ms, when: [unreachable, 503]}
    circuit_breaker: {failures: 1000}
    concurrency: {max: 5, queue: 5}
  nobody: {url: "http://127.0.0.1:1"}
headers: {safe: {drop: [authorization, cookie]}}
defaults:
  auth: none
  request: {headers: safe, max_body: 64KiB}
  response: {stream_error: {json: {kind: "{{ error.kind }}"}}}
"""
GATEWAY = compiled(
    """\
    - {path: /nobody, upstream: nobody}
    - {path: "/{rest:path}", upstream: u}
    """,
    HEAD,
)
STREAM = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
CHUNKED = f"{STREAM}transfer-encoding: chunked\r\n\r\n3\r\n:a\n\r\n"
STUCK = {"sleep": 600}
SCRIPTS: dict[str, Script] = {
    "answered": ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"],
    "streamed": [CHUNKED, "0\r\n\r\n"],
    "busy": ["HTTP/1.1 503 X\r\ncontent-length: 2\r\n\r\nno"],
    "reset": [{"reset": True}],
    "nonsense": ["nonsense\r\n\r\n"],
    "cut": [CHUNKED, {"reset": True}],
    "short": [f"{STREAM}content-length: 9\r\n\r\n:a\n", {"reset": True}],
    "late": [STUCK],
    "left": [STUCK],
}
TIMES = 3
THEIRS = {"httpx2": {"nonsense"}}  # where the library's parser keeps its own error


@pytest.fixture
def uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()


def found() -> Counter[str]:
    """Return our own objects and frames that only a collection would free."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    places = (
        (one.f_globals["__name__"], one.f_code.co_name)
        if isinstance(one, types.FrameType)
        else (type(one).__module__, type(one).__name__)
        for one in gc.garbage
    )
    ours = ("hxroute.runtime.", "hxroute.nodes.")
    return Counter(
        f"{module}.{name}" for module, name in places if module.startswith(ours)
    )


def get(case: str, path: str = "/x") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: a\r\nx-hx-case: {case}\r\n\r\n".encode()


@pytest.mark.usefixtures("uncollected")
def test_nothing_waits_for_the_collector(each_client: Client) -> None:
    cases = SCRIPTS.keys() - THEIRS.get(each_client, set())

    async def scenario() -> Counter[str]:
        async with (
            ScriptedUpstream(SCRIPTS) as upstream,
            served(GATEWAY, {"URL": upstream.url}) as port,
        ):
            for _ in range(TIMES):
                async with client(port, get("left")):
                    await upstream.arrived("left", len(upstream.seen_of("left")) + 1)
                for case in sorted(cases - {"left"}):
                    await ask(port, get(case))
                await ask(port, get("answered", "/nobody"))
                await ask(port, b"nonsense\r\n\r\n")
            async with client(port, get("answered")) as (reader, _):
                await read_answer(reader)  # all that came before has ended
                return found()

    assert asyncio.run(scenario()) == Counter()
