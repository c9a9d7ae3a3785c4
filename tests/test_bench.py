"""`hxroute bench`: real processes, and counts that add up; nothing about speed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hxroute.errors import StartError
from hxroute.ir import Gateway
from hxroute.runtime import settings
from hxroute.sandbox.bench import phases, shown
from hxroute.sandbox.bench.aim import aimed, made_up
from hxroute.sandbox.bench.client import NONE, Answer, Client
from hxroute.sandbox.bench.figures import FIGURES, Figures, spread
from hxroute.sandbox.bench.request import Own, written
from hxroute.sandbox.bench.rounds import Bench, Counts, Options
from hxroute.sandbox.bench.target import Wish, targets
from hxroute.sandbox.child import Child, python
from hxroute.sandbox.scripted import OK, Script, ScriptedUpstream
from tests.processes import HXROUTE, environment
from tests.runtime.serving import ask, compiled, served

HEAD = """\
version: 1
settings:
  client_key: {env: CLIENT_KEY, secret: true}
  api_key: {env: API_KEY, secret: true}
  model: {env: MODEL, default: small}
  limit: {env: LIMIT, type: size}
  wait: {file: /nowhere/wait, type: duration}
  many: {env: MANY, type: integer}
  odd: {env: ODD, type: boolean}
upstreams: {u: {url: "http://127.0.0.1:9"}}
auth: {clients: {bearer: ["{{ settings.client_key }}"]}}
headers:
  safe:
    drop: [authorization, cookie]
    set: {x-all: "{{ settings.wait }} {{ settings.many }} {{ settings.odd }}"}
defaults:
  auth: clients
  request: {headers: safe, max_body: "{{ settings.limit }}"}
"""
ENDPOINTS = """\
- path: /healthz
  auth: none
  respond: {json: {ok: true}}

- path: /v1/summaries/{language}
  methods: [POST]
  upstream:
    name: u
    path: "/v1/chat/completions/{{ path.language }}"
    query: {version: "1", trace: "{{ query.trace }}"}
    headers:
      Authorization: "Bearer {{ settings.api_key }}"
      X-Part: "{{ headers['x-part'] }}"
    body:
      model: "{{ settings.model }}"
      messages: [{role: user, content: "{{ body.text }}"}]

- name: the models
  path: /v1/models/{owner}/{model}
  methods: [GET, DELETE]
  upstream: u

- path: /v1/{rest:path}
  methods: [HEAD, REPORT]
  upstream: u
"""
SECRETS = {"CLIENT_KEY": "sk-of-a-client", "API_KEY": "sk-of-the-upstream"}
QUICK = ("--seconds", "0.05", "--rounds", "2", "--connections", "3")

NUMBER = {"type": "number"}
FIGURE = {
    "type": "object",
    "properties": {
        "median": NUMBER,
        "lowest": NUMBER,
        "highest": NUMBER,
        "unit": {"type": "string"},
    },
    "required": ["median", "lowest", "highest", "unit"],
    "additionalProperties": False,
}


def exactly(**properties: Any) -> dict[str, Any]:
    """Return the schema of an object with those members and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


TEXT, WHOLE = {"type": "string"}, {"type": "integer", "minimum": 0}
TEXTS = {"type": "array", "items": TEXT}
SCHEMA = exactly(
    file=TEXT,
    endpoint=exactly(name=TEXT, path=TEXT, line=WHOLE),
    request=exactly(method=TEXT, target=TEXT),
    upstream=TEXT,
    options=exactly(seconds=NUMBER, rounds=WHOLE, connections=WHOLE, rate=WHOLE),
    machine=exactly(cores=WHOLE, python=TEXT, system=TEXT, shared_with=TEXTS),
    figures=exactly(**dict.fromkeys(FIGURES, FIGURE)),
    answers=exactly(
        status=WHOLE,
        counted=WHOLE,
        others={"type": "object", "additionalProperties": WHOLE},
        unmeasured=WHOLE,
        upstream_calls=WHOLE,
    ),
    made_up_settings=TEXTS,
    passed_over=TEXTS,
)


