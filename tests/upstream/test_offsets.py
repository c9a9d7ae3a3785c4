"""Every byte of an answer as the place where a packet, or the connection, ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Final

import pytest

from tests.upstream.cases import (
    ABC,
    EVIL,
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
from tests.upstream.script import Act, Script
from tests.upstream.wire import connected

POOL = Case("pool", (), ())
GATEWAY = gateway_of([POOL])
CHUNKS: Final = chunked(b"ab", b"c" * 10, end=b"0;last\r\nx-trailer: 1\r\n\r\n")

SPLIT: Final[dict[str, tuple[bytes, Expected]]] = {
    "length": (ABC, Whole(b"abc")),
    "chunks": (CHUNKS, Whole(b"ab" + b"c" * 10)),
    "chunk-extension": (chunked(b"ab").replace(b"2\r", b"002;a=b\r"), Whole(b"ab")),
    "interim": (head("link: a", status="103 Hints") + ABC, Whole(b"abc")),
    "204": (head("x-a: 1", status="204 None"), Whole(b"", 204)),
    "E1-extra": (ABC + EVIL, Whole(b"abc")),
    "E1-extra-chunks": (chunked(b"abc") + EVIL, Whole(b"abc")),
    "E1-204body": (sized(b"abc", status="204 None"), Whole(b"", 204)),
    "8bit": (sized(b"\xff\0\r\n", "x-a: \xff\xe9"), Whole(b"\xff\0\r\n")),
}
"""Answers that come in two packets."""

BROKEN: Final[dict[str, tuple[bytes, bytes]]] = {
    "length": (ABC, b"abc"),
    "chunks": (CHUNKS, b"ab" + b"c" * 10),
    "events": (
        chunked(
            b"data: 1\n\n", b"data: 2\n\n", fields=("content-type: text/event-stream",)
        ),
        b"data: 1\n\ndata: 2\n\n",
    ),
    "long": (sized(b"0123456789" * 7000)[:60], b"0123456789" * 7000),
    "interim": (head(status="103 Hints") + ABC, b"abc"),
}
"""Answers that break off, and the body that they were to have."""


@pytest.fixture(scope="module")
def served(runner: asyncio.Runner) -> Iterator[Bench]:
    with shared(runner, GATEWAY) as served:
        yield served


async def try_scripts(
    served: Bench, cases: Iterable[tuple[Script, tuple[Expected, ...]]]
) -> None:
    """Play one script after the other, with a canary behind each."""
    for script, expected in cases:
        target = f"/pool/{len(served.upstream.scripts)}"
        served.upstream.scripts[target] = script
        async with connected(served.port) as client:
            tell(Case("pool", script, expected), await client.ask("GET", target))
            await served.upstream.played_out(target)
        await served.canary(target + "-canary", "POST")


@pytest.mark.parametrize("name", SPLIT)
def test_answer_in_two_packets_is_the_same(
    name: str, served: Bench, runner: asyncio.Runner
) -> None:
    raw, expected = SPLIT[name]
    parts = ((raw[:place], Act.PAUSE, raw[place:]) for place in range(1, len(raw)))
    runner.run(try_scripts(served, ((part, (expected,)) for part in parts)))


@pytest.mark.parametrize("act", [Act.CLOSE, Act.RESET], ids=["close", "reset"])
@pytest.mark.parametrize("name", BROKEN)
def test_answer_that_breaks_off_is_never_whole(
    name: str, act: Act, served: Bench, runner: asyncio.Runner
) -> None:
    raw, body = BROKEN[name]
    parts = ((raw[:place], Act.PAUSE, act) for place in range(len(raw)))
    expected = (REFUSED, Cut(body))
    runner.run(try_scripts(served, ((part, expected) for part in parts)))


def test_event_stream_without_framing_ends_where_it_ends(
    served: Bench, runner: asyncio.Runner
) -> None:
    """RFC 9112 §6.3(8): the end of the connection is the end of the body."""
    begun = head("content-type: text/event-stream")
    events = b"data: \xe2\x98\x83\r\n\r\n"
    cases = (
        ((begun + events[:place], Act.PAUSE, Act.CLOSE), (Whole(events[:place]),))
        for place in range(len(events))
    )
    runner.run(try_scripts(served, cases))
