"""Fields by which a client claims to be somebody, or to ask for something else."""

from __future__ import annotations

import asyncio
import json

import pytest

from hxroute.ir import Client
from hxroute.sandbox.scripted import Script, ScriptedUpstream
from tests.attacks.stage import Exchange, exchanges, get
from tests.runtime.serving import (
    HEAD,
    KEYED_AUTH,
    ask,
    client,
    compiled,
    read_answer,
    served,
)

RULES = """\
version: 1
settings: {url: {env: URL}, key: {env: KEY, default: right, secret: true}}
upstreams: {u: {url: "{{ settings.url }}"}}
auth: {k: {bearer: ["{{ settings.key }}"]}}
headers:
  dropping: {drop: [authorization, cookie, x-forwarded-for, x-user, forwarded]}
  setting:
    drop: [authorization, cookie]
    set: {x-user: gateway, x-forwarded-for: "{{ client.host }}", x-role: "{{ none }}"}
  keeping: {keep: [x-kept]}
  passing: {forward: [authorization, cookie]}
defaults: {auth: none}
"""
GATEWAY = compiled(
    """\
    - {path: "/drop", request: {headers: dropping}, upstream: u}
    - {path: "/set", request: {headers: setting}, upstream: u}
    - {path: "/keep", request: {headers: keeping}, upstream: u}
    - {path: "/pass", request: {headers: passing}, upstream: u}
    - {path: "/keyed", auth: k, request: {headers: setting}, upstream: u}
    - {path: "/open", respond: {text: open}}
    - {path: "/who", respond: {json: "{{ client.host }}"}}
    - {path: "/get", methods: [GET], respond: {text: get}}
    """,
    RULES,
)

NAMES = ("X-User", "x_user", "X_USER", "x-User")
IDENTITY = {
    f"{path}-{name}": (path, name) for path in ("drop", "set", "keep") for name in NAMES
}
"""An identity that a client gives itself, in each spelling, against each rule."""

FORWARDED = (
    b"X-Forwarded-For: 6.6.6.6",
    b"X-Forwarded-For: 127.0.0.1, 6.6.6.6",
    b"X_Forwarded_For: 6.6.6.6",
    b"X-Real-IP: 6.6.6.6",
    b"Forwarded: for=6.6.6.6",
    b"X-Client-IP: 6.6.6.6",
    b"True-Client-IP: 6.6.6.6",
    b"CF-Connecting-IP: 6.6.6.6",
    b"X-HX-Client-IP: 6.6.6.6",
)
OVERRIDES = (
    b"X-Original-URL: /open",
    b"X-Rewrite-URL: /open",
    b"X-Original-URI: /open",
    b"X-Forwarded-Uri: /open",
    b"X-Forwarded-Path: /open",
    b"X-Forwarded-Prefix: /open",
    b"X-Accel-Redirect: /open",
    b"Forwarded: for=127.0.0.1;host=open",
    b"X-Forwarded-Host: open",
    b"Content-Location: /open",
    b"Referer: http://a/open",
)
METHODS = (
    b"X-HTTP-Method-Override: GET",
    b"X-HTTP-Method: GET",
    b"X-Method-Override: GET",
    b"_method: GET",
)
HOSTS = (
    b"evil/x?",
    b"good/open?x",
    b"good/open#",
    b"/open",
    b"?",
    b"#/open",
    b"a@/open",
    b"a:80/open",
    b"a\\open",
    b"evila",
    b"a.evil.example",
    b"127.0.0.1:1",
    b"[::1]",
    b"open",
)


def _requests() -> dict[str, bytes]:
    made = {
        key: get(f"/{path}", f"{name}: client".encode(), b"X-Kept: 1")
        for key, (path, name) in IDENTITY.items()
    }
    for field in FORWARDED:
        made[f"who-{field!r}"] = get("/who", field)
        made[f"set-{field!r}"] = get("/set", field)
        made[f"drop-{field!r}"] = get("/drop", field)
    for field in OVERRIDES:
        made[f"keyed-{field!r}"] = get("/keyed", field)
        made[f"nowhere-{field!r}"] = get("/nowhere", field)
    for field in METHODS:
        made[f"method-{field!r}"] = get("/get", field, method="DELETE")
    for host in HOSTS:
        request = get("/keyed")
        made[f"host-{host!r}"] = request.replace(b"Host: a", b"Host: " + host)
    made["role"] = get("/set", b"X-Role: admin", b"X_Role: admin")
    made["named"] = get("/set", b"Connection: x-user, x-forwarded-for", b"X-User: 1")
    made["bare"] = get("/pass")
    made["many"] = get("/pass", b"X_A: 1", b"X-A: 2", b"User-Agent:")
    return made


@pytest.fixture(scope="module")
def found(each_client: Client) -> dict[str, Exchange]:
    return exchanges(GATEWAY, _requests())


@pytest.mark.parametrize("name", IDENTITY, ids="D12-{}".format)
def test_identity_of_a_client_s_own_goes_nowhere(
    found: dict[str, Exchange], name: str
) -> None:
    """However it is spelt: what reads it may fold `_` and `-` (B15)."""
    call = found[name].call

    spelt = [v for k, v in call.headers if k.lower().replace("_", "-") == "x-user"]
    assert spelt == (["gateway"] if name.startswith("set") else [])


