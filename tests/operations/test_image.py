"""The Dockerfile: what it states, and that its commands do what they say."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.operations.dockerfile import carry_out, context, exec_form, read
from tests.operations.process import SECONDS
from tests.processes import ROOT, compiled, environment, free_port, running

FILE = ROOT / "deploy" / "Dockerfile"
IGNORE = ROOT / "deploy" / "Dockerfile.dockerignore"
AHEAD, BUILD, LAST = read(FILE.read_text(encoding="utf-8"))
EVERY = [*AHEAD, *BUILD, *LAST]
ENGINE = shutil.which("docker") or shutil.which("podman")
ITS_OWN = environment(PYTHONPATH="")  # what the image has installed, not this checkout
KEY = {"HX_MASTER_KEY": "sk-test"}


def one(name: str) -> str:
    (text,) = (each.text for each in LAST if each.name == name)
    return text


def environ_of_image() -> dict[str, str]:
    return dict(word.split("=", 1) for word in one("ENV").split())


def health_command() -> list[str]:
    _, command, words = one("HEALTHCHECK").partition(" CMD ")
    assert command
    return exec_form(words)


def test_image_has_nothing_of_the_checkout_but_what_was_installed() -> None:
    assert {each.name for each in EVERY}.isdisjoint({"ADD", "SHELL", "ONBUILD"})
    copies = [each.text.split() for each in LAST if each.name == "COPY"]
    assert copies == [
        ["--from=build", path, path] for path in ("/opt/hxroute", "/etc/hxroute")
    ]
    assert "RUN" not in {each.name for each in LAST}


def test_image_is_of_one_named_python() -> None:
    bases = [stage[0].text.split()[0] for stage in (BUILD, LAST)]
    assert bases == ["python:${PYTHON}-slim"] * 2
    assert re.fullmatch(r"PYTHON=3\.\d+", AHEAD[0].text)


def test_image_runs_as_nobody_in_particular() -> None:
    user, group = one("USER").split(":")
    assert int(user) > 0  # a number: Kubernetes' runAsNonRoot knows no names
    assert int(group) > 0
    names = [each.name for each in LAST]
    assert names.index("USER") > max(
        n for n, each in enumerate(names) if each == "COPY"
    )


def test_image_ends_in_order() -> None:
    assert one("STOPSIGNAL") == "SIGTERM"
    assert "ENTRYPOINT" not in {each.name for each in LAST}
    program, *arguments = exec_form(one("CMD"))  # by no shell, which passes none on
    assert program == "/opt/hxroute/bin/hxroute"
    assert arguments == ["run", "--host", "0.0.0.0"]


def test_image_holds_no_secret() -> None:
    assert set(environ_of_image()) == {"LIVE", "PYTHONUNBUFFERED"}
    assert [each.text for each in EVERY if each.name == "ARG"] == ["PYTHON=3.13"]
    assert not re.search("key|token|password|secret", " ".join(e.text for e in EVERY))


def test_image_asks_the_port_it_exposes() -> None:
    assert f":{one('EXPOSE')}/" in environ_of_image()["LIVE"]


@pytest.fixture(params=["installed", "built"])
def image(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    """Return where the programs of the image are, and where it works."""
    if request.param == "installed":
        return Path(sys.executable).parent, compiled(tmp_path)
    if not reaches_an_index(tmp_path):
        pytest.skip("pip reaches no package index, so that nothing can be installed")
    root = tmp_path / "image"
    context(IGNORE.read_text(encoding="utf-8"), ROOT, root / "src")
    workdir = carry_out(BUILD, root, sys.executable)
    return root / "opt" / "hxroute" / "bin", workdir


def reaches_an_index(folder: Path) -> bool:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "hatchling"]
    done = subprocess.run(
        [*command, "--dest", str(folder / "index")],
        env=environment(),
        check=False,
        capture_output=True,
        timeout=3 * SECONDS,
    )
    return not done.returncode


def carried_out(
    words: list[str], image: tuple[Path, Path], **variables: str
) -> subprocess.CompletedProcess[str]:
    programs, workdir = image
    return subprocess.run(
        [str(programs / Path(words[0]).name), *words[1:]],
        cwd=workdir,
        env={**ITS_OWN, **environ_of_image(), **variables},
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


def test_commands_of_the_image_serve_and_see_that_they_do(
    image: tuple[Path, Path], tmp_path: Path
) -> None:
    programs, workdir = image
    program, *arguments = exec_form(one("CMD"))
    exposed, port = one("EXPOSE"), str(free_port())
    live = environ_of_image()["LIVE"].replace(f":{exposed}/", f":{port}/")
    here = ["--host", "127.0.0.1", "--port", port]

    closed = carried_out([program, *arguments], image)
    assert closed.returncode
    assert "HX_MASTER_KEY" in closed.stderr
    assert carried_out(health_command(), image, LIVE=live).returncode
    command = [str(programs / Path(program).name), *arguments, *here]
    with running(command, workdir, {**ITS_OWN, **KEY}, tmp_path / "log", live):
        proxy = {"http_proxy": "http://127.0.0.1:9", "LIVE": live}
        assert carried_out(health_command(), image, **proxy).returncode == 0
        missing = {"LIVE": f"{live}/missing"}
        assert carried_out(health_command(), image, **missing).returncode


@pytest.mark.timeout(900)
def test_image_is_built_by_a_container_engine() -> None:
    if ENGINE is None:
        pytest.skip("no docker or podman on this machine")
    asked = subprocess.run(
        [ENGINE, "info"], check=False, capture_output=True, timeout=SECONDS
    )
    if asked.returncode:
        pytest.skip(f"{ENGINE} reaches no engine that could build")
    subprocess.run(
        [ENGINE, "build", "--file", FILE, "--tag", "hxroute-test", ROOT],
        check=True,
        capture_output=True,
        timeout=800,
    )
    user = subprocess.run(
        [ENGINE, "inspect", "--format", "{{.Config.User}}", "hxroute-test"],
        check=True,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert user.stdout.strip() == one("USER")
