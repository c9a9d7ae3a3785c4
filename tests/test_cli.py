"""The commands, as processes of their own: what users see."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hxroute import files
from hxroute.runtime import serve

ROUTES = """\
version: 1
settings:
  url: {env: URL, default: "http://127.0.0.1:9"}
  key: {env: KEY, default: sk-public, secret: true}
upstreams: {u: {url: "{{ settings.url }}"}}
auth: {a: {bearer: ["{{ settings.key }}"]}}
headers: {h: {drop: [authorization, cookie]}}
defaults: {request: {headers: h}}
endpoints:
  - {path: /open, auth: none, respond: {text: "caf\u00e9"}}
  - {path: /closed, auth: a, methods: [GET], upstream: u}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "routes.yaml").write_text(ROUTES, encoding="utf-8")
    return tmp_path


def environment(**variables: str) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if name not in ("URL", "KEY")
    }
    return {**kept, **variables}


def hxroute(
    folder: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "hxroute", *arguments],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


@contextmanager
def running(
    folder: Path, *arguments: str, **variables: str
) -> Iterator[tuple[str, list[str]]]:
    """Run a server; yield its address and its screen; end it as Ctrl-C does."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "hxroute", *arguments],
        cwd=folder,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout is not None
    screen = []
    try:
        for line in process.stdout:
            screen.append(line.rstrip("\n"))
            if line.startswith(("Ctrl-C", "press Ctrl-C")):
                break
        address = next(
            filter(None, (re.search(r"http://\S+", line) for line in screen))
        )
        yield address[0], screen
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert "Traceback" not in errors
    assert process.returncode == 0, errors


def get(url: str, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code, exc.read().decode()


def test_check_says_what_a_good_file_holds(folder: Path) -> None:
    done = hxroute(folder, "check")
    assert done.returncode == 0
    assert (
        done.stdout == "routes.yaml: 2 endpoints, 1 upstream, 2 settings, no errors\n"
    )


def test_check_reports_every_mistake_at_its_place(folder: Path) -> None:
    (folder / "routes.yaml").write_text(
        ROUTES.replace("auth: a,", "auth: b,").replace("u: {", "v: {")
    )
    done = hxroute(folder, "check")
    assert done.returncode == 2
    assert "error[HX202]: unknown auth `b`" in done.stderr
    assert "routes.yaml:11:" in done.stderr
    assert "error[HX201]: unknown upstream `u`" in done.stderr
    assert done.stderr.endswith("2 errors, 1 warning\n")


def test_check_of_a_file_that_is_not_there(tmp_path: Path) -> None:
    done = hxroute(tmp_path, "check")
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr == "error: routes.yaml cannot be read: No such file or directory\n"
    )


def test_compile_writes_the_same_module_each_time(folder: Path) -> None:
    assert hxroute(folder, "compile").returncode == 0
    first = (folder / "build/gateway.py").read_bytes()
    assert hxroute(folder, "compile").stdout.startswith(
        "routes.yaml -> build/gateway.py: "
    )
    assert (folder / "build/gateway.py").read_bytes() == first
    assert [path.name for path in (folder / "build").iterdir()] == ["gateway.py"]


def test_compile_check_tells_stale_from_fresh(folder: Path) -> None:
    missing = hxroute(folder, "compile", "--check")
    assert (missing.returncode, missing.stderr) == (
        1,
        "build/gateway.py is stale; run `hxroute compile`\n",
    )
    hxroute(folder, "compile")
    assert hxroute(folder, "compile", "--check").returncode == 0
    with (folder / "build/gateway.py").open("a") as build:
        build.write("# touched\n")
    assert hxroute(folder, "compile", "--check").returncode == 1


def test_compile_of_a_bad_file_leaves_the_old_build(folder: Path) -> None:
    hxroute(folder, "compile")
    before = (folder / "build/gateway.py").read_bytes()
    (folder / "routes.yaml").write_text("version: 2\n")
    assert hxroute(folder, "compile").returncode == 2
    assert (folder / "build/gateway.py").read_bytes() == before


def test_compile_where_nothing_can_be_written(folder: Path) -> None:
    (folder / "build").write_text("a file where the folder should be")
    done = hxroute(folder, "compile")
    assert done.returncode == 2
    assert done.stderr.startswith("error: build/gateway.py cannot be written: ")


def test_write_follows_links_and_replaces_files_only(tmp_path: Path) -> None:
    target, link, fifo = tmp_path / "file", tmp_path / "link", tmp_path / "fifo"
    link.symlink_to(target)
    files.write(link, "text")
    assert (link.is_symlink(), target.read_text()) == (True, "text")
    os.mkfifo(fifo)
    with pytest.raises(OSError, match="no regular file"):
        files.write(fifo, "text")
    assert fifo.is_fifo()


def test_write_leaves_nothing_half_written(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        files.write(target, "new \ud800")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_run_serves_what_was_compiled(folder: Path) -> None:
    hxroute(folder, "compile")
    with running(folder, "run", "--port", "0", KEY="sk-private") as (url, screen):
        assert get(f"{url}/open") == (200, "café")
        assert get(f"{url}/closed")[0] == 401
        assert get(f"{url}/closed", Authorization="Bearer sk-private")[0] == 502
    shown = "\n".join(screen)
    assert "ANY  /open    an answer of its own  open" in shown
    assert "GET  /closed  u                     auth a" in shown
    assert "u  http://127.0.0.1:9" in shown
    assert "sk-" not in shown


def test_run_says_which_keys_are_public(folder: Path) -> None:
    hxroute(folder, "compile")
    with running(folder, "run", "--port", "0") as (_, screen):
        pass
    (warning,) = [line for line in screen if line.startswith("warning: ")]
    assert "`key`" in warning
    assert "KEY" in warning
    assert "sk-public" not in warning


def test_run_with_workers(folder: Path) -> None:
    hxroute(folder, "compile")
    with running(folder, "run", "--port", "0", "--workers", "2") as (url, _):
        assert get(f"{url}/open") == (200, "café")


def test_run_without_a_build(folder: Path) -> None:
    done = hxroute(folder, "run")
    assert done.returncode == 2
    assert (
        done.stderr == "error: build/gateway.py is not there; run `hxroute compile`\n"
    )


def test_run_of_a_stale_build(folder: Path) -> None:
    hxroute(folder, "compile")
    with (folder / "routes.yaml").open("a") as routes:
        routes.write("# edited\n")
    done = hxroute(folder, "run")
    assert done.returncode == 2
    assert (
        "build/gateway.py is older than routes.yaml; run `hxroute compile`"
        in done.stderr
    )


def test_run_in_a_container_has_no_routes_file(folder: Path) -> None:
    hxroute(folder, "compile")
    (folder / "routes.yaml").unlink()
    with running(folder, "run", "--port", "0") as (url, _):
        assert get(f"{url}/open")[0] == 200


def test_run_with_a_bad_setting_names_the_variable(folder: Path) -> None:
    hxroute(folder, "compile")
    done = hxroute(folder, "run", "--port", "0", URL="sk-not-a-url")
    assert done.returncode == 2
    assert "line 5: upstream `u`" in done.stderr
    assert "sk-not-a-url" not in done.stderr


def test_run_on_a_port_that_is_taken(folder: Path) -> None:
    hxroute(folder, "compile")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = hxroute(folder, "run", "--port", port)
    assert done.returncode == 2
    assert f"error: 127.0.0.1:{port} cannot be listened on" in done.stderr


def test_run_for_others_needs_keys_of_its_own(folder: Path) -> None:
    hxroute(folder, "compile")
    refused = hxroute(folder, "run", "--host", "0.0.0.0", "--port", "0")
    assert refused.returncode == 2
    assert "`key` (KEY)" in refused.stderr
    assert "--allow-default-keys" in refused.stderr
    assert "sk-public" not in refused.stderr


def test_uvicorn_serves_the_build_too(folder: Path) -> None:
    hxroute(folder, "compile")
    code = (
        "import gateway; from starlette.applications import Starlette; "
        "print(isinstance(gateway.app, Starlette))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder / "build",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True\n"


def test_demo_needs_nothing_and_says_where_it_is(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with running(tmp_path, "demo", "--port", port, HX_MASTER_KEY="ignored") as (
            url,
            screen,
        ):
            assert screen[0].startswith(f"port {port} is taken") or "taken" in screen[1]
            status, body = get(
                f"{url}/v1/models", Authorization="Bearer sk-hx-dev-default"
            )
    assert status == 200
    assert [model["id"] for model in json.loads(body)["data"]] == [
        "hx-chat",
        "emb-light",
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("example.org", False),
    ],
)
def test_is_loopback(host: str, *, loopback: bool) -> None:
    assert serve.is_loopback(host) is loopback


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [["check"], ["--help"], ["--version"]])
def test_output_with_nowhere_to_go_is_said(folder: Path, arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "hxroute", *arguments],
            cwd=folder,
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.endswith("error: No space left on device\n")


def test_check_of_an_endless_file_ends(folder: Path) -> None:
    done = hxroute(folder, "check", "-f", "/dev/zero")
    assert done.returncode == 2
    assert "error[HX004]: the file is larger than" in done.stderr


def test_version_is_the_packages() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hxroute", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.fullmatch(r".*, version \d+\.\d+\.\d+\n", done.stdout)


def on_terminal(folder: Path, *arguments: str, **variables: str) -> str:
    """Run a command whose errors go to a terminal, and return what that was sent."""
    terminal, side = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "hxroute", *arguments],
        cwd=folder,
        env=environment(**{"TERM": "xterm", "NO_COLOR": "", **variables}),
        stdout=subprocess.DEVNULL,
        stderr=side,
    )
    os.close(side)
    shown = b"".join(iter(lambda: received(terminal), b""))
    os.close(terminal)
    assert process.wait(timeout=60) == 2
    return shown.decode()


def received(terminal: int) -> bytes:
    """Read what a terminal was sent; Linux ends it by an error."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


