"""Thousands of good, failed and cancelled calls on few connections: each gets its own."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final, Literal

import pytest
import uvloop

from hxroute.errors import BadResponse, Disconnected, ProxyError
from hxroute.http import Handler, Request, Response, Timeout, read_whole
from hxroute.ir import Upstream
from tests.clients import open_connector
from tests.upstream.cases import ABC, EVIL, STREAM, chunked, head, sized
from tests.upstream.raw import Link, RawUpstream, canary_body
from tests.upstream.script import Act, Script, Until

CALLS: Final = int(os.environ.get("HX_CALLS", "3000"))
"""100,000 by hand."""

PLACES: Final = 5
AT_ONCE: Final = 40
SECONDS: Final = 20
LIMITS: Final = Timeout(connect=60, read=60, write=60, pool=60)
"""Far beyond `SECONDS`: whatever waits for one of them hangs."""
LARGE: Final = 700_000
"""More than any connection keeps before it stops reading."""

EARLY: Final = sized(b"early", "connection: close", status="413 x")
FAULTS: Final[dict[str, tuple[Script, tuple[bytes | type[ProxyError], ...]]]] = {
    "hang-up": ((Act.CLOSE,), (Disconnected,)),
    "reset": ((Act.RESET,), (Disconnected,)),
    "garbage": ((b"garbage\r\n\r\n", Act.CLOSE), (BadResponse,)),
    "half-a-head": (
        (b"HTTP/1.1 200 OK\r\nx: ", Act.CLOSE),
        (BadResponse, Disconnected),
    ),
    "cut": ((head("content-length: 9") + b"abc", Act.CLOSE), (BadResponse,)),
    "bad-chunk": ((STREAM + b"3\r\nabcXX",), (BadResponse,)),
    "behind": ((ABC + EVIL,), (b"abc",)),
    "early": ((Act.EARLY, EARLY, Act.BODY), (b"early",)),
}
"""What an upstream does wrong, and what the call gives: a body, or an error."""

NewLoop = Callable[[], asyncio.AbstractEventLoop]
Kind = Literal["good", "fault", "cancelled", "left"]
KINDS: Final[tuple[Kind, ...]] = ("good", "good", "good", "fault", "cancelled", "left")
WITH_BODIES: Final = ("GET", "GET", "PUT", "POST", "POST")
METHODS: Final = (*WITH_BODIES, "HEAD")
FORMS: Final = ("sized", "sized", "sized", "chunked", "chunked", "events", "large")


@dataclass(frozen=True, slots=True)
class Shot:
    """One call: what it asks for, and what befalls it."""

    number: int
    kind: Kind
    method: str
    form: str
    fault: str
    is_streamed: bool
    size: int
    turns: int
    is_begun: bool
    cuts: tuple[float, float]

    @property
    def target(self) -> str:
        """What it asks for."""
        last = self.fault if self.kind == "fault" else self.form
        return f"/{self.number}/{last}"

    @property
    def sent(self) -> bytes:
        """The body of the request, full of its number."""
        return b"<%d>" % self.number * self.size if self.method[0] == "P" else b""

    def request(self) -> Request:
        """Return it as a connector takes it."""
        body, path = self.sent, self.target.encode()
        if self.is_streamed and body:
            return Request(self.method, path, body=_streamed(body), length=None)
        return Request(self.method, path, body=body, length=len(body))

    def script(self) -> Script | None:
        """Return how it is answered; None is at once and by what has arrived."""
        if self.kind == "fault":
            return FAULTS[self.fault][0]
        if self.kind == "good":
            return None
        whole = answered(self.method, self.target, self.sent)
        one, two = sorted(int(len(whole) * cut) for cut in self.cuts)
        return whole[:one], Act.PAUSE, whole[one:two], Act.PAUSE, whole[two:]

    def expected(self) -> bytes:
        """Return the body that it must get."""
        if self.method == "HEAD":
            return b""
        return _grown(canary_body(self.method, self.target, self.sent), self.form)


def shots() -> Iterator[Shot]:
    chance = Random(5)
    for number in range(CALLS):
        kind = chance.choice(KINDS)
        yield Shot(
            number,
            kind=kind,
            method=chance.choice(METHODS if kind != "fault" else WITH_BODIES),
            form=chance.choice(FORMS),
            fault=chance.choice(list(FAULTS)),
            is_streamed=chance.random() < 0.5,
            size=chance.choice((1, 10, 10, 500, 20_000)),
            turns=int(chance.random() ** 3 * 150),
            is_begun=chance.random() < 0.5,
            cuts=(chance.random(), chance.random() ** 3),
        )


def _grown(body: bytes, form: str) -> bytes:
    return body * (LARGE // len(body) + 1) if form == "large" else body


async def _streamed(body: bytes) -> AsyncGenerator[bytes, None]:
    for start in range(0, len(body), 30_000):
        yield body[start : start + 30_000]
        await asyncio.sleep(0)


def answered(method: str, target: str, sent: bytes) -> bytes:
    """Return the answer that says what was asked for, in the form that was asked for."""
    form = target.rpartition("/")[2]
    body = _grown(canary_body(method, target, sent), form)
    if method == "HEAD":
        return head(f"content-length: {len(body)}")
    if form in ("chunked", "events"):
        kind = "text/event-stream" if form == "events" else "text/plain"
        return chunked(body[:9], body[9:], fields=(f"content-type: {kind}",))
    return sized(body)


def answer(link: Link) -> bytes:
    """Answer what has arrived."""
    seen = link.seen[-1]
    return answered(seen.method, seen.target, bytes(seen.body))


async def whole(call: Handler, shot: Shot) -> bytes:
    """Make a call and read its answer to the end."""
    response = await call(shot.request())
    try:
        return await read_whole(response.body)
    finally:
        await response.close()


async def good(call: Handler, shot: Shot, upstream: RawUpstream) -> str:
    """See that a call gets its own answer."""
    assert await whole(call, shot) == shot.expected(), shot
    return "good"


async def failed(call: Handler, shot: Shot, upstream: RawUpstream) -> str:
    """See that a call whose upstream does something wrong ends as it must."""
    got: object
    try:
        got = await whole(call, shot)
    except ProxyError as exc:
        got = type(exc)
    assert got in FAULTS[shot.fault][1], (shot, got)
    return shot.fault


async def cancelled(call: Handler, shot: Shot, upstream: RawUpstream) -> str:
    """Give a call up at any moment; one that was quick got its own answer."""
    task = asyncio.create_task(good(call, shot, upstream))
    if shot.is_begun:
        await upstream.until(lambda: task.done() or shot.target in upstream.arrived)
    for _ in range(shot.turns):
        await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
        return "too quick"
    return "given up once begun" if shot.is_begun else "given up"


async def left(call: Handler, shot: Shot, upstream: RawUpstream) -> str:
    """Leave an answer with the first piece of its body."""
    response: Response = await call(shot.request())
    try:
        if not isinstance(response.body, bytes):
            piece = await anext(response.body, b"")
            assert shot.expected().startswith(piece), shot
    finally:
        await response.close()
    return "left"


PLAYS: Final = {"good": good, "fault": failed, "cancelled": cancelled, "left": left}


async def play(
    call: Handler, waiting: Iterator[Shot], upstream: RawUpstream, ends: Counter[str]
) -> None:
    for shot in waiting:
        async with asyncio.timeout(SECONDS):
            ends[await PLAYS[shot.kind](call, shot, upstream)] += 1


async def all_places_are_free(call: Handler, upstream: RawUpstream) -> None:
    """Have as many calls under way at once as there are places."""
    end = asyncio.Event()
    targets = [f"/held/{number}" for number in range(PLACES)]
    upstream.scripts.update(dict.fromkeys(targets, (Until(end), ABC)))
    requests = [Request("GET", target.encode()) for target in targets]
    calls = [asyncio.create_task(_read(call, request)) for request in requests]
    await upstream.until(lambda: all(map(upstream.seen, targets)))
    assert upstream.open == PLACES
    end.set()
    assert await asyncio.gather(*calls) == [b"abc"] * PLACES


async def _read(call: Handler, request: Request) -> bytes:
    return await read_whole((await call(request)).body)


@pytest.mark.parametrize(
    "new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["plain", "uvloop"]
)
def test_each_of_thousands_gets_its_own_answer(new_loop: NewLoop) -> None:
    plan = list(shots())

    async def scenario() -> Counter[str]:
        ends: Counter[str] = Counter()
        async with RawUpstream() as upstream:
            upstream.canary = answer
            scripts = {shot.target: shot.script() for shot in plan}
            upstream.scripts = {t: one for t, one in scripts.items() if one is not None}
            limited = Upstream("u", "x", LIMITS, max_connections=PLACES)
            tasks = len(asyncio.all_tasks())
            connector = open_connector(limited, upstream.url)
            call, waiting = connector.handler(None), iter(plan)
            users = (play(call, waiting, upstream, ends) for _ in range(AT_ONCE))
            await asyncio.gather(*users)
            async with asyncio.timeout(SECONDS):
                await all_places_are_free(call, upstream)
                await connector.close()
                await upstream.until(lambda: not upstream.open)
            assert len(asyncio.all_tasks()) == tasks
            check(plan, upstream)
        return ends

    new_loop().close()  # the first one of uvloop opens files for all
    before = open_files()
    with asyncio.Runner(loop_factory=new_loop) as runner:
        ends = runner.run(scenario())
    gc.collect()
    assert open_files() <= before
    assert sum(ends.values()) == CALLS
    assert ends.keys() >= {"good", "given up", "given up once begun", "left", *FAULTS}


def check(plan: list[Shot], upstream: RawUpstream) -> None:
    """See what came: nothing behind a fault, and nothing twice that may not."""
    of = {shot.target: shot for shot in plan}
    times = Counter(target for link in upstream.links for target in link.targets)
    for target, count in times.items():
        if target in of:
            assert count <= (1 if of[target].method == "POST" else 2), target
    for link in upstream.links:
        faults = [t for t in link.targets if t in of and of[t].kind == "fault"]
        assert faults in ([], link.targets[-1:]), link.targets
        for seen in link.seen[:-1]:
            if seen.target in of:
                assert seen.body == of[seen.target].sent


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
