"""Where the time of a request goes: `hxroute run` under load, sampled.

Each millisecond of the process's CPU time the line it is at is noted, with what called
it; the time of a stage is its share of the samples. What the kernel does for a write
counts where the write is asked for. `where.py serve …` is the process that is sampled.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import Final

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.gateways import load, proxies  # noqa: E402
from benchmarks.gateways.build import program  # noqa: E402
from benchmarks.gateways.client import answers  # noqa: E402
from benchmarks.gateways.peers import PEERS, Place  # noqa: E402
from benchmarks.gateways.servers import Command, serving  # noqa: E402
from tests.processes import free_port  # noqa: E402

_STAGES: Final = (
    ("the request, read and given a task", "front glance strict connection reception"),
    ("the answer, framed and written", "cycle head flow"),
    ("exchange and dispatch", "exchange inbox app"),
    ("finding the endpoint", "routing paths"),
    ("observe, with its line in the log", "observe logs"),
    ("error map, authentication, body limit", "map_errors authenticate limit_body"),
    ("the call: header rules, templates", "execute rules http values"),
    ("the answer: checks, rules, error map", "responses"),
    ("upstream: the request, written", "outlet connector calls"),
    ("upstream: pool, timers, waiting", "h1/connection pool clock"),
    ("upstream: the answer, read", "reader"),
)
_OTHER: Final = "event loop, tasks, reading sockets"
_INTERVAL_SECONDS: Final = 0.001


class Sampler:
    """Counts stages while a program runs."""

    def __init__(self) -> None:
        self.counts: collections.Counter[str] = collections.Counter()

    def start(self, output: Path) -> None:
        """Count from now on, and write what was counted when SIGUSR1 comes."""
        signal.signal(signal.SIGPROF, self._take)
        signal.signal(signal.SIGUSR1, lambda *_: self._stop(output))
        signal.setitimer(signal.ITIMER_PROF, _INTERVAL_SECONDS, _INTERVAL_SECONDS)

    def _take(self, _: int, frame: FrameType | None) -> None:
        while frame is not None:
            stage = _stage(frame.f_code.co_filename)
            if stage is not None:
                self.counts[stage] += 1
                return
            frame = frame.f_back
        self.counts[_OTHER] += 1

    def _stop(self, output: Path) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        aside = output.with_suffix(".aside")
        aside.write_text(json.dumps(self.counts))
        aside.rename(output)


def _stage(file: str) -> str | None:
    path = Path(file)
    names = {path.stem, f"{path.parent.name}/{path.stem}"}
    if "hxroute" not in path.parts:
        return None
    for stage, modules in _STAGES:
        if path.parent.name == "h1" and path.stem == "connection":
            names = {"h1/connection"}
        if names & set(modules.split()):
            return stage
    return None


def main() -> None:
    """Print the microseconds of each stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=20)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "up").mkdir()
        (folder / "hx").mkdir()
        up, port = free_port(), free_port()
        nginx = program("nginx", "apt-get install nginx-light")
        constant = Command([nginx, "-c", str(proxies.constant(folder / "up", up))])
        made = PEERS[0].start(Place(folder / "hx", port, f"127.0.0.1:{up}"))
        counted = folder / "counts.json"
        sampled = [sys.executable, __file__, "serve", str(counted), *made.arguments[3:]]
        command = Command(sampled, made.environ)
        with (
            serving(constant, folder / "up", up, {0}, lambda *_: True),
            serving(command, folder / "hx", port, {1}, answers) as server,
        ):
            found = load.throughput(server, seconds, folder)
            os.kill(server.session, signal.SIGUSR1)
            while not counted.exists():
                time.sleep(0.05)
        _print(found, json.loads(counted.read_text()))


def _print(found: load.Throughput, counts: dict[str, int]) -> None:
    total = sum(counts.values())
    print(f"{found.per_second:,.0f} requests a second, {found.cpu:.0f} µs each\n")
    print("| stage | µs | share |\n|---|---:|---:|")
    for stage, count in sorted(counts.items(), key=lambda item: -item[1]):
        print(f"| {stage} | {found.cpu * count / total:.1f} | {count / total:.0%} |")


def serve() -> None:
    """Run hxroute as the command line says, sampled."""
    _, _, output, *arguments = sys.argv
    Sampler().start(Path(output))
    sys.argv = ["hxroute", *arguments]
    from hxroute.cli import main as run

    run()


if __name__ == "__main__":
    serve() if sys.argv[1:2] == ["serve"] else main()