@pytest.fixture
def mistaken(folder: Path) -> Path:
    (folder / "routes.yaml").write_text(ROUTES.replace("auth: a,", "auth: b,"))
    return folder


RED = "\x1b[1;31merror[HX202]\x1b[0m"


@pytest.mark.parametrize("command", ["check", "compile"])
def test_report_is_colored_on_a_terminal(mistaken: Path, command: str) -> None:
    assert RED in on_terminal(mistaken, command)
    assert "\x1b" not in hxroute(mistaken, command).stderr


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        ([], {"NO_COLOR": "1"}),
        ([], {"TERM": "dumb"}),
        (["--color", "never"], {}),
    ],
)
def test_report_is_plain_on_a_terminal_where_that_is_wanted(
    mistaken: Path, arguments: list[str], variables: dict[str, str]
) -> None:
    shown = on_terminal(mistaken, "check", *arguments, **variables)

    assert "error[HX202]: unknown auth `b`" in shown
    assert "\x1b" not in shown


def test_report_is_colored_anywhere_where_that_is_said(mistaken: Path) -> None:
    wish = ["check", "--color", "always"]

    assert RED in hxroute(mistaken, *wish, NO_COLOR="1", TERM="dumb").stderr


def test_check_prints_json_for_programs(mistaken: Path) -> None:
    done = hxroute(mistaken, "check", "--format", "json", "--color", "always")

    shown = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (2, "")
    assert shown["file"] == "routes.yaml"
    assert "HX202" in [found["code"] for found in shown["diagnostics"]]


