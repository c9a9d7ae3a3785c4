"""What a gateway of 10 to 10,000 endpoints takes to start, to hold, and to find a match.

Each start is a process of its own: `load` runs the compiled module, `start` folds its
pipelines, `ready` is from the process's start to the end of both, `peak` and `held` are
MiB of memory, the latter after what was freed has gone back to the system. A match is
timed for a path of the file, one with a parameter, one that only `/v1/{rest:path}`
takes, and one that nothing takes. In `alike` files endpoints differ by their paths, in
`unlike` ones each has templates of its own. Run it by `python benchmarks/starting.py`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from routes import routes

SIZES = (10, 1000, 10_000)
TARGETS = {
    "static": "/static/3",
    "parameter": "/v1/things1/some-id",
    "rest": "/v1/chat/completions",
    "nothing": "/nothing",
}
COLUMNS = {
    **dict.fromkeys(("load", "start", "ready"), "s"),
    **dict.fromkeys(("peak", "held"), "M"),
    **dict.fromkeys(TARGETS, "us"),
}
CODE = """
import ctypes, json, resource, sys, time
from pathlib import Path
from hxroute.runtime import Running, loader

def held():
    getattr(ctypes.CDLL(None), "malloc_trim", int)(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

build, targets, began = Path(sys.argv[1]), json.loads(sys.argv[2]), time.perf_counter()
gateway = loader.load(build).gateway
loaded = time.perf_counter()
running = Running(gateway, {"CLIENT_KEY": "k"})
started = time.perf_counter()
shown = {
    "load": loaded - began,
    "start": started - loaded,
    "ready": time.time() - float(sys.argv[3]),
    "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "held": held() / 1024**2,
}
from hxroute.errors import ProxyError
from hxroute.http import Request

for name, target in targets.items():
    asked = [Request("POST", bytes(bytearray(target.encode()))) for _ in range(5000)]
    match, times = running._router.match, []
    for _ in range(5):
        began = time.perf_counter()
        for request in asked:
            try:
                match(request)
            except ProxyError:
                pass
        times.append(time.perf_counter() - began)
    shown[name] = min(times) / len(asked) * 1e6
print(json.dumps(shown))
"""


def main() -> None:
    """Print a table of medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    options = parser.parse_args()
    print(f"{'endpoints':>16}" + "".join(f"{name:>11}" for name in COLUMNS))
    for size, unlike in itertools.product(options.sizes, (False, True)):
        medians = measured(size, options.rounds, unlike=unlike)
        cells = (f"{medians[n]:>9.2f}{unit:<2}" for n, unit in COLUMNS.items())
        print(f"{size:>9} {'unlike' if unlike else 'alike':6}" + "".join(cells))


def measured(size: int, rounds: int, *, unlike: bool) -> dict[str, float]:
    """Return the medians of several starts with a number of endpoints."""
    found: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        text = different(routes(size)) if unlike else routes(size)
        Path(folder, "routes.yaml").write_text(text)
        ran(folder, "-m", "hxroute", "compile")
        for _ in range(rounds):
            for name, value in json.loads(started(folder)).items():
                found[name].append(value)
    return {name: statistics.median(values) for name, values in found.items()}


def different(text: str) -> str:
    """Give each endpoint templates that no other has."""
    count = itertools.count()
    field = 'headers: {x-place: "%d {{ query.page }}"}'
    for plain, other in (
        ("upstream: api", f"upstream: {{name: api, {field}}}"),
        ("/v2/items/", "/v2/items%d/"),
        ("ok: true", "ok: %d"),
    ):
        first, *others = text.split(plain)
        text = first + "".join(f"{other % next(count)}{part}" for part in others)
    return text


def started(folder: str) -> str:
    """Start a gateway, ask for its paths, and return what it measured."""
    now = str(time.time())
    return ran(folder, "-c", CODE, "build/gateway.py", json.dumps(TARGETS), now)


def ran(folder: str, *arguments: str) -> str:
    """Run Python, which must not fail; return what it printed."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


if __name__ == "__main__":
    main()
