"""`hxroute explain` and `hxroute routes` as commands."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from hxroute.cli import main
from tests.explain.files import REPOSITORY
from tests.processes import environment

KEY = "Authorization: Bearer sk-hx-dev-default"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a routes file, where commands are run."""
    (tmp_path / "routes.yaml").write_text(REPOSITORY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, input: bytes = b"") -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, arguments, input=input)


def process(
    *arguments: str | bytes, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command as a process of its own."""
    command = [sys.executable, "-m", "hxroute", *arguments]
    done = subprocess.run(
        command,
        env=environment(**variables),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


def on_terminal(*arguments: str, **variables: str) -> str:
    """Run a command on a terminal of its own and return what it shows."""
    own, theirs = pty.openpty()
    command = [sys.executable, "-m", "hxroute", *arguments]
    variables = {"TERM": "xterm-256color", **variables}
    done = subprocess.Popen(command, env=environment(**variables), stdout=theirs)
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(own, 1 << 16)
        except OSError:  # Linux says so when the other side is closed
            break
        if not piece:
            break
        shown += piece
    os.close(own)
    assert done.wait(60) == 0
    return shown.decode().replace("\r\n", "\n")


def test_explain_prints_text_without_colours_where_nobody_looks() -> None:
    done = process("explain", "POST", "/v1/embeddings", "-H", KEY, "-d", '{"prompt":1}')

    assert done.returncode == 0
    assert "-> litellm: POST http://127.0.0.1:4000/v1/embeddings\n" in done.stdout
    assert '\n  {"input":1}\n' in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


def test_terminal_gets_colours_and_every_line_whole() -> None:
    wide = process("explain", "GET", "/v1/models").stdout

    coloured = on_terminal("explain", "GET", "/v1/models", COLUMNS="40")
    plain = on_terminal("explain", "GET", "/v1/models", COLUMNS="40", TERM="dumb")

    assert "\x1b[1;36mendpoints" in coloured
    assert plain == wide


def test_no_color_is_heeded() -> None:
    shown = on_terminal("explain", "GET", "/v1/models", NO_COLOR="1")

    assert "\x1b[1;36m" not in shown
    assert "\x1b[31m" not in shown


def test_tree_of_routes_is_whole_on_a_narrow_terminal() -> None:
    done = process("routes", COLUMNS="30")

    assert done.stdout == (
        "routes.yaml\n"
        "├── /healthz  ANY  answers 200  open  line 97\n"
        "└── /v1\n"
        "    ├── /embeddings  POST  -> litellm  auth master  line 101\n"
        "    └── /{rest:path}  ANY  -> litellm  auth master  line 106\n"
    )


def test_arguments_that_are_no_utf_8_are_shown_as_what_they_are() -> None:
    done = process("explain", "GET", b"/v1/\xff?\xfe", "-H", b"x: \xfd", "-H", KEY)

    assert done.returncode == 0
    assert "GET /v1/%FF?%FE\n" in done.stdout
    assert "  x: \\xfd  no rule names it\n" in done.stdout


def test_error_shows_no_control_of_an_argument() -> None:
    done = process("explain", "GET", b"x\x1b[31m\xff\n")

    assert done.returncode == 2
    assert (
        done.stderr
        == "error: `x\ufffd[31m\ufffd\ufffd` is no path; a path starts with `/`\n"
    )


def test_output_that_is_ascii_only_is_still_an_output() -> None:
    done = process("explain", "GET", "/healthz", "--json", PYTHONIOENCODING="ascii")

    assert done.returncode == 0
    assert json.loads(done.stdout)["answer"]["status"] == 200


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HX_LITELLM_UPSTREAM", "https://llm.example/base")
    monkeypatch.setenv("HX_UPSTREAM_KEY", "sk-never-shown")

    done = run("explain", "GET", "/v1/models")

    assert "  GET https://llm.example/base/v1/models\n" in done.stdout
    assert "  authorization: Bearer <upstream_key>\n" in done.stdout


def test_body_comes_from_a_file_or_from_the_standard_input(folder: Path) -> None:
    (folder / "body.json").write_bytes(b'{"prompt": "\xc3\xa9"}')
    command = ["explain", "POST", "/v1/embeddings", "--json", "-H", KEY, "-d"]

    from_file = run(*command, "@body.json")
    from_input = run(*command, "@-", input=b'{"prompt": 2}')

    assert json.loads(from_file.stdout)["call"]["body"] == '{"input":"é"}'
    assert json.loads(from_input.stdout)["call"]["body"] == '{"input":2}'


def test_body_that_is_too_large_is_refused_by_the_gateway_or_by_the_command() -> None:
    command = ["explain", "POST", "/v1/x", "-H", KEY, "-d", "@-"]

    large = run(*command, input=bytes((1 << 20) + 1))
    huge = run(*command, input=bytes((64 << 20) + 1))

    assert "-> the gateway itself answers 413\n" in large.stdout
    assert huge.exit_code == 2
    assert huge.stderr == (
        "error: the standard input is larger than 67108864 bytes, "
        "the most that is explained\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["G T", "/"], "`G T` is no method"),
        (["GET", "v1"], "`v1` is no path; a path starts with `/`"),
        (["GET", "/", "-H", "x"], "`x` is no header; write `name: value`"),
        (["GET", "/", "-d", "@none"], "none cannot be read: No such file or directory"),
        (["GET", "/", "-d", "@."], ". cannot be read: Is a directory"),
        (
            ["GET", "/", "-d", "@"],
            "a file without a name cannot be read: Is a directory",
        ),
        (
            ["GET", "/", "-f", "no.yaml"],
            "no.yaml cannot be read: No such file or directory",
        ),
    ],
)
def test_mistake_is_one_clear_line(arguments: list[str], message: str) -> None:
    done = run("explain", *arguments)

    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr == f"error: {message}\n"


@pytest.mark.parametrize("command", [["explain", "GET", "/"], ["routes"]])
def test_mistakes_in_the_file_are_reported(folder: Path, command: list[str]) -> None:
    broken = REPOSITORY.replace("upstream: litellm", "upstream: litelm")
    (folder / "routes.yaml").write_text(broken, encoding="utf-8")

    done = run(*command)

    assert done.exit_code == 2
    assert done.stdout == ""
    assert "error[HX201]: unknown upstream `litelm`" in done.stderr


def test_routes_are_printed_in_other_formats() -> None:
    as_json, as_mermaid = (
        run("routes", "--format", "json"),
        run("routes", "--format", "mermaid"),
    )

    assert [row["line"] for row in json.loads(as_json.stdout)["endpoints"]] == [
        97,
        101,
        106,
    ]
    assert as_mermaid.stdout.startswith("flowchart LR\n")


def completed(*arguments: str, incomplete: str) -> list[str]:
    """Return what the shell is offered."""
    shell = ShellComplete(main, {}, "hxroute", "_HXROUTE_COMPLETE")
    return [item.value for item in shell.get_completions(list(arguments), incomplete)]


def test_shell_completes_methods_and_paths(folder: Path) -> None:
    assert completed("explain", incomplete="p") == ["PATCH", "POST", "PUT"]
    assert completed("explain", incomplete="") == [
        *("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
    ]
    assert completed("explain", "GET", incomplete="/v") == [
        *("/v1/embeddings", "/v1/{rest:path}")
    ]
    (folder / "other.yaml").write_text(REPOSITORY.replace("/healthz", "/alive"))
    assert completed("explain", "-f", "other.yaml", "GET", incomplete="/a") == [
        "/alive"
    ]


def test_shell_completes_no_path_where_the_file_is_no_good(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "broken.yaml").write_text("version: 2\nx: {")

    assert completed("explain", "-f", "broken.yaml", "GET", incomplete="") == []
    assert completed("explain", "-f", "none.yaml", "GET", incomplete="") == []
    assert completed("explain", "-f", ".", "GET", incomplete="") == []
    assert capfd.readouterr() == ("", "")


def test_completion_works_in_a_shell() -> None:
    variables = {
        "_HXROUTE_COMPLETE": "bash_complete",
        "COMP_WORDS": "hxroute explain GET /h",
        "COMP_CWORD": "3",
    }
    code = "from hxroute.cli import main; main(prog_name='hxroute')"

    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("plain,/healthz\n", "")


def test_commands_are_documented() -> None:
    for name in ("explain", "routes"):
        command = main.get_command(click.Context(main), name)
        assert command is not None
        assert all(
            item.help for item in command.params if isinstance(item, click.Option)
        )
