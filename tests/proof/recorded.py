"""Recordings of small applications, by `hxroute record` as a user runs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.processes import HXROUTE, environment

APPS: Final = Path(__file__).parent / "apps"
SECONDS: Final = 90
"""That a command may take: far more than it does."""

CASES: Final = """\
version: 1
cases:
  - name: chat
    request:
      method: POST
      target: /v1/chat
      headers: {Authorization: Bearer sk-for-tests, X-Team: blue}
      json: {prompt: "héllo"}
    upstream: {status: 201, json: {"said": "é"}}
  - name: keyless
    request: {method: GET, target: /v1/models}
  - name: models
    request:
      method: GET
      target: /v1/models
      headers: {Authorization: Bearer sk-for-tests}
    upstream: {delay: 0.05, body: "binary \\x00 and\\r\\nlines\\n", close: true}
  - name: refused
    request:
      method: GET
      target: /v1/models
      headers: {Authorization: Bearer sk-for-tests}
    refused: true
  - name: reset
    request:
      method: DELETE
      target: /v1/models/1
      headers: {Authorization: Bearer sk-for-tests}
    script: ["HTTP/1.1 200 OK\\r\\n", {reset: true}]
"""


def project(folder: Path, app: str = "relay", cases: str = CASES) -> Path:
    """Write an application as main.py, and cases for it."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(APPS / f"{app}.py", folder / "main.py")
    (folder / "cases.yaml").write_text(cases, encoding="utf-8")
    return folder


def gets(*paths: str) -> str:
    """Return a file of cases: a GET of each path."""
    lines = [
        f"  - {{name: {re.sub('[^a-z0-9]+', '-', path).strip('-')}, "
        f"request: {{method: GET, target: {path}}}}}"
        for path in paths
    ]
    return "\n".join(["version: 1", "cases:", *lines, ""])


def hxroute(
    folder: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder."""
    return subprocess.run(
        [*HXROUTE, *arguments],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def record(
    folder: Path,
    *arguments: str,
    upstream: str = "env:MODELS_URL",
    app: str = "main:app",
    **variables: str,
) -> subprocess.CompletedProcess[str]:
    """Record the application of a folder."""
    wish = ("record", "--asgi", app, "--upstream", upstream, "--cases", "cases.yaml")
    return hxroute(folder, *wish, *arguments, **variables)


def files(folder: Path) -> dict[str, bytes]:
    """Return what is in a folder, by path, but for what Python compiles."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    }


def processes_of(session: str) -> list[int]:
    """Return the processes whose environment holds a mark."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environ = (entry / "environ").read_bytes()
            except OSError:
                continue
            if session.encode() in environ:
                found.append(int(entry.name))
    return found


def gone(mark: str) -> bool:
    """Wait until the processes with a mark have ended, as they do by themselves."""
    while processes_of(mark):
        os.sched_yield()
    return True