def test_check_prints_commands_for_github(mistaken: Path) -> None:
    done = hxroute(mistaken, "check", "--format", "github")

    assert (done.returncode, done.stderr) == (2, "")
    assert re.search(
        r"(?m)^::error file=routes\.yaml,line=\d+,col=\d+,endLine=\d+,endColumn=\d+,"
        r"title=HX202::unknown auth `b`",
        done.stdout,
    )


def test_check_prints_a_sarif_log(mistaken: Path) -> None:
    done = hxroute(mistaken, "check", "--format", "sarif")

    assert (done.returncode, done.stderr) == (2, "")
    assert json.loads(done.stdout)["version"] == "2.1.0"


@pytest.mark.parametrize("format", ["json", "github", "sarif"])
def test_check_of_a_good_file_prints_the_format_only(folder: Path, format: str) -> None:
    done = hxroute(folder, "check", "--format", format, PYTHONIOENCODING="ascii")

    assert (done.returncode, done.stderr) == (0, "")
    assert "no errors" not in done.stdout
    if format != "github":
        json.loads(done.stdout)


def test_check_of_a_file_that_is_not_there_says_so_in_any_format(
    tmp_path: Path,
) -> None:
    done = hxroute(tmp_path, "check", "--format", "json")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: routes.yaml cannot be read: ")
