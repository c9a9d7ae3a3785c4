"""Environment variables that other programs obey, and `hxroute run` does not."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from hxroute.ir import Client
from hxroute.sandbox.scripted import ScriptedUpstream
from tests.attacks.stage import get
from tests.clients import stated
from tests.processes import HXROUTE, environment, gateway
from tests.runtime.serving import Answer, ask

ROUTES = """\
version: 1
settings: {url: {env: URL}}
upstreams: {u: {url: "{{ settings.url }}"}}
headers: {h: {forward: [authorization, cookie]}}
defaults: {auth: none, request: {headers: h}}
endpoints:
- {path: /healthz, respond: {json: {ok: true}}}
- {path: /who, respond: {text: "{{ client.host }}"}}
- {path: "/{rest:path}", upstream: u}
"""
OWN_CA = Path(__file__).with_name("own-ca.pem")
"""A certificate for localhost by an authority of its own, and its key."""

HASHED = "ce275665.0"
"""The name under which OpenSSL looks for it in a folder."""

PROXIES = (
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, each_client: Client) -> Path:
    made = tmp_path_factory.mktemp("gateway")
    (made / "routes.yaml").write_text(stated(ROUTES))
    (made / ".netrc").write_text("default login thief password canary\n")
    (made / ".netrc").chmod(0o600)
    (made / "no.pem").write_text("no certificate")
    (made / HASHED).write_bytes(OWN_CA.read_bytes())
    subprocess.run([*HXROUTE, "compile"], cwd=made, env=environment(), check=True)
    return made


@dataclass(frozen=True, slots=True)
class Found:
    """What a gateway did under an environment."""

    passed: Answer
    who: Answer
    calls: tuple[str, ...]
    proxied: int


@pytest.fixture(scope="module")
def found(folder: Path) -> Found:
    """One gateway, and everything that could mislead it at once."""

    async def scenario() -> Found:
        async with ScriptedUpstream() as upstream, ScriptedUpstream() as proxy:
            env = environment(
                **dict.fromkeys(PROXIES, proxy.url),
                NO_PROXY="",
                no_proxy="",
                HOME=str(folder),
                NETRC=str(folder / ".netrc"),
                SSL_CERT_FILE=str(folder / "no.pem"),
                SSL_CERT_DIR=str(folder / "nowhere"),
                REQUESTS_CA_BUNDLE=str(folder / "no.pem"),
                CURL_CA_BUNDLE=str(folder / "no.pem"),
                FORWARDED_ALLOW_IPS="*",
                WEB_CONCURRENCY="3",
                URL=upstream.url,
            )
            with gateway(folder, env, folder / "log") as port:
                passed = await ask(port, get("/x"))
                who = await ask(port, get("/who", b"X-Forwarded-For: 6.6.6.6"))
            calls = tuple(f"{call.target} {call.headers}" for call in upstream.seen)
            return Found(passed, who, calls, proxy.accepted)

    return asyncio.run(scenario())


def test_d20_proxy_variables_are_ignored(found: Found) -> None:
    assert found.passed.status == 200
    assert found.proxied == 0
    assert [call.split(" ")[0] for call in found.calls] == ["/x"]


def test_d20_netrc_is_ignored(found: Found) -> None:
    assert "uthorization" not in "".join(found.calls)


def test_d20_certificates_that_are_none_stop_no_plain_gateway(found: Found) -> None:
    assert found.passed.status == 200


def test_d20_variables_of_the_server_are_ignored(found: Found) -> None:
    assert found.who.body == b"127.0.0.1"


async def _served_over_tls(ask_it: Callable[[int], Awaitable[Answer]]) -> Answer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(OWN_CA)

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        return await ask_it(server.sockets[0].getsockname()[1])


def test_d20_certificate_is_a_good_one_where_it_is_trusted() -> None:
    """Else the next test would show nothing."""

    async def call(port: int) -> Answer:
        context = ssl.create_default_context(cafile=str(OWN_CA))
        reader, writer = await asyncio.open_connection("localhost", port, ssl=context)
        writer.write(get("/x"))
        await reader.readuntil(b"\r\n\r\nok")
        writer.close()
        return Answer(200, [], b"ok")

    assert asyncio.run(_served_over_tls(call)).status == 200


def test_d20_certificates_of_the_environment_are_not_trusted(folder: Path) -> None:
    keys = folder / "session-keys"

    async def call(upstream: int) -> Answer:
        env = environment(
            SSL_CERT_FILE=str(OWN_CA),
            SSL_CERT_DIR=str(folder),
            REQUESTS_CA_BUNDLE=str(OWN_CA),
            SSLKEYLOGFILE=str(keys),
            URL=f"https://localhost:{upstream}",
        )
        with gateway(folder, env, folder / "log") as port:
            return await ask(port, get("/x"))

    answer = asyncio.run(_served_over_tls(call))

    assert answer.status == 502
    assert not keys.exists()
