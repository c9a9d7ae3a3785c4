"""`hxroute keys`, as users run it."""

from __future__ import annotations

import re
import stat
import subprocess
from pathlib import Path

import pytest

from hxroute.keyring import digest_of, minting
from tests import processes

ROUTES = """\
version: 1
settings: {alice: {env: ALICE, secret: true}}
auth:
  clients:
    bearer:
      - {name: alice, key: "{{ settings.alice }}"}  # our first
# all of it
endpoints: [{path: /x, auth: clients, respond: {}}]
"""


def hxroute(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*processes.HXROUTE, "keys", *arguments],
        cwd=folder,
        env=processes.environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "routes.yaml").write_text(ROUTES)
    return tmp_path


def key_of(done: subprocess.CompletedProcess[str]) -> str:
    """Return the key that a command printed, which is all of its output."""
    key = done.stdout.removesuffix("\n")
    assert done.returncode == 0, done.stderr
    assert minting.is_whole(key)
    assert key not in done.stderr
    return key


def test_new_prints_a_key_and_its_entry_and_writes_nothing(folder: Path) -> None:
    done = hxroute(folder, "new", "bob", "--not-after", "2099-01-31")

    digest = digest_of(key_of(done))
    entry = f"- {{name: bob, sha256: {digest}, not_after: 2099-01-31}}\n"
    assert done.stderr.endswith(entry)
    assert (folder / "routes.yaml").read_text() == ROUTES


def test_new_needs_no_file_unless_it_writes(tmp_path: Path) -> None:
    assert key_of(hxroute(tmp_path, "new", "bob"))
    assert hxroute(tmp_path, "new", "bob", "--write").returncode == 2


def test_new_puts_the_digest_into_the_file_and_changes_nothing_else(
    folder: Path,
) -> None:
    (folder / "routes.yaml").chmod(0o600)

    key = key_of(hxroute(folder, "new", "bob", "--write"))

    line = f"      - {{name: bob, sha256: {digest_of(key)}}}\n"
    text = (folder / "routes.yaml").read_text()
    assert text == ROUTES.replace("  # our first\n", f"  # our first\n{line}")
    assert stat.S_IMODE((folder / "routes.yaml").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["routes.yaml"]


def test_rotate_adds_a_key_and_lets_the_old_one_end(folder: Path) -> None:
    done = hxroute(folder, "rotate", "alice", "--grace", "36500d")
    other = hxroute(folder, "rotate", "alice", "--grace", "7d")
    first = hxroute(folder, "rotate", "alice", "--grace", "100d")

    assert done.returncode == 2  # nobody means 100 years
    keys = key_of(other), key_of(first)
    text = (folder / "routes.yaml").read_text()
    instant = "not_after: 20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z}"
    lines = (
        rf'      - {{name: alice, key: "{{{{ settings.alice }}}}", {instant}  # our first\n'
        rf"      - {{name: alice, sha256: {digest_of(keys[0])}, {instant}\n"
        rf"      - {{name: alice, sha256: {digest_of(keys[1])}}}\n"
    )
    assert re.search(lines, text)
    assert "the key of line 6 is good until" in other.stderr
    assert "line 6" not in first.stderr, "it ends before that"
    assert "the key of line 7 is good until" in first.stderr


def test_stale_lists_what_has_ended_or_soon_will(folder: Path) -> None:
    assert hxroute(folder, "stale").returncode == 0
    key_of(hxroute(folder, "rotate", "alice", "--grace", "7d"))
    key_of(hxroute(folder, "new", "old", "--write", "--not-after", "2099-01-31"))
    path = folder / "routes.yaml"
    path.write_text(path.read_text().replace("2099-01-31", "2001-01-31"))

    done, short = hxroute(folder, "stale"), hxroute(folder, "stale", "--within", "6d")

    assert (done.returncode, short.returncode) == (1, 1)
    old, alice = done.stdout.splitlines()
    assert old == "old  clients  expired 2001-01-31  routes.yaml:8"
    assert re.fullmatch(r"alice  clients  expires 20\S+Z  routes.yaml:6", alice)
    assert short.stdout == f"{old}\n"


def test_file_that_would_not_compile_is_not_written(folder: Path) -> None:
    path = folder / "routes.yaml"
    path.write_text(ROUTES.replace("auth: clients", "auth: client"))

    done = hxroute(folder, "new", "bob", "--write")

    assert (done.returncode, done.stdout) == (2, "")
    assert "HX202" in done.stderr
    assert path.read_text() == ROUTES.replace("auth: clients", "auth: client")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["new", "alice", "--write"], "`hxroute keys rotate alice` replaces it"),
        (["new", "bob", "--write", "--auth", "staff"], "there is `clients`"),
        (["new", "a b"], "write letters"),
        (["new", "bob", "--not-after", "2001-01-31"], "no date to come"),
        (["new", "bob", "--not-after", "soon"], "no date to come"),
        (["rotate", "bob"], "no key is named `bob`"),
        (["rotate", "alice", "--grace", "soon"], "write 7d, 12h or 30m"),
        (["stale", "--within", "-1d"], "write 7d, 12h or 30m"),
    ],
)
def test_command_says_why_it_cannot(
    folder: Path, arguments: list[str], said: str
) -> None:
    done = hxroute(folder, *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.replace("│", "").split())
    assert (folder / "routes.yaml").read_text() == ROUTES
