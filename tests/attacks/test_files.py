"""Routes files of an enemy end in a line that says why, in little time and memory."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hxroute.compiler import compile
from hxroute.diagnostics.text import render
from hxroute.nodes import Respond
from tests.attacks import bounded
from tests.attacks.bounded import Outcome
from tests.attacks.files import HUGE, REFUSED, TRAPS, endpoint
from tests.compiler.hostile import FILES, hostile
from tests.processes import HXROUTE, environment

BYTES = int(os.environ.get("HXROUTE_ATTACK_BYTES", 4 << 10))
"""The size of each file of the compiler's own corpus; the goal is that of a MiB."""


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """What becomes of each file that is to be refused, where a listener waits."""
    with socket.create_server(("127.0.0.1", 0)) as trap:
        port = b"%d" % trap.getsockname()[1]
        files = {
            name: data.replace(b"PORT", port) for name, (_, data) in REFUSED.items()
        }
        found = bounded.compiled(tmp_path_factory.mktemp("refused"), files)
        trap.setblocking(False)
        with pytest.raises(BlockingIOError):
            trap.accept()
    return found


@pytest.fixture(scope="module")
def huge(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    return bounded.compiled(tmp_path_factory.mktemp("huge"), HUGE)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    files = {name.replace(" ", "-"): hostile(name, BYTES) for name in FILES}
    return bounded.compiled(tmp_path_factory.mktemp("corpus"), files)


@pytest.mark.parametrize("name", REFUSED)
def test_file_is_refused_at_its_place(refused: dict[str, Outcome], name: str) -> None:
    """The traps of G6 wait for a connection that never comes: see the fixture."""
    found = refused[name]

    assert found.ended == ""
    assert not found.is_gateway
    assert REFUSED[name][0] in found.codes
    assert "--> routes.yaml:" in found.shown
    assert "Traceback" not in found.shown


@pytest.mark.parametrize("name", HUGE)
def test_huge_file_ends_within_a_second(huge: dict[str, Outcome], name: str) -> None:
    assert huge[name].ended == ""
    assert len(huge[name].shown) < 300_000


@pytest.mark.parametrize("name", [name.replace(" ", "-") for name in FILES])
def test_file_of_the_corpus_ends_within_a_second(
    corpus: dict[str, Outcome], name: str
) -> None:
    """With HXROUTE_ATTACK_BYTES=1048576 the whole is the goal R18 of the catalogue."""
    assert corpus[name].ended == ""


@pytest.mark.parametrize("name", TRAPS)
def test_scalar_of_yaml_1_1_is_no_trap(name: str) -> None:
    text, value = TRAPS[name]

    gateway = compile(endpoint(f"respond: {{json: [{text}]}}"), "routes.yaml").gateway

    assert gateway is not None
    (answer,) = (
        node for node in gateway.endpoints[1].pipeline if isinstance(node, Respond)
    )
    assert json.loads(answer.json or "") == [value]


@pytest.mark.parametrize("word", ["no", "off", "NO", "n", "0"], ids="G4-{}".format)
def test_word_that_is_false_elsewhere_is_no_boolean(word: str) -> None:
    source = endpoint("upstream: u").replace(
        b"secret: true", f"secret: {word}".encode()
    )

    report = compile(source, "routes.yaml").report

    assert [item.code for item in report.diagnostics][:1] in (["HX108"], ["HX103"])


@pytest.mark.parametrize("name", ["G2-python-object", "G5-brackets-3000"])
def test_command_says_it_in_a_few_lines(tmp_path: Path, name: str) -> None:
    (tmp_path / "routes.yaml").write_bytes(REFUSED[name][1])

    for command in ("check", "compile", "routes"):
        done = subprocess.run(
            [*HXROUTE, command],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert f"error[{REFUSED[name][0]}]" in done.stderr
        assert "Traceback" not in done.stderr
        assert len(done.stderr.splitlines()) < 20

    assert [path.name for path in tmp_path.iterdir()] == ["routes.yaml"]


WATCHED = ("open", "os.", "socket.", "subprocess.", "ctypes.", "urllib.", "import")


def test_g6_compiling_opens_nothing(tmp_path: Path) -> None:
    """What a file names, be it a file or an address, is left alone."""
    source = (
        endpoint("respond: {text: x}")
        .replace(b"{env: KEY,", f"{{file: {tmp_path}/key,".encode())
        .replace(b"{env: URL}", b'{env: URL, default: "http://counted.invalid"}')
    )
    source = f"# $schema=file://{tmp_path}/schema\n".encode() + source
    assert compile(source, "routes.yaml").gateway is not None
    noted: list[str] = []
    active = True

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if active and event.startswith(WATCHED):
            noted.append(f"{event} {arguments}")

    sys.addaudithook(note)  # stays for the process
    try:
        again = compile(source.replace(b"/x,", b"/y,"), "routes.yaml")
        render(again.report)
    finally:
        active = False

    assert again.gateway is not None
    assert noted == []


def test_g21_missing_variable_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "routes.yaml").write_bytes(endpoint("respond: {text: a}"))
    subprocess.run([*HXROUTE, "compile"], cwd=tmp_path, env=environment(), check=True)

    done = subprocess.run(
        [sys.executable, "-m", "hxroute", "run", "--port", "0"],
        cwd=tmp_path,
        env=environment(URL="http://127.0.0.1:9"),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr == "error: line 2: setting `key`: not set; set KEY\n"
