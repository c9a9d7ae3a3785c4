"""Chaos runs of any size: `python -m tests.chaos run --requests 20000 --process`.

run: faults of every kind, under load    leak: 50 users, and what each of them sees
gone: clients that leave all at once     storm: clients that leave one by one
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time

from tests.chaos.cancels import LIMIT, gone, storm
from tests.chaos.engine import Report, Sizes, chaos
from tests.chaos.mixes import CHAOS, LEAK
from tests.clients import CLIENTS, through


async def _gone(sizes: Sizes) -> Report:
    report = Report(sizes.seed)
    for reading in (False, True):
        left, took = await gone(sizes, reading=reading)
        when = "after" if reading else "before"
        name = f"of {sizes.requests} left {when} the first byte"
        report.ends[f"{name}, no upstream call is open {took * 1000:.0f} ms later"] += 1
        if left:
            report.complaints.append(f"{left} upstream calls {name}, {LIMIT} s later")
    return report


RUNS = {
    "run": lambda sizes: chaos(sizes, CHAOS),
    "leak": lambda sizes: chaos(sizes, LEAK),
    "gone": _gone,
    "storm": storm,
}


def main() -> None:
    """Run one kind and print how it went; status 1 where anything is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=RUNS)
    parser.add_argument("--requests", type=int, default=1500)
    parser.add_argument("--clients", type=int, default=40)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6)
    parser.add_argument("--process", action="store_true", help="use `hxroute run`")
    parser.add_argument("--client", choices=CLIENTS, default=CLIENTS[0])
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)  # what the gateway logs of each fault
    sizes = Sizes(options.requests, options.clients, options.seed, options.process)
    with through(options.client):
        report = asyncio.run(RUNS[options.what](sizes))
    print(options.what, options.client, report)
    sys.exit(1 if report.complaints else 0)


if __name__ == "__main__":
    main()
