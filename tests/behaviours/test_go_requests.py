"""Behaviours of Go's httputil.ReverseProxy: what becomes of a request."""

from __future__ import annotations

import asyncio

import pytest

from hxroute.errors import StartError
from hxroute.ir import Upstream
from hxroute.runtime.connectors import open_connector
from tests.behaviours.origin import Call, reply, stall
from tests.behaviours.registry import Peer, Play, run
from tests.behaviours.stage import request, stage

go = Peer("go")
AS_SENT = "paths: as_sent\n"


@go("TestReverseProxy-hop-fields-of-requests")
async def hop_fields_of_requests() -> None:
    async with stage() as s:
        hop = ("Connection: close", "Proxy-Connection: x", "Upgrade: foo")
        assert (await s.get("/x", *hop)).status == 200
        assert s.origin.of("/x")[0].names == ["host"]


@go("TestReverseProxy-te-trailers")
async def te_trailers() -> None:
    """Trailers are dropped here, so nobody may promise to take them."""
    async with stage() as s:
        await s.get("/x", "TE: trailers", "X-A: 1")
        assert s.origin.of("/x")[0].names == ["host", "x-a"]


@go("TestReverseProxy-host")
async def host() -> None:
    """The upstream is called by its own name, whatever the client calls us."""
    async with stage() as s:
        await s.ask(request("GET", "/x", host="some-name"))
        called = s.origin.of("/x")[0]
        assert called.values("host") == [f"127.0.0.1:{s.origin.port}"]


@go("TestReverseProxyStripHeadersPresentInConnection-request")
async def strip_what_connection_names() -> None:
    named = ("Connection: X-Some, x-TOKEN", "X-Some: a", "X-Token: b", "X-Kept: c")
    async with stage() as s:
        await s.get("/x", *named)
        assert s.origin.of("/x")[0].names == ["host", "x-kept"]


@go("TestReverseProxyStripHeadersPresentInConnection-not-mutated")
async def what_connection_names_can_still_be_read() -> None:
    endpoint = (
        "- {path: /x, upstream: {name: u, headers: "
        "{x-copy: \"{{ headers['x-some'] }}\"}}}"
    )
    async with stage(None, endpoint) as s:
        await s.get("/x", "Connection: x-some", "X-Some: original")
        called = s.origin.of("/x")[0]
        assert called.values("x-some") == []
        assert called.values("x-copy") == ["original"]


@go("TestReverseProxyStripEmptyConnection")
async def an_empty_connection_field_hides_no_other() -> None:
    async with stage() as s:
        await s.get("/x", "Connection: ", "Connection: X-Some", "X-Some: a")
        assert s.origin.of("/x")[0].names == ["host"]


@go("TestXForwardedFor", {"": ("client ip",)})
@go("TestXForwardedFor_Omit", {"": ("",)})
async def x_forwarded_for(value: str) -> None:
    """Nothing is appended or added that the file does not state."""
    sent = [value] if value else []
    async with stage() as s:
        await s.get("/x", *(f"X-Forwarded-For: {item}" for item in sent))
        assert s.origin.of("/x")[0].values("x-forwarded-for") == sent


@go("TestReverseProxyRewriteStripsForwarded")
async def forwarded_fields_are_stripped_by_a_rule() -> None:
    names = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto")
    rules = f"r: {{drop: [{', '.join(names)}]}}"
    endpoint = "- {path: /x, request: {headers: [as_sent, r]}, upstream: u}"
    async with stage(None, endpoint, rules=rules) as s:
        await s.get("/x", *(f"{name}: x" for name in names))
        assert s.origin.of("/x")[0].names == ["host"]


@go(
    "TestReverseProxyQuery",
    neither=("{}", "", ""),
    both=('{sta: tic, us: "{{ query.us }}"}', "?us=er", "?sta=tic&us=er"),
    user=('{us: "{{ query.us }}"}', "?us=er", "?us=er"),
    static=('{sta: tic, us: "{{ query.us }}"}', "", "?sta=tic"),
)
async def query(stated: str, asked: str, seen: str) -> None:
    endpoint = f"- {{path: /x, upstream: {{name: u, query: {stated}}}}}"
    async with stage(None, endpoint) as s:
        await s.get(f"/x{asked}")
        assert s.origin.of("/x")[0].target == f"/x{seen}"


@go(
    "TestReverseProxyQueryParameterSmugglingDirectorDoesNotParseForm",
    semicolon=("a=1&a=2;b=3",),
    bad_escape=("a=1&a=%zz&b=3",),
)
async def a_query_that_nobody_reads_goes_on_as_it_came(raw: str) -> None:
    async with stage() as s:
        await s.get(f"/x?{raw}")
        assert s.origin.of("/x")[0].target == f"/x?{raw}"


@go(
    "TestReverseProxyQueryParameterSmugglingDirectorParsesForm",
    semicolon=("a=1&a=2;b=3", "/x?a=1"),
    bad_escape=("a=1&a=%zz&b=3", "/x?a=1&b=3"),
)
async def a_query_that_is_read_is_sent_as_it_was_read(raw: str, seen: str) -> None:
    """The upstream sees the values that the template saw, and no second reading."""
    stated = '{a: "{{ query.a }}", b: "{{ query.b }}"}'
    endpoint = f"- {{path: /x, upstream: {{name: u, query: {stated}}}}}"
    async with stage(None, endpoint) as s:
        await s.get(f"/x?{raw}")
        assert s.origin.of("/x")[0].target == seen


@go("TestReverseProxyCancellation")
async def cancellation() -> None:
    async with stage(stall()) as s:
        async with s.client(request()):
            call = await s.origin.arrived("/x")
        await call.gone.wait()


