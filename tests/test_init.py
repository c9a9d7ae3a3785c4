"""`hxroute init`, `schema` and `completion`: files to start from that really serve."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import urllib.request
from pathlib import Path

import pytest
import yaml

from hxroute.cli import starting
from hxroute.compiler import compile, schemas
from hxroute.compiler.reference import reference
from hxroute.diagnostics.text import render
from hxroute.ir import Gateway
from hxroute.sandbox.scripted import ScriptedUpstream
from tests import processes
from tests.runtime.serving import Answer, ask, client, served

PRESETS = Path(starting.__file__).parents[1] / "presets"
NAMES = sorted(path.stem for path in PRESETS.glob("*.yaml"))
HOOKS = processes.ROOT / ".pre-commit-hooks.yaml"
KEY, UPSTREAM_KEY = "the clients' key", "the upstream's key"
UPSTREAM_VARIABLES = {
    "litellm": ("LITELLM_URL", "LITELLM_KEY"),
    "openai": ("OPENAI_URL", "OPENAI_API_KEY"),
    "ollama": ("OLLAMA_URL", ""),
}
LEAKING = {
    "alt-svc": 'h3=":443"; ma=86400',
    "set-cookie": "__cf_bm=secret",
    "x-litellm-model-api-base": "http://10.0.0.7/v1",
    "x-litellm-response-cost": "0.5",
    "llm_provider-openai-organization": "org",
    "openai-organization": "org",
    "x-ratelimit-remaining-requests": "9",
}
LEAK = (
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n"
    + "".join(f"{name}: {value}\r\n" for name, value in LEAKING.items())
    + "\r\n{}"
)
EVENTS = (
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    "transfer-encoding: chunked\r\n\r\n8\r\ndata: 1\n\r\n"
)


def hxroute(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    done = subprocess.run(
        [*processes.HXROUTE, *arguments],
        cwd=folder,
        env=processes.environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


def preset(name: str) -> str:
    return (PRESETS / f"{name}.yaml").read_text(encoding="utf-8")


def gateway_of(text: str) -> Gateway:
    """Compile a file that has nothing to complain of."""
    result = compile(text.encode(), "routes.yaml")
    assert result.report.diagnostics == [], render(result.report)
    assert result.gateway is not None
    return result.gateway


def request(method: str, path: str, key: str | None = KEY, case: str = "ok") -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: a",
        "Cookie: session=1",
        "OpenAI-Organization: mine",
        "X-Api-Key: mine",
        f"X-HX-Case: {case}",
        *([f"Authorization: Bearer {key}"] if key else []),
    ]
    body = '{"model":"m"}' if method == "POST" else ""
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]).encode()


def answers(name: str, *requests: bytes) -> tuple[list[Answer], ScriptedUpstream]:
    """Serve a preset on a scripted upstream, and send it requests one by one."""
    upstream = ScriptedUpstream({"leak": [LEAK], "down": [{"reset": True}]})
    gateway = gateway_of(preset(name))

    async def scenario() -> list[Answer]:
        async with upstream, served(gateway, variables(name, upstream)) as port:
            return [await ask(port, item) for item in requests]

    return asyncio.run(scenario()), upstream


def variables(name: str, upstream: ScriptedUpstream) -> dict[str, str]:
    url, key = UPSTREAM_VARIABLES[name]
    return {url: upstream.url, key: UPSTREAM_KEY, "CLIENT_KEY": KEY}


def put_to_use(text: str, after: str) -> str:
    """Return a preset with the comment after a line put to use."""
    head, rest = text.split(after)
    comment = re.match(r"(?: *#.*\n)+", rest)
    assert comment is not None
    shown = re.sub(r"^( *)# ?", r"\1", comment[0], flags=re.MULTILINE)
    return head + after + shown + rest[comment.end() :]


@pytest.mark.parametrize("name", NAMES)
def test_preset_has_nothing_to_complain_of_and_no_key(name: str) -> None:
    gateway = gateway_of(preset(name))

    secret = [setting for setting in gateway.settings if setting.secret]
    assert all(setting.default is None for setting in secret)
    assert [item.name for item in secret] == [
        item.name for item in gateway.settings if item.name.endswith("_key")
    ]
    assert gateway.server.host == "127.0.0.1"
    assert gateway.endpoints[0].path == "/healthz"


@pytest.mark.parametrize("name", NAMES)
def test_preset_explains_itself(name: str) -> None:
    first, *lines = preset(name).splitlines()

    assert first == "# yaml-language-server: $schema=routes.schema.json"
    assert sum(line.lstrip().startswith("#") for line in lines) >= 10
    assert max(map(len, lines)) <= 90


def test_what_litellm_s_preset_shows_in_a_comment_compiles() -> None:
    text = put_to_use(preset("litellm"), "rewritten on its way:\n")

    paths = [endpoint.path for endpoint in gateway_of(text).endpoints]
    assert "/v1/summaries/{language}" in paths


def test_what_openai_s_preset_shows_in_a_comment_compiles() -> None:
    text = put_to_use(preset("openai"), "instead of the last one:\n")

    paths = [endpoint.path for endpoint in gateway_of(text).endpoints]
    assert "/v1/chat/completions" in paths


def test_what_the_blank_preset_shows_in_a_comment_compiles() -> None:
    text = put_to_use(preset("blank"), "and CLIENT_KEY:\n")
    first = text[text.index("endpoints:") : text.index("# To put")]

    gateway = gateway_of(text.replace(first, ""))

    assert [upstream.name for upstream in gateway.upstreams] == ["backend"]


@pytest.mark.parametrize("name", UPSTREAM_VARIABLES)
def test_preset_checks_the_key_before_the_upstream(name: str) -> None:
    (open_, none, wrong), upstream = answers(
        name,
        request("GET", "/healthz", None),
        request("GET", "/v1/models", None),
        request("GET", "/v1/models", "another"),
    )

    assert (open_.status, json.loads(open_.body)) == (200, {"ok": True})
    assert (none.status, wrong.status) == (401, 401)
    assert json.loads(none.body)["error"]["type"] == "authentication_error"
    assert upstream.seen == []


@pytest.mark.parametrize("name", UPSTREAM_VARIABLES)
def test_preset_forwards_with_the_upstream_s_key(name: str) -> None:
    (answer,), upstream = answers(name, request("POST", "/v1/chat/completions?a=%41"))

    assert answer.status == 200
    (seen,) = upstream.seen
    assert (seen.method, seen.target) == ("POST", "/v1/chat/completions?a=%41")
    assert seen.body == '{"model":"m"}'
    key = [f"Bearer {UPSTREAM_KEY}"] if UPSTREAM_VARIABLES[name][1] else []
    assert seen.values("authorization") == key
    assert seen.values("cookie") == []


@pytest.mark.parametrize("name", UPSTREAM_VARIABLES)
def test_preset_answers_errors_as_openai_does(name: str) -> None:
    (broken, absent, large), upstream = answers(
        name,
        request("POST", "/v1/embeddings", case="down"),
        request("GET", "/nowhere"),
        request("PUT", "/v1/x").replace(b"Length: 0", b"Length: 999999999999"),
    )

    assert (broken.status, absent.status, large.status) == (502, 404, 413)
    assert json.loads(broken.body)["error"]["code"] == "disconnected"
    assert json.loads(absent.body)["error"]["code"] == "not_found"
    assert json.loads(large.body)["error"]["code"] == "payload_too_large"
    assert {seen.case for seen in upstream.seen} == {"down"}


@pytest.mark.parametrize("name", ["litellm", "openai"])
def test_preset_keeps_what_the_upstream_tells_of_itself(name: str) -> None:
    (answer,), _ = answers(name, request("GET", "/v1/models", case="leak"))

    told = {field for field, _ in answer.headers} & set(LEAKING)
    known_to_openai = {"x-ratelimit-remaining-requests"}
    assert known_to_openai <= told
    assert not told & {"alt-svc", "set-cookie", "openai-organization"}
    assert name == "openai" or told == known_to_openai


def test_preset_of_litellm_takes_no_other_key_and_model_names_with_slashes() -> None:
    (answer,), upstream = answers(
        "litellm", request("GET", "/v1/models/openai%2Fgpt-4o")
    )

    assert answer.status == 200
    assert upstream.seen[0].target == "/v1/models/openai%2Fgpt-4o"
    assert upstream.seen[0].values("x-api-key") == []


def test_preset_of_openai_lets_no_client_choose_who_pays() -> None:
    _, upstream = answers("openai", request("GET", "/v1/models"))

    assert upstream.seen[0].values("openai-organization") == []


def test_preset_of_ollama_opens_what_uses_models_not_what_changes_them() -> None:
    (chat, tags, pull, delete), upstream = answers(
        "ollama",
        request("POST", "/api/chat"),
        request("GET", "/api/tags"),
        request("POST", "/api/pull"),
        request("DELETE", "/api/delete"),
    )

    assert (chat.status, tags.status) == (200, 200)
    assert (pull.status, delete.status) == (404, 404)
    assert [seen.target for seen in upstream.seen] == ["/api/chat", "/api/tags"]


@pytest.mark.parametrize("name", UPSTREAM_VARIABLES)
def test_preset_streams_events_as_they_come(name: str) -> None:
    gateway = gateway_of(preset(name))

    async def scenario() -> None:
        upstream = ScriptedUpstream({"sse": [EVENTS, {"sleep": 60}]})
        async with upstream, served(gateway, variables(name, upstream)) as port:
            asked = request("POST", "/v1/chat/completions", case="sse")
            async with client(port, asked) as (reader, _):
                await reader.readuntil(b"data: 1\n\r\n")
            await upstream.closed("sse")

    asyncio.run(scenario())


@pytest.mark.parametrize("name", NAMES)
def test_init_writes_a_preset_and_the_schema(tmp_path: Path, name: str) -> None:
    done = hxroute(tmp_path, "init", "--preset", name)

    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "routes.yaml").read_text("utf-8") == preset(name)
    schema = json.loads((tmp_path / "routes.schema.json").read_text("utf-8"))
    assert schema == schemas.published()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "routes.schema.json",
        "routes.yaml",
    ]


def test_init_says_what_to_do_next_and_that_is_enough(tmp_path: Path) -> None:
    done = hxroute(tmp_path, "init", "my shop", "--preset", "openai", "-f", "a.yaml")

    assert done.stdout == textwrap.dedent("""\
        my shop/a.yaml is written (preset openai), and routes.schema.json for editors
        next:
          cd 'my shop'
          set OPENAI_API_KEY and CLIENT_KEY; `settings` says what they are
          hxroute compile -f a.yaml && hxroute run -f a.yaml
          curl http://127.0.0.1:8000/healthz
    """)
    folder = tmp_path / "my shop"
    assert hxroute(folder, "compile", "-f", "a.yaml").returncode == 0
    unset = hxroute(folder, "run", "-f", "a.yaml")
    assert unset.returncode == 2
    assert "OPENAI_API_KEY" in unset.stderr
    assert "CLIENT_KEY" in unset.stderr


def test_blank_gateway_compiles_and_runs_as_it_is(tmp_path: Path) -> None:
    done = hxroute(tmp_path, "init", "--preset", "blank")
    assert "  set " not in done.stdout
    assert hxroute(tmp_path, "compile").returncode == 0

    environ = processes.environment()
    with processes.gateway(tmp_path, environ, tmp_path / "log") as port:
        url = f"http://127.0.0.1:{port}/healthz"
        with urllib.request.urlopen(url, timeout=30) as answer:
            assert json.load(answer) == {"ok": True}


def test_init_makes_folders_that_are_missing(tmp_path: Path) -> None:
    assert hxroute(tmp_path, "init", "a/b", "-f", "c/d.yaml").returncode == 0

    assert (tmp_path / "a/b/c/d.yaml").is_file()
    assert (tmp_path / "a/b/c/routes.schema.json").is_file()


def test_init_never_replaces_a_file(tmp_path: Path) -> None:
    routes = tmp_path / "routes.yaml"
    routes.write_text("mine")

    done = hxroute(tmp_path, "init")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: routes.yaml exists; remove it, or name another file with -f\n"
    )
    assert list(tmp_path.iterdir()) == [routes]
    assert routes.read_text() == "mine"


def test_init_never_replaces_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "routes.yaml").symlink_to(tmp_path / "nowhere")

    assert hxroute(tmp_path, "init").returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["routes.yaml"]


def test_init_never_replaces_a_schema_and_then_writes_nothing(tmp_path: Path) -> None:
    schema = tmp_path / "routes.schema.json"
    schema.write_text("{}")

    done = hxroute(tmp_path, "init")

    assert done.returncode == 2
    assert done.stderr == (
        "error: routes.schema.json exists; "
        "`hxroute schema -o routes.schema.json` writes it anew\n"
    )
    assert list(tmp_path.iterdir()) == [schema]
    assert schema.read_text() == "{}"


def test_init_of_a_second_file_shares_the_schema(tmp_path: Path) -> None:
    assert hxroute(tmp_path, "init").returncode == 0
    assert hxroute(tmp_path, "init", "-f", "b.yaml").returncode == 0

    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["file"], "file cannot be made: File exists"),
        (["file/below"], "file/below cannot be made: Not a directory"),
        (["-f", "x" * 250], f"{'x' * 250} cannot be written: File name too long"),
        (["-f", ""], "name a folder, and with -f a file"),
        (["routes.yaml"], "name a folder, and with -f a file"),
    ],
)
def test_init_says_why_it_cannot_write(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "file").write_text("mine")

    done = hxroute(tmp_path, "init", *arguments)

    assert (done.returncode, done.stderr) == (2, f"error: {message}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_init_by_many_at_once_is_done_by_one(tmp_path: Path) -> None:
    processes_ = [
        subprocess.Popen(
            [*processes.HXROUTE, "init", "--preset", name],
            cwd=tmp_path,
            env=processes.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in NAMES
    ]
    outcomes = [(*item.communicate(timeout=60), item.returncode) for item in processes_]

    assert sorted(code for _, _, code in outcomes) == [0, 2, 2, 2]
    winner = next(out for out, _, code in outcomes if code == 0)
    name = re.search(r"preset (\w+)", winner)
    assert name is not None
    assert (tmp_path / "routes.yaml").read_text("utf-8") == preset(name[1])
    assert len(list(tmp_path.iterdir())) == 2


def test_file_is_created_whole_where_there_are_no_links(tmp_path: Path) -> None:
    path = tmp_path / "new"

    starting._write(path, "text\n")

    assert path.read_text() == "text\n"
    with pytest.raises(FileExistsError):
        starting._write(path, "another")


def test_schema_is_printed_as_it_is_written(tmp_path: Path) -> None:
    printed = hxroute(tmp_path, "schema").stdout
    done = hxroute(tmp_path, "schema", "-o", "a/routes.schema.json")

    assert json.loads(printed) == schemas.published()
    assert done.stdout == "a/routes.schema.json is written\n"
    assert (tmp_path / "a/routes.schema.json").read_text("utf-8") == printed


def test_schema_is_printed_as_markdown(tmp_path: Path) -> None:
    assert hxroute(tmp_path, "schema", "--format", "markdown").stdout == reference()


def test_schema_says_why_it_cannot_write(tmp_path: Path) -> None:
    done = hxroute(tmp_path, "schema", "-o", ".")

    assert done.returncode == 2
    assert (
        done.stderr == "error: . cannot be written: what is there is no regular file\n"
    )


COMPLETE = {
    "bash": """
        eval "$(hxroute completion bash)"
        complete -p hxroute > /dev/null
        COMP_WORDS=(hxroute @words@); COMP_CWORD=@count@
        _hxroute_completion hxroute
        printf '%s\\n' "${COMPREPLY[@]}"
    """,
    # Outside a terminal zsh completes nothing, so what it would show is printed.
    "zsh": """
        compdef() { }
        _describe() { print -l -- "${(@P)3}" }
        compadd() { print -l -- "${(@P)@[-1]}" }
        eval "$(hxroute completion zsh)"
        words=(hxroute @words@); CURRENT=$((@count@ + 1))
        _hxroute_completion
    """,
    "fish": """
        hxroute completion fish | source
        complete --do-complete 'hxroute @words@'
    """,
}
PLAIN = {"bash": "--norc", "zsh": "-f", "fish": "--no-config"}


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("ch", ["check"]),
        ("schema --f", ["--format"]),
        ("init --preset o", ["ollama", "openai"]),
        ("completion ", ["bash", "fish", "zsh"]),
    ],
)
@pytest.mark.parametrize("shell", COMPLETE)
def test_shell_completes(shell: str, words: str, wanted: list[str]) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not here")
    count = str(len(words.split(" ")))
    typed = words.replace("completion ", "completion ''") if shell != "fish" else words
    script = COMPLETE[shell].replace("@words@", typed).replace("@count@", count)
    environ = processes.environment()
    environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"

    done = subprocess.run(
        [shell, PLAIN[shell], "-c", script],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stderr == ""
    shown = [re.split(r"[\t:]", line)[0] for line in done.stdout.splitlines()]
    assert sorted(shown) == wanted


def test_completion_of_another_shell_is_refused(tmp_path: Path) -> None:
    done = hxroute(tmp_path, "completion", "tcsh")

    assert done.returncode == 2
    assert "'bash', 'zsh', 'fish'" in done.stderr


def test_hook_checks_the_files_that_are_named_for_it() -> None:
    (hook,) = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))

    assert (hook["id"], hook["language"]) == ("hxroute-check", "python")
    names = ["routes.yaml", "a/routes.yml", "b.hxroute.yaml", "a/b.hxroute.yml"]
    assert all(re.search(hook["files"], name) for name in names)
    others = ["a/myroutes.yaml", "routes.yaml.j2", "hxroute.yaml", "routes.json"]
    assert not any(re.search(hook["files"], name) for name in others)


def test_hook_takes_the_files_that_are_named(tmp_path: Path) -> None:
    (hook,) = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))
    (tmp_path / "routes.yaml").write_text(preset("blank"))
    (tmp_path / "b.hxroute.yaml").write_text("version: 2\n")

    arguments = hook["entry"].removeprefix("hxroute ").split()
    done = hxroute(tmp_path, *arguments, "b.hxroute.yaml", "routes.yaml")

    assert done.returncode == 2
    assert "b.hxroute.yaml:1:10" in done.stderr
    assert "routes.yaml: 1 endpoint" in done.stdout
