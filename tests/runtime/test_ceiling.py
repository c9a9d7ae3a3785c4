"""More connections than there are files: some are turned away, and the gateway lives."""

from __future__ import annotations

import http.client
import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.processes import HXROUTE, environment, free_port, running

ROUTES = """\
version: 1
endpoints: [{path: /healthz, auth: none, respond: {text: up}}]
"""
GET = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


def status_of(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status
    except (ConnectionError, http.client.BadStatusLine):
        return 0  # a reset overtook the answer
    finally:
        connection.close()


def test_connections_beyond_the_ceiling_are_turned_away(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    (tmp_path / "routes.yaml").write_text(ROUTES, encoding="utf-8")
    subprocess.run([*HXROUTE, "compile"], cwd=tmp_path, env=environment(), check=True)
    port = free_port()
    serve = " ".join([*HXROUTE, "run", "--port", str(port)])
    command = ["sh", "-c", f"ulimit -n 100; exec {serve}"]
    url = f"http://127.0.0.1:{port}/healthz"
    with running(command, tmp_path, environment(), tmp_path / "log", url):
        with ExitStack() as stack:
            held = []
            for _ in range(300):
                one = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
                one.sendall(GET)
                held.append(one)
            answers = [one.recv(4096) for one in held]
        served = [answer for answer in answers if b" 200 " in answer]
        refused = [answer for answer in answers if b" 503 " in answer]
        assert (len(served), len(refused)) == (34, 266)
        assert all(b"\r\nretry-after: 1\r\n" in answer for answer in refused)
        while status_of(port) != 200:
            pass
        assert b"Traceback" not in (tmp_path / "log").read_bytes()
