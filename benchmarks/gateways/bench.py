"""One run: rounds in which the gateways take turns, each started anew."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks.gateways import proxies
from benchmarks.gateways.build import MissingError, program
from benchmarks.gateways.client import LoadError, answers
from benchmarks.gateways.measures import MEASURES, Measure, Size
from benchmarks.gateways.peers import PEERS, WORKERS, Peer, Place
from benchmarks.gateways.results import UPSTREAM, Results, Row
from benchmarks.gateways.servers import Command, Server, StartError, pinned, serving
from tests.processes import ROOT, free_port

__all__ = ["Bench"]

_OF_A_START: Final = frozenset(["start", "memory", "idle"])
"""Measures that say nothing of an upstream."""

_TROUBLE: Final = (LoadError, MissingError, StartError, OSError)


class Bench:
    """What is measured, where, and what was found.

    The first core is the load's and the upstreams', the second the gateway's. Two
    workers have the second and third, or where there are only two, both.
    """

    def __init__(self, results: Results, size: Size, measures: Sequence[str]) -> None:
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) < 2:
            raise StartError("two cores are needed: for the load, and for the gateway")
        self.results = results
        self._measures = [each for each in MEASURES if each.name in measures]
        self._scales = "workers" in measures
        self._size = size
        self._load, self._gateway = {cores[0]}, {cores[1]}
        self._workers = set(cores[1:3] if len(cores) > 2 else cores)
        shared = self._workers & self._load
        results.settings["workers share a core with the load"] = bool(shared)

    def run(self, peers: Sequence[Peer], rounds: int) -> None:
        """Measure some rounds; what was found stands in the results."""
        with ExitStack() as stack:
            stack.enter_context(pinned(self._load))
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            self._size = replace(self._size, folder=folder)
            plain = stack.enter_context(self._started(_constant, self._load))
            events = stack.enter_context(self._started(_events, self._load))
            for number in range(1, rounds + 1):
                _say(f"round {number} of {rounds}")
                self._round(peers, plain, events)
                if self._scales:
                    self._scaling(plain)

    def _round(self, peers: Sequence[Peer], plain: Server, events: Server) -> None:
        bare: Row = {}
        for measure in self._measures:
            if measure.name not in _OF_A_START:
                server = events if measure.streams else plain
                bare |= self._take(UPSTREAM, measure, server)
        rows = {UPSTREAM: bare}
        for peer in peers:
            _say(f"  {peer.name}")
            rows[peer.name] = {
                **self._measured(peer, plain, bare, streams=False),
                **self._measured(peer, events, bare, streams=True),
            }
        self.results.rounds.append(rows)

    def _measured(
        self, peer: Peer, upstream: Server, bare: Row, *, streams: bool
    ) -> Row:
        """Start a gateway, and take the measures that need this upstream."""
        row: Row = {}
        wanted = [each for each in self._measures if each.streams == streams]
        if not wanted:
            return row
        if streams and not peer.streams:
            self._failed(peer.name, "streams", "it collects answers whole")
            return row
        try:
            with self._started(peer, self._gateway, upstream) as server:
                for measure in wanted:
                    for key, value in self._take(peer.name, measure, server).items():
                        added = key in measure.added
                        row[key] = value - bare.get(key, 0.0) if added else value
        except _TROUBLE as exc:
            self._failed(peer.name, "start", str(exc))
        return row

    def _scaling(self, upstream: Server) -> None:
        """Measure the throughput of one worker and of two, on the same cores."""
        measure = next(each for each in MEASURES if each.name == "throughput")
        found: dict[str, Row] = {}
        for number, peer in (("1", PEERS[0]), ("2", WORKERS)):
            _say(f"  hxroute, {number} of 2 workers")
            try:
                with self._started(peer, self._workers, upstream) as server:
                    found[number] = self._take("workers", measure, server)
            except _TROUBLE as exc:
                self._failed("workers", "start", str(exc))
        if all(found.values()):
            self.results.workers.append(found)

    def _take(self, name: str, measure: Measure, server: Server) -> Row:
        try:
            return measure.take(server, self._size)
        except _TROUBLE as exc:
            self._failed(name, measure.name, str(exc))
            return {}

    @contextmanager
    def _started(
        self, peer: Peer, cores: set[int], upstream: Server | None = None
    ) -> Iterator[Server]:
        folder = Path(tempfile.mkdtemp(dir=self._size.folder))
        address = f"127.0.0.1:{upstream.port}" if upstream else ""
        place = Place(folder, free_port(), address)
        command = peer.start(place)
        with serving(command, folder, place.port, cores, answers) as server:
            yield server

    def _failed(self, name: str, measure: str, why: str) -> None:
        known = self.results.failed.setdefault(name, {})
        known[measure] = " ".join(why.split())[-300:]


def _nginx(place: Place) -> Command:
    file = proxies.constant(place.folder, place.port)
    return Command([program("nginx", "apt-get install nginx-light"), "-c", str(file)])


def _asyncio(place: Place) -> Command:
    module = [sys.executable, "-m", "benchmarks.gateways.upstream", str(place.port)]
    return Command(module, {"PYTHONPATH": str(ROOT)})


_constant: Final = Peer(UPSTREAM, str, _nginx)
_events: Final = Peer(UPSTREAM, str, _asyncio)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
