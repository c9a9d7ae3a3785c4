"""A whole gateway, over real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from hxroute.errors import StartError
from hxroute.ir import Endpoint, Gateway, Node, Upstream
from hxroute.nodes import Execute, Respond
from hxroute.runtime import Running, application
from hxroute.sandbox.scripted import ScriptedUpstream
from tests.runtime.serving import (
    HEAD,
    KEYED_AUTH,
    Answer,
    ask,
    client,
    compiled,
    leave,
    read_answer,
    served,
)

pytestmark = pytest.mark.usefixtures("each_client")

GATEWAY = compiled(
    """\
    - {path: /only, methods: [GET], respond: {text: here}}
    - {path: /body, request: {max_body: 10}, respond: {json: {got: "{{ body }}"}}}
    - {path: "/{rest:path}", methods: [GET, HEAD, PUT], upstream: u}
    """,
    HEAD + 'errors: {e: {bad_path: {text: "{{ error.detail }}"}}}\n',
)


def answers(*requests: bytes, gateway: Gateway = GATEWAY) -> list[Answer]:
    """Send each request on a connection of its own."""

    async def scenario() -> list[Answer]:
        async with (
            ScriptedUpstream() as upstream,
            served(gateway, {"URL": upstream.url}) as port,
        ):
            return [await ask(port, request) for request in requests]

    return asyncio.run(scenario())


def test_gateway_answers_404_405_and_400_by_its_table() -> None:
    lost = GATEWAY.endpoints[:1]
    gateway = Gateway(lost, unmatched=GATEWAY.unmatched)
    not_found, not_allowed, bad = answers(
        b"GET /no HTTP/1.1\r\nHost: a\r\n\r\n",
        b"PUT /only HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        b"GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n",
        gateway=gateway,
    )
    assert not_found.status == 404
    assert json.loads(not_found.body)["title"] == "Not Found"
    assert (not_allowed.status, not_allowed.get("allow")) == (405, "GET")
    assert bad.status == 400


def test_gateway_answers_head_without_a_body() -> None:
    passed, refused = answers(
        b"HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n",
        b"HEAD /only HTTP/1.1\r\nHost: a\r\n\r\n",
    )
    assert (passed.status, passed.body) == (200, b"")
    assert refused.status == 200  # the catch-all takes HEAD where /only does not


def test_gateway_answers_over_the_body() -> None:
    good, bad, big = answers(
        b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n[1,2",
        b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n[1]",
        b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n[1,2,3,4,5]",
    )
    assert json.loads(good.body)["detail"] == "not valid JSON at line 1 column 5"
    assert json.loads(bad.body) == {"got": [1]}
    assert big.status == 413


def test_gateway_percent_encodes_what_no_request_line_holds() -> None:
    """Our front refuses such bytes itself; other ASGI servers may not."""
    scope: dict[str, object] = {
        "type": "http",
        "method": "PUT",
        "path": "/x",
        "raw_path": b"/caf\xc3\xa9",
        "query_string": b"q=\xff",
        "headers": [],
        "app": None,
    }

    async def scenario() -> str:
        async with ScriptedUpstream() as upstream:
            app = application(GATEWAY, environ={"URL": upstream.url})
            sent = []

            inbox = iter([{"type": "http.request", "body": b"", "more_body": False}])

            async def receive() -> MutableMapping[str, object]:
                message = next(inbox, None)
                return message or await asyncio.Event().wait()  # type: ignore[return-value]

            async def send(message: MutableMapping[str, object]) -> None:
                sent.append(message)

            async with app.router.lifespan_context(app):
                await app(scope, receive, send)
            assert sent[0]["status"] == 200
            return upstream.seen[0].target

    assert asyncio.run(scenario()) == "/caf%C3%A9?q=%FF"


def test_gateway_passes_repeated_fields_both_ways() -> None:
    reply = (
        "HTTP/1.1 200 OK\r\nset-cookie: a=1\r\nx: \r\nset-cookie: b=2, c\r\n"
        "content-length: 0\r\n\r\n"
    )

    async def scenario() -> None:
        async with (
            ScriptedUpstream({"c": [reply]}) as upstream,
            served(GATEWAY, {"URL": upstream.url}) as port,
        ):
            answer = await ask(
                port,
                b"GET /x HTTP/1.1\r\nHost: a\r\nx-hx-case: c\r\n"
                b"X-A: 1\r\nX-B:  padded \t\r\nX-A: caf\xe9\r\n\r\n",
            )
            seen = upstream.seen[0]
            assert seen.values("x-a") == ["1", "caf\xe9"]
            assert seen.values("x-b") == ["padded"]
            cookies = [value for name, value in answer.headers if name == "set-cookie"]
            assert cookies == ["a=1", "b=2, c"]
            assert answer.get("x") == ""

    asyncio.run(scenario())


def test_gateway_keeps_no_cookies() -> None:
    reply = "HTTP/1.1 200 OK\r\nset-cookie: a=1\r\ncontent-length: 0\r\n\r\n"

    async def scenario() -> None:
        async with (
            ScriptedUpstream({"c": [reply]}) as upstream,
            served(
                GATEWAY, {"URL": upstream.url.replace("127.0.0.1", "localhost")}
            ) as port,
        ):
            for _ in range(2):
                await ask(port, b"GET /x HTTP/1.1\r\nHost: a\r\nx-hx-case: c\r\n\r\n")
            assert [seen.values("cookie") for seen in upstream.seen] == [[], []]

    asyncio.run(scenario())


def test_gateway_reuses_the_connections_of_both_sides() -> None:
    get = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"

    async def scenario() -> None:
        async with (
            ScriptedUpstream() as upstream,
            served(GATEWAY, {"URL": upstream.url}) as port,
            client(port, get) as (reader, writer),
        ):
            assert (await read_answer(reader)).status == 200
            writer.write(get)
            assert (await read_answer(reader)).status == 200
            assert upstream.connections == 1

    asyncio.run(scenario())


def test_application_works_in_starlettes_test_client() -> None:
    with TestClient(
        application(GATEWAY, environ={"URL": "http://127.0.0.1:1"})
    ) as test:
        assert test.get("/only").text == "here"
        assert test.post("/body", json=[1]).json() == {"got": [1]}
        assert test.put("/x", content=b"x").status_code == 502


def test_application_takes_a_users_own_routes() -> None:
    app = application(GATEWAY, environ={"URL": "http://127.0.0.1:1"})
    assert isinstance(app, Starlette)
    app.mount("/own", PlainTextResponse("own"))
    with TestClient(app) as test:
        assert (test.get("/own/x").text, test.get("/only").text) == ("own", "here")


def test_application_of_another_format_does_not_start() -> None:
    with pytest.raises(StartError, match="format 0"):
        application(GATEWAY, format=0)


def test_application_with_a_bad_setting_does_not_start() -> None:
    with (
        pytest.raises(StartError, match="line 2: setting `url`: not set; set URL"),
        TestClient(application(GATEWAY, environ={})),
    ):
        pass


def test_running_without_an_execution_node_answers_500() -> None:
    around: tuple[Node, ...] = GATEWAY.unmatched
    gateway = Gateway((Endpoint("/x", around),), unmatched=around)
    (answer,) = answers(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n", gateway=gateway)
    assert answer.status == 500


def test_running_shows_no_secret() -> None:
    assert "sk-secret" not in repr(Running(GATEWAY, {"URL": "http://sk-secret"}))


def test_application_without_a_lifespan_says_so() -> None:
    test = TestClient(application(GATEWAY, environ={}))
    with pytest.raises(StartError, match="lifespan"):
        test.get("/only")


@pytest.mark.parametrize("front", [True, False], ids=["front", "foreign-server"])
def test_gateway_dates_each_answer_once(*, front: bool) -> None:
    reply = "HTTP/1.1 200 OK\r\ndate: then\r\ncontent-length: 0\r\n\r\n"

    async def scenario() -> list[str]:
        async with (
            ScriptedUpstream({"c": [reply]}) as upstream,
            served(GATEWAY, {"URL": upstream.url}, front=front) as port,
        ):
            passed = await ask(
                port, b"GET /x HTTP/1.1\r\nHost: a\r\nx-hx-case: c\r\n\r\n"
            )
            own = await ask(port, b"GET /only HTTP/1.1\r\nHost: a\r\n\r\n")
            names = [name for name, _ in (*passed.headers, *own.headers)]
            return [name for name in names if name == "date"]

    expected = 2 if front else 3  # a foreign server adds its own, asked or not
    assert len(asyncio.run(scenario())) == expected


def test_gateway_cuts_a_stream_when_it_must_stop(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: a\n\n"

    async def scenario() -> None:
        async with ScriptedUpstream({"c": [begun, {"sleep": 60}]}) as upstream:
            async with served(GATEWAY, {"URL": upstream.url}, grace=0) as port:
                request = b"GET /x HTTP/1.1\r\nHost: a\r\nx-hx-case: c\r\n\r\n"
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(request)
                await reader.readuntil(b"data: a\n\n")
            assert not (await reader.read()).endswith(b"0\r\n\r\n")
            await leave(writer)

    with caplog.at_level("ERROR"):
        asyncio.run(scenario())
    assert "Traceback" not in caplog.text


def endpoint(*pipeline: Node) -> Gateway:
    return Gateway((Endpoint("/x", pipeline, at=5),), (Upstream("u", "http://u"),))


@pytest.mark.parametrize(
    ("gateway", "why"),
    [
        (endpoint(Respond(text="{{ [1][5] }}")), "line 5: a template fits no request"),
        (endpoint(Execute("missing")), "line 5: 'missing' is not defined"),
        (
            Gateway((), (Upstream("u", "{{ headers.x }}", at=7),)),
            "line 7: upstream `u` has",
        ),
        (
            Gateway((), (Upstream("u", "{{ [1][5] }}", at=7),)),
            "line 7: a template fits no",
        ),
    ],
)
def test_running_tells_the_operator_what_no_request_could_mend(
    gateway: Gateway, why: str
) -> None:
    with pytest.raises(StartError, match=why):
        Running(gateway, {})


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket", b"foo"])
@pytest.mark.parametrize(
    "framed",
    [
        b"Content-Length: 8\r\n\r\none\r\ntwo",
        b"Transfer-Encoding: chunked\r\n\r\n8\r\none\r\ntwo\r\n0\r\n\r\n",
    ],
)
@pytest.mark.parametrize("pieces", [1, 2, 999])
def test_gateway_ignores_upgrades_and_keeps_the_body(
    protocol: bytes, framed: bytes, pieces: int
) -> None:
    """RFC 9110 §7.8; and what is pipelined behind is a request of its own."""
    upgrade = b"Connection: Upgrade\r\nUpgrade: " + protocol + b"\r\n"
    data = b"PUT /x HTTP/1.1\r\nHost: a\r\n" + upgrade + framed
    data += b"GET /only HTTP/1.1\r\nHost: a\r\n\r\n"

    async def scenario() -> None:
        async with (
            ScriptedUpstream() as upstream,
            served(GATEWAY, {"URL": upstream.url}) as port,
            client(port, b"") as (reader, writer),
        ):
            size = -(-len(data) // pieces)
            for start in range(0, len(data), size):
                writer.write(data[start : start + size])
                await writer.drain()
            first, second = await read_answer(reader), await read_answer(reader)
            assert (first.status, second.body) == (200, b"here")
            (seen,) = upstream.seen
            assert seen.body == "one\r\ntwo"
            assert (seen.values("upgrade"), seen.values("connection")) == ([], [])

    asyncio.run(scenario())


def test_gateway_answers_an_upgrade_without_a_body() -> None:
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    (answer,) = answers(b"GET /only HTTP/1.1\r\nHost: a\r\n" + upgrade)
    assert (answer.status, answer.body) == (200, b"here")


def test_gateway_takes_no_trailer_for_a_header() -> None:
    """RFC 9110 §6.5.1: a key behind the body opens nothing."""
    gateway = compiled("- {path: /x, auth: k, upstream: u}", HEAD + KEYED_AUTH)
    head = b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
    key = b"Authorization: Bearer right\r\n"
    body = b"\r\n1\r\nx\r\n0\r\nX-User: admin\r\n" + key + b"\r\n"

    async def scenario() -> None:
        async with (
            ScriptedUpstream() as upstream,
            served(gateway, {"URL": upstream.url}) as port,
        ):
            assert (await ask(port, head + body)).status == 401
            assert (await ask(port, head + key + body)).status == 200
            (seen,) = upstream.seen
            assert seen.values("x-user") == []

    asyncio.run(scenario())


def test_gateway_has_nothing_where_no_path_is_asked_for() -> None:
    (answer,) = answers(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.status == 404


def test_answers_without_a_body_share_nothing() -> None:
    """What one client is told of its connection is not for the next one."""
    gateway = compiled("- {path: /empty, respond: {status: 204}}", HEAD)
    close = b"GET /empty HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    keep = b"GET /empty HTTP/1.1\r\nHost: a\r\n\r\n"
    closing, keeping = answers(close, keep, gateway=gateway)
    assert (closing.status, closing.get("connection")) == (204, "close")
    names = [name for name, _ in keeping.headers]
    assert (keeping.status, names) == (204, ["date"])
