"""An old gateway's application, served by uvicorn in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import site
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from hxroute.errors import StartError
from hxroute.proof.targets import Address, NotStarted, bare_environment
from hxroute.proof.targets.upstreams import Where, mapped
from hxroute.sandbox.child import Child

__all__ = ["Asgi"]

_SERVED: Final = Path(__file__).with_name("served.py")
_PATIENCE: Final = 60.0
"""Seconds that an application may take to start."""

_ERROR: Final = "error: "
"""How the words begin in which it says why it does not start."""


class Asgi:
    """An application by its import name, such as `main:app`.

    Args:
        app: the name.
        folder: where it is imported from.
        upstreams: how it finds its upstreams.
        python: the interpreter that has what it imports, with uvicorn.
        patience: seconds that it may take to start.
        allowed: places, each HOST:PORT, that it may call besides its upstreams.

    `notes` say what it called or read that a recording does not hold.
    """

    invents = True

    def __init__(
        self,
        app: str,
        folder: Path,
        upstreams: Mapping[str, Where],
        python: str = sys.executable,
        patience: float = _PATIENCE,
        allowed: Iterable[str] = (),
    ) -> None:
        self._app = app
        self._folder = folder
        self._places = upstreams
        self._python = python
        self._patience = patience
        self._allowed = tuple(allowed)
        self.notes: set[str] = set()
        self.says = app
        self.about: dict[str, str] = {}
        self.ports = {
            name: 0 if place.host else place.port for name, place in upstreams.items()
        }
        self.hosts = frozenset(
            host
            for place in upstreams.values()
            if place.host
            for host in (place.host, f"{place.host}:{place.port}")
        )

    @contextlib.contextmanager
    def started(
        self, environment: Mapping[str, str], ports: Mapping[str, int], turn: int = 0
    ) -> Iterator[Address]:
        """Serve it until the end of the block."""
        with contextlib.ExitStack() as stack:
            aside = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            log, notes = aside / "log", aside / "notes"
            stack.callback(self._noted, notes)
            wish = {
                "app": self._app,
                "folder": str(self._folder.resolve()),
                "hosts": mapped(self._places, ports),
                "ports": list(ports.values()),
                "allowed": self._allowed,
                "notes": str(notes),
            }
            command = [self._python, str(_SERVED), json.dumps(wish)]
            environ = self._environ(environment, ports, turn, aside)
            try:
                child = Child(self._app, command, environ, log)
            except (OSError, ValueError) as exc:
                raise StartError(f"{self._python} cannot be run: {_why(exc)}") from exc
            stack.callback(_end_group, child.pid)
            stack.enter_context(child)
            told = self._told(child, log)
            self.about = told["about"]
            yield "127.0.0.1", told["port"]

    def _environ(
        self,
        environment: Mapping[str, str],
        ports: Mapping[str, int],
        turn: int,
        home: Path,
    ) -> dict[str, str]:
        """Return what it sees: a home without files, and the way to our upstreams."""
        environ = {
            "PYTHONUSERBASE": site.getuserbase(),
            **bare_environment(),
            "HOME": str(home),
            "PYTHONHASHSEED": str(turn + 1),
            **environment,
        }
        for name, place in self._places.items():
            environ |= place.variables(ports[name])
        return environ

    def _noted(self, notes: Path) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.notes.update(notes.read_text("utf-8", "replace").splitlines())

    def _told(self, child: Child, log: Path) -> dict[str, Any]:
        """Return what it says once it listens.

        Raises:
            NotStarted: where it ends instead, takes too long, or says something else.
        """
        late = threading.Event()

        def too_late() -> None:
            late.set()
            _end_group(child.pid)

        timer = threading.Timer(self._patience, too_late)
        timer.start()
        try:
            line = child.line()
        except StartError as exc:
            if late.is_set():
                raise NotStarted(
                    f"{self._app} did not start within {self._patience:g} s"
                ) from exc
            raise NotStarted(self._last_words(exc, log)) from exc
        finally:
            timer.cancel()
        try:
            told: dict[str, Any] = json.loads(line)
        except ValueError as exc:
            raise StartError(f"{self._python} is no Python") from exc
        return told

    def _last_words(self, exc: StartError, log: Path) -> str:
        """Return what it has said as it ended, else the end of its log."""
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        if any(line.startswith(_ERROR) for line in lines):
            return str(exc)
        last = next((line for line in reversed(lines) if line.strip()), "")
        return f"{self._app} ended before it listened{last and f': {last}'}"


def _why(exc: OSError | ValueError) -> str:
    return exc.strerror or "" if isinstance(exc, OSError) else str(exc)


def _end_group(pid: int) -> None:
    """End a process that leads a group, and all that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