@pytest.fixture
def gateway() -> Gateway:
    return compiled(ENDPOINTS, HEAD)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    indented = "".join(f"  {line}" for line in ENDPOINTS.splitlines(keepends=True))
    (tmp_path / "routes.yaml").write_text(HEAD + "endpoints:\n" + indented)
    return tmp_path


def bench(
    folder: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    done = subprocess.run(
        [*HXROUTE, "bench", *arguments],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        encoding="utf-8",
        timeout=90,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    for secret in SECRETS.values():
        assert secret not in done.stdout + done.stderr
    return done


def measured(folder: Path, *arguments: str, **variables: str) -> Any:
    """Run the command; return what it says, which has the form it should."""
    done = bench(folder, *QUICK, "--format", "json", *arguments, **variables)
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    jsonschema.validate(document, SCHEMA)
    return document


def test_bench_counts_add_up_and_keys_are_shown(folder: Path) -> None:
    document = measured(folder, **SECRETS)

    answers = document["answers"]
    assert answers["others"] == {}
    assert answers["counted"] > 0
    assert answers["upstream_calls"] == answers["counted"] + answers["unmeasured"]
    assert document["request"] == {"method": "POST", "target": "/v1/summaries/x"}
    assert document["made_up_settings"] == ["limit", "wait", "many", "odd"]
    assert document["options"] == {
        "seconds": 0.05,
        "rounds": 2,
        "connections": 3,
        "rate": 200,
    }
    for figure in document["figures"].values():
        assert figure["lowest"] <= figure["median"] <= figure["highest"]


def test_bench_never_calls_what_the_file_names(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as real:
        url = f"http://127.0.0.1:{real.getsockname()[1]}/base"
        (tmp_path / "routes.yaml").write_text(
            "version: 1\n"
            "settings:\n  other: {env: OTHER}\n"
            f'upstreams: {{one: {{url: "{url}"}}, two: {{url: "{{{{ settings.other }}}}"}}}}\n'
            "headers: {safe: {drop: [authorization, cookie]}}\n"
            "defaults: {auth: none, request: {headers: safe}}\n"
            "endpoints:\n"
            "  - {path: /one, upstream: one}\n"
            "  - {path: /two, upstream: two}\n"
        )

        one = measured(tmp_path, "--path", "/one")
        two = measured(tmp_path, "--endpoint", "/two", "--method", "get", OTHER=url)

        real.setblocking(False)
        with pytest.raises(BlockingIOError):
            real.accept()
    assert one["request"] == {"method": "POST", "target": "/one"}
    assert two["request"] == {"method": "GET", "target": "/two"}
    assert two["upstream"] == "two"
    for document in (one, two):
        assert document["answers"]["upstream_calls"] > 0


def test_bench_says_what_was_passed_over_and_made_up(folder: Path) -> None:
    routes = (folder / "routes.yaml").read_text()
    routes += "  - {path: /open, auth: none, upstream: u}\n"
    (folder / "routes.yaml").write_text(routes)

    done = bench(folder, *QUICK, "-H", "Authorization: Bearer wrong", **SECRETS)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("routes.yaml: POST /open (line 45)\n2 rounds of 0.05")
    assert (
        "Passed over: POST /v1/summaries/x (line 24) is answered with 401, "
        "not with the upstream's 200.\n"
    ) in done.stdout
    assert "Not set, so made up: `limit`, `wait`, `many`, `odd`.\n" in done.stdout
    assert re.search(
        r"Client and upstream share this machine's \d+ cores with the gateway",
        done.stdout,
    )
    for unit in ("us", "ms", "MiB", "s"):
        assert re.search(rf"\d {unit}(\s|$)", done.stdout)


@pytest.mark.parametrize(
    ("arguments", "variables", "message"),
    [
        (
            ("--path", "/v1/summaries/fr", "-H", "authorization: Bearer wrong"),
            {},
            (
                "POST /v1/summaries/fr (line 24) is answered with 401, not with the "
                "upstream's 200; give it what it needs with -H and -d"
            ),
        ),
        (
            ("--path", "/v1/summaries/fr", "-d", "no json"),
            {},
            (
                "POST /v1/summaries/fr (line 24) is answered with 400, not with the "
                "upstream's 200; give it what it needs with -H and -d"
            ),
        ),
        (
            (),
            {"LIMIT": "much"},
            (
                "line 6: setting `limit`: LIMIT is no size; write bytes as digits, or "
                "64KiB, 1MiB"
            ),
        ),
        (
            ("--endpoint", "a", "--path", "/b"),
            {},
            "--endpoint and --path both name what is asked; give one of them",
        ),
        (("-d", "@nothing"), {}, "nothing cannot be read: No such file or directory"),
        (("--path", "v1"), {}, "`v1` is no path; a path starts with `/`"),
        (("--method", "G T"), {}, "`G T` is no method"),
    ],
)
def test_bench_says_in_one_sentence_why_not(
    folder: Path, arguments: tuple[str, ...], variables: dict[str, str], message: str
) -> None:
    done = bench(folder, *QUICK, *arguments, **SECRETS, **variables)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: {message}\n"


def test_bench_of_a_mistaken_file_shows_the_mistake(folder: Path) -> None:
    routes = (folder / "routes.yaml").read_text()
    (folder / "routes.yaml").write_text(routes.replace("name: u\n", "name: v\n"))

    done = bench(folder)

    assert (done.returncode, done.stdout) == (2, "")
    assert "error[HX201]: unknown upstream `v`" in done.stderr


def test_bench_tells_what_the_gateway_says_at_its_start(tmp_path: Path) -> None:
    (tmp_path / "routes.yaml").write_text(
        "version: 1\n"
        "settings: {key: {env: KEY, secret: true}}\n"
        "upstreams: {u: {url: 'http://127.0.0.1:9'}}\n"
        "auth: {a: {bearer: ['{{ settings.key }}']}}\n"
        "headers: {safe: {drop: [authorization, cookie]}}\n"
        "defaults: {auth: a, request: {headers: safe}}\n"
        "endpoints:\n  - {path: /a, upstream: u}\n"
    )

    done = bench(tmp_path, *QUICK, KEY="  ")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: line 4: auth `a` has an empty key; set the variable that "
        "{{ settings.key }} takes it from\n"
    )


@pytest.mark.parametrize(
    ("wish", "shown"),
    [
        (Wish(), ["POST /v1/summaries/x", "GET /v1/models/x/x", "REPORT /v1/x"]),
        (Wish(method="DELETE"), ["DELETE /v1/models/x/x"]),
        (Wish(endpoint="the models"), ["GET /v1/models/x/x"]),
        (Wish(endpoint="/v1/{rest:path}"), ["REPORT /v1/x"]),
        (Wish(path="/v1/models/{owner}/{model}"), ["GET /v1/models/x/x"]),
        (Wish(path="/v1/models/a%20b/c?d=e"), ["GET /v1/models/a%20b/c?d=e"]),
        (Wish(path="/v1/models/a/b", method="DELETE"), ["DELETE /v1/models/a/b"]),
        (
            Wish(path="/v1/deep/est/of/all", method="REPORT"),
            ["REPORT /v1/deep/est/of/all"],
        ),
    ],
)
def test_targets_are_what_the_endpoints_get(
    gateway: Gateway, wish: Wish, shown: list[str]
) -> None:
    found = list(targets(gateway, wish, "routes.yaml"))

    assert list(map(str, found)) == shown


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (Wish(endpoint="/healthz"), "line 20: /healthz answers by itself; name an"),
        (Wish(path="/healthz"), "line 20: /healthz answers by itself; name an"),
        (Wish(endpoint="none"), "no endpoint is named `none`; upstreams are called by"),
        (Wish(path="/none"), "no endpoint has the path /none"),
        (Wish(path="/a/../b"), "/a/../b is refused: dot segments are not allowed"),
        (Wish(path="/v1/x"), "/v1/x takes HEAD, REPORT only; name one of these"),
        (
            Wish(path="/v1/models/a/b", method="POST"),
            "/v1/models/a/b takes DELETE, GET",
        ),
        (Wish(method="HEAD"), "HEAD is not measured; name another method"),
        (
            Wish(method="PURGE"),
            "no endpoint of routes.yaml that calls an upstream takes",
        ),
    ],
)
def test_targets_say_why_there_is_none(
    gateway: Gateway, wish: Wish, message: str
) -> None:
    with pytest.raises(StartError, match=re.escape(message)):
        list(targets(gateway, wish, "routes.yaml"))


