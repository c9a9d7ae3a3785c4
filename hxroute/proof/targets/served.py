"""Serve an application by its import name: a script that needs uvicorn, no hxroute.

So that an old gateway can be served by the interpreter that has what it imports. What
it prints once it listens is a line of JSON: its port, and what it is made of; what the
application prints goes where errors go. It ends when its standard input does, that is
with the process that started it.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib
import json
import logging
import os
import pathlib
import platform
import runpy
import signal
import socket
import sys
import threading
import time
from importlib import metadata
from typing import Any, Callable  # noqa: UP035  as old Pythons know it

__all__ = ["main"]

PACKAGES = (
    "fastapi",
    "starlette",
    "httpx",
    "aiohttp",
    "requests",
    "uvicorn",
    "httptools",
)
"""What old gateways are made of: their versions are part of what was recorded."""

SECONDS = 5.0
"""That an application has to end by itself."""


def main() -> None:
    """Serve what the first argument asks for."""
    wish = json.loads(sys.argv[1])
    told = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # a print of the application's is no word of ours
    os.register_at_fork(after_in_child=told.close)
    threading.Thread(target=_end_with_the_starter, daemon=True).start()
    ours = str(pathlib.Path(__file__).resolve().parent)
    guard = runpy.run_path(os.path.join(ours, "guard.py"))["guard"]  # noqa: PTH118
    sys.path = [wish["folder"], *(entry for entry in sys.path if entry != ours)]
    os.chdir(wish["folder"])
    _map_hosts(wish["hosts"])
    guard(wish["ports"], wish["allowed"], functools.partial(_note, wish["notes"]))
    app, about = _load(wish["app"], wish["folder"])
    listens = functools.partial(_tell, told, about)
    _serve(app, wish["app"], listens)


def _note(file: str, text: str) -> None:
    with open(file, "a") as notes:  # noqa: PTH123  by any Python, as it comes
        notes.write(f"{text}\n")


def _tell(stream: Any, about: dict[str, str], port: int) -> None:
    print(json.dumps({"port": port, "about": about}), file=stream, flush=True)
    stream.close()


def _serve(app: Any, name: str, listens: Callable[[int], None]) -> None:
    try:
        import uvicorn
    except ImportError as exc:
        _fail(f"{sys.executable} cannot serve {name}: {exc}; install uvicorn there")

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            with contextlib.suppress(SystemExit):  # as some versions end then
                await super().startup(sockets)
            if not self.started:
                _fail(f"the lifespan of {name} failed: {''.join(heard.words[:1])}")
            listens(bound.getsockname()[1])

    heard = _Heard()
    logging.getLogger("uvicorn.error").addHandler(heard)
    bound = socket.create_server(("127.0.0.1", 0), backlog=256)
    # On asyncio's loop: another connects by itself, where nobody can lead or see it.
    config = uvicorn.Config(
        app, loop="asyncio", log_config=None, log_level="error", access_log=False
    )
    Server(config).run(sockets=[bound])


class _Heard(logging.Handler):
    """Keeps the last line of each error, which is what a traceback comes to."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.words += record.getMessage().strip().splitlines()[-1:]


def _load(name: str, folder: str) -> tuple[Any, dict[str, str]]:
    module_name, _, path = name.partition(":")
    if not module_name:
        _fail(f"`{name}` names no application; write MODULE:APP, such as main:app")
    try:
        module = importlib.import_module(module_name)
        app: Any = module
        for part in (path or "app").split("."):
            app = getattr(app, part)
    except BaseException as exc:  # whatever an import may do
        text = (str(exc).splitlines() or [""])[0]
        said = f"{type(exc).__name__}: {text}" if text else type(exc).__name__
        _fail(f"{name} cannot be imported from {folder}: {said}")
    if type(app).__module__.startswith("hxroute."):
        _fail(
            f"{name} is a gateway of hxroute; what is recorded is the one it replaces"
        )
    if not callable(app):
        _fail(f"{name} is no application, but a value of type {type(app).__name__}")
    return app, _about(module, folder)


def _about(module: Any, folder: str) -> dict[str, str]:
    about = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            about[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    file = getattr(module, "__file__", None)
    if file:
        about["sha256"] = _sha256(file)
    others = sorted(_beside(folder) - {file})
    if others:
        digests = "".join(map(_sha256, others))
        about["imports"] = hashlib.sha256(digests.encode()).hexdigest()
    return about


def _beside(folder: str) -> set[str]:
    """Return the files of a folder that were imported, but for installed packages."""
    files = (getattr(module, "__file__", None) for module in [*sys.modules.values()])
    inside = os.path.join(folder, "")  # noqa: PTH118  by any Python, as it comes
    return {
        file
        for file in files
        if file and file.startswith(inside) and "site-packages" not in file
    }


def _sha256(file: str) -> str:
    with open(file, "rb") as source:  # noqa: PTH123  by any Python, as it comes
        return hashlib.sha256(source.read()).hexdigest()


def _map_hosts(hosts: dict[str, int]) -> None:
    """Let every connection to a host and port lead to a port of 127.0.0.1.

    A look-up alone is not enough: some clients keep its address and take their own
    port. So each host gets an address that is nobody's, by which a connection is told.
    """
    if not hosts:
        return
    names = dict.fromkeys(place.rpartition(":")[0] for place in hosts)
    addresses = {
        name: name if name.replace(".", "").isdigit() else f"127.77.0.{n}"
        for n, name in enumerate(names, 1)
    }
    ours = {
        (addresses[name], int(port)): ("127.0.0.1", mapped)
        for place, mapped in hosts.items()
        for name, _, port in [place.rpartition(":")]
    }
    look_up = socket.getaddrinfo

    def looked_up(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if f"{name.lower()}:{port}" in hosts:
            host = addresses[name.lower()]
        return look_up(host, port, *args, **options)

    def led(connect: Callable[..., Any]) -> Callable[..., Any]:
        return lambda self, address: connect(self, ours.get(address, address))

    socket.getaddrinfo = looked_up
    for name in ("connect", "connect_ex"):
        setattr(socket.socket, name, led(getattr(socket.socket, name)))


def _end_with_the_starter() -> None:
    """Wait for the end of standard input; then end, and what was started here too."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(SECONDS)
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def _fail(text: str) -> Any:
    print(f"error: {text}", file=sys.stderr, flush=True)  # noqa: T201
    os._exit(2)


if __name__ == "__main__":
    main()
