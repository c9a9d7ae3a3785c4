"""Old gateways as targets: how they are started, found, led to our upstream, and ended."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hxroute.errors import StartError
from hxroute.proof.targets import Address, NotStarted, bare_environment
from hxroute.proof.targets.asgi import Asgi
from hxroute.proof.targets.upstreams import Where, mapped, wheres
from hxroute.proof.targets.url import Url
from tests.proof.recorded import gone, processes_of

BY_VARIABLE = {"upstream": Where("env:MODELS_URL", variable="MODELS_URL")}
ANSWERS = """
async def answer(send, text):
    body = str(text).encode()
    length = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": body})
"""


def app(folder: Path, source: str, **given: Any) -> Asgi:
    """Return the application of a source, to be started."""
    (folder / "main.py").write_text(source, encoding="utf-8")
    return Asgi("main:app", folder, BY_VARIABLE, **given)


def not_started(target: Asgi, environment: Mapping[str, str] | None = None) -> str:
    """Return why an application does not start."""
    with pytest.raises(StartError) as caught, target.started(environment or {}, PORTS):
        pass
    return str(caught.value)


PORTS = {"upstream": 9}


def got(address: Address, path: str = "/") -> str:
    """Return what an application answers."""
    connection = http.client.HTTPConnection(*address, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().read().decode()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import nowhere_to_be_found\n", "ModuleNotFoundError: No module named 'nowhe"),
        ("def (\n", "SyntaxError: invalid syntax (main.py, line 1)"),
        ("raise ValueError('first line\\nsecond')\n", "ValueError: first line"),
        ("raise ValueError()\n", "ValueError"),
        ("import sys; sys.exit('no licence')\n", "SystemExit: no licence"),
        ("other = 1\n", "AttributeError: module 'main' has no attribute 'app'"),
        ("import os; os.environ['DATABASE']\n", "KeyError: 'DATABASE'"),
    ],
)
def test_application_that_cannot_be_imported_says_why(
    tmp_path: Path, source: str, said: str
) -> None:
    text = not_started(app(tmp_path, source))

    assert text.startswith(f"main:app cannot be imported from {tmp_path}: {said}")
    assert "\n" not in text


def test_application_that_is_a_value_is_none(tmp_path: Path) -> None:
    text = not_started(app(tmp_path, "app = 'a text'\n"))

    assert text == "main:app is no application, but a value of type str"


def test_application_without_a_module_is_none(tmp_path: Path) -> None:
    text = not_started(Asgi(":app", tmp_path, BY_VARIABLE))

    assert text == "`:app` names no application; write MODULE:APP, such as main:app"


def test_application_of_hxroute_is_refused(tmp_path: Path) -> None:
    source = (
        "from hxroute.runtime.app import Gateway as Made\napp = object.__new__(Made)\n"
    )

    text = not_started(app(tmp_path, source))

    assert text.startswith("main:app is a gateway of hxroute;")


def test_application_that_ends_at_its_import_says_so(tmp_path: Path) -> None:
    text = not_started(app(tmp_path, "import os; os._exit(0)\n"))

    assert text == "main:app ended before it listened"


def test_application_that_crashes_shows_the_end_of_its_log(tmp_path: Path) -> None:
    source = "import os\nos.write(2, b'one\\nsegmentation fault\\n\\n')\nos._exit(1)\n"

    text = not_started(app(tmp_path, source))

    assert text == "main:app ended before it listened: segmentation fault"


def test_lifespan_that_fails_says_why(tmp_path: Path) -> None:
    source = """
from contextlib import asynccontextmanager
from starlette.applications import Starlette

@asynccontextmanager
async def lifespan(app):
    raise RuntimeError("no database")
    yield

app = Starlette(lifespan=lifespan)
"""
    text = not_started(app(tmp_path, source))

    assert text == "the lifespan of main:app failed: RuntimeError: no database"


def test_lifespan_that_is_none_is_no_failure(tmp_path: Path) -> None:
    source = (
        ANSWERS
        + """
async def app(scope, receive, send):
    assert scope["type"] == "http"
    await answer(send, "alive")