def test_targets_of_a_file_without_calls() -> None:
    gateway = compiled("- {path: /a, auth: none, respond: {text: a}}", "version: 1\n")
    with pytest.raises(StartError, match="calls an upstream; there is nothing to"):
        list(targets(gateway, Wish(), "routes.yaml"))


def test_target_is_not_what_an_earlier_endpoint_takes() -> None:
    head = HEAD.replace("auth: clients", "auth: none")
    gateway = compiled(
        "- {path: /v1/x, methods: [POST], upstream: u}\n"
        "- {path: '/v1/{name}', methods: [POST], upstream: u}\n",
        head[: head.index("auth: {clients")] + head[head.index("headers:") :],
    )

    first, second = targets(gateway, Wish(), "routes.yaml")

    assert str(first) == "POST /v1/x"
    assert second.endpoint.path == "/v1/{name}"
    assert second.target != "/v1/x"


def test_request_has_what_templates_read_and_a_key(gateway: Gateway) -> None:
    async def scenario() -> None:
        filled, _ = made_up(gateway, SECRETS)
        values = settings.resolve(filled.settings, SECRETS)
        target = next(targets(gateway, Wish(), "routes.yaml"))
        async with ScriptedUpstream() as upstream:
            async with served(aimed(filled, upstream.url), SECRETS) as port:
                answer = await ask(port, written(target, Own(), values))
            assert answer.status == 200
            (seen,) = upstream.seen
        assert seen.target == "/v1/chat/completions/x?version=1&trace=sample"
        assert seen.values("authorization") == ["Bearer sk-of-the-upstream"]
        assert seen.values("x-part") == ["sample"]
        assert seen.values("x-all") == ["30.0 1 false"]
        assert json.loads(seen.body)["messages"][0]["content"] == "sample"

    asyncio.run(scenario())


