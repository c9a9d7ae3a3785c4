"""Real parts on real ports: LiteLLM, the gateway's own commands, the openai SDK."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, TypeAlias

import pytest

Gateway: TypeAlias = Callable[..., AbstractContextManager[int]]

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
MASTER_KEY = "sk-hx-e2e"
LITELLM_KEY = "sk-upstream-1234"  # as in litellm-mock.yaml
START_SECONDS = 90
STOP_SECONDS = 10


def unavailable(marker: str, reason: str) -> None:
    """Skip, or fail where `HXROUTE_REQUIRE` lists this marker."""
    required = os.environ.get("HXROUTE_REQUIRE", "").split(",")
    if marker in [name.strip() for name in required]:
        pytest.fail(f"HXROUTE_REQUIRE has {marker}, but {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def environments() -> list[Path]:
    """The folders of LiteLLM's and of the SDK's environment."""
    command = [sys.executable, str(HERE / "environment.py"), "--check"]
    listed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if listed.returncode:
        cure = "run `python tests/e2e/environment.py` (about 100 s, 800 MB)"
        unavailable("litellm", f"the environments are missing: {cure}")
    return [Path(line.split("\t")[0]) for line in listed.stdout.splitlines()]


@pytest.fixture(scope="session")
def litellm(
    environments: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """The port of a LiteLLM proxy whose models all answer from the file."""
    folder, port = tmp_path_factory.mktemp("litellm"), free_port()
    python = environments[0] / "bin" / "python"
    command = [python, environments[0] / "bin" / "litellm", "--telemetry", "False"]
    command += ["--config", HERE / "litellm-mock.yaml"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    # Without the variable it tries to download a price list, for 11 seconds.
    env = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "HOME": str(folder)}
    with running(command, folder, env, port, "/health/liveliness"):
        yield port


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    """Compile and run the repository's own gateway; give the port it listens on."""

    @contextmanager
    def start(upstream: int, **settings: str) -> Iterator[int]:
        folder, port = tmp_path_factory.mktemp("gateway"), free_port()
        shutil.copy(ROOT / "routes.yaml", folder)
        shutil.copytree(ROOT / "schemas", folder / "schemas")
        env = {
            "PYTHONPATH": str(ROOT),
            "HX_LITELLM_UPSTREAM": f"http://127.0.0.1:{upstream}",
            "HX_MASTER_KEY": MASTER_KEY,
            **settings,
        }
        hxroute = [sys.executable, "-m", "hxroute"]
        finish([*hxroute, "compile"], folder, env)
        listen = ["--host", "127.0.0.1", "--port", str(port)]
        with running([*hxroute, "run", *listen], folder, env, port, "/healthz"):
            yield port

    return start


@pytest.fixture(scope="session")
def gateway_to_litellm(gateway: Gateway, litellm: int) -> Iterator[int]:
    """The port of a gateway in front of LiteLLM."""
    with gateway(litellm, HX_UPSTREAM_KEY=LITELLM_KEY) as port:
        yield port


@pytest.fixture(scope="session")
def sdk(environments: list[Path], gateway_to_litellm: int) -> dict[str, Any]:
    """What the openai SDK saw through the gateway, by the name of its probe."""
    python = environments[1] / "bin" / "python"
    url = f"http://127.0.0.1:{gateway_to_litellm}/v1"
    answers = finish([python, HERE / "sdk_probe.py", url, MASTER_KEY], HERE, {})
    seen: dict[str, Any] = json.loads(answers)
    return seen


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def finish(command: list[Any], folder: Path, env: dict[str, str]) -> str:
    """Run a command to its end; give what it printed."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=clean(env),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"{command} gave {done.returncode}:\n{done.stderr[-4000:]}")
    return done.stdout


@contextmanager
def running(
    command: list[Any], folder: Path, env: dict[str, str], port: int, ready: str
) -> Iterator[None]:
    """Run a server while in here, from its first good answer to `GET {ready}` on."""
    log = folder / "log.txt"
    with ExitStack() as stack:
        output = stack.enter_context(log.open("w"))
        process = subprocess.Popen(
            command, cwd=folder, env=clean(env), stdout=output, stderr=output
        )
        stack.callback(stop, process)
        if not becomes_ready(process, port, ready):
            state = f"not ready, exit status {process.poll()}"
            tail = log.read_text(errors="replace")[-4000:]
            pytest.fail(f"{command}: {state}\n{tail}", pytrace=False)
        yield


def clean(env: dict[str, str]) -> dict[str, str]:
    """Return `env` and no more of our own environment than a program needs."""
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **env}


def becomes_ready(process: subprocess.Popen[bytes], port: int, path: str) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if answers(port, path):
            return True
        # A pause that ends early when there is nothing left to wait for.
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
    return False


def answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
