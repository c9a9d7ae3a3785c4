"""Gateways served for real, what a raw client gets from them, and the judgement."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import socket
import struct
import textwrap
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import pytest

from hxroute.ir import Gateway
from tests.front.cases import Case, Outcome, Seen, get
from tests.front.reader import Message, read
from tests.front.upstream import Record, Recorder
from tests.front.wire import Answer, Conversation, Mode, converse
from tests.runtime.serving import compiled, served

__all__ = [
    "BUFFERED",
    "STREAMED",
    "Bench",
    "CanaryDied",
    "Exchange",
    "Run",
    "bench",
    "complaint",
    "seen_in",
]

PATIENCE: Final = 5.0
"""Seconds after which a gateway that says nothing is stuck."""

_FORMATTER: Final = logging.Formatter()
_PACKET: Final = 60_000
"""Bytes that a server reads at once."""

_RESET: Final = struct.pack("ii", 1, 0)
"""How a socket is told to reset its connection instead of ending it."""

_PER_HOP: Final = (b"host", b"content-length", b"transfer-encoding", b"expect")
"""Fields that each hop states for itself, and are not compared."""

_HEAD: Final = """\
version: 1
settings: {url: {env: URL}, key: {env: KEY, default: right, secret: true}}
upstreams: {u: {url: "{{ settings.url }}"}}
auth: {k: {bearer: ["{{ settings.key }}"]}}
headers:
  as_sent: {forward: [authorization, cookie]}
  keyed: {drop: [authorization, cookie]}
  own:
    drop:
      - authorization
      - cookie
      - forwarded
      - x-real-ip
      - x-original-url
      - x-rewrite-url
      - x-http-method-override
    set:
      x-forwarded-for: "{{ client.host }}"
      x-user: gateway
      x-trace: ours
  templated: {drop: [authorization, cookie], set: {x-k: "{{ query.k }}"}}
defaults: {auth: none}
"""
_ENDPOINTS: Final = """\
- {path: "/keyed/{rest:path}", auth: k, request: {headers: keyed BUFFER}, upstream: u}
- {path: "/own/{rest:path}", request: {headers: own BUFFER}, upstream: u}
- {path: /templated, request: {headers: templated BUFFER}, upstream: u}
- {path: /exact/x, respond: {status: 203, text: exact}}
- path: "/strip/{rest:path}"
  request: {headers: as_sent BUFFER}
  upstream: {name: u, path: "/{{ path.rest }}"}
- {path: "/{rest:path}", request: {headers: as_sent BUFFER}, upstream: u}
"""


def _gateway(buffer: str) -> Gateway:
    endpoints = textwrap.dedent(_ENDPOINTS).replace(" BUFFER", buffer)
    return compiled(endpoints, _HEAD)


STREAMED: Final = _gateway("")
"""Passes bodies on as they arrive."""

BUFFERED: Final = _gateway(", max_body: 1MiB")
"""Has a body whole before the upstream hears of it."""


class CanaryDied(AssertionError):
    """A good request on a new connection was not served once, as it was sent."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What came of the bytes of one connection, on both sides of a gateway."""

    talk: Conversation
    record: Record


class Bench:
    """A gateway or another proxy, and the upstream behind it."""

    def __init__(self, port: int, upstream: Recorder, patience: float = PATIENCE):
        self.port = port
        self.upstream = upstream
        self._patience = patience
        self._canaries = itertools.count()

    async def exchange(self, case: Case, mode: Mode = "whole") -> Exchange:
        """Send the bytes of a case, and a good request on a new connection.

        When that one is answered, nothing of the case is under way any more; only then
        the client of the case leaves.

        Raises:
            CanaryDied: where the good request is not served.
        """
        bird = _Canary(self, next(self._canaries))
        talk = await converse(
            self.port,
            case.data,
            mode,
            lambda answers: _is_enough(case.outcomes, answers),
            self._patience,
            ends=case.ends,
            settle=bird.fly,
        )
        return Exchange(talk, await bird.record())

    async def abandon(self, data: bytes) -> Record:
        """Send bytes, and reset the connection at once.

        Raises:
            CanaryDied: where a good request behind it is not served.
        """
        _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(data)
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        writer.transport.abort()
        return await _Canary(self, next(self._canaries)).record()