def test_request_of_the_users_own_goes_before_ours(gateway: Gateway) -> None:
    target = next(targets(gateway, Wish(path="/v1/summaries/fr?a=b"), "routes.yaml"))
    own = Own(((b"authorization", b"Bearer mine"), (b"x-part", b"1")), b'{"text":"t"}')

    head, _, body = written(target, own, {"client_key": "theirs"}).partition(
        b"\r\n\r\n"
    )

    first, *fields = head.split(b"\r\n")
    assert first == b"POST /v1/summaries/fr?a=b HTTP/1.1"
    assert {b"authorization: Bearer mine", b"x-part: 1"} <= set(fields)
    assert fields.count(b"content-length: 12") == 1
    assert b"theirs" not in head
    assert body == b'{"text":"t"}'


ANSWERS: dict[str, Script] = {
    "busy": ("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n",),
    "chunked": (
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    ),
    "closing": (
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\na",
        {"close": True},
    ),
    "interim": ("HTTP/1.1 103 Early Hints\r\n\r\n", *OK),
    "nothing": ({"close": True},),
    "half": ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\na", {"close": True}),
    "garbage": ("what?\r\n\r\n",),
}


@pytest.mark.parametrize(
    ("case", "status", "connections"),
    [
        ("good", 200, 1),
        ("busy", 503, 1),
        ("chunked", 200, 1),
        ("closing", 200, 3),
        ("interim", 200, 1),
        ("nothing", NONE, 3),
        ("half", NONE, 3),
        ("garbage", NONE, 3),
    ],
)
def test_client_tells_answers_and_keeps_connections(
    case: str, status: int, connections: int
) -> None:
    request = f"GET / HTTP/1.1\r\nhost: a\r\nx-hx-case: {case}\r\n\r\n".encode()

    async def scenario() -> None:
        async with ScriptedUpstream(ANSWERS) as upstream:
            with Client(upstream.port) as client:
                answers = [await client.ask(request) for _ in range(3)]
                assert [answer.status for answer in answers] == [status] * 3
                assert upstream.accepted == connections
                assert client.asked == len(upstream.seen) == 3

    asyncio.run(scenario())


