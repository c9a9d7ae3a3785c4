"""Event streams pass as they come: the bytes, their pace, and their end (S1-S6)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from typing import Final

import pytest

from tests.upstream.cases import (
    REFUSED,
    Case,
    Cut,
    Expected,
    Whole,
    chunked,
    head,
    sized,
)
from tests.upstream.gateway import Bench, gateway_of, shared, tell
from tests.upstream.script import Act, Script, Until
from tests.upstream.wire import Answer, connected, framed

EVENTS: Final = "content-type: text/event-stream"
CHUNKED: Final = head(EVENTS, "transfer-encoding: chunked")
DONE: Final = b"data: [DONE]\n\n"
WILD: Final = (
    b"\xef\xbb\xbf: comment\r\ndata: \xe2\x98\x83\xf0\x9f\x98\x80\r\n\r\n"
    b"data:x\rdata\r\rid: a\0b\nretry: 1x\n\n: \n"
    b'data: {"a":"\\u2603"}\r\n\r\n\xff\xfe' + DONE
)
"""S2: every end of line, a byte order mark, NUL, bytes that are no UTF-8."""

PLAIN: Final = Case("plain", (), ())
MAPPED: Final = Case("mapped", (), (), endpoint="errors: mapped")
GATEWAY = gateway_of([PLAIN, MAPPED])


@pytest.fixture(scope="module")
def served(runner: asyncio.Runner) -> Iterator[Bench]:
    with shared(runner, GATEWAY) as served:
        yield served


def framing(name: str, *pieces: bytes) -> list[bytes]:
    """Return what goes out for each piece, after a head."""
    if name == "chunked":
        return [CHUNKED, *(b"%x\r\n%b\r\n" % (len(p), p) for p in pieces)]
    length = f"content-length: {sum(map(len, pieces))}"
    heads = {"length": head(EVENTS, length), "close": head(EVENTS)}
    return [heads.get(name, head(EVENTS, version="HTTP/1.0")), *pieces]


END: Final[dict[str, Script]] = {
    "chunked": (b"0\r\n\r\n",),
    "length": (),
    "close": (Act.CLOSE,),
    "http-1.0": (Act.CLOSE,),
}


async def in_two(served: Bench, name: str, place: int) -> None:
    """Send the second part of a stream once the client has the first."""
    first, second = WILD[:place], WILD[place:]
    begin, one, two = framing(name, first, second)
    arrived, target = asyncio.Event(), f"/plain/{name}-{place}"
    served.upstream.scripts[target] = (begin, one, Until(arrived), two, *END[name])
    async with asyncio.timeout(10), connected(served.port) as client:
        client.writer.write(framed("GET", target))
        answer, got = Answer(), b""
        await client.read_head(answer)
        async for piece in client.pieces(answer, "GET"):
            got += piece
            if got == first:
                arrived.set()
        assert got == WILD


@pytest.mark.parametrize("name", END)
def test_stream_in_two_parts_at_every_byte_is_the_same(
    name: str, served: Bench, runner: asyncio.Runner
) -> None:
    """S1, S6: inside UTF-8 and inside CRLF; each part passes before the next comes."""

    async def scenario() -> None:
        places = range(1, len(WILD))
        await asyncio.gather(*(in_two(served, name, place) for place in places))

    runner.run(scenario())


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_head_passes_before_any_event(
    method: str, served: Bench, runner: asyncio.Runner
) -> None:
    """S6: a client learns its status while the model still thinks."""

    async def scenario() -> None:
        arrived, target = asyncio.Event(), f"/plain/head-{method}"
        rest = chunked(DONE).removeprefix(chunked(end=b""))
        served.upstream.scripts[target] = (CHUNKED, Until(arrived), rest)
        async with asyncio.timeout(5), connected(served.port) as client:
            client.writer.write(framed(method, target, b"{}"))
            answer = Answer()
            await client.read_head(answer)
            assert answer.all("content-type") == ["text/event-stream"]
            assert answer.all("content-encoding") == []
            arrived.set()
            assert [p async for p in client.pieces(answer, "GET")] == [DONE]

    runner.run(scenario())


def test_stream_is_neither_compressed_nor_marked(
    served: Bench, runner: asyncio.Runner
) -> None:
    """S6: what the client accepts is the upstream's business; no field is added."""

    async def scenario() -> None:
        script = (chunked(DONE, fields=(EVENTS, "cache-control: no-cache")),)
        served.upstream.scripts["/plain/fields"] = script
        async with connected(served.port) as client:
            client.writer.write(
                framed("GET", "/plain/fields", b"", b"Accept-Encoding: gzip, br")
            )
            answer = await client.read()
        names = [name for name, _ in answer.headers if name != "date"]
        assert names == ["content-type", "cache-control", "transfer-encoding"]
        assert answer.body == DONE

    runner.run(scenario())


