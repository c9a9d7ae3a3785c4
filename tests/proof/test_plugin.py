"""A corpus as tests, in projects of their own: runs of pytest as a user has them."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from hxroute.proof import corpus as corpora
from hxroute.proof.exchange import Case
from tests import processes
from tests.proof.projects import CASES, NOSNIFF, ROUTES, digests, line_of, make

THREE_LINES: Final = """\
def test_compat(exchange, gateway, snapshot):
    assert gateway.replay(exchange) == snapshot
"""
WRONG: Final = ROUTES.replace(NOSNIFF, "x-content-type-options: other")
COUNT: Final = len(CASES)
QUIET: Final = ("-q", "-p", "no:cacheprovider", "-p", "no:cov", "-W", "error")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    make(folder)
    (folder / "test_compat.py").write_text(THREE_LINES, encoding="utf-8")
    return folder


@pytest.fixture
def project(recorded: Path, tmp_path: Path) -> Path:
    return shutil.copytree(recorded, tmp_path / "project")


@pytest.fixture
def wrong(project: Path) -> Path:
    (project / "routes.yaml").write_text(WRONG, encoding="utf-8")
    return project


def environment(**variables: str) -> dict[str, str]:
    """Return an environment in which pytest is nobody's but the project's."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST", "GATEWAY", "CI", "BUILD_NUMBER"))
    }
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "120", **variables}


def run(
    folder: Path, *arguments: str, options: tuple[str, ...] = QUIET, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder to its end."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *arguments],
        cwd=folder,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )


