"""`hxroute record` as it is typed: its help, and what it says of what cannot be."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest

from hxroute.proof.corpus import load
from tests.processes import HXROUTE, environment, free_port
from tests.proof.recorded import files, gets, hxroute, project, record

ROUTES = """\
version: 1
upstreams:
  models: {url: "http://127.0.0.1:4000"}
endpoints:
  - path: /healthz
    auth: none
    respond: {json: {ok: true}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(tmp_path, "tells", gets("/a", "/b"))


def said(folder: Path, *arguments: str) -> str:
    """Return the one line with which a command is refused."""
    before = files(folder)
    done = hxroute(folder, "record", *arguments)
    assert done.returncode == 2, done.stdout
    assert done.stdout == ""
    assert files(folder) == before
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    return done.stderr.removeprefix("error: ").rstrip("\n")


APP = ("--asgi", "main:app", "--upstream", "env:MODELS_URL")
OWN = ("--cases", "cases.yaml")


MISSING = "cannot be read: No such file or directory"
REFUSED: tuple[tuple[tuple[str, ...], str], ...] = (
    (APP, "there is no routes.yaml to make cases of; name a routes file (-f), an Open"),
    ((*APP, *OWN, "-f", "typo.yaml"), f"typo.yaml {MISSING}"),
    ((*APP, "--cases", "none.yaml"), f"none.yaml {MISSING}"),
    ((*APP, "--openapi", "none.json"), f"none.json {MISSING}"),
    (OWN, "name the old gateway: --asgi MODULE:APP, or --url where it runs"),
    ((*APP, *OWN, "--env", "foo"), "--env foo: write NAME=VALUE"),
    ((*APP, *OWN, "--env", "=b"), "--env : write NAME=VALUE"),
    ((*APP, *OWN, "--env", "1A=b"), "--env 1A: write NAME=VALUE"),
    ((*APP, *OWN, "--env", "A=\udcff"), "--env A: its value is not UTF-8"),
    ((*APP, *OWN, "--env", "MODELS_URL=x"), "MODELS_URL leads to our upstream; take "),
    ((*APP, *OWN, "--anew", " "), "say the reason in a line of text: why are the"),
    ((*APP, *OWN, "--upstream", "b=4000"), "`env:MODELS_URL` has no name; of several"),
    (("--declare", "why"), "corpus holds no corpus; run `hxroute record` to make one"),
    ((*APP, *OWN, *OWN), "a case `a` is in cases.yaml:3 and in cases.yaml:3; rename"),
)


@pytest.mark.parametrize(("arguments", "text"), REFUSED)
def test_command_that_cannot_be_done_says_why(
    folder: Path, arguments: tuple[str, ...], text: str
) -> None:
    assert said(folder, *arguments).startswith(text)


def test_routes_file_without_cases_is_nothing_to_record(folder: Path) -> None:
    (folder / "routes.yaml").write_text(ROUTES, encoding="utf-8")

    assert said(folder, *APP, "--size", "none").startswith("there are no cases")


def test_errors_of_a_file_of_cases_are_shown_in_their_places(folder: Path) -> None:
    (folder / "cases.yaml").write_text(gets("/a").replace("GET", "a b"), "utf-8")

    done = record(folder)

    assert done.returncode == 2
    assert "--> cases.yaml:3:" in done.stderr
    assert not (folder / "corpus").exists()


def test_port_that_somebody_has_is_told(folder: Path) -> None:
    port = free_port()
    wish = ("--asgi", "main:app", "--upstream", str(port), *OWN)
    with subprocess.Popen(
        ["python3", "-c", LISTENS, str(port)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "listens\n"
        text = said(folder, *wish)
        other.kill()

    assert text == (
        f"the scripted upstream cannot listen on 127.0.0.1:{port} (Address already in "
        "use); stop what listens there"
    )


LISTENS = """
import signal, socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))):
    print("listens", flush=True)
    signal.pause()
"""


def test_environment_of_a_case_cannot_be_given_to_one_that_runs(folder: Path) -> None:
    keyed = "environments:\n  keyed: {KEY: a}\n" + gets("/a").removeprefix(
        "version: 1\n"
    )
    keyed = keyed.replace("name: a,", "name: a, environment: keyed,")
    (folder / "cases.yaml").write_text("version: 1\n" + keyed, encoding="utf-8")
    port = free_port()

    text = said(folder, "--url", f"http://127.0.0.1:{port}", "--upstream", "9", *OWN)

    assert text == (
        f"in the environment `keyed`: http://127.0.0.1:{port} runs already and cannot "
        "be given KEY"
    )


def test_summary_says_what_came_of_it(folder: Path) -> None:
    lines = record(folder).stdout.splitlines()
    warning = (
        "warning: no request reached our upstream; look whether --upstream says how "
        "the old gateway finds it, and whether its key is that of the cases"
    )

    assert lines[0].startswith("recorded main:app (python 3.")
    assert lines[0].endswith(") into corpus")
    assert lines[1:] == [
        "2 cases: 2 new, 0 that were there",
        "answers: 2 × 200",
        "requests that reached an upstream: 0",
        warning,
    ]


def test_one_case_is_counted_as_one(folder: Path) -> None:
    (folder / "cases.yaml").write_text(gets("/a"), encoding="utf-8")

    assert "\n1 case: 1 new, 0 that were there\n" in record(folder).stdout


def test_bar_is_shown_on_a_terminal_only(folder: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*HXROUTE, "record", *APP, *OWN],
        cwd=folder,
        env=environment(TERM="xterm", COLUMNS="40"),
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b"".join(iter(lambda: terminal(ours), b""))
    process.communicate()
    os.close(ours)

    assert process.returncode == 1, shown  # nothing reaches an upstream
    assert b"recording" in shown
    assert b"2/2" in shown
    assert b"Traceback" not in shown
    assert record(folder).stderr == ""


def terminal(descriptor: int) -> bytes:
    """Return what is on a terminal; nothing once nobody writes to it."""
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""


def test_output_that_nobody_reads_is_no_traceback(folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*HXROUTE, "record", *APP, *OWN],
        cwd=folder,
        env=environment(),
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)

    assert "Traceback" not in done.stderr
    assert load(folder / "corpus").complete


def test_folder_that_cannot_be_written_is_told(folder: Path) -> None:
    (folder / "file").touch()

    done = record(folder, "-c", "file/corpus")

    assert done.returncode == 2
    assert done.stderr == (
        "error: file/corpus/corpus.json cannot be written: Not a directory\n"
    )


def test_help_explains_every_option(folder: Path) -> None:
    text = " ".join(hxroute(folder, "record", "--help").stdout.split())

    for words in (
        "env:VARIABLE gets our address, PORT is where it calls 127.0.0.1, map:HOST",
        "A variable that it is started with. Yours are not passed on.",
        "goes on where it ended",
        "take some that open nothing else",
    ):
        assert words in text
