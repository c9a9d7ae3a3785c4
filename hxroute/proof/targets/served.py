"""Serve an application by its import name: a script that needs uvicorn, no hxroute.

So that an old gateway can be served by the interpreter that has what it imports. What
it prints once it listens is a line of JSON: its port, and what it is made of. It ends
when its standard input does, that is with the process that started it.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import platform
import signal
import socket
import sys
import threading
from importlib import metadata
from typing import Any

__all__ = ["main"]

_PACKAGES = (
    "fastapi",
    "starlette",
    "httpx",
    "aiohttp",
    "requests",
    "uvicorn",
    "httptools",
)


def main() -> None:
    """Serve what the first argument asks for."""
    wish = json.loads(sys.argv[1])
    sys.path[0] = wish["folder"]  # that was the folder of this script
    os.chdir(wish["folder"])
    _map_hosts(wish["hosts"])
    threading.Thread(target=_end_with_the_starter, daemon=True).start()
    app, about = _load(wish["app"])

    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                port = bound.getsockname()[1]
                print(json.dumps({"port": port, "about": about}), flush=True)  # noqa: T201
            else:
                _fail(
                    f"the lifespan of {wish['app']} failed; serve it by uvicorn to see"
                )

    bound = socket.create_server(("127.0.0.1", 0), backlog=256)
    config = uvicorn.Config(app, log_level="critical", access_log=False)
    Server(config).run(sockets=[bound])


def _load(name: str) -> tuple[Any, dict[str, str]]:
    module_name, _, path = name.partition(":")
    try:
        module = importlib.import_module(module_name)
        app: Any = module
        for part in (path or "app").split("."):
            app = getattr(app, part)
    except BaseException as exc:  # whatever an import may do
        text = str(exc).splitlines() or [""]
        _fail(f"{name} cannot be imported: {type(exc).__name__}: {text[0]}")
    if type(app).__module__.startswith("hxroute."):
        _fail(
            f"{name} is a gateway of hxroute; what is recorded is the one it replaces"
        )
    return app, _about(module)


def _about(module: Any) -> dict[str, str]:
    about = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            about[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    file = getattr(module, "__file__", None)
    if file:
        with open(file, "rb") as source:  # noqa: PTH123  by any Python, as it comes
            about["sha256"] = hashlib.sha256(source.read()).hexdigest()
    return about


def _map_hosts(hosts: dict[str, int]) -> None:
    """Let every look-up of a host and port lead to a port of 127.0.0.1."""
    look_up = socket.getaddrinfo

    def ours(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        mapped = hosts.get(f"{name.lower()}:{port}")
        if mapped is None:
            return look_up(host, port, *args, **options)
        return look_up("127.0.0.1", mapped, *args, **options)

    if hosts:
        socket.getaddrinfo = ours


def _end_with_the_starter() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _fail(text: str) -> Any:
    print(f"error: {text}", file=sys.stderr, flush=True)  # noqa: T201
    os._exit(2)


if __name__ == "__main__":
    main()