"""
    )
    with app(tmp_path, source).started({}, PORTS) as address:
        assert got(address) == "alive"


@pytest.mark.parametrize("where", ["import", "lifespan", "blocked signals"])
def test_application_that_hangs_at_its_start_is_given_up(
    tmp_path: Path, where: str
) -> None:
    source = {
        "import": "import threading\nthreading.Event().wait()\n",
        "lifespan": """
import asyncio
async def app(scope, receive, send):
    await asyncio.Event().wait()
""",
        "blocked signals": """
import signal, threading
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
threading.Event().wait()
""",
    }[where]
    mark = f"HANGS={os.getpid()}-{where}"
    name, _, value = mark.partition("=")

    text = not_started(app(tmp_path, source, patience=1.5), {name: value})

    assert text == "main:app did not start within 1.5 s"
    assert not processes_of(mark)


def test_what_an_application_prints_is_no_word_of_ours(tmp_path: Path) -> None:
    source = (
        ANSWERS
        + """
import os, sys
print("{}", flush=True)
print("x" * 1_000_000, flush=True)
os.system("echo from a shell")
async def app(scope, receive, send):
    if scope["type"] == "http":
        print("y" * 1_000_000, flush=True)
        await answer(send, "alive")
"""
    )
    with app(tmp_path, source).started({}, PORTS) as address:
        assert [got(address) for _ in range(3)] == ["alive"] * 3


def test_what_an_application_forks_ends_with_it(tmp_path: Path) -> None:
    source = (
        ANSWERS
        + """
import os, subprocess, sys
wait = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"
children = [subprocess.Popen([sys.executable, "-c", wait])]
if not os.fork():
    import signal
    signal.pause()
async def app(scope, receive, send):
    if scope["type"] == "http":
        await answer(send, len(children))
"""
    )
    mark = f"FORKS={os.getpid()}"
    name, _, value = mark.partition("=")

    with app(tmp_path, source).started({name: value}, PORTS) as address:
        assert got(address) == "1"
        assert len(processes_of(mark)) == 3

    assert gone(mark)


def test_application_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        """
import signal
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise NotImplementedError
""",
        encoding="utf-8",
    )
    source = """
import os, signal, sys
from pathlib import Path
from hxroute.proof.targets.asgi import Asgi
with Asgi("main:app", Path(), {}).started({"MARK": sys.argv[1]}, {}):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    mark = f"MARK=ends-{os.getpid()}"

    done = subprocess.run(
        [sys.executable, "-c", source, mark.partition("=")[2]],
        cwd=tmp_path,
        check=False,
        timeout=60,
    )

    assert done.returncode == -9
    assert gone(mark)


def test_application_finds_its_own_folder_first(tmp_path: Path) -> None:
    (tmp_path / "upstreams.py").write_text("WHOSE = 'theirs'\n", encoding="utf-8")
    (tmp_path / "data.txt").write_text("data", encoding="utf-8")
    source = (
        ANSWERS
        + """
from upstreams import WHOSE
DATA = open("data.txt").read()
async def app(scope, receive, send):
    if scope["type"] == "http":
        await answer(send, WHOSE + DATA)
"""
    )
    target = app(tmp_path, source)
    with target.started({"PYTHONSAFEPATH": "1"}, PORTS) as address:
        assert got(address) == "theirsdata"
    assert target.about.keys() >= {"python", "sha256", "imports"}


def test_application_may_stand_deeper_in_its_module(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "server.py").write_text(
        ANSWERS
        + """
class made:
    async def app(scope, receive, send):
        if scope["type"] == "http":
            await answer(send, "deep")
""",
        encoding="utf-8",
    )
    target = Asgi("package.server:made.app", tmp_path, BY_VARIABLE)
    with target.started({}, PORTS) as address:
        assert got(address) == "deep"


def test_another_interpreter_serves_it(tmp_path: Path) -> None:
    source = (
        ANSWERS
        + """
import sys
async def app(scope, receive, send):
    if scope["type"] == "http":
        await answer(send, sys.orig_argv[0])
"""
    )
    other = tmp_path / "python"
    other.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    other.chmod(0o755)
    target = app(tmp_path, source, python=str(other))
    with target.started({}, PORTS) as address:
        assert got(address) == sys.executable


