"""One canary for each secret setting: no output, file, answer or repr holds any."""

from __future__ import annotations

import asyncio
import contextlib
import pprint
import shutil
import subprocess
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from hxroute.backends.python import emit
from hxroute.compiler import compile
from hxroute.errors import StartError
from hxroute.http import Request, Start
from hxroute.ir import Client, Gateway, Node
from hxroute.nodes import Execute
from hxroute.runtime import Running, settings
from hxroute.sandbox.scripted import Script, ScriptedUpstream
from tests.attacks.secretive import BAD, CANARIES, ROUTES, environ, leaks, write
from tests.attacks.stage import get, post
from tests.clients import stated
from tests.processes import HXROUTE, environment, gateway
from tests.runtime.serving import ask, served

KEY = b"Authorization: Bearer " + CANARIES["CLIENT_KEY"].encode()
STAFF = b"Authorization: Bearer " + CANARIES["STAFF"].encode()
SCRIPTS: dict[str, Script] = {
    "close": [{"close": True}],
    "garbage": ["no HTTP\r\n\r\n", {"close": True}],
    "cut": ["HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\nx", {"close": True}],
    "slow": [{"sleep": 9}],
    "error": ["HTTP/1.1 500 X\r\ncontent-length: 1\r\n\r\nx"],
}
REQUESTS = {
    "open": get("/open"),
    "key": get("/keyed", KEY),
    "staff-key": get("/keyed", STAFF),
    "no-key": get("/keyed"),
    "wrong-key": get("/keyed", b"Authorization: Bearer wrong"),
    "key-in-the-query": get("/keyed?key=" + CANARIES["CLIENT_KEY"]),
    "key-in-another-field": get("/keyed", b"X-Api-Key: " + KEY),
    "closed": get("/closed"),
    "nowhere": get("/nowhere", KEY),
    "method": get("/call", KEY),
    "call": post("/call", {"a": "x", "b": 1}, KEY),
    "call-without-a-value": post("/call", {}, KEY),
    "call-with-an-unfit-value": post("/call", {"a": "x", "b": "x"}, KEY),
    "call-without-json": post("/call", b"{", KEY),
    "too-large": get("/call", b"Content-Length: 999999999999", method="POST"),
    "malformed": get("/open", b"bad field: " + KEY),
    "head-too-large": get("/open", KEY + b"x" * 100_000),
    **{case: get("/open", b"x-hx-case: " + case.encode()) for case in SCRIPTS},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A compiled gateway."""
    made = tmp_path_factory.mktemp("secretive")
    write(made)
    assert hxroute(made, "compile").returncode == 0
    return made


def hxroute(
    folder: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command where every secret is at hand."""
    return subprocess.run(
        [*HXROUTE, *arguments],
        cwd=folder,
        env=environment(**{**environ("http://127.0.0.1:9"), **variables}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


COMMANDS = {
    "compile": ("compile",),
    "check": ("check",),
    "check-github": ("check", "--format", "github"),
    "check-sarif": ("check", "--format", "sarif"),
    "explain": ("explain", "GET", "/open"),
    "explain-key": ("explain", "GET", "/keyed", "-H", KEY.decode()),
    "explain-call": ("explain", "POST", "/call", "-d", '{"a": "x", "b": 1}'),
    "explain-json": ("explain", "POST", "/call", "-d", '{"a": 1, "b": 1}', "--json"),
    "routes": ("routes",),
    "routes-json": ("routes", "--format", "json"),
    "plan": ("plan", "routes.yaml", "other.yaml"),
    "plan-json": ("plan", "routes.yaml", "other.yaml", "--format", "json"),
}


@pytest.fixture(scope="module")
def printed(folder: Path) -> dict[str, str]:
    """What each command prints, two at a time."""
    other = ROUTES.replace("x-odd", "x-even").replace("number: {", "number: {file: n, ")
    (folder / "other.yaml").write_text(other)
    with ThreadPoolExecutor(2) as pool:
        done = pool.map(
            lambda arguments: hxroute(folder, *arguments), COMMANDS.values()
        )
        texts = (item.stdout + item.stderr for item in done)
        return dict(zip(COMMANDS, texts, strict=True))


@pytest.mark.parametrize("name", COMMANDS, ids="G17-{}".format)
def test_command_prints_no_secret(printed: dict[str, str], name: str) -> None:
    assert leaks({name: printed[name]}) == []
    assert "Traceback" not in printed[name]


def test_g17_commands_had_something_to_say(printed: dict[str, str]) -> None:
    assert "<upstream_key>" in printed["explain"]
    assert "POST /call" in printed["plan"]
    assert "/keyed" in printed["routes"]


def test_g17_build_holds_no_secret(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]

    texts = {
        str(path): path.read_text(errors="replace")
        for path in files
        if path.name != "staff.key"
    }

    assert any(path.name == "gateway.py" for path in files)
    assert leaks(texts) == []


@pytest.mark.parametrize("name", ["no-url", "size", "control"], ids="G17-{}".format)
def test_run_that_fails_shows_no_secret(folder: Path, name: str) -> None:
    done = hxroute(folder, "run", "--port", "0", **BAD[name])

    assert done.stderr.startswith("error: line ")
    assert leaks({"stdout": done.stdout, "stderr": done.stderr}) == []
    assert "Traceback" not in done.stderr


@dataclass(frozen=True, slots=True)
class Ran:
    """What a gateway showed while it ran, and what reached its upstream."""

    log: str
    command_lines: tuple[str, ...]
    answers: dict[str, str]
    sent: str


@pytest.fixture(scope="module")
def ran(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, each_client: Client
) -> Ran:
    where = tmp_path_factory.mktemp("ran")
    shutil.copytree(folder, where, dirs_exist_ok=True)
    routes = where / "routes.yaml"
    routes.write_text(stated(routes.read_text()))
    assert hxroute(where, "compile").returncode == 0

    async def scenario() -> Ran:
        async with ScriptedUpstream(SCRIPTS) as upstream:
            env = environment(**environ(upstream.url))
            with gateway(where, env, where / "log") as port:
                answers = {
                    name: repr(await ask(port, data)) for name, data in REQUESTS.items()
                }
                lines = tuple(_command_lines(f"--port\0{port}\0"))
            sent = "".join(
                f"{call.target} {call.headers} {call.body}" for call in upstream.seen
            )
            return Ran((where / "log").read_text(), lines, answers, sent)

    return asyncio.run(scenario())


def _command_lines(part: str) -> Iterator[str]:
    """Yield the command lines of processes that hold a text, as anybody may read them."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = path.read_text(errors="replace")
            if part in line:
                yield line


def test_g17_secrets_were_in_use(ran: Ran) -> None:
    """Else what follows would show nothing."""
    for name, value in CANARIES.items():
        if name in ("UPSTREAM_KEY", "PATH_KEY", "QUERY_KEY", "BODY_KEY", "BASE"):
            assert value in ran.sent, name
    assert "status=200" in ran.answers["key"]
    assert "status=200" in ran.answers["staff-key"]
    assert "status=401" in ran.answers["wrong-key"]


def test_g17_log_holds_no_secret(ran: Ran) -> None:
    assert "hxroute.access" in ran.log
    assert leaks({"log": ran.log}) == []


def test_g17_command_line_holds_no_secret(ran: Ran) -> None:
    assert len(ran.command_lines) == 1
    assert leaks({"cmdline": ran.command_lines[0]}) == []


@pytest.mark.parametrize("name", REQUESTS, ids="G17-{}".format)
def test_answer_holds_no_secret(ran: Ran, name: str) -> None:
    assert leaks({name: ran.answers[name]}) == []


def started(folder: Path) -> tuple[Gateway, dict[str, str]]:
    """Return the gateway, and an environment that it starts in."""
    source = ROUTES.replace("staff.key", str(folder / "staff.key"))
    gateway = compile(source.encode(), "routes.yaml").gateway
    assert gateway is not None
    return gateway, environ("http://127.0.0.1:9")


def test_g17_representations_hold_no_secret(folder: Path) -> None:
    gateway, env = started(folder)
    values = settings.resolve(gateway.settings, env)
    running = Running(gateway, env)
    handler = running.handler(Request("GET", b"/"))
    start = Start(settings=values, connect=lambda *_: handler)
    handlers = [node.wrap(handler, start) for node in _nodes(gateway)]
    within = [getattr(running, name) for name in vars(running)]

    objects = (gateway, running, start, *handlers, *within)
    texts = {f"{n}: {type(o).__name__}": _shown(o) for n, o in enumerate(objects)}

    assert leaks(texts) == []
    assert leaks({"module": emit(gateway)}) == []


def _nodes(gateway: Gateway) -> Iterator[Node]:
    for endpoint in gateway.endpoints:
        yield from (node for node in endpoint.pipeline if not isinstance(node, Execute))


def _shown(thing: object) -> str:
    return "".join((repr(thing), str(thing), f"{thing}", pprint.pformat(thing)))


@pytest.mark.parametrize("name", BAD, ids="G17-{}".format)
def test_traceback_of_a_start_holds_no_secret(folder: Path, name: str) -> None:
    """As a foreign server logs it: with every cause and context."""
    gateway, env = started(folder)

    with pytest.raises(StartError) as caught:
        Running(gateway, {**env, **BAD[name]})

    assert leaks({"traceback": "".join(traceback.format_exception(caught.value))}) == []


def test_g17_foreign_server_logs_no_secret(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gateway, env = started(folder)
    caplog.set_level("DEBUG")

    async def scenario() -> None:
        async with served(gateway, env, front=False) as port:
            for name in (
                "open",
                "key",
                "wrong-key",
                "closed",
                "call",
                "call-without-json",
            ):
                await ask(port, REQUESTS[name])

    asyncio.run(scenario())

    ours = [
        record for record in caplog.records if record.name.split(".")[0] == "hxroute"
    ]
    assert ours
    assert leaks({record.name: record.getMessage() for record in ours}) == []
