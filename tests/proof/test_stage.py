"""The stage: cases are told by their turn, and none knows what came before it."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from hxroute.compiler import compile
from hxroute.errors import StartError
from hxroute.ir import Client
from hxroute.proof import corpus as corpora
from hxroute.proof.exchange import REFUSED, Exchange, Facts
from hxroute.proof.messages import Request
from hxroute.proof.play import Lane, Way, lane, pause
from hxroute.proof.stage import HOST, Stage
from hxroute.proof.targets.asgi import Asgi
from hxroute.proof.targets.compiled import Compiled
from hxroute.proof.targets.upstreams import Where
from hxroute.proof.wire import NoAnswer, send
from hxroute.sandbox.scripted import OK
from tests import processes
from tests.clients import stated, through

PATIENCE = 60.0
LONG = 5.0
LAZY = """\
import os
import httpx
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

client = httpx.AsyncClient()

async def ask(request):
    try:
        got = await client.get(os.environ["URL"])
    except httpx.TransportError as exc:
        return Response(type(exc).__name__, 502)
    return Response(got.content, got.status_code)

app = Starlette(routes=[Route("/", ask)])
"""


def written(text: str) -> Sequence[str]:
    return (f"HTTP/1.1 200 OK\r\ncontent-length: {len(text)}\r\n\r\n{text}",)


async def ask(port: int, target: str = "/") -> str:
    """Ask an upstream as a gateway does; return what it answers, or why nothing."""
    try:
        got = await send(Request("GET", target), (HOST, port), HOST, PATIENCE)
    except NoAnswer as exc:
        return str(exc)
    return got.body


# ---- turns


def test_turn_tells_the_script() -> None:
    async def played() -> list[str]:
        found = []
        async with Stage({"a": 0}) as stage:
            for text in ("one", "two", "three"):
                async with stage.plays(written(text)) as seen:
                    found.append(await ask(stage.ports["a"], f"/{text}"))
                assert [(n, r.target) for n, r in seen] == [("a", f"/{text}")]
        return found

    assert asyncio.run(played()) == ["one", "two", "three"]


def test_upstreams_are_told_apart() -> None:
    async def played() -> list[tuple[str, str]]:
        async with Stage({"a": 0, "b": 0}) as stage:
            async with stage.plays(OK) as seen:
                for name in ("b", "a", "b"):
                    await ask(stage.ports[name], f"/of-{name}")
            return [(name, request.target) for name, request in seen]

    assert asyncio.run(played()) == [("b", "/of-b"), ("a", "/of-a"), ("b", "/of-b")]


def test_nothing_is_seen_where_nothing_comes() -> None:
    async def played() -> int:
        async with Stage({"a": 0}) as stage, stage.plays(OK) as seen:
            return len(seen)

    assert asyncio.run(played()) == 0


# ---- ports


def test_refused_and_listening_take_turns_on_one_port() -> None:
    async def played() -> list[str]:
        found = []
        async with Stage({"a": 0}) as stage:
            port = stage.ports["a"]
            for script in (REFUSED, written("x"), REFUSED, REFUSED, written("y")) * 10:
                async with stage.plays(script):
                    found.append(await ask(port))
                assert stage.ports["a"] == port
        return found

    no = "the gateway does not listen"
    assert asyncio.run(played()) == [no, "x", no, no, "y"] * 10


def test_port_stays_ours_while_it_refuses() -> None:
    async def played() -> None:
        async with Stage({"a": 0}) as stage, stage.plays(REFUSED):
            with socket.socket() as other:
                other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                with pytest.raises(OSError, match="in use"):
                    other.bind((HOST, stage.ports["a"]))
            with pytest.raises(StartError, match="cannot listen"):
                async with Stage({"b": stage.ports["a"]}):
                    pass

    asyncio.run(played())


def test_ports_of_many_stages_are_different() -> None:
    async def played() -> int:
        stages = [Stage({"a": 0, "b": 0}) for _ in range(60)]
        for stage in stages:
            await stage.__aenter__()
        async with stages[0].plays(REFUSED):
            ports = {port for stage in stages for port in stage.ports.values()}
        for stage in stages:
            await stage.__aexit__()
        return len(ports)

    assert asyncio.run(played()) == 120


@pytest.mark.parametrize("shares", [False, True])
def test_port_that_somebody_has_is_refused(shares: bool) -> None:
    with socket.socket() as taken:
        if shares:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]

        async def played() -> None:
            async with Stage({"a": 0, "b": port}):
                pass

        with pytest.raises(StartError) as caught:
            asyncio.run(played())

    assert f"cannot listen on 127.0.0.1:{port} (" in str(caught.value)
    assert str(caught.value).endswith("; stop what listens there")


def test_port_is_free_afterwards() -> None:
    async def played(port: int) -> int:
        async with Stage({"a": port}) as stage:
            async with stage.plays(written("x")):
                assert await ask(stage.ports["a"]) == "x"
            return stage.ports["a"]

    port = asyncio.run(played(0))
    assert asyncio.run(played(port)) == port


# ---- what a gateway may do with its connections


async def opened(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(HOST, port)


def test_connections_end_with_the_turn() -> None:
    async def played() -> None:
        async with Stage({"a": 0}) as stage:
            port = stage.ports["a"]
            async with stage.plays(OK):
                extra = [await opened(port) for _ in range(5)]
                assert await ask(port) == '{"ok":true}'
            async with stage.plays(OK):
                assert await asyncio.gather(*(r.read() for r, _ in extra)) == [b""] * 5
            for _, writer in extra:
                writer.close()

    asyncio.run(played())


def test_gateway_that_never_closes_does_not_hold_the_next_turn() -> None:
    async def played() -> None:
        with socket.socket() as holding:
            async with Stage({"a": 0}) as stage:
                async with stage.plays(OK):
                    holding.connect((HOST, stage.ports["a"]))
                    await ask(stage.ports["a"])  # it came after the other
                    assert stage._upstreams["a"].connections > 0
                assert stage._upstreams["a"].connections == 0
                async with stage.plays(OK) as seen:
                    await ask(stage.ports["a"])
                assert len(seen) == 1

    asyncio.run(played())


def test_late_request_is_not_of_the_next_turn() -> None:
    async def played() -> None:
        async with Stage({"a": 0}) as stage:
            port = stage.ports["a"]
            async with stage.plays(OK) as first:
                _, writer = await opened(port)
                await ask(port, "/first")
            writer.write(b"GET /late HTTP/1.1\r\n\r\n")
            # Between the turns, on a connection that is new:
            await ask(port, "/between")
            kept = await opened(port)
            async with stage.plays(written("x")) as second:
                kept[1].write(b"GET /kept HTTP/1.1\r\n\r\n")
                assert await ask(port, "/second") == "x"
                assert await kept[0].read() == b""
            assert [request.target for _, request in second] == ["/second"]
            assert "/late" not in [request.target for _, request in first]
            for one in (writer, kept[1]):
                one.close()

    asyncio.run(played())


def test_answer_under_way_ends_with_the_turn() -> None:
    async def played() -> bytes:
        async with Stage({"a": 0}) as stage:
            async with stage.plays(("HTTP/1.1 200 OK\r\n\r\n", {"sleep": 600})) as seen:
                reader, writer = await opened(stage.ports["a"])
                writer.write(b"GET / HTTP/1.1\r\n\r\n")
                got = await reader.readuntil(b"\r\n\r\n")
            assert len(seen) == 1
            writer.close()
            return got

    assert asyncio.run(played()) == b"HTTP/1.1 200 OK\r\n\r\n"


# ---- gateways as they are


async def accepted(running: Lane, turns: int) -> list[int]:
    """Play turns; return how many connections each of them opened."""
    upstream = next(iter(running.stage._upstreams.values()))
    found = []
    for number in range(turns):
        before = upstream.accepted
        async with running.stage.plays(written(str(number))) as seen:
            request = Request("GET", "/")
            got = await send(request, running.address, HOST, PATIENCE)
        assert (got.status, got.body, len(seen)) == (200, str(number), 1)
        found.append(upstream.accepted - before)
    return found


def test_each_turn_has_a_connection_of_its_own(each_client: Client) -> None:
    with through(each_client):
        text = stated(
            'version: 1\nupstreams:\n  u:\n    url: "http://127.0.0.1:1"\n'
            "headers: {h: {drop: [authorization, cookie]}}\n"
            "endpoints: [{path: /, auth: none, upstream: u, request: {headers: h}}]\n"
        )
    gateway = compile(text.encode(), "routes.yaml").gateway
    assert gateway is not None
    target = Compiled(gateway, "routes.yaml", {"u": "u"})

    async def played() -> list[int]:
        async with lane(target, {}, Way({"default": {}}, HOST)) as running:
            return await accepted(running, 12)

    assert asyncio.run(played()) == [1] * 12


def test_each_turn_of_a_lazy_pool_has_a_connection_of_its_own(tmp_path: Path) -> None:
    pytest.importorskip("httpx")
    (tmp_path / "main.py").write_text(LAZY, encoding="utf-8")
    target = Asgi("main:app", tmp_path, {"u": Where("env:URL", variable="URL")})

    async def played() -> list[int]:
        async with lane(target, {}, Way({"default": {}}, HOST)) as running:
            return await accepted(running, 12)

    assert asyncio.run(played()) == [1] * 12


@pytest.fixture(scope="module")
def plays(each_client: Client) -> dict[str, dict[str, Facts]]:
    """The facts of the repository's corpus, in each order."""
    folder = processes.ROOT / "tests" / "compat" / "corpus"
    corpus = corpora.load(folder)
    with through(each_client):
        text = stated((processes.ROOT / "routes.yaml").read_text(encoding="utf-8"))
    gateway = compile(text.encode(), "routes.yaml").gateway
    assert gateway is not None
    target = Compiled(gateway, "routes.yaml", {"litellm": "litellm"})
    way = Way(corpus.environments, corpus.host)
    short = [item for item in corpus.exchanges.values() if pause(item.case) < LONG]
    shuffled = random.Random(6).sample(short, len(short))
    orders = {"recorded": short, "reversed": short[::-1], "shuffled": shuffled}
    return {
        name: asyncio.run(facts_of(order, target, way))
        for name, order in orders.items()
    }


async def facts_of(
    order: Sequence[Exchange], target: Compiled, way: Way
) -> dict[str, Facts]:
    facts = {}
    environments = dict.fromkeys(item.case.environment for item in order)
    for name in environments:
        own = [item.case for item in order if item.case.environment == name]
        if name == "badsize":  # it does not start
            continue
        async with lane(target, way.environments[name], way) as running:
            for case in own:
                facts[case.name] = await running.play(case)
    return facts


@pytest.mark.parametrize("order", ["reversed", "shuffled"])
def test_order_of_cases_shows_in_no_fact(
    plays: dict[str, dict[str, Facts]], order: str
) -> None:
    recorded, other = plays["recorded"], plays[order]

    assert len(recorded) > 150
    assert recorded.keys() == other.keys()
    assert {n for n in recorded if recorded[n] != other[n]} == set()
