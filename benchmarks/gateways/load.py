"""Throughput: wrk with one thread and 32 connections, a small JSON POST each time."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.gateways import build
from benchmarks.gateways.client import LoadError, body, fields
from benchmarks.gateways.peers import MODEL
from benchmarks.gateways.servers import Server

__all__ = ["Throughput", "script", "throughput"]

CONNECTIONS: Final = 32

_SCRIPT: Final = """\
wrk.method = "POST"
wrk.body = %s
%s
function done(summary)
  local e = summary.errors
  io.write(string.format('\\n{"requests": %%d, "microseconds": %%d, "failed": %%d}\\n',
    summary.requests, summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Throughput:
    """What a run of wrk gave."""

    per_second: float
    cpu: float
    """Microseconds of the gateway's processes for a request, user and system."""


def throughput(server: Server, seconds: float, folder: Path) -> Throughput:
    """Send as many requests as are answered, for some seconds.

    Raises:
        LoadError: where an answer was not 200, or none came.
        MissingError: where wrk is not installed.
    """
    file = folder / "post.lua"
    file.write_text(script(server.fields))
    url = f"http://127.0.0.1:{server.port}/v1/chat/completions"
    size = [
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{max(1, round(seconds))}s",
        "--timeout",
        "20",
    ]
    before = server.cpu()
    done = subprocess.run(
        [build.wrk(), *size, "-s", str(file), url],
        capture_output=True,
        text=True,
        check=False,
    )
    worked = server.cpu() - before
    if done.returncode:
        raise LoadError(f"wrk: {done.stderr.strip() or done.stdout.strip()}")
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if not seen["requests"]:
        raise LoadError(f"nothing was answered in {seconds:g} s")
    if seen["failed"]:
        raise LoadError(f"{seen['failed']} of {seen['requests']} requests failed")
    per_second = seen["requests"] / seen["microseconds"] * 1e6
    return Throughput(per_second, worked / seen["requests"] * 1e6)


def script(extra: Mapping[str, str]) -> str:
    """Return wrk's script: the request, and what it found as a line of JSON."""
    lines = (
        f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}"
        for name, value in fields(extra).items()
    )
    return _SCRIPT % (json.dumps(body(MODEL)), "\n".join(lines))