@pytest.mark.parametrize(
    ("python", "said"),
    [
        ("/nowhere/python", "/nowhere/python cannot be run: No such file or directory"),
        ("/", "/ cannot be run: Permission denied"),
        ("/bin/echo", "/bin/echo is no Python"),
        ("/bin/true", "main:app ended before it listened"),
    ],
)
def test_interpreter_that_is_none_is_told(
    tmp_path: Path, python: str, said: str
) -> None:
    assert not_started(app(tmp_path, "app = 1\n", python=python)) == said


def test_interpreter_without_uvicorn_is_told(tmp_path: Path) -> None:
    other = tmp_path / "python"
    other.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n', encoding="utf-8")
    other.chmod(0o755)
    source = "async def app(scope, receive, send): pass\n"

    text = not_started(app(tmp_path, source, python=str(other)), {"PYTHONPATH": ""})

    assert text.endswith("No module named 'uvicorn'; install uvicorn there")


def test_value_that_no_environment_holds_is_told(tmp_path: Path) -> None:
    text = not_started(app(tmp_path, "app = 1\n"), {"A": "b\0c"})

    assert text == f"{sys.executable} cannot be run: embedded null byte"


CALLS = (
    ANSWERS
    + """
import asyncio, http.client, socket
import anyio, httpx
def plain(host, port):
    connection = http.client.HTTPConnection(host, port)
    connection.request("GET", "/plain")
    return connection.getresponse().read().decode()
async def asked(host, port):
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET /asyncio HTTP/1.0\\r\\n\\r\\n")
    return (await reader.read()).rpartition(b"\\r\\n")[2].decode()
async def called(host, port):
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"http://{host}:{port}/httpx")).text
async def app(scope, receive, send):
    if scope["type"] == "http":
        _, how, host, port = scope["path"].split("/")
        if how == "plain":
            text = await anyio.to_thread.run_sync(plain, host, int(port))
        else:
            text = await {"asyncio": asked, "httpx": called}[how](host, int(port))
        await answer(send, text)
"""
)


@contextlib.contextmanager
def serving(text: str) -> Iterator[int]:
    """Serve one text to everybody, and give the port."""
    data = f"HTTP/1.0 200 OK\r\n\r\n{text}".encode()

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(data)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def test_every_client_is_led_to_our_upstreams(tmp_path: Path) -> None:
    places = {
        "a": Where("", host="models.internal", port=80),
        "b": Where("", host="models.internal", port=81),
        "c": Where("", host="localhost", port=4000),
        "d": Where("", host="192.0.2.1", port=443),
    }
    (tmp_path / "main.py").write_text(CALLS, encoding="utf-8")
    with contextlib.ExitStack() as stack:
        ports = {name: stack.enter_context(serving(name)) for name in places}
        other = stack.enter_context(serving("other"))
        allowed = (f"127.0.0.1:{other}", f"localhost:{other}")
        target = Asgi("main:app", tmp_path, places, allowed=allowed)
        address = stack.enter_context(target.started({}, ports))

        for how in ("plain", "asyncio", "httpx"):
            for name, place in places.items():
                path = f"/{how}/{place.host.upper()}/{place.port}"
                assert got(address, path) == name
            assert got(address, f"/{how}/localhost/{other}") == "other"