@pytest.mark.parametrize("name", ["x_user", "X_USER"], ids="B15-{}".format)
def test_underscore_is_no_way_round_a_rule(
    found: dict[str, Exchange], name: str
) -> None:
    for path in ("drop", "set", "keep"):
        assert "client" not in repr(found[f"{path}-{name}"].call)


def test_b15_name_with_an_underscore_passes_where_no_rule_names_it(
    found: dict[str, Exchange],
) -> None:
    call = found["many"].call

    assert (call.values("x_a"), call.values("x-a")) == (["1"], ["2"])


def test_d12_field_that_is_set_to_nothing_is_absent(
    found: dict[str, Exchange],
) -> None:
    assert "admin" not in repr(found["role"].call)


def test_d12_connection_takes_nothing_away_that_the_gateway_sets(
    found: dict[str, Exchange],
) -> None:
    call = found["named"].call

    assert call.values("x-user") == ["gateway"]
    assert call.values("x-forwarded-for") == ["127.0.0.1"]


@pytest.mark.parametrize("field", FORWARDED, ids="D10-{}".format)
def test_client_is_who_the_socket_says(
    found: dict[str, Exchange], field: bytes
) -> None:
    assert json.loads(found[f"who-{field!r}"].answer.body) == "127.0.0.1"
    assert found[f"set-{field!r}"].call.values("x-forwarded-for") == ["127.0.0.1"]
    if b"orwarded" in field:
        assert "6.6.6.6" not in repr(found[f"drop-{field!r}"].call)
    if b"orwarded" in field and not field.startswith(b"Forwarded"):
        assert "6.6.6.6" not in repr(found[f"set-{field!r}"].call)


@pytest.mark.parametrize("field", OVERRIDES, ids="D11-{}".format)
def test_field_chooses_no_endpoint(found: dict[str, Exchange], field: bytes) -> None:
    keyed, nowhere = found[f"keyed-{field!r}"], found[f"nowhere-{field!r}"]

    assert (keyed.status, keyed.seen) == (401, ())
    assert nowhere.status == 404


@pytest.mark.parametrize("field", METHODS, ids="D11-{}".format)
def test_field_chooses_no_method(found: dict[str, Exchange], field: bytes) -> None:
    assert found[f"method-{field!r}"].status == 405


@pytest.mark.parametrize("host", HOSTS, ids="B3-{}".format)
def test_host_decides_nothing(found: dict[str, Exchange], host: bytes) -> None:
    exchange = found[f"host-{host!r}"]

    assert exchange.status in (400, 401)
    assert exchange.seen == ()
    assert exchange.answer.get("location") is None


@pytest.mark.parametrize(
    "host", [b"good/open?x", b"a@/open", b"?", b"evil"], ids="B3-foreign-{}".format
)
def test_host_decides_nothing_under_another_server(host: bytes) -> None:
    """Which may not check it: uvicorn's other protocol does not."""

    async def scenario() -> int:
        environ = {"URL": "http://127.0.0.1:9"}
        async with served(GATEWAY, environ, front=False) as port:
            request = get("/keyed").replace(b"Host: a", b"Host: " + host)
            return (await ask(port, request)).status

    assert asyncio.run(scenario()) in (400, 401)


@pytest.mark.parametrize(
    "host", [b"a", b"evila", b"open", b"a.evil.example:80"], ids="B2-{}".format
)
def test_host_is_compared_with_nothing(host: bytes) -> None:
    """No table of hosts, so none that a part of a name could pass for."""
    request = get("/drop").replace(b"Host: a", b"Host: " + host)

    found = exchanges(GATEWAY, {"x": request, "a": get("/drop")})

    assert found["x"].status == 200
    assert found["x"].call.values("host") == found["a"].call.values("host")


def test_d18_nothing_is_added(found: dict[str, Exchange]) -> None:
    assert [name for name, _ in found["bare"].call.headers] == ["host"]
    assert found["many"].call.values("user-agent") == [""]


@pytest.mark.usefixtures("each_client")
def test_d17_cookies_of_one_client_are_nobody_else_s() -> None:
    """On a name, and on one connection to the upstream: jars skip addresses."""
    reply = (
        "HTTP/1.1 200 OK\r\nset-cookie: session=a; Path=/\r\ncontent-length: 0\r\n\r\n"
    )
    scripts: dict[str, Script] = {"login": [reply]}
    gateway = compiled("- {path: /x, upstream: u}", HEAD + KEYED_AUTH)

    async def scenario() -> None:
        async with ScriptedUpstream(scripts) as upstream:
            url = upstream.url.replace("127.0.0.1", "localhost")
            async with served(gateway, {"URL": url}) as port:
                login = get("/x", b"x-hx-case: login", b"Cookie: own=1")
                assert (await ask(port, login)).get("set-cookie") is not None
                async with client(port, get("/x")) as (reader, writer):
                    await read_answer(reader)
                    writer.write(get("/x", b"x-hx-case: login"))
                    await read_answer(reader)
                    writer.write(get("/x"))
                    await read_answer(reader)
            cookies = [call.values("cookie") for call in upstream.seen]
            assert cookies == [["own=1"], [], [], []]
            assert upstream.accepted == 1

    asyncio.run(scenario())
