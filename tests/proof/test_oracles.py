"""What a command line may say of an old gateway, and what it may not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from hxroute.compiler import Compiled, compile
from hxroute.errors import StartError
from hxroute.ir import Gateway
from hxroute.proof.oracles import Oracled, Wish, oracled, with_keys
from tests.proof.recorded import project

ROUTES = """\
version: 1
settings:
  url: {env: MODELS_URL, default: "http://127.0.0.1:4000"}
  client_key: {env: [CLIENT_KEY, OLD_KEY], secret: true}
  other_key: {env: OTHER_KEY, secret: true, optional: true}
  known_key: {env: KNOWN_KEY, secret: true, default: sk-known}
  region: {env: REGION}
server: {host: 127.0.0.1, port: 4010}
upstreams:
  models: {url: "{{ settings.url }}"}
auth:
  key: {bearer: ["{{ settings.client_key }}", "{{ settings.known_key }}"]}
headers:
  clean: {drop: [authorization, cookie], set: {x-region: "{{ settings.region }}"}}
endpoints:
  - path: /v1/{rest:path}
    auth: key
    request: {headers: clean}
    upstream: models
"""


def gateway() -> Gateway:
    found = routes().gateway
    assert found is not None
    return found


def routes() -> Compiled:
    found = compile(ROUTES.encode(), "routes.yaml")
    assert found.gateway is not None, found.report
    return found


def named(
    app: str | None = None,
    url: str | None = None,
    upstreams: tuple[str, ...] = ("4000",),
    environments: dict[str, dict[str, str]] | None = None,
    **given: Any,
) -> Oracled:
    routes = given.pop("routes", None)
    wish = Wish(app, url, upstreams, **{"python": sys.executable, **given})
    return oracled(wish, environments or {"default": {}}, routes)


def refused(*args: Any, **given: Any) -> str:
    with pytest.raises(StartError) as caught:
        named(*args, **given)
    return str(caught.value)


def test_gateway_that_runs_is_named_by_its_url() -> None:
    found = named(url="http://old.example:4010/")

    assert found.oracle.what == "http://old.example:4010/"
    assert found.oracle.version == {}
    assert found.oracle.started == "ran already, its upstream at 4000"
    assert found.host == "old.example:4010"
    assert found.upstreams == ("upstream",)


def test_application_says_what_it_is_made_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project(tmp_path, "tells"))

    found = named("main:app", upstreams=("env:MODELS_URL",))

    assert found.oracle.what == "main:app"
    assert found.oracle.version["python"] == sys.version.split(" ", maxsplit=1)[0]
    assert len(found.oracle.version["sha256"]) == 64
    assert found.host == "127.0.0.1:8000"


def test_routes_file_names_host_and_upstream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project(tmp_path, "tells"))

    found = named("main:app", upstreams=("env:MODELS_URL",), routes=routes())

    assert found.host == "127.0.0.1:4010"
    assert found.upstreams == ("models",)


def test_one_gateway_is_named_and_no_more() -> None:
    said = "name the old gateway: --asgi MODULE:APP, or --url where it runs"

    assert refused() == said
    assert refused("main:app", "http://a") == said


def test_upstream_must_be_said() -> None:
    text = refused("main:app", upstreams=())

    assert text.startswith("say how the old gateway finds its upstream")
    for way in ("env:VARIABLE", "PORT", "map:HOST:PORT"):
        assert f"--upstream {way}" in text


def test_variable_that_leads_upstream_cannot_be_set() -> None:
    text = refused(
        "main:app",
        upstreams=("env:MODELS_URL",),
        environments={"default": {}, "keyed": {"MODELS_URL": "http://models"}},
    )

    assert text == (
        "MODELS_URL leads to our upstream; take it out of the environment `keyed`"
    )


@pytest.mark.parametrize("host", ["", "a b", "é", "a\r\nx: y", "\x1b[31m"])
def test_host_that_is_none_is_refused(host: str) -> None:
    text = refused(url="http://a", host=host)

    assert text.endswith("is no host; write it as --host HOST:PORT")
    assert text.isprintable()


def test_application_that_does_not_start_is_no_oracle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "main.py").write_text("1 / 0\n", encoding="utf-8")

    text = refused("main:app", upstreams=("env:MODELS_URL",))

    assert text.endswith("ZeroDivisionError: division by zero")


def test_keys_are_made_up_where_nobody_gives_them() -> None:
    assert with_keys(gateway(), {}) == {"CLIENT_KEY": "sk-recorded-client-key"}
    assert with_keys(gateway(), {"CLIENT_KEY": ""}) == {"CLIENT_KEY": ""}


@pytest.mark.parametrize("given", [{"CLIENT_KEY": "sk-a"}, {"OLD_KEY": "sk-a"}])
def test_keys_that_are_given_stay(given: dict[str, str]) -> None:
    assert with_keys(gateway(), given) == given


def test_no_keys_are_made_up_without_a_routes_file() -> None:
    assert with_keys(None, {"A": "b"}) == {"A": "b"}