@pytest.mark.parametrize(
    "framing_of", ["chunked", "one-chunk-each-64k", "length", "close"]
)
def test_event_of_ten_megabytes_passes(
    framing_of: str, served: Bench, runner: asyncio.Runner
) -> None:
    """S3: not one newline in it."""
    event = (
        b"data: " + os.urandom(1 << 20).replace(b"\n", b"n").replace(b"\r", b"r") * 10
    )
    target = f"/plain/ten-{framing_of}"
    if framing_of == "one-chunk-each-64k":
        pieces = [event[at : at + 65536] for at in range(0, len(event), 65536)]
        script: Script = (*framing("chunked", *pieces), b"0\r\n\r\n")
    else:
        script = (*framing(framing_of, event), *END[framing_of])

    async def scenario() -> None:
        served.upstream.scripts[target] = script
        async with asyncio.timeout(20), connected(served.port) as client:
            tell(Case("x", (), Whole(event)), await client.ask("GET", target))

    runner.run(scenario())


@pytest.mark.parametrize("act", [Act.CLOSE, Act.RESET], ids=["close", "reset"])
@pytest.mark.parametrize("name", ["chunked", "length"])
@pytest.mark.parametrize("count", range(4))
def test_stream_whose_upstream_dies_is_cut(
    count: int, name: str, act: Act, served: Bench, runner: asyncio.Runner
) -> None:
    """S4: every event that came, no made-up end, and the client can tell."""
    events = [b"data: %d\n\n" % number for number in range(5)]
    begin, *pieces = framing(name, *events, DONE)
    came = b"".join(events[:count])

    async def scenario() -> None:
        target = f"/plain/dies-{count}-{name}-{act.name}"
        script: Script = (begin, *pieces[:count], Act.PAUSE, act)
        served.upstream.scripts[target] = script
        async with asyncio.timeout(5), connected(served.port) as client:
            answer = await client.ask("GET", target)
            tell(Case("x", (), Cut(came, came)), answer)
        await served.canaries(f"plain/dies-{count}-{name}-{act.name}", None)

    runner.run(scenario())


JSON: Final = b'{"error": {"message": "slow down"}}'
STATUSES: Final[dict[str, tuple[str, Script, Expected]]] = {
    "429": (
        "plain",
        (sized(JSON, "content-type: application/json", status="429 Slow Down"),),
        Whole(JSON, 429, {"content-type": ["application/json"]}),
    ),
    "500-json-mapped": (
        "mapped",
        (sized(JSON, "content-type: application/json", status="500 No"),),
        Whole(JSON, 500),
    ),
    "500-text-mapped": (
        "mapped",
        (sized(b"at 10.0.0.7", "content-type: text/plain", status="500 No"),),
        Whole(b'{"replaced":true}', 500, {"content-type": ["application/json"]}),
    ),
    "500-stream-mapped": (
        "mapped",
        (chunked(DONE, fields=(EVENTS,)).replace(b"200 OK", b"500 No"),),
        Whole(DONE, 500),
    ),
    "stream-of-garbage": ("plain", (b"data: 1\n\n", Act.CLOSE), REFUSED),
}


@pytest.mark.parametrize("name", STATUSES)
def test_error_on_a_stream_route_is_an_error(
    name: str, served: Bench, runner: asyncio.Runner
) -> None:
    """S5: its status and its body, never a stream with 200."""
    pool, script, expected = STATUSES[name]

    async def scenario() -> None:
        target = f"/{pool}/status-{name}"
        served.upstream.scripts[target] = script
        async with asyncio.timeout(5), connected(served.port) as client:
            answer = await client.ask("POST", target, b'{"stream":true}')
        tell(Case("x", (), expected), answer)

    runner.run(scenario())
