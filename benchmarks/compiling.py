"""How long the commands take on files of 10 to 10,000 endpoints.

Each runs as a process of its own, start-up included; medians of several rounds, in
which the commands take turns. Run it by `python benchmarks/compiling.py`.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from routes import routes

SIZES = (10, 100, 1000, 10_000)
COMMANDS = {
    "check": ["check"],
    "compile": ["compile"],
    "explain": ["explain", "GET", "/v1/lists0"],
    "routes": ["routes", "--format", "json"],
    "plan": ["plan", "routes.yaml", "changed.yaml"],
}


def main() -> None:
    """Print a table of medians in seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    options = parser.parse_args()
    print("endpoints" + "".join(f"{name:>10}" for name in COMMANDS))
    for size in options.sizes:
        medians = measured(size, options.rounds)
        print(f"{size:>9}" + "".join(f"{medians[name]:>9.2f}s" for name in COMMANDS))


def measured(size: int, rounds: int) -> dict[str, float]:
    """Return the median time of each command on a file of a size."""
    taken: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        text = routes(size)
        Path(folder, "routes.yaml").write_text(text)
        Path(folder, "changed.yaml").write_text(text.replace("read: 60s", "read: 30s"))
        for _ in range(rounds):
            for name, arguments in COMMANDS.items():
                taken[name].append(timed(folder, arguments))
    return {name: statistics.median(times) for name, times in taken.items()}


def timed(folder: str, arguments: list[str]) -> float:
    """Run a command, which must not fail, and return how many seconds it took."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "hxroute", *arguments],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    took = time.perf_counter() - began
    if done.returncode not in (0, 1):  # 1 is what `plan` says of changes
        sys.exit(done.stderr.decode())
    return took


if __name__ == "__main__":
    main()