def test_client_of_a_server_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    assert asyncio.run(Client(port).ask(b"")) == Answer(NONE)


def test_phases_count_every_request() -> None:
    request = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"

    async def scenario() -> None:
        async with ScriptedUpstream() as one, ScriptedUpstream() as other:
            with Client(one.port) as first, Client(other.port) as second:
                load = await phases.under_load(first, request, 4, 0.05)
                assert load.tally == {200: len(one.seen)}
                assert one.accepted == 4
                before = len(one.seen)
                rated = await phases.at_a_rate((first, second), request, 0.05)
                assert [len(answers) for answers in rated] == [10, 10]
                turns = await phases.in_turns((first, second), request, 0.0)
                assert [len(answers) for answers in turns] == [1, 1]
                assert len(one.seen) - before == len(other.seen) == 11

    asyncio.run(scenario())


def test_answers_that_do_not_count_are_told_by_their_status(gateway: Gateway) -> None:
    counts = Counts()
    counts.add(Counter({200: 1500, 504: 3, NONE: 1}))
    figures = Figures(0.5, 1 << 20)
    figures.load(phases.Load(2.0, Counter({200: 1500, 504: 500})), 1.0)
    good, late = Answer(200, 0.001, 0.002), Answer(504, 9.0, 9.0)
    figures.latency([good, late], [good])
    figures.first_byte([late, good], [good])
    target = next(targets(gateway, Wish(), "routes.yaml"))
    result = shown.Result("routes.yaml", target, Options(), spread([figures]), counts)

    text = "\n".join(shown.lines(result))

    assert "1,500 answers counted, each with status 200." in text
    assert "Not counted, save in CPU time: 1 x none, 3 x 504." in text
    assert "Under load the gateway used 50% of a core" in text
    document = json.loads(shown.as_json(result))
    jsonschema.validate(document, SCHEMA)
    assert document["answers"]["others"] == {"none": 1, "504": 3}
    medians = {name: item["median"] for name, item in document["figures"].items()}
    assert medians["requests_per_second"] == 750
    assert medians["cpu_per_request"] == 500
    assert (medians["p99_gateway"], medians["p99_added"]) == (2.0, 0.0)
    assert (medians["first_byte_gateway"], medians["memory_at_rest"]) == (1.0, 1.0)


def test_round_in_which_nothing_counts_is_none() -> None:
    figures, late = Figures(0.5, 1), [Answer(504)]
    with pytest.raises(
        StartError, match=r"^under load no answer is .* 200, but 3 x 504$"
    ):
        figures.load(phases.Load(2.0, Counter({504: 3})), 1.0)
    with pytest.raises(
        StartError, match=r"^at a low rate no answer is .* 200, but 1 x 504$"
    ):
        figures.latency(late, late)


