"""An old gateway's application, served by uvicorn in a process of its own."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from hxroute.errors import StartError
from hxroute.proof.targets import Address, NotStarted, bare_environment
from hxroute.proof.targets.upstreams import Where, mapped
from hxroute.sandbox.child import Child

__all__ = ["Asgi"]

_SERVED: Final = Path(__file__).with_name("served.py")


class Asgi:
    """An application by its import name, such as `main:app`.

    Args:
        app: the name.
        folder: where it is imported from.
        upstreams: how it finds its upstreams.
        python: the interpreter that has what it imports, with uvicorn.
    """

    invents = True

    def __init__(
        self,
        app: str,
        folder: Path,
        upstreams: Mapping[str, Where],
        python: str = sys.executable,
    ) -> None:
        self._app = app
        self._folder = folder
        self._places = upstreams
        self._python = python
        self.says = app
        self.about: dict[str, str] = {}
        self.ports = {
            name: 0 if place.host else place.port for name, place in upstreams.items()
        }

    @contextlib.contextmanager
    def started(
        self, environment: Mapping[str, str], ports: Mapping[str, int]
    ) -> Iterator[Address]:
        """Serve it until the end of the block."""
        environ = {**bare_environment(), **environment}
        for name, place in self._places.items():
            environ |= place.variables(ports[name])
        wish = {
            "app": self._app,
            "folder": str(self._folder.resolve()),
            "hosts": mapped(self._places, ports),
        }
        command = [self._python, str(_SERVED), json.dumps(wish)]
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            try:
                log = Path(folder) / "log"
                child = stack.enter_context(Child(self._app, command, environ, log))
                told = json.loads(child.line())
            except OSError as exc:
                raise StartError(
                    f"{self._python} cannot be run: {exc.strerror}"
                ) from exc
            except StartError as exc:
                raise NotStarted(str(exc)) from exc
            self.about = told["about"]
            yield "127.0.0.1", told["port"]
