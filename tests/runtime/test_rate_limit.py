"""Rate limits over real sockets: in one process, over workers, and on a Valkey that dies."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from hxroute.ir import Gateway
from hxroute.runtime import Running, application
from hxroute.runtime.app import kept_of, prepare, replace
from hxroute.sandbox.scripted import ScriptedUpstream
from tests.processes import HXROUTE, START_SECONDS, environment, free_port, running
from tests.runtime.serving import Answer, ask, client, compiled, read_answer, served
from tests.valkeys import server

GET = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
HEAD = """\
version: 1
settings: {url: {env: URL, default: "http://h"}, store: {env: STORE}}
upstreams: {u: {url: "{{ settings.url }}"}}
stores: {s: {url: "{{ settings.store }}", timeout: 30s}}
headers: {as_sent: {forward: [authorization, cookie]}}
defaults: {auth: none, request: {headers: as_sent}}
"""
SHARED = """\
- path: /x
  rate_limit: {requests: 50, per: 1h, by: client, store: s, when_store_down: %s}
  respond: {text: ok}
"""


@pytest.fixture(scope="module")
def valkey() -> Iterator[Any]:
    with server() as running:
        yield running


@pytest.fixture(autouse=True)
def emptied(valkey: Any) -> None:
    with valkey.client() as store:
        store.flushall()


def gateway(endpoints: str) -> Gateway:
    return compiled(endpoints, HEAD)


def on(port: int) -> dict[str, str]:
    """Return the environment of a gateway that counts in a Valkey."""
    return {"STORE": f"valkey://127.0.0.1:{port}"}


async def asked(ports: list[int], count: int) -> Counter[int]:
    """Send requests at once, to one port after the other; count their statuses."""
    answers = await asyncio.gather(
        *(ask(ports[number % len(ports)], GET) for number in range(count))
    )
    return Counter(answer.status for answer in answers)


def test_refused_request_costs_nothing_upstream_and_is_not_read() -> None:
    limited = gateway("""\
        - path: /x
          request: {max_body: 1MiB}
          rate_limit: {requests: 1, per: 1h, by: client}
          upstream: u
        """)
    post = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"

    async def scenario() -> None:
        async with ScriptedUpstream() as upstream:
            environ = {"URL": upstream.url, "STORE": "valkey://h"}
            async with served(limited, environ) as port:
                passed = await ask(port, GET)
                async with client(port, post) as (reader, _):  # its body never comes
                    refused = await read_answer(reader)
            assert passed.get("ratelimit") == '"client";r=0;t=3600'
            assert refused.status == 429
            assert refused.get("retry-after") in ("3599", "3600")
            assert refused.get("ratelimit-policy") == '"client";q=1;w=3600'
            assert refused.get("content-type") == "application/problem+json"
            assert len(upstream.seen) == 1

    asyncio.run(scenario())


def test_upstream_s_own_fields_stand_beside_ours() -> None:
    limited = gateway("""\
        - path: /x
          rate_limit: {requests: 5, per: 1h, by: endpoint}
          upstream: u
        """)

    async def scenario() -> Answer:
        async with (
            told_by_upstream() as url,
            served(limited, {"URL": url, "STORE": "valkey://h"}) as port,
        ):
            return await ask(port, GET)

    answer = asyncio.run(scenario())
    told = [value for name, value in answer.headers if name == "ratelimit"]
    assert told == ['"default";r=50;t=30', '"endpoint";r=4;t=720']


@contextlib.asynccontextmanager
async def told_by_upstream() -> AsyncIterator[str]:
    """Serve an upstream that has limits of its own."""

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b'HTTP/1.1 200 OK\r\nRateLimit: "default";r=50;t=30\r\n'
            b"Content-Length: 0\r\n\r\n"
        )
        await reader.read()
        writer.close()

    upstream = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with upstream:
        yield f"http://127.0.0.1:{upstream.sockets[0].getsockname()[1]}"


def test_reload_keeps_what_has_been_used() -> None:
    def limited(burst: int) -> Gateway:
        return gateway(f"""\
            - path: /x
              rate_limit: {{requests: 2, burst: {burst}, per: 1h, by: client}}
              respond: {{text: ok}}
            """)

    environ = {"STORE": "valkey://h"}

    async def scenario() -> list[int]:
        app = application(limited(2), environ=environ)
        prepare(app, Running(limited(2), environ))
        statuses: list[int] = []

        async def ask_twice() -> None:
            for _ in range(2):
                statuses.append(await status_of(app))  # noqa: PERF401  one at a time

        async with app.router.lifespan_context(app):
            await ask_twice()
            await replace(app, Running(limited(2), environ, kept_of(app)))
            await ask_twice()
            await replace(app, Running(limited(3), environ, kept_of(app)))
            await ask_twice()
        return statuses

    # Two of two are used up; in a bucket of three there is one more.
    assert asyncio.run(scenario()) == [200, 200, 429, 429, 200, 429]


async def status_of(app: Any) -> int:
    """Ask an app that has started, by ASGI itself."""
    sent: list[Any] = []
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": "/x",
        "raw_path": b"/x",
        "query_string": b"",
        "headers": [(b"host", b"a")],
        "client": ("10.0.0.1", 1),
    }

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    status: int = sent[0]["status"]
    return status


def test_each_key_has_a_share_of_its_own() -> None:
    head = HEAD.replace("store: {env: STORE}", "k: {env: K}, l: {env: L}")
    head = head.replace("k: {env: K}", "k: {env: K, secret: true}")
    head = head.replace("l: {env: L}", "l: {env: L, secret: true}")
    head = head.replace(
        'stores: {s: {url: "{{ settings.store }}", timeout: 30s}}\n', ""
    )
    head += """\
