"""Recordings of real applications: from wherever, however often, however interrupted."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hxroute.proof.corpus import Corpus, Oracle, load
from hxroute.proof.exchange import Case, Exchange, Facts
from hxroute.proof.messages import Request
from hxroute.proof.record import Recorded, _spread
from hxroute.proof.varying import SOMETIMES, VARIES
from tests.processes import HXROUTE, environment, free_port, running
from tests.proof.recorded import (
    CASES,
    files,
    gets,
    gone,
    hxroute,
    processes_of,
    project,
    record,
)

MORE = """\
  - name: later
    request: {method: GET, target: /v1/later}
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The relay's folder, with a whole recording."""
    folder = project(tmp_path_factory.mktemp("relay"))
    done = record(folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def again(recorded: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return shutil.copytree(recorded, tmp_path / "again")


def exchanges(folder: Path) -> dict[str, bytes]:
    return files(folder / "corpus" / "exchanges")


def test_recording_holds_both_directions_of_the_wire(recorded: Path) -> None:
    facts = load(recorded / "corpus").exchanges["chat"].facts

    assert facts["upstream.target"] == ("/chat",)
    assert facts["upstream.body"] == ('{"input": "h\\u00e9llo"}',)
    assert facts["upstream.headers.x-team"] == ("blue",)
    assert "upstream.headers.authorization" not in facts
    assert facts["client.status"] == ("201",)


def test_recording_says_what_it_came_from(recorded: Path) -> None:
    oracle = load(recorded / "corpus").oracle

    assert oracle.what == "main:app"
    assert oracle.started == "by uvicorn, its upstream at env:MODELS_URL"
    assert {"python", "fastapi", "httpx", "uvicorn", "sha256"} <= oracle.version.keys()


def test_recording_by_a_name_is_the_one_by_a_variable(
    recorded: Path, tmp_path: Path
) -> None:
    folder = project(tmp_path)

    done = record(folder, upstream="map:models.internal:8080")

    assert done.returncode == 0, done.stderr
    assert exchanges(folder) == exchanges(recorded)


def test_recording_by_an_address_is_the_one_by_a_variable(
    recorded: Path, tmp_path: Path
) -> None:
    folder = project(tmp_path)
    moved(folder, "http://192.0.2.7:8080")

    done = record(folder, upstream="map:192.0.2.7:8080")

    assert done.returncode == 0, done.stderr
    assert exchanges(folder) == exchanges(recorded)


def test_recording_by_a_fixed_port_is_the_one_by_a_variable(
    recorded: Path, tmp_path: Path
) -> None:
    folder, port = project(tmp_path), free_port()
    moved(folder, f"http://127.0.0.1:{port}")

    done = record(folder, upstream=str(port))

    assert done.returncode == 0, done.stderr
    assert exchanges(folder) == exchanges(recorded)


def test_recording_of_one_that_runs_proves_itself(
    recorded: Path, tmp_path: Path
) -> None:
    folder, port, upstream = project(tmp_path), free_port(), free_port()
    moved(folder, f"http://127.0.0.1:{upstream}")
    url = f"http://127.0.0.1:{port}"
    serve = [sys.executable, "-m", "uvicorn", "main:app", "--port", str(port)]

    with running(serve, folder, environment(), tmp_path / "log", f"{url}/healthz"):
        places = ("--upstream", str(upstream))
        made = hxroute(folder, "record", "--url", url, *places, "--cases", "cases.yaml")
        proven = hxroute(folder, "prove", "--new", url, *places)
        other = hxroute(recorded, "prove", "--new", url, *places, "--format", "json")

    assert made.returncode == 0, made.stderr
    assert proven.stdout.startswith("5 cases: 5 identical, 0 sanctioned, 0 unexpl")
    assert other.returncode == 0, other.stdout
    assert json.loads(other.stdout)


def moved(folder: Path, url: str) -> None:
    source = (folder / "main.py").read_text(encoding="utf-8")
    assert "http://models.internal:8080" in source
    (folder / "main.py").write_text(
        source.replace("http://models.internal:8080", url), encoding="utf-8"
    )


def test_recordings_are_the_same_byte_for_byte(recorded: Path, tmp_path: Path) -> None:
    folder = project(tmp_path)

    record(folder, "--jobs", "1", PYTHONHASHSEED="7")

    assert files(folder / "corpus") == files(recorded / "corpus")


def test_recording_again_plays_nothing_and_changes_no_byte(again: Path) -> None:
    before = files(again / "corpus")

    done = record(again)

    assert "5 cases: 0 new, 5 that were there" in done.stdout
    assert files(again / "corpus") == before


def test_new_cases_are_added_and_others_kept(again: Path) -> None:
    before = exchanges(again)
    with (again / "cases.yaml").open("a", encoding="utf-8") as own:
        own.write(MORE)

    done = record(again)

    assert "6 cases: 1 new, 5 that were there" in done.stdout
    after = exchanges(again)
    assert after.pop("later.http")
    assert after == before


def test_changed_case_is_recorded_again(again: Path) -> None:
    changed = CASES.replace("X-Team: blue", "X-Team: red")
    (again / "cases.yaml").write_text(changed, encoding="utf-8")

    done = record(again)

    assert "5 cases: 1 new, 4 that were there" in done.stdout
    facts = load(again / "corpus").exchanges["chat"].facts
    assert facts["upstream.headers.x-team"] == ("red",)


def test_another_main_is_refused_until_a_reason_is_given(again: Path) -> None:
    with (again / "main.py").open("a", encoding="utf-8") as source:
        source.write("# a comment\n")
    before = files(again / "corpus")

    refused = record(again)

    assert refused.returncode == 2
    assert "was recorded from another main:app: its sha256 was " in refused.stderr
    assert "`--anew REASON`" in refused.stderr
    assert files(again / "corpus") == before

    taken = record(again, "--anew", "main.py has a comment now")

    assert "5 cases: 5 new, 0 that were there" in taken.stdout
    (declared,) = load(again / "corpus").declared
    assert declared.reason == "main.py has a comment now"
    assert declared.cases == ("chat", "keyless", "models", "refused", "reset")


def test_another_file_that_main_imports_is_another_oracle(tmp_path: Path) -> None:
    folder = project(tmp_path, "tells", gets("/any"))
    (folder / "beside.py").write_text("A = 1\n", encoding="utf-8")
    with (folder / "main.py").open("a", encoding="utf-8") as source:
        source.write("import beside\n")
    record(folder)

    (folder / "beside.py").write_text("A = 2\n", encoding="utf-8")
    refused = record(folder)

    assert "its imports was" in refused.stderr


def test_recorded_anew_with_fewer_cases_leaves_none_behind(again: Path) -> None:
    (again / "cases.yaml").write_text(gets("/v1/models"), encoding="utf-8")

    done = record(again, "--anew", "fewer")

    assert done.returncode == 1, done.stderr  # none of them reaches the upstream
    assert exchanges(again).keys() == {"v1-models.http"}
    assert load(again / "corpus").complete


def test_broken_exchanges_are_recorded_anew(again: Path) -> None:
    chat = again / "corpus" / "exchanges" / "chat.http"
    before = chat.read_bytes()
    chat.write_bytes(b"\xff\x00")

    refused = record(again)
    taken = record(again, "--anew", "it was broken")

    assert "chat.http is not UTF-8" in refused.stderr
    assert "`hxroute record --anew REASON`" in refused.stderr
    assert taken.returncode == 0, taken.stderr
    assert chat.read_bytes() == before


def test_other_variables_and_other_upstreams_are_refused(again: Path) -> None:
    variables = record(again, "--env", "GATEWAY_KEY=other")
    place = record(again, upstream="env:MODELS_URL/v2")
    host = record(again, "--host", "gateway.example")

    assert "other variables in the environment `default`" in variables.stderr
    assert "started by uvicorn, its upstream at env:MODELS_URL;" in place.stderr
    assert "with another host, 127.0.0.1:8000" in host.stderr


@pytest.mark.parametrize(
    ("way", "anew"),
    [("SIGKILL", False), ("SIGKILL", True), ("SIGTERM", True), ("SIGINT", False)],
)
def test_interrupted_recording_goes_on_to_the_same_end(
    recorded: Path, again: Path, way: str, anew: bool
) -> None:
    slow = CASES.replace("delay: 0.05", "delay: 60")
    (again / "cases.yaml").write_text(slow, encoding="utf-8")
    if not anew:
        shutil.rmtree(again / "corpus")
    mark = f"{os.getpid()}-{way}-{anew}"

    said = interrupted(again, signal.Signals[way], mark, anew=anew)

    assert ("the same command goes on from here" in said) == (way != "SIGKILL")
    assert "Traceback" not in said
    assert not load(again / "corpus").complete
    refused = hxroute(again, "prove", "--new", "http://127.0.0.1:1", "--upstream", "1")
    assert "is not complete" in refused.stderr

    (again / "cases.yaml").write_text(CASES, encoding="utf-8")
    done = record(again)

    assert done.returncode == 0, done.stderr
    assert exchanges(again) == exchanges(recorded)
    assert said_by_index(again) == said_by_index(recorded)
    assert len(load(again / "corpus").declared) == anew


def said_by_index(folder: Path) -> dict[str, Any]:
    """Return what the index of a folder's corpus says of the recording itself."""
    text = (folder / "corpus" / "corpus.json").read_text(encoding="utf-8")
    said: dict[str, Any] = json.loads(text)
    del said["declared"], said["digest"]
    return said


def interrupted(folder: Path, way: signal.Signals, mark: str, *, anew: bool) -> str:
    """Interrupt a recording in its middle; return what it said, once all has ended."""
    wish = ("--asgi", "main:app", "--upstream", "env:MODELS_URL", "--jobs", "2")
    why = ("--anew", "why not") if anew else ()
    process = subprocess.Popen(
        [*HXROUTE, "record", *wish, "--cases", "cases.yaml", *why],
        cwd=folder,
        env=environment(LC_MARK=mark),
        stderr=subprocess.PIPE,
        text=True,
    )
    index = folder / "corpus" / "corpus.json"
    while not index.exists() or '"complete": true' in index.read_text("utf-8"):
        assert process.poll() is None
    assert len(processes_of(mark)) > 1
    process.send_signal(way)
    said = process.communicate()[1]
    assert gone(mark) if way is signal.SIGKILL else not processes_of(mark)
    return said


def test_what_an_interruption_left_aside_is_removed(again: Path) -> None:
    aside = again / "corpus" / "exchanges" / ".chat.http.ab12cd_9"
    aside.write_text("half", encoding="utf-8")
    theirs = again / "corpus" / "exchanges" / ".chat.http.swp"
    theirs.write_text("an editor's", encoding="utf-8")
    (again / "cases.yaml").write_text(CASES + MORE, encoding="utf-8")

    record(again)

    assert not aside.exists()
    assert theirs.exists()


def test_what_varies_is_marked_and_told(tmp_path: Path) -> None:
    folder = project(
        tmp_path,
        "drifts",
        gets("/id", "/count", "/count?again", "/set", "/other") + JAR,
    )

    done = record(folder)

    assert done.returncode == 0, done.stderr
    assert "left out" not in done.stdout
    told = (
        "vary from play to play, and are not compared: client.body (3), "
        "client.headers.x-id (1), upstream.headers.cookie (1)"
    )
    assert sorted_facts(done.stdout) == sorted_facts(told)
    found = load(folder / "corpus").exchanges
    assert found["id"].facts["client.headers.x-id"] == VARIES
    assert found["id"].facts["client.body"] == ("same",)
    counted = ('(varies) {"asked": {"(varies)": "number"}}',)
    assert found["count"].facts["client.body"] == counted
    assert found["set"].facts["client.body"] == VARIES
    assert found["jar-after"].facts["upstream.headers.cookie"] == SOMETIMES
    assert VARIES not in found["other"].facts.values()

    record(folder, "-c", "second")
    assert files(folder / "second") == files(folder / "corpus")


def test_what_varies_is_not_compared(tmp_path: Path) -> None:
    cases = gets("/id", "/count", "/count?again", "/set", "/other") + JAR
    folder = project(tmp_path, "drifts", cases)
    record(folder)
    port, upstream = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    serve = [sys.executable, "-m", "uvicorn", "main:app", "--port", str(port)]
    env = environment(MODELS_URL=f"http://127.0.0.1:{upstream}")

    with running(serve, folder, env, tmp_path / "log", f"{url}/id"):
        proven = hxroute(folder, "prove", "--new", url, "--upstream", str(upstream))

    assert proven.stdout.startswith("7 cases: 7 identical"), proven.stdout


JAR = """\
  - name: jar-before
    request: {method: GET, target: /jar/1}
    upstream: {headers: {Set-Cookie: a=b}, body: one}
  - name: jar-after
    request: {method: GET, target: /jar/2}
"""


def sorted_facts(text: str) -> list[str]:
    (line,) = (line for line in text.splitlines() if line.startswith("vary from"))
    return sorted(line.partition(": ")[2].split(", "))


def test_case_whose_status_varies_is_left_out_and_told(tmp_path: Path) -> None:
    folder = project(tmp_path, "drifts", gets("/flip", "/flip?again", "/other"))

    done = record(folder)

    assert (
        "left out, for their outcome varies from play to play: flip, flip-again\n"
        in done.stdout
    )
    corpus = load(folder / "corpus")
    assert corpus.complete
    assert corpus.exchanges.keys() == {"other"}


def test_once_finds_nothing_that_varies(tmp_path: Path) -> None:
    folder = project(tmp_path, "drifts", gets("/flip"))

    done = record(folder, "--once")

    assert "vary" not in done.stdout
    assert load(folder / "corpus").exchanges["flip"].facts["client.status"] == ("201",)


def test_several_upstreams_are_told_apart(tmp_path: Path) -> None:
    folder = project(tmp_path, "two", gets("/a"))
    places = ("--upstream", "embeddings=map:embeddings.internal:8080")

    done = record(folder, *places, upstream="chat=env:CHAT_URL/v1")

    assert done.returncode == 0, done.stderr
    corpus = load(folder / "corpus")
    facts = corpus.exchanges["a"].facts
    assert corpus.upstreams == ("chat", "embeddings")
    assert facts["upstream.name"] == ("chat",)
    assert facts["upstream.target"] == ("/v1/a",)
    assert facts["upstream.2.name"] == ("embeddings",)
    assert facts["upstream.2.target"] == ("/api/a",)


def test_upstream_that_no_routes_file_defines_is_an_error_of_prove(
    tmp_path: Path,
) -> None:
    folder = project(tmp_path, "two", gets("/a"))
    places = ("--upstream", "embeddings=map:embeddings.internal:8080")
    record(folder, *places, upstream="chat=env:CHAT_URL/v1")
    (folder / "routes.yaml").write_text(ROUTES, encoding="utf-8")

    proven = hxroute(folder, "prove")

    assert proven.returncode == 2
    assert proven.stderr == (
        "error: corpus was recorded with an upstream `chat`, which routes.yaml does "
        "not define; give it that name\n"
    )


ROUTES = """\
version: 1
upstreams:
  models: {url: "http://127.0.0.1:4000"}
headers:
  clean: {drop: [authorization, cookie]}
endpoints:
  - path: /a
    auth: none
    request: {headers: clean}
    upstream: models
"""


def test_only_given_variables_reach_the_application(tmp_path: Path) -> None:
    folder = project(tmp_path, "tells", gets("/any"))

    done = record(
        folder, "--env", "GATEWAY_KEY=sk-given", OPENAI_API_KEY="sk-secret", LC_ALL="C"
    )

    assert done.returncode == 1, done.stderr  # it answers by itself
    (exchange,) = load(folder / "corpus").exchanges.values()
    told = json.loads(exchange.facts["client.body"][0])
    assert told["key"] == "sk-given"
    assert "LC_ALL" in told["names"]
    known = ("PATH", "HOME", "LANG", "TMPDIR", "GATEWAY_KEY", "MODELS_URL", "PWD")
    beginnings = ("LC_", "PYTHON", "COV_", "_")
    others = [
        n for n in told["names"] if n not in known and not n.startswith(beginnings)
    ]
    assert not others
    assert not any(b"sk-secret" in data for data in files(folder).values())


def test_application_that_ends_is_an_error(tmp_path: Path) -> None:
    folder = project(tmp_path, cases=gets("/a", "/end", "/z"))
    (folder / "main.py").write_text(ENDS, encoding="utf-8")

    done = record(folder)

    assert done.returncode == 2
    assert "main:app ended before the case `" in done.stderr
    assert not (folder / "corpus").exists()


ENDS = """\
import os
from tests.proof.apps.tells import app as tells

async def app(scope, receive, send):
    if scope.get("path") == "/end":
        os._exit(0)
    await tells(scope, receive, send)
"""


def test_connections_that_are_never_closed_are_ended(tmp_path: Path) -> None:
    folder = project(tmp_path, cases=gets("/a", "/b", "/c"))
    (folder / "main.py").write_text(HOLDS, encoding="utf-8")

    done = record(folder)

    assert done.returncode == 0, done.stderr
    assert "vary" not in done.stdout
    found = load(folder / "corpus").exchanges.values()
    assert {item.facts["client.body"] for item in found} == {("11",)}


HOLDS = """\
import asyncio, http.client, os
from urllib.parse import urlsplit

HELD = []

def ask():
    connection = http.client.HTTPConnection(urlsplit(os.environ["MODELS_URL"]).netloc)
    HELD.append(connection)
    connection.request("GET", "/")
    return str(len(connection.getresponse().read())).encode()

async def app(scope, receive, send):
    assert scope["type"] == "http"
    body = await asyncio.to_thread(ask)
    length = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": body})
"""


def test_made_up_keys_go_to_old_and_new(tmp_path: Path) -> None:
    folder = project(tmp_path)
    (folder / "routes.yaml").write_text(KEYED, encoding="utf-8")
    wish = ("--asgi", "main:app", "--upstream", "env:MODELS_URL")

    done = hxroute(folder, "record", *wish, "--size", "small", "--patience", "0")
    hxroute(folder, "prove", "--format", "json", "-o", "proof.json")

    assert done.returncode == 0, done.stderr
    corpus = load(folder / "corpus")
    assert corpus.environments["default"] == {"GATEWAY_KEY": "sk-recorded-gateway-key"}
    statuses = {n: e.facts["client.status"] for n, e in corpus.exchanges.items()}
    assert {("200",), ("401",)} <= set(statuses.values())
    proof = json.loads((folder / "proof.json").read_text(encoding="utf-8"))
    keyed = [case for case in proof["cases"] if ".auth-" in case["name"]]
    assert keyed
    assert not [case["name"] for case in keyed if "client.status" in facts_of(case)]


def facts_of(case: dict[str, Any]) -> list[str]:
    return [item["fact"] for item in case["differences"]]


KEYED = """\
version: 1
settings:
  url: {env: MODELS_URL, default: "http://127.0.0.1:4000"}
  gateway_key: {env: GATEWAY_KEY, secret: true}
upstreams:
  models: {url: "{{ settings.url }}"}
headers:
  clean: {drop: [authorization, cookie]}
auth:
  key: {bearer: ["{{ settings.gateway_key }}"]}
endpoints:
  - path: /v1/models
    methods: [GET]
    auth: key
    request: {headers: clean}
    upstream: models
"""


def test_field_that_comes_and_goes_in_one_case_counts_in_none(tmp_path: Path) -> None:
    name, cookie = "upstream.headers.cookie", ("a=1",)
    sends = Case("sends", Request("GET", "/", (("Cookie", "b=2"),)))
    facts: list[Facts] = [
        {name: SOMETIMES, "client.headers.x": SOMETIMES},
        {name: cookie, "client.headers.x": ("y",)},
        {},
    ]
    found = [
        Exchange(Case(f"c{n}", Request("GET", "/")), item)
        for n, item in enumerate(facts)
    ]
    exchanges = {one.name: one for one in (*found, Exchange(sends, {name: cookie}))}
    corpus = Corpus(tmp_path, Oracle("main:app"), "x", ("u",), {}, exchanges)
    result = Recorded(corpus)

    _spread(result)

    settled = {key: one.facts for key, one in result.corpus.exchanges.items()}
    assert settled == {
        "c0": facts[0],
        "c1": {name: SOMETIMES, "client.headers.x": ("y",)},
        "c2": {},
        "sends": {name: cookie},
    }
    assert (tmp_path / "exchanges" / "c1.http").exists()
    assert result.varying == {name: 1}
