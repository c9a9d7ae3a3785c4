"""A compiled gateway, served by `hxroute run` in a process of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from hxroute import files
from hxroute.backends import python as backend
from hxroute.ir import Gateway
from hxroute.sandbox.child import Child

__all__ = ["serving", "write"]

_BUILD: Final = "gateway.py"
_LISTENS: Final = "hxroute on http://"
_ENDING: Final = "Ctrl-C"
"""How the first and the last line of a gateway's screen begin."""


def write(gateway: Gateway, folder: Path) -> None:
    """Write the build that is served from a folder."""
    files.write(folder / _BUILD, backend.emit(gateway))


@contextlib.contextmanager
def serving(
    folder: Path, command: Sequence[str], environ: Mapping[str, str]
) -> Iterator[tuple[Child, int]]:
    """Serve a folder's build on a free port of 127.0.0.1, and give the port.

    Args:
        folder: where the build is, and where the log goes.
        command: what serves; `run` and its options are its arguments.
        environ: its environment.

    Raises:
        StartError: where it does not start, in its own words.
    """
    missing = folder / "routes.yaml"  # a build without it is never stale
    arguments = ("run", "-o", str(folder / _BUILD), "-f", str(missing))
    listening = ("--host", "127.0.0.1", "--port", "0")
    log = folder / "gateway.log"
    with Child("gateway", [*command, *arguments, *listening], environ, log) as child:
        yield child, _port(child)


def _port(child: Child) -> int:
    """Read the screen to its end; return the port that it names."""
    port = ""
    while not (line := child.line()).startswith(_ENDING):
        if line.startswith(_LISTENS):
            port = line.rpartition(":")[2]
    return int(port)
