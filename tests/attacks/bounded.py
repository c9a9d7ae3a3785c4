"""Compile files, each in a process that may use one second and little memory.

The process that this module is run as forks one child for each file of a folder. The
kernel ends a child that takes more CPU time than that; a clock would measure the other
processes of the machine too. It lets a child ask for more memory than it should take,
and says how much it took: a library may swallow the error of a request refused.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.processes import ROOT

__all__ = ["MEMORY", "SECONDS", "Outcome", "compiled"]

SECONDS: Final = 1
MEMORY: Final = 200 << 20
"""Bytes that a process takes at most, the interpreter's and the libraries' included."""

_ADDRESSES: Final = 1 << 30
_TIMEOUT: Final = 150


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file.

    `ended` is empty, or says what went wrong: a signal, an exception, or the memory.
    """

    ended: str = ""
    codes: tuple[str, ...] = ()
    shown: str = ""
    is_gateway: bool = False


def compiled(folder: Path, files: Mapping[str, bytes]) -> dict[str, Outcome]:
    """Compile each file as `hxroute check` does, and return what became of it."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-m", __name__, str(folder), *files],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=True,
    )
    rows: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return {name: Outcome(**row) for name, row in rows.items()}


def main(folder: Path, *names: str) -> None:
    """Compile the named files of a folder and print what became of each as JSON."""
    print(json.dumps({name: _outcome(folder / name) for name in names}))


def _outcome(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        _bound()
        tried = _tried(data)
        with os.fdopen(writer, "w") as output:
            json.dump(tried, output)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as source:
        text = source.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return {"ended": signal.Signals(os.WTERMSIG(status)).name}
    row: dict[str, Any] = json.loads(text)
    return row


def _bound() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESSES, _ADDRESSES))


def _tried(data: bytes) -> dict[str, Any]:
    try:
        result = compile(data, "routes.yaml")
        shown = render(result.report)
    except BaseException as exc:
        return {"ended": "".join(traceback.format_exception_only(exc))}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    if peak > MEMORY:
        return {"ended": f"{peak >> 20} MiB"}
    codes = [found.code for found in result.report.diagnostics]
    made = result.gateway is not None
    return {"codes": codes, "shown": shown, "is_gateway": made}


if __name__ == "__main__":
    from hxroute.compiler import compile
    from hxroute.diagnostics.text import render

    main(Path(sys.argv[1]), *sys.argv[2:])
