"""Servers in sessions of their own: started on chosen cores, measured, and stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests import processes

__all__ = ["Command", "Server", "StartError", "pinned", "serving"]

_START_SECONDS: Final = 90
_STOP_SECONDS: Final = 10
_POLL_SECONDS: Final = 0.002
_TICK: Final = 1 / os.sysconf("SC_CLK_TCK")


class StartError(Exception):
    """A server ended or did not answer in time; the text is what it wrote."""


@dataclass(frozen=True, slots=True)
class Command:
    """What starts a server, and what its clients must send beside the key."""

    arguments: list[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its port, and the session of all its processes."""

    port: int
    session: int
    started: float
    """Seconds from the command to the first answer."""
    fields: Mapping[str, str]

    def pids(self) -> list[int]:
        """Return its living processes."""
        return [pid for pid, stat in _stats() if int(stat[3]) == self.session]

    def cpu(self) -> float:
        """Return the seconds that its processes have worked, user and system."""
        stats = (stat for _, stat in _stats() if int(stat[3]) == self.session)
        return sum(int(stat[11]) + int(stat[12]) for stat in stats) * _TICK

    def memory(self) -> tuple[int, int]:
        """Return its resident and its proportional memory in KiB."""
        total = {"Rss:": 0, "Pss:": 0}
        for pid in self.pids():
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                name, *rest = line.split()
                if name in total:
                    total[name] += int(rest[0])
        return total["Rss:"], total["Pss:"]


def _stats() -> Iterator[tuple[int, list[str]]]:
    """Yield each process with its fields of proc(5) from the state on."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(OSError):
                text = (folder / "stat").read_text()
                # The name, in brackets, may hold anything.
                yield int(folder.name), text.rpartition(")")[2].split()


@contextmanager
def pinned(cores: set[int]) -> Iterator[None]:
    """Keep this process, and what it starts meanwhile, on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def serving(
    command: Command,
    folder: Path,
    port: int,
    cores: set[int],
    answers: Callable[[int, Mapping[str, str]], bool],
) -> Iterator[Server]:
    """Run a server while in here, from its first good answer on.

    Args:
        command: what starts it.
        folder: where it runs, and where what it prints goes.
        port: where it listens.
        cores: where it may work.
        answers: whether it does, by its port and what clients must send.

    Raises:
        StartError: where it ends, or does not answer in time.
    """
    log = folder / "log.txt"
    # PYTHONPATH is for hxroute's own environment: the others have libraries of theirs.
    alone = {"HOME": str(folder), "PYTHONPATH": ""}
    env = processes.environment(**{**alone, **command.environ})
    began = time.monotonic()
    with log.open("wb") as output, pinned(cores):
        process = subprocess.Popen(
            command.arguments,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        while not answers(port, command.fields):
            if process.poll() is not None or time.monotonic() > began + _START_SECONDS:
                raise StartError(log.read_text(errors="replace")[-300:])
            time.sleep(_POLL_SECONDS)
        yield Server(port, process.pid, time.monotonic() - began, command.fields)
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        # A session is a group of processes too, with the id of its first.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
