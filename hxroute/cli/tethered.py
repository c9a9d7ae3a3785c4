"""A command in a process that ends with its starter, and tells it what it uses.

`python -m hxroute.cli.tethered run …` is `hxroute run …`, besides that: what `hxroute
bench` measures and `hxroute prove` asks.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Final

from hxroute.cli import main
from hxroute.sandbox.tether import tether

__all__ = ["usage"]

_STATM: Final = Path("/proc/self/statm")


def usage(word: str) -> dict[str, float]:
    """Return the seconds of CPU time and the bytes of memory that this process uses."""
    return {"cpu": time.process_time(), "memory": _memory()}


def _memory() -> int:
    """Return the resident bytes: now, or where that is not told, at the most."""
    try:
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


if __name__ == "__main__":
    tether(usage, lambda: os.kill(os.getpid(), signal.SIGTERM))
    main()
