"""A process over its `max_memory` refuses what comes, and ends what is under way."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.processes import HXROUTE, environment, free_port, running

ROUTES = """\
version: 1
server: {{max_memory: 96MiB}}
upstreams: {{u: {{url: "http://127.0.0.1:{port}"}}}}
headers: {{safe: {{drop: [authorization, cookie]}}}}
errors: {{full: {{overloaded: {{text: "try later"}}}}}}
defaults: {{auth: none}}
endpoints:
  - {{path: /healthz, errors: full, respond: {{text: up}}}}
  - {{path: /up, request: {{headers: safe, max_body: 128MiB}}, upstream: u}}
"""
BODY = bytes(90 << 20)


def ask(port: int) -> http.client.HTTPResponse:
    """Ask for the health route."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/healthz")
    answer = connection.getresponse()
    answer.body = answer.read()  # type: ignore[attr-defined]
    connection.close()
    return answer


def answer_one(listener: socket.socket, go: threading.Event) -> None:
    """Take a call, read nothing of its body until it may go on, then answer."""
    call, _ = listener.accept()
    with call, call.makefile("rb") as read:
        go.wait()
        while read.readline() != b"\r\n":
            pass
        read.read(len(BODY))
        call.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")


@pytest.mark.skipif(sys.platform != "linux", reason="nobody else tells the memory")
def test_process_over_its_memory_refuses_until_it_is_below(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        routes = ROUTES.format(port=listener.getsockname()[1])
        (tmp_path / "routes.yaml").write_text(routes, encoding="utf-8")
        subprocess.run(
            [*HXROUTE, "compile"], cwd=tmp_path, env=environment(), check=True
        )
        go = threading.Event()
        upstream = threading.Thread(target=answer_one, args=(listener, go))
        upstream.start()
        port = free_port()
        command = [*HXROUTE, "run", "--port", str(port)]
        url, log = f"http://127.0.0.1:{port}/healthz", tmp_path / "log"
        with running(command, tmp_path, environment(), log, url):
            large = http.client.HTTPConnection("127.0.0.1", port)
            large.request("POST", "/up", BODY)
            while (refused := ask(port)).status == 200:
                pass
            go.set()
            ended = large.getresponse()
            assert (ended.status, ended.read()) == (200, b"ok")
            large.close()
            while ask(port).status != 200:
                pass
        go.set()
        upstream.join()
    assert refused.status == 503
    assert refused.getheader("retry-after") == "1"
    assert refused.body == b"try later"  # type: ignore[attr-defined]
    wrote = log.read_bytes()
    assert b"`max_memory` is 96 MiB: requests are refused" in wrote
    assert b"requests are let in again" in wrote