auth:
  keys:
    bearer:
      - {name: alice, key: "{{ settings.k }}"}
      - {name: bob, key: "{{ settings.l }}"}
"""
    limited = compiled(
        """\
        - path: /x
          auth: keys
          rate_limit: {requests: 1, per: 1h, by: key}
          respond: {text: ok}
        """,
        head,
    )

    async def scenario() -> list[int]:
        async with served(limited, {"K": "one", "L": "other"}) as port:
            asking = (
                ask(port, GET[:-2] + b"Authorization: Bearer %b\r\n\r\n" % key)
                for key in (b"one", b"one", b"other", b"wrong", b"other")
            )
            return [(await answer).status for answer in asking]

    assert asyncio.run(scenario()) == [200, 429, 200, 401, 429]


def test_two_gateways_on_one_store_let_through_what_one_would(valkey: Any) -> None:
    async def scenario() -> Counter[int]:
        shared, environ = gateway(SHARED % "closed"), on(valkey.port)
        async with served(shared, environ) as one, served(shared, environ) as other:
            return await asked([one, other], 120)

    assert asyncio.run(scenario()) == {200: 50, 429: 70}


def test_local_and_shared_limits_are_taken_together_or_not_at_all(valkey: Any) -> None:
    limited = gateway("""\
        - path: /x
          rate_limit:
            - {requests: 8, per: 1h, by: client, bucket: here}
            - {requests: 5, per: 1h, by: endpoint, bucket: there, store: s}
          respond: {text: ok}
        - path: /y
          rate_limit: {requests: 8, per: 1h, by: client, bucket: here}
          respond: {text: ok}
        """)

    async def scenario() -> None:
        async with served(limited, on(valkey.port)) as port:
            assert await asked([port], 20) == {200: 5, 429: 15}
            answer = await ask(port, GET.replace(b"/x", b"/y"))
            # The 15 that the store has refused are none for the process.
            assert (answer.get("ratelimit") or "").startswith('"here";r=2;')

    asyncio.run(scenario())


def test_workers_on_one_store_let_through_what_one_would(
    valkey: Any, tmp_path: Path
) -> None:
    source = HEAD + "endpoints:\n"
    source += "- {path: /ready, respond: {text: ok}}\n" + SHARED % "closed"
    (tmp_path / "routes.yaml").write_text(source, encoding="utf-8")
    env = environment(**on(valkey.port))
    subprocess.run(
        [*HXROUTE, "compile"], cwd=tmp_path, env=env, check=True, timeout=START_SECONDS
    )
    port = free_port()
    command = [*HXROUTE, "run", "--port", str(port), "--workers", "2"]
    ready = f"http://127.0.0.1:{port}/ready"
    with running(command, tmp_path, env, tmp_path / "log", ready):
        counted = asyncio.run(asked([port], 200))
        log = (tmp_path / "log").read_text(encoding="utf-8")

    assert counted == {200: 50, 429: 150}, log
    assert "is counted by each worker" not in log


def test_workers_that_count_for_themselves_say_so(tmp_path: Path) -> None:
    source = """\
version: 1
endpoints:
  - path: /x
    auth: none
    rate_limit: {requests: 1000, per: 1s, by: client}
    respond: {text: ok}
"""
    (tmp_path / "routes.yaml").write_text(source, encoding="utf-8")
    env = environment()
    subprocess.run(
        [*HXROUTE, "compile"], cwd=tmp_path, env=env, check=True, timeout=START_SECONDS
    )
    port, log = free_port(), tmp_path / "log"
    command = [*HXROUTE, "run", "--port", str(port), "--workers", "2"]
    with running(command, tmp_path, env, log, f"http://127.0.0.1:{port}/x"):
        said = log.read_text(encoding="utf-8")

    assert "warning: a `rate_limit` without `store` is counted by each worker" in said


@pytest.mark.parametrize(("down", "status"), [("open", 200), ("closed", 503)])
def test_store_dies_and_comes_back_during_traffic(down: str, status: int) -> None:
    port = free_port()

    async def until(gateway_port: int, wanted: bool) -> list[Answer]:
        """Ask until an answer tells, or no longer tells, what the store has counted."""
        answers: list[Answer] = []
        while not answers or (answers[-1].get("ratelimit") is not None) is not wanted:
            answers.append(await ask(gateway_port, GET))
            await asyncio.sleep(0)
        return answers

    async def scenario() -> None:
        async with served(gateway(SHARED % down), on(port)) as asked_port:
            with server(port=port):
                assert await asked([asked_port], 60) == {200: 50, 429: 10}
            failing = await until(asked_port, wanted=False)
            failing += [await ask(asked_port, GET) for _ in range(50)]
            assert {a.status for a in failing if a.get("ratelimit") is None} == {status}
            waits = {a.get("retry-after") for a in failing if a.status == 503}
            assert waits <= {"1", "2"}
            with server(port=port):
                back = await until(asked_port, wanted=True)
                assert (back[-1].status, back[-1].get("retry-after")) == (200, None)
                assert {answer.status for answer in back[:-1]} <= {status}
                # All but what has just gone through: the store has forgotten the rest.
                assert await asked([asked_port], 60) == {200: 49, 429: 11}

    asyncio.run(scenario())


def test_gateway_starts_while_its_store_is_down() -> None:
    async def scenario() -> Answer:
        async with served(gateway(SHARED % "closed"), on(free_port())) as port:
            return await ask(port, GET)

    answer = asyncio.run(scenario())
    assert (answer.status, answer.get("retry-after")) == (503, "1")