class _Canary:
    """A good request on a connection of its own, sent once."""

    def __init__(self, bench: Bench, number: int) -> None:
        self._bench = bench
        self._target = b"/canary/%d" % number
        self._talk: Conversation | None = None

    async def fly(self) -> None:
        """Send it."""
        request = get(self._target)
        self._talk = await converse(self._bench.port, request, "whole", bool, PATIENCE)

    async def record(self) -> Record:
        """Return what the upstream has recorded besides.

        Raises:
            CanaryDied: where it was not served once.
        """
        if self._talk is None:
            await self.fly()
        record = self._bench.upstream.take()
        others = tuple(m for m in record.messages if m.target != self._target)
        statuses = self._talk and [answer.status for answer in self._talk.answers]
        if statuses != [200] or len(others) != len(record.messages) - 1:
            raise CanaryDied(f"{self._talk}; upstream saw {record}")
        return Record(others, record.strays)


@contextlib.asynccontextmanager
async def bench(gateway: Gateway) -> AsyncIterator[Bench]:
    """Serve a gateway in front of a recording upstream."""
    async with Recorder() as upstream:
        url = f"http://127.0.0.1:{upstream.port}"
        async with served(gateway, {"URL": url}, grace=1) as port:
            yield Bench(port, upstream)


def complaint(case: Case, exchange: Exchange, *, partly: bool) -> str | None:
    """Say what is wrong with what came of a case, None where nothing is.

    `partly` tells that the upstream may have seen the beginning of a request that never
    came to its end.
    """
    talk, record = exchange.talk, exchange.record
    statuses = [answer.status for answer in talk.answers]
    strays = [stray for stray in record.strays if not (partly and _is_begun(stray))]
    seen = seen_in(record)
    if not talk.stuck and not strays:
        for outcome in case.outcomes:
            closes = talk.closed or not outcome.closes
            answers = _fits(outcome, talk.answers)
            if closes and answers and seen == outcome.seen:
                return None
    state = "stuck" if talk.stuck else "closed" if talk.closed else "open"
    return f"answers {statuses}, {state}; upstream saw {seen}, strays {strays}"


@dataclass(frozen=True, slots=True)
class Run:
    """Two gateways in one loop, and what they log as errors."""

    runner: asyncio.Runner
    streamed: Bench
    buffered: Bench
    errors: list[logging.LogRecord]

    def check(self, case: Case, *modes: Mode) -> None:
        """Fail where a case comes out wrong, in any mode at any of the gateways."""
        wrong = []
        self.errors.clear()
        for mode in modes:
            for name, gateway in (
                ("streamed", self.streamed),
                ("buffered", self.buffered),
            ):
                exchange = self.runner.run(gateway.exchange(case, mode))
                partly = name == "streamed" and _allows_part(case, mode)
                said = complaint(case, exchange, partly=partly)
                host = b"127.0.0.1:%d" % gateway.upstream.port
                hosts = [m.values(b"host") for m in exchange.record.messages]
                if any(values != [host] for values in hosts):
                    said = f"{said}; Host {hosts}"
                if said:
                    wrong.append(f"{name}, {mode}: {said}")
        wrong += [f"logged: {_FORMATTER.format(record)}" for record in self.errors]
        if wrong:
            lines = [f"{case.clause}: {case.data[:300]!r}", *wrong]
            pytest.fail("\n".join(lines), pytrace=False)


def _allows_part(case: Case, mode: Mode) -> bool:
    """Tell whether a gateway that streams cannot know in time that a case is bad."""
    return mode != "whole" or case.ends or len(case.data) > _PACKET


def seen_in(record: Record) -> tuple[Seen, ...]:
    """Return what arrived at an upstream, in the form of what must arrive."""
    return tuple(_seen(message) for message in record.messages)


def _seen(message: Message) -> Seen:
    fields = tuple(field for field in message.fields if field[0] not in _PER_HOP)
    return Seen(message.method, message.target, fields, message.body)


def _is_begun(stray: bytes) -> bool:
    return read(stray).end == "incomplete"


def _is_enough(outcomes: tuple[Outcome, ...], answers: tuple[Answer, ...]) -> bool:
    """Tell whether answers are all that can be awaited, right or wrong."""
    if not answers or 0 < answers[-1].status < 200:
        return False
    if any(not outcome.closes and _fits(outcome, answers) for outcome in outcomes):
        return True
    return not any(_fits(outcome, answers, begun=True) for outcome in outcomes)


def _fits(
    outcome: Outcome, answers: tuple[Answer, ...], *, begun: bool = False
) -> bool:
    expected = outcome.answers
    if len(answers) > len(expected) or (len(answers) < len(expected) and not begun):
        return False
    if begun:
        expected = expected[: len(answers)]
    elif any(not answers[-1].values(name) for name in outcome.has):
        return False
    return all(
        answer.status in may for answer, may in zip(answers, expected, strict=True)
    )
