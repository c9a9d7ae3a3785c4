"""docs/operations.md says what can be seen."""

from __future__ import annotations

import asyncio
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from hxroute import units
from hxroute.compiler import compile
from tests.operations.dockerfile import exec_form, read
from tests.operations.process import SECONDS, compile_routes, running
from tests.operations.test_image import LAST
from tests.operations.test_unit import PROGRAM, STATED
from tests.processes import ROOT
from tests.runtime.serving import Answer, ask

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


(ROUTES,) = blocks("yaml")
(OWN_IMAGE,) = blocks("dockerfile")
RELOAD, INSTALL, CONTAINER = blocks("sh")


def test_file_of_the_page_has_nothing_wrong_with_it() -> None:
    assert compile(ROUTES.encode(), "routes.yaml").report.diagnostics == []


def test_endpoints_of_the_page_answer_as_its_table_says(tmp_path: Path) -> None:
    (tmp_path / "client_key").write_text("k")
    compile_routes(tmp_path, ROUTES)

    async def scenario() -> list[Answer]:
        own = "--host", "127.0.0.1"
        async with running(tmp_path, *own, CREDENTIALS_DIRECTORY=str(tmp_path)) as this:
            heads = (
                f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"
                for path in ("/live", "/ready", "/v1/x")
            )
            return [await ask(this.port, head.encode()) for head in heads]

    live, ready, other = asyncio.run(scenario())
    rows = re.findall(r"\| `health: \w+` \| (\d+) `([^`]+)` \|", PAGE)
    assert [(str(a.status), a.body.decode()) for a in (live, ready)] == rows
    assert other.status == 401


def test_unit_gives_the_drain_of_the_page_its_time() -> None:
    gateway = compile(ROUTES.encode(), "routes.yaml").gateway
    assert gateway is not None
    stop = units.duration(STATED["Service.TimeoutStopSec"][0])
    assert stop is not None
    assert stop > gateway.server.drain_delay + gateway.server.grace


def test_installation_is_where_the_unit_looks() -> None:
    (credential,) = STATED["Service.LoadCredential"]
    (folder,) = STATED["Service.WorkingDirectory"]
    words = INSTALL.split()
    assert credential.partition(":")[2] in words
    assert {PROGRAM, folder, f"{folder}/routes.yaml"} <= set(words)


@pytest.mark.parametrize("script", [RELOAD, INSTALL, CONTAINER])
def test_script_of_the_page_is_one_that_a_shell_takes(script: str) -> None:
    subprocess.run(
        ["/bin/sh", "-n"], input=script.encode(), check=True, timeout=SECONDS
    )
    assert shlex.split(script)


def test_files_that_the_page_names_are_there() -> None:
    named = re.findall(r"\]\(([^)#]+)", PAGE)
    assert named
    assert all((ROOT / "docs" / name).is_file() for name in named)


def test_image_of_one_s_own_ends_as_the_user_it_began_with() -> None:
    _, own = read(OWN_IMAGE)
    users = [each.text for each in own if each.name == "USER"]
    assert users[-1] == next(each.text for each in LAST if each.name == "USER")
    (made,) = (exec_form(each.text) for each in own if each.name == "RUN")
    assert made == [PROGRAM, "compile"]
    gateway = compile(ROUTES.encode(), "routes.yaml").gateway
    assert gateway is not None
    (live,) = (each.text for each in own if each.name == "ENV")
    assert live == f"LIVE=http://127.0.0.1:{gateway.server.port}/live"