def outcomes(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """Count the outcomes that the last line tells."""
    last = done.stdout.strip().splitlines()[-1]
    return {word: int(n) for n, word in re.findall(r"([0-9]+) ([a-z]+)", last)}


# ---- three lines of test


def test_project_of_three_lines_passes(project: Path) -> None:
    before = digests(project)

    done = run(project)

    assert outcomes(done) == {"passed": COUNT}, done.stdout
    assert done.returncode == 0
    assert digests(project) == before


@pytest.mark.parametrize("update", [(), ("--snapshot-update",)])
def test_wrong_routes_file_fails_with_the_difference(
    wrong: Path, update: tuple[str, ...]
) -> None:
    before = digests(wrong)

    done = run(wrong, *update)

    assert outcomes(done)["failed"] == 3
    assert done.returncode == 1
    assert re.search(r"^E? +nosniff +\| other$", done.stdout, re.MULTILINE)
    line = line_of(NOSNIFF)
    assert f"routes.yaml:{line}: `down` sets x-content-type-options" in done.stdout
    assert digests(wrong) == before


def test_many_differences_are_shown_whole(project: Path) -> None:
    text = ROUTES.replace(
        "      " + NOSNIFF, "\n".join(f"      x-{n}: a" for n in "bcdef")
    )
    (project / "routes.yaml").write_text(text, encoding="utf-8")

    done = run(project, "-k", "models-ok")

    assert outcomes(done)["failed"] == 1
    assert "- what differs -" in done.stdout
    for name in "bcdef":
        assert f"`down` sets x-{name}" in done.stdout


def test_differences_are_shown_once_where_nothing_is_cut(wrong: Path) -> None:
    done = run(wrong, "-k", "models-ok", "-vv")

    assert done.stdout.count("`down` sets x-content-type-options") == 1


def test_changed_golden_fails_its_case_alone(project: Path) -> None:
    file = project / "corpus" / "exchanges" / "models-ok.http"
    file.write_text(file.read_text().replace("nosniff", "other"), encoding="utf-8")
    before = digests(project)

    done = run(project, "--snapshot-update")

    assert outcomes(done) == {"passed": COUNT - 1, "error": 1}
    assert "models-ok.http was changed since it was recorded" in done.stdout
    assert "hxroute record --declare REASON" in done.stdout
    assert digests(project) == before


@pytest.mark.parametrize(
    ("entry", "line", "said"),
    [
        ("cases: [gone]\n    client: {status: 200}", 3, "no case `gone`"),
        ("cases: [health]\n    client: {status: 200}", 4, "is pinned to what was"),
        (
            'cases: [health]\n    expires: "2020-01-01"\n    client: {status: 299}',
            3,
            "expired on 2020-01-01",
        ),
        ("cases: [health]\n    client: {stattus: 299}", 4, "stattus"),
    ],
)
def test_ledger_that_is_not_right_is_told_with_its_line(
    project: Path, entry: str, line: int, said: str
) -> None:
    text = f"version: 1\ndivergences:\n  - {entry}\n    reason: So.\n    owner: us\n"
    (project / "corpus" / "divergences.yaml").write_text(text, encoding="utf-8")

    done = run(project)

    assert outcomes(done) == {"errors": COUNT}
    assert said in done.stdout
    assert re.search(rf"divergences\.yaml:{line}\b", done.stdout)
    assert done.stdout.count(said) <= 2  # the summary names what it begins with
    assert "no gateway, for the reason that test_compat.py::test_compat[" in done.stdout


def test_ledger_sanctions(wrong: Path) -> None:
    cases = "[models-ok, models-post, keyed-ok]"
    pins = "{headers: {x-content-type-options: other}}"
    text = (
        f"version: 1\ndivergences:\n  - cases: {cases}\n    client: {pins}\n"
        "    reason: So.\n    owner: us\n"
    )
    (wrong / "corpus" / "divergences.yaml").write_text(text, encoding="utf-8")

    assert outcomes(run(wrong)) == {"passed": COUNT}
    (wrong / "routes.yaml").write_text(ROUTES, encoding="utf-8")
    done = run(wrong)
    assert outcomes(done)["failed"] == 3
    assert "the ledger pins" in done.stdout


# ---- pytest's own ways


def test_cases_are_chosen_by_keyword(project: Path) -> None:
    done = run(project, "-k", "auth and not wrong")

    assert outcomes(done) == {"passed": 1, "deselected": COUNT - 1}


def test_case_is_chosen_by_its_name(project: Path) -> None:
    done = run(project, "test_compat.py::test_compat[models-down]")

    assert outcomes(done) == {"passed": 1}


def test_first_failure_stops(wrong: Path) -> None:
    done = run(wrong, "-x")

    assert outcomes(done)["failed"] == 1
    assert "stopping after 1 failures" in done.stdout


def test_failed_cases_run_again(wrong: Path) -> None:
    options = ("-q", "-p", "no:cov")
    run(wrong, options=options)

    done = run(wrong, "--lf", options=options)

    assert outcomes(done) == {"failed": 3, "deselected": 5} or outcomes(done) == {
        "failed": 3
    }


def test_cases_are_divided_among_processes(wrong: Path) -> None:
    pytest.importorskip("xdist")
    before = digests(wrong)

    done = run(wrong, "-n", "2")

    assert (outcomes(done)["failed"], outcomes(done)["passed"]) == (3, COUNT - 3)
    assert digests(wrong) == before


def test_collecting_starts_nothing(project: Path) -> None:
    (project / "routes.yaml").unlink()

    done = run(project, "--collect-only")

    assert done.returncode == 0
    assert "test_compat.py::test_compat[models-ok]" in done.stdout


def test_names_in_the_configuration(project: Path) -> None:
    (project / "routes.yaml").rename(project / "gateway.yaml")
    (project / "corpus").rename(project / "old")
    (project / "pytest.ini").write_text(
        "[pytest]\nhxroute_routes = gateway.yaml\nhxroute_corpus = old\n"
    )

    assert outcomes(run(project)) == {"passed": COUNT}


def test_tests_may_have_a_folder(project: Path) -> None:
    (project / "tests").mkdir()
    (project / "test_compat.py").rename(project / "tests" / "test_compat.py")

    assert outcomes(run(project, "tests")) == {"passed": COUNT}


def test_routes_file_may_be_a_fixture(project: Path) -> None:
    (project / "routes.yaml").rename(project / "a.yaml")
    (project / "b.yaml").write_text(WRONG, encoding="utf-8")
    (project / "conftest.py").write_text(
        "import pathlib, pytest\n"
        "@pytest.fixture(scope='session', params=['a.yaml', 'b.yaml'])\n"
        "def hxroute_routes(request):\n"
        "    return pathlib.Path(request.param)\n"
    )

    done = run(project)

    assert (outcomes(done)["failed"], outcomes(done)["passed"]) == (3, 2 * COUNT - 3)


# ---- what is missing or wrong


def test_corpus_that_is_missing_is_one_error(project: Path) -> None:
    shutil.rmtree(project / "corpus")

    done = run(project)

    assert outcomes(done) == {"error": 1}
    assert "holds no corpus; run `hxroute record` to make one" in done.stdout
    assert "Traceback" not in done.stdout


def test_corpus_that_is_not_complete_is_one_error(project: Path) -> None:
    corpus = corpora.load(project / "corpus")
    corpora.write(dataclasses.replace(corpus, complete=False))

    done = run(project)

    assert outcomes(done) == {"error": 1}
    assert "is not complete" in done.stdout


def test_routes_file_with_errors_is_told_once(project: Path) -> None:
    text = ROUTES.replace("upstream: models", "upstream: modells")
    (project / "routes.yaml").write_text(text, encoding="utf-8")

    done = run(project)

    assert outcomes(done) == {"errors": COUNT}
    assert done.stdout.count("error[HX") == 2  # the summary names what it begins with
    assert done.stdout.count("-->") == 1
    assert f"routes.yaml:{line_of('upstream: models')}:" in done.stdout


def test_routes_file_that_is_missing(project: Path) -> None:
    (project / "routes.yaml").unlink()

    done = run(project)

    assert outcomes(done) == {"errors": COUNT}
    assert done.stdout.count("routes.yaml cannot be read: No such file") == 1


def test_syrupy_that_is_missing_is_named(project: Path) -> None:
    done = run(project, "-p", "no:syrupy")

    assert outcomes(done) == {"error": 1}
    assert "pip install 'hxroute[pytest]'" in done.stdout


def test_syrupy_is_not_needed_without_a_snapshot(project: Path) -> None:
    (project / "test_compat.py").write_text(
        "def test_compat(exchange, gateway):\n"
        "    assert gateway.replay(exchange).verdict.outcome == 'identical'\n"
    )

    assert outcomes(run(project, "-p", "no:syrupy")) == {"passed": COUNT}


def test_plugin_may_be_left_out(project: Path) -> None:
    done = run(project, "-p", "no:hxroute")

    assert outcomes(done) == {"error": 1}
    assert "fixture 'exchange' not found" in done.stdout


# ---- beside other tests


def test_snapshots_of_the_projects_own_are_written(project: Path) -> None:
    own = THREE_LINES + "\n\ndef test_own(snapshot):\n    assert {'a': 1} == snapshot\n"
    (project / "test_compat.py").write_text(own)
    before = digests(project / "corpus")

    missing, written, again = (
        run(project, *arguments) for arguments in ((), ("--snapshot-update",), ())
    )

    assert outcomes(missing) == {"passed": COUNT, "failed": 1}
    assert outcomes(written) == {"passed": COUNT + 1}
    assert outcomes(again) == {"passed": COUNT + 1}
    assert (project / "__snapshots__" / "test_compat.ambr").exists()
    assert digests(project / "corpus") == before


def test_fixtures_of_the_projects_own_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(
        "import pytest\n\n"
        "@pytest.fixture\ndef gateway():\n    return 'mine'\n\n"
        "@pytest.fixture\ndef exchange():\n    return 'mine too'\n\n"
        "def test_both(gateway, exchange, snapshot):\n"
        "    assert (gateway, exchange) == ('mine', 'mine too')\n"
        "    assert snapshot is not None\n\n"
        "@pytest.mark.parametrize('exchange', [1, 2])\n"
        "def test_parameters(gateway, exchange):\n"
        "    assert gateway == 'mine' and exchange in (1, 2)\n\n"
        "@pytest.mark.parametrize(('a', 'exchange'), [(1, 2)])\n"
        "def test_two_parameters(gateway, a, exchange):\n"
        "    assert (gateway, a, exchange) == ('mine', 1, 2)\n"
    )

    assert outcomes(run(tmp_path)) == {"passed": 4}


def test_own_gateway_plays_a_corpus(project: Path) -> None:
    (project / "test_compat.py").write_text(
        "import pytest\n\n"
        "@pytest.fixture\ndef gateway():\n    return 'mine'\n\n"
        "def test_each(gateway, exchange):\n    assert exchange.name\n"
    )

    assert outcomes(run(project)) == {"passed": COUNT}


def test_failures_of_others_load_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(
        "import sys\n\n"
        "def test_fails():\n    assert {'a': 1} == {'a': 2}\n\n"
        "def test_afterwards():\n"
        "    loaded = [n for n in sys.modules if n.startswith('hxroute.proof.')]\n"
        "    assert loaded == ['hxroute.proof.plugin']\n"
    )

    assert outcomes(run(tmp_path)) == {"failed": 1, "passed": 1}


def test_plugin_loads_nothing_but_pytest() -> None:
    script = (
        "import sys, typing, pytest, hxroute\n"
        "before = set(sys.modules)\n"
        "import hxroute.proof.plugin\n"
        "print(sorted(set(sys.modules) - before))\n"
        "heavy = 'asyncio click httpx2 jinja2 jsonschema rich starlette yaml'\n"
        "print([name for name in heavy.split() if name in sys.modules])\n"
    )

    shown = subprocess.run(
        [sys.executable, "-c", script],
        env={**environment(), "PYTHONPATH": str(processes.ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout

    assert shown == "['hxroute.proof', 'hxroute.proof.plugin']\n[]\n"


def test_coverage_of_hxroute_is_measured_without_a_warning(project: Path) -> None:
    pytest.importorskip("pytest_cov")
    options = ("-q", "-p", "no:cacheprovider", "-W", "error")

    done = run(project, "--cov=hxroute.proof.httptext", options=options)

    assert done.returncode == 0, done.stdout
    assert "Warning" not in done.stdout + done.stderr


# ---- the end


@pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="processes are found in /proc"
)
@pytest.mark.parametrize("how", ["failing", "interrupted"])
def test_nothing_is_left_running(project: Path, how: str) -> None:
    corpus = corpora.load(project / "corpus")
    for number in range(3):
        slow = Case(f"slow-{number}", CASES[1].request, ({"sleep": 600},))
        exchange = dataclasses.replace(corpus.exchanges["models-ok"], case=slow)
        corpora.write_exchange(corpus, exchange)
        corpus = corpus.with_exchange(exchange)
    corpora.write(corpus)
    (project / "test_compat.py").write_text(
        "import os, pathlib\n\n"
        "def test_compat(exchange, gateway):\n"
        "    gateway.replay(exchange)\n"
        "    print('session', os.getpid(), flush=True)\n"
        f"    assert exchange.name != 'models-post' or {how == 'interrupted'}\n"
    )

    command = [sys.executable, "-m", "pytest", *QUIET, "-s", "-x"]
    with subprocess.Popen(
        command,
        cwd=project,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        shown = process.stdout.readline()
        while "session" not in shown:
            shown = process.stdout.readline()
        gateways = children(process.pid)
        if how == "interrupted":
            process.send_signal(signal.SIGINT)
        rest = process.stdout.read()

    assert process.returncode == (2 if how == "interrupted" else 1), rest
    assert gateways
    assert not [pid for pid in gateways if Path(f"/proc/{pid}").exists()]


def children(parent: int) -> list[int]:
    """Return the processes that a process has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found
