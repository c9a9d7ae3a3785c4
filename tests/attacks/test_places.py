"""No request and no answer has a say in where the gateway connects to."""

from __future__ import annotations

import asyncio

import pytest

from hxroute.compiler import compile
from hxroute.errors import StartError
from hxroute.ir import Client
from hxroute.runtime import Running
from hxroute.sandbox.scripted import Script, ScriptedUpstream
from tests.attacks.expressions import file_of
from tests.attacks.stage import Exchange, exchanges, get, post
from tests.runtime.serving import compiled

PLAIN = compiled('- {path: "/{rest:path}", upstream: u}')

URLS = {
    "whole": "{{ body.url }}",
    "host-from-the-body": "http://{{ body.host }}",
    "host-from-a-header": "http://{{ headers.host }}",
    "part-of-a-host": "http://{{ path.region }}.example",
    "port": "http://127.0.0.1:{{ query.port }}",
    "user": "http://{{ query.user }}@127.0.0.1",
    "scheme": "{{ query.scheme }}://127.0.0.1",
    "base-path": "http://127.0.0.1/{{ path.id }}",
    "by-the-client": "http://{{ client.host }}",
    "in-a-branch": "{{ 'http://a' if query.a else body.url }}",
    "by-default": "{{ query.url | default('http://a') }}",
}
PATHS = {
    "whole": "{{ body.path }}",
    "begin": "{{ body.path }}/x",
    "parameter": "{{ path.id }}",
    "at-sign": "@{{ body.host }}",
}


@pytest.mark.parametrize("name", URLS, ids="G12-url-{}".format)
def test_request_has_no_say_in_a_url(name: str) -> None:
    report = compile(file_of("upstream", URLS[name]), "routes.yaml").report

    assert "HX321" in {item.code for item in report.diagnostics}


@pytest.mark.parametrize("name", PATHS, ids="G12-path-{}".format)
def test_path_of_a_call_begins_in_the_file(name: str) -> None:
    result = compile(file_of("path", PATHS[name]), "routes.yaml")

    assert result.gateway is None
    assert {item.code for item in result.report.diagnostics} & {"HX321", "HX105"}


NO_PLACES = {
    "user": "http://user@127.0.0.1",
    "user-and-password": "http://user:canary@127.0.0.1",
    "at-sign-behind-a-backslash": "http://127.0.0.1\\@evil.example",
    "backslashes": "http:\\\\127.0.0.1",
    "hash": "http://127.0.0.1#@evil.example",
    "query": "http://127.0.0.1?@evil.example",
    "blank": "http://127.0.0.1 .evil.example",
    "tab": "http://127.0.0.1\t.evil.example",
    "line-end": "http://127.0.0.1\r\n.evil.example",
    "nul": "http://127.0.0.1\0.evil.example",
    "decimal": "http://2130706433",
    "octal": "http://0177.0.0.1",
    "hexadecimal": "http://0x7f000001",
    "hexadecimal-parts": "http://0x7f.0.0.1",
    "short": "http://127.1",
    "full-width": "http://\uff11\uff12\uff17.0.0.1",
    "ideographic-stop": "http://127\u30020\u30020\u30021",
    "unbracketed": "http://::1",
    "bracketed-name": "http://[localhost]",
    "empty-label": "http://a..b",
    "empty-host": "http://:80",
    "port-0": "http://a:0",
    "port-too-large": "http://a:65536",
    "port-signed": "http://a:+80",
    "port-of-letters": "http://a:80a",
    "two-ports": "http://a:80:81",
    "file": "file:///etc/passwd",
    "gopher": "gopher://127.0.0.1:6379/_",
    "unix": "unix:///run/docker.sock",
    "data": "data:text/plain,x",
    "no-scheme": "//127.0.0.1",
    "dots": "http://127.0.0.1/a/../b",
    "dots-encoded": "http://127.0.0.1/%2e%2e/b",
}


@pytest.mark.parametrize("name", NO_PLACES, ids="G12-setting-{}".format)
def test_url_that_two_readers_read_differently_does_not_start(name: str) -> None:
    with pytest.raises(StartError) as caught:
        Running(PLAIN, {"URL": NO_PLACES[name]})

    assert "canary" not in str(caught.value)
    assert "evil.example" not in str(caught.value)


REDIRECTS = {
    f"{status}-{method}": (status, method)
    for status in (300, 301, 302, 303, 305, 307, 308)
    for method in ("GET", "POST")
}


