"""Real parts on real ports: LiteLLM, the gateway's own commands, the openai SDK."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests import processes

Gateway: TypeAlias = Callable[..., AbstractContextManager[int]]

HERE = Path(__file__).parent
MASTER_KEY = "sk-hx-e2e"
LITELLM_KEY = "sk-upstream-1234"  # as in litellm-mock.yaml


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
    folder, port = tmp_path_factory.mktemp("litellm"), processes.free_port()
    command: list[str | Path] = [
        environments[0] / "bin" / "litellm",
        "--telemetry",
        "False",
    ]
    command += ["--config", HERE / "litellm-mock.yaml"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    env = processes.environment(
        # Without the variable it tries to download a price list, for 11 seconds.
        LITELLM_LOCAL_MODEL_COST_MAP="True",
        HOME=str(folder),
        PYTHONPATH="",
    )
    ready = f"http://127.0.0.1:{port}/health/liveliness"
    with processes.running(command, folder, env, folder / "log.txt", ready):
        yield port


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    """Compile and run the repository's own gateway; give the port it listens on."""

    @contextmanager
    def start(upstream: int, **settings: str) -> Iterator[int]:
        folder = processes.compiled(tmp_path_factory.mktemp("gateway"))
        env = processes.environment(
            HX_LITELLM_UPSTREAM=f"http://127.0.0.1:{upstream}",
            HX_MASTER_KEY=MASTER_KEY,
            **settings,
        )
        with processes.gateway(folder, env, folder / "log.txt") as port:
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
    done = subprocess.run(
        [python, HERE / "sdk_probe.py", url, MASTER_KEY],
        env=processes.environment(PYTHONPATH=""),
        capture_output=True,
        text=True,
        timeout=processes.START_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen
