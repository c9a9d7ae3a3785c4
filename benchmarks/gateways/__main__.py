"""Measure hxroute beside other gateways, print tables, write JSON and a plot.

Gateways take turns, round by round, each started anew; it has one core, the load and the
upstream another. What is needed is installed into the cache of the end-to-end tests,
`~/.cache/hxroute/benchmarks` by default; nginx and wrk come from the system:
apt-get install nginx-light wrk. Linux only. A gateway that cannot be built or started
is named with the reason.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.gateways import report, svg
from benchmarks.gateways.bench import Bench
from benchmarks.gateways.build import MissingError, wrk
from benchmarks.gateways.measures import MEASURES, Size
from benchmarks.gateways.peers import PEERS, Peer
from benchmarks.gateways.results import Results
from benchmarks.gateways.servers import StartError

_ROOT: Final = Path(__file__).parents[2]
_WORKERS: Final = ("workers", "throughput of hxroute with two workers over one")
_TOLD: Final = {**{each.name: each.told for each in MEASURES}, _WORKERS[0]: _WORKERS[1]}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _parser().parse_args(arguments)
    if options.list:
        print("gateways:", *(peer.name for peer in PEERS))
        print(*(f"{name:11} {told}" for name, told in _TOLD.items()), sep="\n")
        return 0
    try:
        if options.build:
            return _built(options)
        results = _read(options.draw) if options.draw else _measured(options)
    except (MissingError, StartError) as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "benchmarks.json").write_text(results.written())
    (options.output / "benchmarks.svg").write_text(svg.draw(results))
    print(report.text(results), end="")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/bench-gateways",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    names = [peer.name for peer in PEERS]
    add("--rounds", type=_positive, default=5, help="how many, 5 by default")
    add(
        "--seconds",
        type=_positive,
        default=4,
        help="of each measure in each round, 4 by default",
    )
    add("--streams", type=_positive, default=1000, help="at once, 1000 by default")
    add("--only", nargs="+", choices=names, metavar="NAME", help="only these gateways")
    add(
        "--measures",
        nargs="+",
        choices=list(_TOLD),
        metavar="NAME",
        help="only these measures",
    )
    add("--list", action="store_true", help="name the gateways and the measures")
    add("--build", action="store_true", help="install what is needed, measure nothing")
    add("--draw", type=Path, metavar="JSON", help="measure nothing, draw these again")
    add(
        "--output",
        type=Path,
        default=_ROOT / "build",
        metavar="FOLDER",
        help="for benchmarks.json and benchmarks.svg; build by default",
    )
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("it must be 1 or more")
    return value


def _read(file: Path) -> Results:
    return Results.read(file.read_text())


def _measured(options: argparse.Namespace) -> Results:
    # What is asked to end stops its servers first, as on Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    results = Results(
        {
            "rounds": options.rounds,
            "seconds": options.seconds,
            "streams": options.streams,
            "python": platform.python_version(),
            "cores": os.cpu_count() or 1,
        }
    )
    measures = options.measures or list(_TOLD)
    if {"throughput", "workers"} & set(measures):
        wrk()
    peers = _made(results, options.only or [peer.name for peer in PEERS])
    size = Size(options.seconds, options.streams)
    Bench(results, size, measures).run(peers, options.rounds)
    return results


def _built(options: argparse.Namespace) -> int:
    results = Results({})
    _made(results, options.only or [peer.name for peer in PEERS])
    for name, version in results.versions.items():
        print(name, version)
    for name, why in results.left_out.items():
        print(f"{name} is left out: {why}")
    return 1 if results.left_out else 0


def _made(results: Results, names: Sequence[str]) -> list[Peer]:
    """Build the gateways; those that cannot be are told in the results."""
    made = []
    for peer in PEERS:
        if peer.name in names:
            try:
                results.versions[peer.name] = peer.make()
                made.append(peer)
            except MissingError as exc:
                results.left_out[peer.name] = str(exc)
    return made


if __name__ == "__main__":
    sys.exit(main())