def test_nothing_but_our_upstreams_is_called(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(CALLS, encoding="utf-8")
    with contextlib.ExitStack() as stack:
        port, other = (stack.enter_context(serving(name)) for name in ("a", "b"))
        target = Asgi("main:app", tmp_path, {"a": Where("", port=port)})
        address = stack.enter_context(target.started({}, {"a": port}))

        for how in ("plain", "asyncio", "httpx"):
            assert got(address, f"/{how}/localhost/{port}") == "a"
            assert got(address, f"/{how}/127.0.0.1/{other}") == "Internal Server Error"
    assert f"called 127.0.0.1:{other}" in target.notes
    assert not any(str(port) in note for note in target.notes)


def test_file_of_secrets_that_is_read_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("KEY=1", encoding="utf-8")
    text = f"open('.env').close()\n{CALLS}"
    (tmp_path / "main.py").write_text(text, encoding="utf-8")
    target = Asgi("main:app", tmp_path, BY_VARIABLE)

    with target.started({}, dict.fromkeys(BY_VARIABLE, 1)):
        pass

    assert target.notes == {"read .env"}


def test_environment_is_bare(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONHASHSEED"}
    gone = {"OPENAI_API_KEY", "HTTP_PROXY", "path", "DYLD_X", "LCD"}
    for name in kept | gone:
        monkeypatch.setenv(name, "1")

    found = bare_environment().keys()

    assert kept <= found
    assert not gone & found


def test_places_are_read() -> None:
    assert wheres(["env:URL/v1/"]) == {
        "upstream": Where("env:URL/v1/", variable="URL", path="/v1")
    }
    assert wheres(["4000"], "litellm") == {"litellm": Where("4000", port=4000)}
    assert wheres(["a=localhost:1", "b=map:X.Internal:8080"]) == {
        "a": Where("localhost:1", port=1),
        "b": Where("map:X.Internal:8080", host="x.internal", port=8080),
    }


def test_path_goes_behind_our_address() -> None:
    (place,) = wheres(["env:URL/v1"]).values()

    assert place.variables(5) == {"URL": "http://127.0.0.1:5/v1"}
    assert mapped({"a": Where("", host="x", port=80)}, {"a": 5}) == {"x:80": 5}


@pytest.mark.parametrize(
    "text",
    ["", "foo", "0", "65536", "99999", "http://a:1", "map:x", "map:x:0", "map:x:70000",
     "env:", "env:1A", "a=", "a=b=4000", "4000\n", "example.com:4000", "\x1b[31m", "-1"],
)  # fmt: skip
def test_place_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(
        StartError, match="is no place of an upstream; write env:"
    ) as exc:
        wheres([text])

    assert str(exc.value).isprintable()


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["a=1", "2"], "`2` has no name; of several, each is `NAME=PLACE`"),
        (["a=1", "a=2"], "the upstream `a` has two places; leave one of them"),
        (["a=1", "b=localhost:1"], "the upstreams `a` and `b` are at one place"),
        (["a=env:X", "b=env:X/v1"], "the upstreams `a` and `b` are at one place"),
        (["a=map:x:1", "b=map:X:1"], "the upstreams `a` and `b` are at one place"),
    ],
)
def test_places_that_cannot_be_told_apart_are_refused(
    texts: list[str], said: str
) -> None:
    with pytest.raises(StartError) as caught:
        wheres(texts)

    assert str(caught.value).startswith(said)


def test_url_gives_its_address_where_something_listens() -> None:
    with serving("alive") as port:
        target = Url(f"http://localhost:{port}/", wheres(["4000"]), {})
        with target.started({}, {}) as address:
            assert address == ("localhost", port)
            assert target.ports == {"upstream": 4000}


def test_url_where_nothing_listens_is_no_target() -> None:
    with serving("gone") as port:
        target = Url(f"http://127.0.0.1:{port}", {}, {})

    caught = pytest.raises(StartError, match="nothing listens at http://127")
    with caught as error, target.started({}, {}):
        pass
    assert not isinstance(error.value, NotStarted)


def test_url_runs_in_its_own_environment() -> None:
    target = Url("http://127.0.0.1:1", {}, {"A": "b"})

    caught = pytest.raises(NotStarted, match="runs already and cannot be given C")
    with caught, target.started({"C": "d"}, {}):
        pass


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:80", "https://a", "http://", "http://a/v1", "http://a:b",
     "http://a:99999", "http://[::1", "http://u:p@a", "http://a?b", "http://a#b"],
)  # fmt: skip
def test_url_that_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(StartError, match="is no gateway's address; write http://HOST"):
        Url(url, {}, {})


@pytest.mark.parametrize("place", ["env:URL", "map:a:80"])
def test_url_cannot_be_led(place: str) -> None:
    with pytest.raises(StartError, match="cannot lead http://a to our upstream"):
        Url("http://a", wheres([place]), {})


def test_wish_of_a_target_is_json(tmp_path: Path) -> None:
    folder = tmp_path / 'a "quoted" földer\n'
    folder.mkdir()
    source = (
        ANSWERS
        + """
import os
async def app(scope, receive, send):
    if scope["type"] == "http":
        await answer(send, ascii(os.getcwd()))
"""
    )
    with app(folder, source).started({}, PORTS) as address:
        assert json.dumps(got(address)) == json.dumps(ascii(str(folder)))
