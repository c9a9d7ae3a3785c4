"""A limit over two hosts: network namespaces, each with a gateway, and one Valkey."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import HXROUTE, START_SECONDS, environment, running
from tests.valkeys import server

VALKEY_PORT, GATEWAY_PORT = 16379, 14010
ROUTES = """\
version: 1
settings: {store: {env: STORE}}
stores: {s: {url: "{{ settings.store }}", timeout: 30s}}
defaults: {auth: none}
endpoints:
  - {path: /ready, respond: {text: ok}}
  - path: /x
    rate_limit: {requests: 60, per: 1h, by: endpoint, store: s, when_store_down: closed}
    respond: {text: ok}
"""
ASK = """\
import concurrent.futures, http.client, sys

def ask(_):
    connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=60)
    connection.request("GET", "/x")
    status = connection.getresponse().status
    connection.close()
    return status

with concurrent.futures.ThreadPoolExecutor(8) as pool:
    print(*pool.map(ask, range(100)))
"""


def unavailable(reason: str) -> None:
    """Skip, or fail where `HXROUTE_REQUIRE` lists the namespaces."""
    required = os.environ.get("HXROUTE_REQUIRE", "").split(",")
    if "netns" in [name.strip() for name in required]:
        pytest.fail(f"HXROUTE_REQUIRE has netns, but {reason}", pytrace=False)
    pytest.skip(reason)


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


@contextlib.contextmanager
def hosts() -> Iterator[list[str]]:
    """Make two hosts, each on a link to this one: 10.213.N.1 here, 10.213.N.2 there.

    Raises:
        CalledProcessError: where this process may not.
    """
    names = [f"hx{os.getpid()}n{number}" for number in (1, 2)]
    try:
        for number, name in enumerate(names, 1):
            here, there = f"hx{os.getpid()}h{number}", "eth0"
            ip("netns", "add", name)
            ip("link", "add", here, "type", "veth", "peer", there, "netns", name)
            ip("addr", "add", f"10.213.{number}.1/24", "dev", here)
            ip("link", "set", here, "up")
            ip("-n", name, "addr", "add", f"10.213.{number}.2/24", "dev", there)
            ip("-n", name, "link", "set", there, "up")
            ip("-n", name, "link", "set", "lo", "up")
        yield names
    finally:
        for name in names:  # its end of the link goes with it, and so does the other
            subprocess.run(["ip", "netns", "del", name], check=False)


@pytest.mark.netns
def test_limit_over_two_hosts_is_exact(tmp_path: Path) -> None:
    if shutil.which("ip") is None or os.geteuid() != 0:
        unavailable("network namespaces take `ip` and root")
    (tmp_path / "routes.yaml").write_text(ROUTES, encoding="utf-8")
    subprocess.run(
        [*HXROUTE, "compile"],
        cwd=tmp_path,
        env=environment(),
        check=True,
        timeout=START_SECONDS,
    )
    with contextlib.ExitStack() as stack:
        try:
            names = stack.enter_context(hosts())
        except subprocess.CalledProcessError as exc:
            unavailable(f"no network namespace can be made: {exc.stderr.strip()}")
        bind = "127.0.0.1 10.213.1.1 10.213.2.1"
        config = {"bind": bind, "protected-mode": "no"}
        stack.enter_context(server(port=VALKEY_PORT, config=config))
        for number, name in enumerate(names, 1):
            stack.enter_context(gateway_on(name, number, tmp_path))
        counted = asked_on(names)

    assert counted == {200: 60, 429: 140}


@contextlib.contextmanager
def gateway_on(name: str, number: int, folder: Path) -> Iterator[None]:
    """Serve on a host; it is reached from here at its own address."""
    command = [
        *("ip", "netns", "exec", name, *HXROUTE),
        *("run", "--host", "0.0.0.0", "--port", str(GATEWAY_PORT)),
    ]
    env = environment(STORE=f"valkey://10.213.{number}.1:{VALKEY_PORT}")
    ready = f"http://10.213.{number}.2:{GATEWAY_PORT}/ready"
    with running(command, folder, env, folder / f"log{number}", ready):
        yield


def asked_on(names: list[str]) -> Counter[int]:
    """Ask each host's gateway from that host, all at once."""
    exec_ = [
        ["ip", "netns", "exec", name, HXROUTE[0], "-c", ASK, str(GATEWAY_PORT)]
        for name in names
    ]
    asking = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        for command in exec_
    ]
    shown = [process.communicate(timeout=START_SECONDS)[0] for process in asking]
    return Counter(int(status) for text in shown for status in text.split())