@go("TestNilBody")
async def a_request_of_nothing_but_a_line() -> None:
    async with stage() as s:
        raw = await s.all(b"GET /x HTTP/1.0\r\n\r\n")
        head, _, body = raw.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert body == b"ok"


@go(
    "TestUserAgentHeader",
    explicit=(["explicit UA"],),
    none=([],),
    empty=([""],),
)
async def user_agent(values: list[str]) -> None:
    async with stage() as s:
        await s.get("/x", *(f"User-Agent: {value}" for value in values))
        assert s.origin.of("/x")[0].values("user-agent") == values


@go("TestReverseProxy_Post")
async def post() -> None:
    body = bytes(range(256)) * 4096
    async with stage() as s:
        answer = await s.post(body)
        assert (answer.status, answer.body) == (200, b"ok")
        assert s.origin.of("/x")[0].body == body


@go("TestReverseProxy_NilBody")
async def a_request_without_a_body_is_sent_without_one() -> None:
    async with stage() as s:
        await s.get()
        assert s.origin.of("/x")[0].names == ["host"]


@go("TestReverseProxy_AllocatedHeader")
async def rules_set_fields_where_a_request_has_none() -> None:
    endpoint = "- {path: /x, upstream: {name: u, headers: {x-set: here}}}"
    async with stage(None, endpoint) as s:
        await s.all(b"GET /x HTTP/1.0\r\n\r\n")
        assert s.origin.of("/x")[0].names == ["host", "x-set"]


@go("TestServeHTTPDeepCopy")
async def the_path_of_a_call_leaves_the_request_alone() -> None:
    endpoint = (
        "- {path: '/a/{id}', upstream: {name: u, path: '/b/c', "
        "headers: {x-id: '{{ path.id }}'}}}"
    )
    async with stage(None, endpoint) as s:
        await s.get("/a/7")
        assert s.origin.of("/b/c")[0].values("x-id") == ["7"]


@go("TestClonesRequestHeaders")
async def rules_read_the_request_as_it_came() -> None:
    """What an earlier rule made of a field is not what a later one reads."""
    endpoint = (
        "- {path: /x, upstream: {name: u, headers: "
        "{x-a: '{{ headers[\"x-b\"] }}', x-b: '{{ headers[\"x-a\"] }}'}}}"
    )
    async with stage(None, endpoint) as s:
        await s.get("/x", "X-A: 1", "X-B: 2")
        called = s.origin.of("/x")[0]
        assert (called.values("x-a"), called.values("x-b")) == (["2"], ["1"])


@go("TestReverseProxy_PanicClosesIncomingBody")
async def answers_cut_short_during_uploads() -> None:
    async def short(call: Call) -> None:
        await call.write(b"HTTP/1.1 200 OK\r\ncontent-length: 90000\r\n\r\nrelayed")
        call.close()

    async def upload(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request("POST", "/x", "Content-Length: 6291456"))
        try:
            for _ in range(96):
                writer.write(bytes(1 << 16))
                await writer.drain()
            await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()

    async with stage(short) as s:
        for _ in range(3):
            await asyncio.gather(upload(s.port), upload(s.port))


@go(
    "TestSingleJoinSlash",
    two_slashes=("/", "/favicon.ico", "/favicon.ico"),
    one_slash=("", "/favicon.ico", "/favicon.ico"),
    no_path=("", "http://a", "/"),
)
async def the_base_and_a_path_are_joined_by_one_slash(
    base: str, target: str, seen: str
) -> None:
    async with stage(base=base) as s:
        assert (await s.get(target)).status == 200
        assert [call.target for call in s.origin.calls] == [seen]


@go("TestSingleJoinSlash-no-slash")
async def a_path_without_a_slash_is_refused() -> None:
    async with stage() as s:
        assert (await s.get("favicon.ico")).status == 400
        assert s.origin.calls == []


@go("TestSingleJoinSlash-no-base")
async def a_gateway_does_not_start_without_a_base() -> None:
    with pytest.raises(StartError):
        open_connector(Upstream("u", "{{ settings.url }}"), "")


@go(
    "TestJoinURLPath",
    plain=("/a/b", "/c", "/a/b/c"),
    no_slash=("/a/b/", "/c", "/a/b/c"),
    encoded_base=("/a%2Fb", "/c", "/a%2Fb/c"),
    encoded_slash_at_the_end=("/a%2Fb%2F", "/c", "/a%2Fb%2F/c"),
    both_encoded=("/a%2Fb/", "/c%2Fd", "/a%2Fb/c%2Fd"),
)
async def what_is_encoded_stays_so_when_paths_are_joined(
    base: str, target: str, seen: str
) -> None:
    async with stage(more=AS_SENT, base=base) as s:
        assert (await s.get(target)).status == 200
        assert [call.target for call in s.origin.calls] == [seen]


@go("TestReverseProxyRewriteReplacesOut")
async def a_call_may_be_another_request() -> None:
    endpoint = (
        "- {path: /x, request: {max_body: 1KiB}, upstream: {name: u, method: PUT, "
        "path: /y, query: {q: '1'}, headers: {x-a: b}, body: {own: true}}}"
    )
    script = {"/y": reply(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nnew")}
    async with stage(script, endpoint) as s:
        assert (await s.get("/x?theirs")).body == b"new"
        called = s.origin.of("/y")[0]
        assert (called.method, called.target) == ("PUT", "/y?q=1")
        assert called.body == b'{"own":true}'
        assert called.values("x-a") == ["b"]


@pytest.mark.parametrize("play", go.params())
def test_go(play: Play, runner: asyncio.Runner) -> None:
    run(play, runner)
