"""How long the compiler takes to say what is wrong with files that an enemy would write.

CPU seconds of one process, the least of several rounds, for reading a file of 1 MiB and
for rendering what is wrong with it. Run it by `python benchmarks/hostile.py`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from hxroute.compiler import compile
from hxroute.diagnostics.text import render
from tests.compiler.hostile import FILES, hostile


def main() -> None:
    """Print a table, the slowest last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=sorted(FILES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=1 << 20)
    options = parser.parse_args()
    rows = [measured(name, options.size, options.rounds) for name in options.names]
    print(f"{'file':38}{'bytes':>9}{'compile':>9}{'render':>8}  mistakes")
    for name, length, compiling, rendering, said in sorted(rows, key=taken):
        print(f"{name:38}{length:>9}{compiling:>8.2f}s{rendering:>7.2f}s  {said}")


def taken(row: tuple[str, int, float, float, str]) -> float:
    """Return how long a file took."""
    return row[2] + row[3]


def measured(name: str, size: int, rounds: int) -> tuple[str, int, float, float, str]:
    """Return the name and the length of a file, two times, and what was found."""
    data = hostile(name, size)
    report = compile(data, "routes.yaml").report
    compiling = least(lambda: compile(data, "routes.yaml"), rounds)
    rendering = least(lambda: render(report), rounds)
    found = report.diagnostics
    said = f"{len(found)}, first {found[0].code}" if found else "none"
    return name, len(data), compiling, rendering, said


def least(work: Callable[[], object], rounds: int) -> float:
    """Return the least CPU time of several rounds, in seconds."""
    times = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


if __name__ == "__main__":
    main()
