"""A gateway in a process of its own, as `hxroute run` serves it."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.clients import stated
from tests.processes import HXROUTE, environment, free_port, running

__all__ = ["gateway"]

ROUTES: Final = """\
version: 1
settings: {url: {env: URL}}
upstreams: {u: {url: "{{ settings.url }}", idle_timeout: 100ms}}
headers: {as_sent: {forward: [authorization, cookie]}}
endpoints:
  - {path: /healthz, auth: none, respond: {json: {ok: true}}}
  - {path: "/{rest:path}", auth: none, request: {headers: as_sent}, upstream: u}
"""


@contextlib.contextmanager
def gateway(folder: Path, url: str, *, files: int = 1000) -> Iterator[tuple[int, int]]:
    """Serve a gateway that may open so many files; yield its port and its pid."""
    (folder / "routes.yaml").write_text(stated(ROUTES))
    port, env = free_port(), environment(URL=url)
    compiling = (*HXROUTE, "compile")
    subprocess.run(compiling, cwd=folder, env=env, capture_output=True, check=True)
    limited = f'ulimit -n {files}; echo $$ >pid; exec "$@"'
    run = (*HXROUTE, "run", "--host", "127.0.0.1", "--port", str(port))
    command = ("sh", "-c", limited, "sh", *run)
    ready = f"http://127.0.0.1:{port}/healthz"
    with running(command, folder, env, folder / "log", ready):
        yield port, int((folder / "pid").read_text())
