"""`hxroute prove`, as a process of its own: what a user sees, and what CI is told."""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from hxroute.proof import corpus as corpora
from hxroute.proof.exchange import Case
from tests import processes
from tests.proof.projects import CASES, KEY, NOSNIFF, ROUTES, digests, line_of, make

HXROUTE = (sys.executable, "-m", "hxroute")
ALL = "8 cases: 8 identical, 0 sanctioned, 0 unexplained\n"
WRONG = ROUTES.replace(NOSNIFF, "x-content-type-options: other")
FACT = "client.headers.x-content-type-options"
DIFFERING = ["models-ok", "models-post", "keyed-ok"]
LINUX = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="processes are found in /proc"
)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    make(folder)
    return folder


@pytest.fixture
def project(recorded: Path, tmp_path: Path) -> Path:
    return shutil.copytree(recorded, tmp_path / "project")


@pytest.fixture
def wrong(project: Path) -> Path:
    (project / "routes.yaml").write_text(WRONG, encoding="utf-8")
    return project


def environment(**variables: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("GATEWAY_KEY", "MAX_BODY", "NO_COLOR", "COLUMNS", "TERM")
    }
    return {**kept, "PYTHONPATH": str(processes.ROOT), "COLUMNS": "100", **variables}


def prove(
    folder: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    done = subprocess.run(
        [*HXROUTE, "prove", *arguments],
        cwd=folder,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


def refused(folder: Path, *arguments: str, **variables: str) -> str:
    """Run the command, which cannot go on; return what it says."""
    done = prove(folder, *arguments, **variables)
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr


def on_terminal(
    folder: Path, columns: int, *arguments: str, **variables: str
) -> tuple[int, str]:
    """Run the command on a terminal; return its exit code, and what is to be seen."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*HXROUTE, "prove", *arguments],
        cwd=folder,
        env=environment(COLUMNS=str(columns), TERM="xterm") | variables,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = b"".join(read_all(ours))
    os.close(ours)
    return process.returncode, shown.decode().replace("\r\n", "\n")


def read_all(terminal: int) -> Iterator[bytes]:
    with contextlib.suppress(OSError):  # the end of a terminal
        while data := os.read(terminal, 4096):
            yield data


# ---- exit codes and the summary


def test_same_gateway_is_identical(project: Path) -> None:
    before = digests(project)

    done = prove(project)

    assert (done.returncode, done.stdout, done.stderr) == (0, ALL, "")
    assert digests(project) == before


def test_difference_is_shown_with_its_line(wrong: Path) -> None:
    before = digests(wrong)

    done = prove(wrong)

    assert done.returncode == 1
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    for name in DIFFERING:
        assert any(line.startswith(f"unexplained  {name} ") for line in lines)
    assert re.search(r"^ +nosniff +\| other$", done.stdout, re.MULTILINE)
    assert f"    routes.yaml:{line_of(NOSNIFF)}: `down` sets" in done.stdout
    assert lines[-1] == "8 cases: 5 identical, 0 sanctioned, 3 unexplained"
    assert digests(wrong) == before


def test_own_environment_is_none_of_the_gateways(project: Path) -> None:
    done = prove(project, GATEWAY_KEY="sk-of-this-shell", MAX_BODY="none")

    assert (done.returncode, done.stdout) == (0, ALL)


def test_routes_and_corpus_may_stand_elsewhere(project: Path) -> None:
    aside = project / "aside"
    aside.mkdir()
    (project / "routes.yaml").rename(aside / "gateway.yaml")
    (project / "corpus").rename(aside / "recorded")

    done = prove(project, "-f", "aside/gateway.yaml", "-c", "aside/recorded")

    assert (done.returncode, done.stdout) == (0, ALL)


@pytest.mark.parametrize(
    ("patterns", "count"),
    [
        (("models-ok",), 1),
        (("models-*",), 3),
        (("auth-*", "auth-missing", "health"), 3),
        (("*-o?",), 2),
        (("[ab]*",), 3),
    ],
)
def test_cases_are_chosen_by_patterns(
    project: Path, patterns: tuple[str, ...], count: int
) -> None:
    done = prove(project, *patterns)

    identical = f"{count} of 8 cases: {count} identical, 0 sanctioned, 0 unexplained\n"
    assert (done.returncode, done.stdout) == (0, identical)


def test_pattern_that_fits_nothing_is_refused(project: Path) -> None:
    said = refused(project, "models-ok", "modells-*")

    assert said == "error: corpus holds no case `modells-*`\n"


def test_fail_fast_stops_and_says_so(wrong: Path) -> None:
    done = prove(wrong, "models-ok", "models-post", "-x", "--jobs", "1")

    assert done.returncode == 1
    assert done.stdout.endswith(
        "1 of 8 cases: 0 identical, 0 sanctioned, 1 unexplained\n"
    )
    assert done.stderr == "note: stopped after 1 of 2 cases\n"


def test_fail_fast_goes_on_where_all_is_well(project: Path) -> None:
    done = prove(project, "-x")

    assert (done.returncode, done.stdout, done.stderr) == (0, ALL, "")


def test_one_gateway_at_a_time_shows_the_same(wrong: Path) -> None:
    assert prove(wrong, "--jobs", "1").stdout == prove(wrong, "--jobs", "8").stdout


# ---- what cannot be proven


def test_routes_file_with_errors_is_reported(project: Path) -> None:
    text = ROUTES.replace("upstream: models", "upstream: modells")
    (project / "routes.yaml").write_text(text, encoding="utf-8")

    said = refused(project)

    assert said.startswith("error[HX")
    assert f"routes.yaml:{line_of('upstream: models')}:" in said
    assert said.endswith("1 error\n")


def test_routes_file_that_is_missing(project: Path) -> None:
    (project / "routes.yaml").unlink()

    said = refused(project)

    assert said == "error: routes.yaml cannot be read: No such file or directory\n"


def test_corpus_that_is_missing(project: Path) -> None:
    shutil.rmtree(project / "corpus")

    said = refused(project)

    assert said == "error: corpus holds no corpus; run `hxroute record` to make one\n"


def test_corpus_that_is_not_complete(project: Path) -> None:
    make_incomplete(project)

    assert "is not complete: its recording was interrupted" in refused(project)


def make_incomplete(project: Path) -> None:
    corpus = corpora.load(project / "corpus")
    corpora.write(dataclasses.replace(corpus, complete=False))


def test_corpus_that_was_changed(project: Path) -> None:
    file = project / "corpus" / "exchanges" / "models-ok.http"
    file.write_text(file.read_text().replace("nosniff", "other"), encoding="utf-8")

    said = refused(project)

    assert "models-ok.http was changed since it was recorded" in said
    assert "hxroute record --declare REASON" in said


def test_upstream_of_another_name_is_the_same_where_it_is_alone(project: Path) -> None:
    text = ROUTES.replace("  models: {url", "  others: {url")
    text = text.replace("upstream: models", "upstream: others")
    (project / "routes.yaml").write_text(text, encoding="utf-8")

    done = prove(project, "models-*")

    assert done.stdout == "3 of 8 cases: 3 identical, 0 sanctioned, 0 unexplained\n"


def test_upstream_that_the_routes_file_does_not_define(project: Path) -> None:
    two = (
        '  first: {url: "http://127.0.0.1:1"}\n  second: {url: "http://127.0.0.1:2"}\n'
    )
    text = re.sub(r"  models: \{url.*\n", two, ROUTES)
    text = text.replace("upstream: models}", "upstream: first}")
    text += "  - {path: /v1/more, auth: key, methods: [GET], upstream: second}\n"
    (project / "routes.yaml").write_text(text, encoding="utf-8")

    said = refused(project)

    assert "was recorded with an upstream `models`, which routes.yaml does not" in said


def test_gateway_that_does_not_start_shows_it_in_each_case(project: Path) -> None:
    text = ROUTES.replace("default: 1KiB", "optional: false").replace(
        "MAX_BODY, type", "SIZE, type"
    )
    (project / "routes.yaml").write_text(text, encoding="utf-8")

    done = prove(project, "models-*")

    assert done.returncode == 1
    assert "start.error" in done.stdout
    assert "> line 5: setting `limit`: not set; set SIZE" in done.stdout
    assert done.stdout.endswith(
        "3 of 8 cases: 0 identical, 0 sanctioned, 3 unexplained\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--accept", "*"), "--accept wants a --reason"),
        (("--reason", "x"), "go with --accept CASE"),
        (("--fact", "x"), "go with --accept CASE"),
        (("--owner", "x"), "go with --accept CASE"),
        (("models-ok", "--accept", "*", "--reason", "x"), "--accept names the cases"),
        (("--upstream", "4000"), "--upstream says where the gateway of --new"),
        (("--jobs", "0"), "--jobs"),
        (("--format", "xml"), "--format"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    project: Path, arguments: tuple[str, ...], said: str
) -> None:
    assert said in refused(project, *arguments)


# ---- a gateway that runs already


@contextlib.contextmanager
def running(folder: Path, routes: str, upstream: int) -> Iterator[str]:
    """Serve a routes file, and give its address."""
    folder.mkdir()
    (folder / "routes.yaml").write_text(routes, encoding="utf-8")
    env = environment(
        GATEWAY_KEY=KEY, MODELS_URL=f"http://127.0.0.1:{upstream}", COLUMNS="80"
    )
    subprocess.run([*HXROUTE, "compile"], cwd=folder, env=env, check=True, timeout=60)
    with processes.gateway(folder, env, folder / "log") as port:
        yield f"http://127.0.0.1:{port}"


def test_running_gateway_is_asked_what_it_can_show(
    project: Path, tmp_path: Path
) -> None:
    upstream = processes.free_port()
    with running(tmp_path / "new", ROUTES, upstream) as url:
        done = prove(project, "--new", url, "--upstream", str(upstream))
        named = prove(project, "--new", url, "--upstream", f"models={upstream}")

    left_out = (
        f"note: left out: 2 cases of the environments `keyed`, `bad`; {url} runs "
        "already, and cannot be given what they set\n"
    )
    assert done.stderr == left_out
    assert done.stdout == "6 of 8 cases: 6 identical, 0 sanctioned, 0 unexplained\n"
    assert done.returncode == 0
    assert (named.returncode, named.stdout) == (0, done.stdout)


def test_running_gateway_that_differs(project: Path, tmp_path: Path) -> None:
    upstream = processes.free_port()
    with running(tmp_path / "new", WRONG, upstream) as url:
        place = ("--new", url, "--upstream", str(upstream))
        done = prove(project, *place)
        only = prove(project, "keyed-*", *place)

    assert done.returncode == 1
    assert done.stdout.endswith(
        "6 of 8 cases: 4 identical, 0 sanctioned, 2 unexplained\n"
    )
    assert "routes.yaml" not in done.stdout
    assert (only.returncode, only.stdout) == (2, "")
    assert only.stderr.startswith(
        "error: nothing is left to prove without 1 case of the environment `keyed`: "
    )


def test_running_gateway_of_another_kind(project: Path) -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        done = prove(project, "--new", url, "--upstream", str(processes.free_port()))
        server.shutdown()
        thread.join()

    assert done.returncode == 1
    assert "501" in done.stdout
    assert done.stdout.endswith(
        "6 of 8 cases: 0 identical, 0 sanctioned, 6 unexplained\n"
    )


def test_running_gateway_that_does_not(project: Path) -> None:
    url = f"http://127.0.0.1:{processes.free_port()}"

    said = refused(project, "--new", url, "--upstream", str(processes.free_port()))

    assert said == (
        f"error: nothing listens at {url}; start the gateway, or correct the address\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--new", "http://127.0.0.1:1"), "--upstream models=PORT"),
        (("--new", "https://x", "--upstream", "1"), "write http://HOST:PORT"),
        (("--new", "127.0.0.1:80", "--upstream", "1"), "write http://HOST:PORT"),
        (("--new", "http://x:y", "--upstream", "1"), "write http://HOST:PORT"),
        (("--new", "http://127.0.0.1:1", "--upstream", "env:A"), "--upstream 4000"),
        (("--new", "http://127.0.0.1:1", "--upstream", "x"), "is no place"),
    ],
)
def test_running_gateway_that_is_named_wrongly(
    project: Path, arguments: tuple[str, ...], said: str
) -> None:
    assert said in refused(project, *arguments)


def test_running_gateway_whose_upstream_port_is_taken(
    project: Path, tmp_path: Path
) -> None:
    with (
        http.server.HTTPServer(
            ("127.0.0.1", 0), http.server.BaseHTTPRequestHandler
        ) as taken,
        running(tmp_path / "new", ROUTES, taken.server_port) as url,
    ):
        port = str(taken.server_port)
        said = refused(project, "--new", url, "--upstream", port)

    assert f"cannot listen on 127.0.0.1:{port}" in said
    assert "stop what listens there" in said


# ---- the ledger


def accept(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    why = ("--reason", "The new value is right.", "--owner", "us")
    return prove(folder, *arguments, *why)


def test_one_difference_is_accepted(wrong: Path) -> None:
    before = digests(wrong)

    done = accept(wrong, "--accept", "models-ok")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("written to corpus/divergences.yaml\n")
    after = prove(wrong)
    assert after.returncode == 1
    assert after.stdout.endswith("8 cases: 5 identical, 1 sanctioned, 2 unexplained\n")
    del (now := digests(wrong))["corpus/divergences.yaml"]
    assert now == before


def test_all_that_fits_is_accepted(wrong: Path) -> None:
    done = accept(wrong, "--accept", "*")

    assert done.returncode == 0
    after = prove(wrong, "-v")
    assert after.returncode == 0
    assert after.stdout.count("sanctioned  ") == 3
    assert "The new value is right." in after.stdout
    assert after.stdout.endswith("8 cases: 5 identical, 3 sanctioned, 0 unexplained\n")


def test_one_fact_is_accepted(wrong: Path) -> None:
    text = WRONG.replace("respond: {text: ok}", "respond: {text: fine}")
    (wrong / "routes.yaml").write_text(text, encoding="utf-8")

    assert accept(wrong, "--accept", "*", "--fact", FACT).returncode == 0

    after = prove(wrong)
    assert after.stdout.endswith("8 cases: 4 identical, 3 sanctioned, 1 unexplained\n")


def test_fact_that_no_case_has_is_refused(wrong: Path) -> None:
    before = digests(wrong)

    done = accept(wrong, "--accept", "*", "--fact", "client.headers.none")

    assert (done.returncode, done.stdout) == (2, "")
    assert "`client.headers.none`" in done.stderr
    assert digests(wrong) == before


@pytest.mark.parametrize("name", ["health", "h*"])
def test_case_without_a_difference_is_not_accepted(wrong: Path, name: str) -> None:
    before = digests(wrong)

    done = accept(wrong, "--accept", name)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert digests(wrong) == before


def test_mended_gateway_makes_the_ledger_stale(wrong: Path) -> None:
    accept(wrong, "--accept", "*")
    (wrong / "routes.yaml").write_text(ROUTES, encoding="utf-8")

    done = prove(wrong)

    assert done.returncode == 1
    assert done.stdout.endswith("8 cases: 5 identical, 0 sanctioned, 3 unexplained\n")
    assert re.search(
        r"the ledger pins, in line [0-9]+: other$", done.stdout, re.MULTILINE
    )


def test_ledger_that_is_out_of_date_fails(project: Path) -> None:
    (project / "corpus" / "divergences.yaml").write_text(LEDGER, encoding="utf-8")

    done = prove(project)

    assert done.returncode == 1
    assert done.stdout.endswith(ALL)
    assert "corpus/divergences.yaml:3: " in done.stdout
    assert "the corpus has no case `gone`" in done.stdout


LEDGER = """\
version: 1
divergences:
  - cases: [gone]
    reason: It was so.
    owner: us
    client: {status: 200}
"""


def test_ledger_that_is_no_ledger_is_refused(project: Path) -> None:
    (project / "corpus" / "divergences.yaml").write_text("version: x", encoding="utf-8")

    assert "divergences.yaml" in refused(project)


# ---- how it is shown


def test_json_and_junit_are_written(wrong: Path) -> None:
    done = prove(wrong, "--format", "json", "-o", "out.json")
    junit = prove(wrong, "--format", "junit", "-o", "out.xml")
    html = prove(wrong, "--format", "html", "-o", "out.html")

    summary = "8 cases: 5 identical, 0 sanctioned, 3 unexplained\n"
    for one in (done, junit, html):
        assert (one.returncode, one.stdout, one.stderr) == (1, summary, "")
    assert json.loads((wrong / "out.json").read_text())["summary"] in summary
    suites = ET.parse(wrong / "out.xml").getroot()
    assert len(list(suites.iter("testcase"))) == 8
    assert len(list(suites.iter("failure"))) == 3
    assert (wrong / "out.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize("format", ["text", "json", "junit", "html"])
def test_format_is_the_same_in_a_file(wrong: Path, format: str) -> None:
    printed = prove(wrong, "--format", format)
    prove(wrong, "--format", format, "-o", "out", COLUMNS="40")

    assert printed.returncode == 1
    assert (wrong / "out").read_text() == printed.stdout


def test_file_that_cannot_be_written(project: Path) -> None:
    said = refused(project, "-o", "routes.yaml/out")

    assert said.startswith("error: routes.yaml/out cannot be written: ")


@pytest.mark.parametrize("format", ["text", "html"])
def test_reader_that_leaves_is_no_error(wrong: Path, format: str) -> None:
    command = [*HXROUTE, "prove", "--format", format]
    with subprocess.Popen(
        command,
        cwd=wrong,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()

    assert (process.returncode, errors) == (1, b"")


def test_terminal_is_coloured_and_filled(wrong: Path) -> None:
    code, shown = on_terminal(wrong, 40, "models-ok")

    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
    assert code == 1
    assert "\x1b[31m" in shown
    result = plain[plain.index("unexplained") :].splitlines()
    assert max(map(len, result[2:-1])) <= 60
    assert "1 of 8 cases: 0 identical, 0 sanctioned, 1 unexplained" in plain


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_terminal_without_colours(wrong: Path, variables: Mapping[str, str]) -> None:
    code, shown = on_terminal(wrong, 100, "models-ok", **variables)

    assert code == 1
    assert not re.search(r"\x1b\[[0-9;]+m", shown[shown.index("unexplained") :])


def test_help_says_what_is_compared_and_the_exit_codes(tmp_path: Path) -> None:
    said = " ".join(prove(tmp_path, "--help").stdout.split())

    assert "Exit 0 where" in said
    assert "1 where a difference is not explained" in said


# ---- when it is interrupted


@LINUX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_proof_leaves_no_process(
    tmp_path: Path, number: signal.Signals
) -> None:
    make(tmp_path, CASES[:2])
    silent = Case("slow", CASES[1].request, ({"sleep": 600},))
    corpus = corpora.load(tmp_path / "corpus")
    exchange = corpus.exchanges["models-ok"]
    slow = corpus.with_exchange(dataclasses.replace(exchange, case=silent))
    corpora.write_exchange(slow, slow.exchanges["slow"])
    corpora.write(slow)
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*HXROUTE, "prove", "--jobs", "2"],
        cwd=tmp_path,
        env=environment(TERM="xterm"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = b""
        for data in read_all(ours):
            shown += data
            if b"2/3" in shown:  # the other gateway has the third
                break
        gateways = children(process.pid)
        process.send_signal(number)
        shown += b"".join(read_all(ours))
    os.close(ours)

    assert process.returncode == 1
    assert b"Aborted!" in shown
    assert b"Traceback" not in shown
    assert gateways
    assert not [pid for pid in gateways if Path(f"/proc/{pid}").exists()]


def children(parent: int) -> list[int]:
    """Return the processes that a process has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent:
                found.append(int(stat.parent.name))
    return found
