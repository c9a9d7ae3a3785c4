"""The page on keys: its files compile, and its commands run in their order."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from hxroute.compiler import compile
from hxroute.keyring import minting
from tests import processes
from tests.keyring.test_command import hxroute

PAGE = (processes.ROOT / "docs" / "keys.md").read_text(encoding="utf-8")
FILES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
COMMANDS = re.findall(r"^\$ hxroute keys (.*)$", PAGE, re.MULTILINE)


def test_files_of_the_page_compile() -> None:
    reports = [compile(file.encode(), "page").report for file in FILES]

    assert [report.diagnostics for report in reports] == [[], [], []]


def test_commands_of_the_page_run(tmp_path: Path) -> None:
    (tmp_path / "routes.yaml").write_text(FILES[0])

    done = [hxroute(tmp_path, *shlex.split(command)) for command in COMMANDS]

    assert [item.returncode for item in done] == [0, 0, 0]
    new, rotated, stale = (item.stdout.strip() for item in done)
    assert minting.is_whole(new)
    assert minting.is_whole(rotated)
    assert stale == ""