@pytest.fixture(scope="module")
def redirected(each_client: Client) -> dict[str, Exchange]:
    """Every redirect to a listener which nobody comes to."""

    async def trapped() -> dict[str, Exchange]:
        async with ScriptedUpstream() as trap:
            location = f"location: {trap.url}/latest\r\n"
            scripts: dict[str, Script] = {
                str(status): [
                    f"HTTP/1.1 {status} X\r\n{location}content-length: 0\r\n\r\n"
                ]
                for status, _ in REDIRECTS.values()
            }
            requests = {
                name: (
                    get("/x", b"x-hx-case: %d" % status)
                    if method == "GET"
                    else post("/x", {}, b"x-hx-case: %d" % status)
                )
                for name, (status, method) in REDIRECTS.items()
            }
            found = await asyncio.to_thread(exchanges, PLAIN, requests, scripts)
            assert trap.accepted == 0
            return found

    return asyncio.run(trapped())


@pytest.mark.parametrize("name", REDIRECTS, ids="D19-{}".format)
def test_redirect_is_passed_on_and_not_followed(
    redirected: dict[str, Exchange], name: str
) -> None:
    exchange = redirected[name]

    assert exchange.status == REDIRECTS[name][0]
    assert (exchange.answer.get("location") or "").endswith("/latest")
    assert exchange.call.target == "/x"


TARGETS = {
    "authority": "//TRAP/x",
    "at-sign": "/@TRAP/x",
    "backslashes": "/\\TRAP/x",
    "port": "/:80@TRAP/",
    "semicolon": "/;@TRAP/",
    "path-of-a-url": "/http://TRAP/x",
    "query": "/x?url=http://TRAP/&host=TRAP",
    "mapped": "/@[::ffff:127.0.0.1]/",
    "decimal": "/@2130706433/",
}
FIELDS = (
    b"X-Forwarded-Host: TRAP",
    b"X-Forwarded-Server: TRAP",
    b"X-Forwarded-Proto: gopher",
    b"X-Forwarded-Port: 1",
    b"X-Host: TRAP",
    b"X-Original-URL: http://TRAP/",
    b"X-Rewrite-URL: http://TRAP/",
    b"Forwarded: for=TRAP;host=TRAP;proto=http",
    b"Referer: http://TRAP/",
    b"Origin: http://TRAP",
    b"Destination: http://TRAP/",
)


@pytest.fixture(scope="module")
def aimed(each_client: Client) -> dict[str, Exchange]:
    """Every request that names a listener which nobody comes to."""

    async def trapped() -> dict[str, Exchange]:
        async with ScriptedUpstream() as trap:
            where = f"127.0.0.1:{trap.port}"
            requests = {
                "plain": get("/x"),
                **{k: get(v) for k, v in TARGETS.items()},
                **{field.decode(): get("/x", field) for field in FIELDS},
                "Host: TRAP": get("/x").replace(b"Host: a", b"Host: TRAP"),
                "absolute": b"GET http://TRAP/x HTTP/1.1\r\nHost: TRAP\r\n\r\n",
                "absolute-of-another": b"GET http://TRAP/x HTTP/1.1\r\nHost: a\r\n\r\n",
            }
            sent = {k: v.replace(b"TRAP", where.encode()) for k, v in requests.items()}
            found = await asyncio.to_thread(exchanges, PLAIN, sent)
            assert trap.accepted == 0
            return found

    return asyncio.run(trapped())


AIMED = (*TARGETS, *(f.decode() for f in FIELDS), "Host: TRAP", "absolute")


@pytest.mark.parametrize("name", AIMED, ids="G12-request-{}".format)
def test_request_reaches_its_own_upstream_only(
    aimed: dict[str, Exchange], name: str
) -> None:
    """By the bytes that it came with: its Host is the upstream's own authority."""
    exchange = aimed[name]

    if exchange.status == 400:
        assert exchange.seen == ()
    else:
        assert exchange.status == 200
        assert exchange.call.target.startswith("/")
        assert exchange.call.values("host") == aimed["plain"].call.values("host")


def test_g12_absolute_target_of_another_host_is_refused(
    aimed: dict[str, Exchange],
) -> None:
    exchange = aimed["absolute-of-another"]

    assert (exchange.status, exchange.seen) == (400, ())