def test_measured_gateway_loads_no_compiler(gateway: Gateway) -> None:
    environ = environment(**SECRETS, PYTHONPROFILEIMPORTTIME="1")
    command = python("-m", "hxroute.cli.tethered")
    with Bench.ready(command, environ) as on:
        filled, _ = made_up(gateway, environ)
        on.write(aimed(filled, on.url))
        with on.gateway() as (child, client):
            answer = on.attempt(client, b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n")
            usage = child.ask("usage")
        log = (on.folder / "gateway.log").read_text()
    assert answer.status == 200
    assert usage["cpu"] > 0
    assert usage["memory"] > 1 << 20
    loaded = set(re.findall(r"^import time:.*\| +(\S+)$", log, re.MULTILINE))
    assert {"hxroute.runtime.serve", "hxroute.nodes.execute"} <= loaded
    assert not loaded & {"yaml", "rich", "jsonschema", "hxroute.sandbox.bench.rounds"}
    assert not {
        name
        for name in loaded
        if name.startswith(
            ("hxroute.compiler", "hxroute.backends", "hxroute.diagnostics")
        )
    }


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("what it says may hold a secret", "the gateway ended without a word"),
        ("error: line 3: a setting is missing", "line 3: a setting is missing"),
    ],
)
def test_child_that_ends_says_why(tmp_path: Path, said: str, shown: str) -> None:
    command = python("-c", f"import sys; sys.exit({said!r})")
    with (
        Child("gateway", command, environment(), tmp_path / "log") as child,
        pytest.raises(StartError) as caught,
    ):
        child.ask("usage")
    assert str(caught.value) == shown


def children(pid: int) -> dict[int, str]:
    """Return a process's children and what they run."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = {}
    for child in map(int, listed):
        with contextlib.suppress(OSError):
            found[child] = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
    return found


def is_under_load(pid: int, command: str) -> bool:
    """Tell whether a process is a gateway with 32 clients."""
    try:
        return (
            "tethered" in command and len(list(Path(f"/proc/{pid}/fd").iterdir())) > 32
        )
    except OSError:
        return False


def lives(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def turns() -> Iterator[None]:
    """Give as many turns to look at something as a minute has, and then fail."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        yield
        time.sleep(0.02)
    pytest.fail("it does not come")


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="asks /proc")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_bench_that_is_ended_leaves_no_process(
    folder: Path, ending: signal.Signals
) -> None:
    process = subprocess.Popen(
        [*HXROUTE, "bench", "--seconds", "600"],
        cwd=folder,
        env=environment(**SECRETS, TMPDIR=str(folder)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    started: dict[int, str] = {}
    try:
        for _ in turns():
            started |= children(process.pid)
            if any(is_under_load(*child) for child in started.items()):
                break
        process.send_signal(ending)
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()

    assert "Traceback" not in errors
    assert output == ""
    assert process.returncode == (1 if ending is not signal.SIGKILL else -ending)
    assert any("hxroute.sandbox.bench.upstream" in name for name in started.values())
    for _ in turns():
        if not any(map(lives, started)):
            break
    if ending is not signal.SIGKILL:
        assert list(folder.iterdir()) == [folder / "routes.yaml"]


def test_bench_ends_what_it_started(folder: Path) -> None:
    code = (
        "import subprocess, sys\n"
        "from hxroute.sandbox import child\n"
        "from hxroute.cli import main\n"
        "pids = []\n"
        "class Noted(child.Child):\n"
        "    def __init__(self, *args):\n"
        "        super().__init__(*args)\n"
        "        pids.append(self.pid)\n"
        "child.Child = Noted\n"
        f"main(['bench', *{QUICK!r}], standalone_mode=False)\n"
        "print('pids', *pids)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment(**SECRETS),
        capture_output=True,
        encoding="utf-8",
        timeout=90,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    _, *pids = done.stdout.splitlines()[-1].split()
    assert len(pids) == 4  # the upstream, a gateway to try, and one a round
    assert not any(lives(int(pid)) for pid in pids)
