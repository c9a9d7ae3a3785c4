"""Rounds: a gateway is started, asked and ended, several times."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hxroute.ir import Gateway
from hxroute.sandbox.bench import phases
from hxroute.sandbox.bench.client import Answer, Client
from hxroute.sandbox.bench.figures import OK, Figures
from hxroute.sandbox.bench.loops import runner
from hxroute.sandbox.child import Child, python
from hxroute.sandbox.gateway import serving, write

__all__ = ["Bench", "Counts", "Options"]

_WARM: Final = 0.25
"""How much of a measurement's time is spent before the first, uncounted."""

_STREAMS: Final = 0.5
"""How much of it streams take."""


@dataclass(frozen=True, slots=True)
class Options:
    """How long a measurement takes in seconds, how often, on how many connections."""

    seconds: float = 2.0
    rounds: int = 3
    connections: int = 32


@dataclass(slots=True)
class Counts:
    """The gateway's answers: those that count, others by their status, and unmeasured.

    `calls` is how many requests it made of the upstream, for all of them.
    """

    counted: int = 0
    others: Counter[int] = field(default_factory=Counter)
    unmeasured: int = 0
    calls: int = 0

    def add(self, tally: Mapping[int, int]) -> None:
        """Count answers of each status."""
        for status, number in tally.items():
            if status == OK:
                self.counted += number
            else:
                self.others[status] += number


@dataclass(slots=True)
class Bench:
    """A running upstream, and how gateways in front of it are started.

    `command` is what serves: `run` and its options are its arguments.
    """

    command: Sequence[str]
    environ: Mapping[str, str]
    folder: Path
    upstream: Child
    loop: asyncio.Runner
    port: int
    counts: Counts = field(default_factory=Counts)

    @classmethod
    @contextlib.contextmanager
    def ready(
        cls, command: Sequence[str], environ: Mapping[str, str]
    ) -> Iterator[Bench]:
        """Start the upstream; end it, and all that is left, at the end."""
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            loop = stack.enter_context(runner())
            serving = python("-m", "hxroute.sandbox.bench.upstream")
            upstream = stack.enter_context(
                Child("upstream", serving, environ, folder / "upstream.log")
            )
            port = int(upstream.line())
            yield cls(command, environ, folder, upstream, loop, port)

    @property
    def url(self) -> str:
        """The upstream's address."""
        return f"http://127.0.0.1:{self.port}"

    def write(self, gateway: Gateway) -> None:
        """Write the build that is served from now on."""
        write(gateway, self.folder)

    @contextlib.contextmanager
    def gateway(self) -> Iterator[tuple[Child, Client]]:
        """Serve the build by `hxroute run`, in a process of its own."""
        with (
            serving(self.folder, self.command, self.environ) as (child, port),
            Client(port) as client,
        ):
            yield child, client

    def attempt(self, client: Client, request: bytes) -> Answer:
        """Ask once, uncounted."""
        return self.loop.run(phases.once(client, request))

    def round(self, request: bytes, options: Options) -> Figures:
        """Start a gateway and measure it.

        Raises:
            StartError: where nothing of it counts.
        """
        began = time.perf_counter()
        with self.gateway() as (child, client), Client(self.port) as direct:
            before = self.upstream.ask("whole")["requests"]
            self.attempt(client, request)
            start = time.perf_counter() - began
            figures = Figures(start, child.ask("usage")["memory"])
            self._load(child, client, request, options, figures)
            self._pace((client, direct), request, options.seconds, figures)
            after = self.upstream.ask("whole")["requests"]
            self.counts.calls += int(after - before) - direct.asked
        return figures

    def _load(
        self,
        child: Child,
        client: Client,
        request: bytes,
        options: Options,
        figures: Figures,
    ) -> None:
        run, seconds, wide = self.loop.run, options.seconds, options.connections
        run(phases.under_load(client, request, wide, seconds * _WARM))
        self.counts.unmeasured += client.asked
        before = child.ask("usage")["cpu"]
        load = run(phases.under_load(client, request, wide, seconds))
        figures.load(load, child.ask("usage")["cpu"] - before)
        self.counts.add(load.tally)

    def _pace(
        self,
        both: tuple[Client, Client],
        request: bytes,
        seconds: float,
        figures: Figures,
    ) -> None:
        rated = self.loop.run(phases.at_a_rate(both, request, seconds))
        figures.latency(*rated)
        self.upstream.ask("events")
        streamed = self.loop.run(phases.in_turns(both, request, seconds * _STREAMS))
        figures.first_byte(*streamed)
        for answers in (rated[0], streamed[0]):
            self.counts.add(Counter(answer.status for answer in answers))
