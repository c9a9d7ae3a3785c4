from __future__ import annotations

import asyncio
import gzip
import zlib

import pytest

from hxroute.errors import BadPath, BadRequest, BadResponse, InvalidJson
from hxroute.http import Headers, Request, Response, first, read_whole
from hxroute.ir import ErrorTable, HeaderRules, StatusRule
from hxroute.nodes import Execute
from tests.nodes.fakes import pieces, start

SETTINGS = {"key": "sk", "none": None, "model": "m"}


def sent(node: Execute, request: Request) -> Request:
    """Return the request that the upstream gets."""
    seen: list[Request] = []

    async def upstream(outgoing: Request) -> Response:
        seen.append(outgoing)
        return Response(204)

    async def scenario() -> None:
        begin = start(SETTINGS, upstream)
        await node.wrap(upstream, begin)(request)

    asyncio.run(scenario())
    return seen[0]


def received(
    response: Response, node: Execute | None = None, method: str = "GET"
) -> tuple[Response, bytes]:
    """Return what the client gets for an upstream's response, and its body."""

    async def upstream(outgoing: Request) -> Response:
        return response

    async def scenario() -> tuple[Response, bytes]:
        handler = (node or Execute("u")).wrap(upstream, start(SETTINGS, upstream))
        got = await handler(Request(method, b"/"))
        return got, await read_whole(got.body)

    return asyncio.run(scenario())


def test_execute_passes_what_is_not_stated() -> None:
    request = Request(
        "PUT", b"/a%2Fb", b"x=1&&y", [(b"x-a", b"1"), (b"x-a", b"2")], b"b", 1
    )
    outgoing = sent(Execute("u"), request)
    assert outgoing is not request
    assert (outgoing.method, outgoing.path, outgoing.query) == (
        "PUT",
        b"/a%2Fb",
        b"x=1&&y",
    )
    assert (outgoing.headers, outgoing.body) == (request.headers, b"b")


def test_execute_drops_what_belongs_to_the_hop() -> None:
    headers = [
        (b"host", b"a"),
        (b"connection", b"close, X-Secret"),
        (b"x-secret", b"1"),
        (b"te", b"trailers"),
        (b"upgrade", b"h2c"),
        (b"keep-alive", b"5"),
        (b"proxy-authorization", b"x"),
        (b"content-length", b"0"),
        (b"expect", b"100-continue"),
        (b"x-kept", b"1"),
    ]
    assert sent(Execute("u"), Request("GET", b"/", headers=headers)).headers == [
        (b"x-kept", b"1")
    ]


def test_execute_applies_header_rules_in_order() -> None:
    rules = (
        HeaderRules(drop=("authorization",), set=(("x-key", "{{ settings.key }}"),)),
        HeaderRules(keep=("x-key", "x-a")),
        HeaderRules(
            set=(("x-a", "{{ headers['x-a'] }}!"), ("x-none", "{{ settings.none }}"))
        ),
    )
    headers = [
        (b"authorization", b"Bearer x"),
        (b"x-a", b"1"),
        (b"x-none", b"1"),
        (b"x-b", b"2"),
    ]
    outgoing = sent(
        Execute("u", request_headers=rules), Request("GET", b"/", headers=headers)
    )
    assert outgoing.headers == [(b"x-key", b"sk"), (b"x-a", b"1!")]


def test_execute_makes_a_templated_call() -> None:
    node = Execute(
        "u",
        method="POST",
        path="/chat/{{ path.lang }}/{{ body.user }}",
        query=(("v", "{{ query.version }}"), ("none", "{{ query.no }}"), ("é", "a&b")),
        headers=(("x-lang", "{{ path.lang }}"),),
        body='{"model":"{{ settings.model }}","n":"{{ body.n }}","t":"<{{ body.text }}>"}',
    )
    request = Request(
        "PUT",
        b"/s/d%2Fe",
        b"version=1%202",
        [(b"content-type", b"text/plain"), (b"content-encoding", b"x")],
        b'{"n":[1,true],"text":"\\"}","user":"a/b"}',
        params={"lang": b"d%2Fe"},
    )
    outgoing = sent(node, request)
    assert outgoing.method == "POST"
    assert outgoing.path == b"/chat/d%2Fe/a%2Fb"
    assert outgoing.query == b"v=1%202&%C3%A9=a%26b"
    assert outgoing.body == b'{"model":"m","n":[1,true],"t":"<\\"}>"}'
    assert outgoing.length == len(outgoing.body)
    assert outgoing.headers == [
        (b"content-type", b"application/json"),
        (b"x-lang", b"d/e"),
    ]


def test_execute_with_a_constant_call() -> None:
    node = Execute("u", method="GET", path="/fixed", query=(), body='{"a":1}')
    outgoing = sent(node, Request("POST", b"/x", b"q=1"))
    assert (outgoing.method, outgoing.path, outgoing.query) == ("GET", b"/fixed", b"")
    assert outgoing.body == b'{"a":1}'


@pytest.mark.parametrize(
    ("node", "error"),
    [
        (Execute("u", path="/{{ body.up }}"), BadPath),
        (Execute("u", path="/{{ body.missing }}"), BadRequest),
        (Execute("u", path="{{ path.raw }}"), BadPath),
        (Execute("u", path="/{{ path.query }}"), BadRequest),
        (Execute("u", method="{{ body.line }}"), BadRequest),
        (Execute("u", headers=(("x", "{{ body.line }}"),)), BadRequest),
        (Execute("u", headers=(("x", "{{ body.n + 'x' }}"),)), BadRequest),
        (Execute("u", body='{"a":"{{ body.missing.more }}"}'), BadRequest),
    ],
)
def test_execute_refuses_values_that_do_not_fit(node: Execute, error: type) -> None:
    request = Request(
        "POST",
        b"/",
        body=b'{"up":"..","line":"a\\r\\nx: y","n":1}',
        params={"raw": b"a%2F..", "query": b"a?b"},
    )
    with pytest.raises(error):
        sent(node, request)


def test_execute_needs_json_where_a_template_reads_the_body() -> None:
    with pytest.raises(InvalidJson):
        sent(Execute("u", path="/{{ body.x }}"), Request("POST", b"/", body=b"{"))


def test_execute_keeps_bytes_that_are_no_utf8() -> None:
    node = Execute("u", headers=(("x-b", "{{ headers['x-a'] }}"),))
    outgoing = sent(node, Request("GET", b"/", headers=[(b"x-a", b"caf\xe9")]))
    assert outgoing.headers == [(b"x-a", b"caf\xe9"), (b"x-b", b"caf\xe9")]


def test_execute_passes_an_answer() -> None:
    headers: Headers = [
        (b"set-cookie", b"a"),
        (b"connection", b"x-hop"),
        (b"x-hop", b"1"),
        (b"set-cookie", b"b"),
        (b"content-length", b"2"),
    ]
    got, body = received(Response(201, headers, pieces(b"o", b"k")))
    assert (got.status, body) == (201, b"ok")
    assert got.headers == [
        (b"set-cookie", b"a"),
        (b"set-cookie", b"b"),
        (b"content-length", b"2"),
    ]


def test_execute_gathers_small_bodies_and_gives_the_connection_back() -> None:
    closed = []

    async def close() -> None:
        closed.append(True)

    response = Response(200, [(b"content-length", b"2")], pieces(b"o", b"k"), close)
    got, _ = received(response)
    assert got.body == b"ok"
    assert closed == [True]


def test_execute_streams_events_and_large_bodies() -> None:
    events: Headers = [
        (b"content-type", b"Text/Event-Stream"),
        (b"content-length", b"2"),
    ]
    large: Headers = [(b"content-length", b"65537")]
    assert not isinstance(received(Response(200, events, pieces(b"ok")))[0].body, bytes)
    assert not isinstance(received(Response(200, large, pieces(b"ok")))[0].body, bytes)
    assert not isinstance(received(Response(200, [], pieces(b"ok")))[0].body, bytes)


@pytest.mark.parametrize("status", [204, 304])
def test_execute_drops_the_length_of_what_has_no_body(status: int) -> None:
    got, body = received(Response(status, [(b"content-length", b"3")], pieces(b"abc")))
    assert (got.headers, body) == ([], b"")


def test_execute_keeps_the_length_of_a_head_answer() -> None:
    got, body = received(
        Response(500, [(b"content-length", b"3")], pieces()), REPLACING, "HEAD"
    )
    assert got.headers == [(b"x-safe", b"1"), (b"content-length", b"3")]
    assert body == b""


def test_execute_lets_chunked_framing_override_a_length() -> None:
    headers: Headers = [(b"content-length", b"3"), (b"transfer-encoding", b"chunked")]
    got, body = received(Response(200, headers, pieces(b"ab")))
    assert (got.headers, body) == ([], b"ab")


@pytest.mark.parametrize(
    "response",
    [
        Response(101),
        Response(199),
        Response(600),
        Response(999),
        Response(200, [(b"x a", b"1")]),
        Response(200, [(b"", b"1")]),
        Response(200, [(b"x", b"a\x01")]),
        Response(200, [(b"x", b"a\r\ny: z")]),
        Response(200, [(b"content-length", b"x")]),
    ],
    ids=repr,
)
def test_execute_refuses_what_cannot_be_sent_on(response: Response) -> None:
    with pytest.raises(BadResponse):
        received(response)


REPLACING = Execute(
    "u",
    response_headers=(HeaderRules(drop=("server",), set=(("x-safe", "1"),)),),
    errors=ErrorTable(
        upstream_status=(
            StatusRule(("502",), status=503, text="down {{ error.status }}"),
            StatusRule(
                ("5xx",),
                "json_error",
                headers=(("x-why", "5xx"),),
                json='{"s":"{{ error.status }}"}',
            ),
        )
    ),
)
GZIP_ERROR = gzip.compress(b'{"error":1}', mtime=0)


def failed(body: bytes, *headers: tuple[bytes, bytes], status: int = 500) -> Response:
    length = (b"content-length", b"%d" % len(body))
    return Response(status, [length, *headers], pieces(body))


@pytest.mark.parametrize(
    "body", [b"", b"oops", b"[1]", b'{"message":1}', b'{"error":'], ids=repr
)
def test_execute_replaces_a_mapped_status(body: bytes) -> None:
    old: Headers = [
        (b"content-type", b"text/html"),
        (b"etag", b"e"),
        (b"digest", b"d"),
        (b"server", b"s"),
        (b"retry-after", b"1"),
    ]
    got, new = received(failed(body, *old), REPLACING)
    assert (got.status, new) == (500, b'{"s":500}')
    assert got.headers == [
        (b"retry-after", b"1"),
        (b"content-type", b"application/json"),
        (b"x-why", b"5xx"),
        (b"x-safe", b"1"),
        (b"content-length", b"9"),
    ]


def test_execute_replaces_by_the_first_rule_that_matches() -> None:
    got, body = received(failed(b'{"error":1}', status=502), REPLACING)
    assert (got.status, body) == (503, b"down 502")


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (b'{"error":{}}', b"identity"),
        (GZIP_ERROR, b"gzip"),
        (GZIP_ERROR, b"X-Gzip"),
        (zlib.compress(b'{"error":1}'), b"deflate"),
        (b"?", b"br"),
    ],
)
def test_execute_passes_json_errors_and_unknown_codings(
    body: bytes, coding: bytes
) -> None:
    got, new = received(failed(body, (b"content-encoding", coding)), REPLACING)
    assert (got.status, new) == (500, body)
    assert first(got.headers, b"content-encoding") == coding


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(b"oops", mtime=0)])
def test_execute_replaces_what_decodes_to_no_json_error(body: bytes) -> None:
    got, new = received(failed(body, (b"content-encoding", b"gzip")), REPLACING)
    assert new == b'{"s":500}'
    assert first(got.headers, b"content-encoding") is None


def test_execute_decides_on_bodies_without_a_length() -> None:
    _, replaced = received(Response(500, [], pieces(b"oo", b"ps")), REPLACING)
    _, passed = received(Response(500, [], pieces(b'{"err', b'or":1}')), REPLACING)
    assert (replaced, passed) == (b'{"s":500}', b'{"error":1}')


def test_execute_passes_large_bodies_of_a_mapped_status() -> None:
    chunks = [bytes(40_000), bytes(40_000), b"end"]
    _, unknown = received(Response(500, [], pieces(*chunks)), REPLACING)
    _, known = received(failed(b"".join(chunks)), REPLACING)
    assert unknown == known == b"".join(chunks)


def test_execute_closes_a_response_that_it_refuses() -> None:
    closed = []

    async def close() -> None:
        closed.append(True)

    with pytest.raises(BadResponse):
        received(Response(999, on_close=close))
    assert closed == [True]


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "get", "A B", ""])
def test_execute_refuses_methods_that_no_call_may_use(method: str) -> None:
    node = Execute("u", method="{{ headers['X-Method'] }}")
    headers = [(b"x-method", method.encode())]
    with pytest.raises(BadRequest):
        sent(node, Request("GET", b"/", headers=headers))


@pytest.mark.parametrize(
    ("asked", "called", "headers", "body"),
    [
        ("GET", "HEAD", [(b"content-length", b"0")], b""),
        ("HEAD", "GET", [(b"content-length", b"2")], b""),
        ("HEAD", "HEAD", [(b"content-length", b"2")], b""),
    ],
)
def test_execute_frames_by_what_the_client_asked(
    asked: str, called: str, headers: Headers, body: bytes
) -> None:
    arrives = pieces() if called == "HEAD" else pieces(b"ok")
    upstream = Response(200, [(b"content-length", b"2")], arrives)
    got, received_body = received(upstream, Execute("u", method=called), asked)
    assert (got.headers, received_body) == (headers, body)


def test_execute_keeps_framing_out_of_the_rules_reach() -> None:
    node = Execute("u", response_headers=(HeaderRules(keep=("x-a",)),))
    headers: Headers = [(b"content-length", b"2"), (b"x-a", b"1"), (b"x-b", b"2")]
    got, _ = received(Response(200, headers, pieces(b"ok")), node)
    assert got.headers == [(b"x-a", b"1"), (b"content-length", b"2")]


def test_execute_replaces_the_fields_that_a_status_rule_states() -> None:
    stated = (("content-type", "text/html"), ("retry-after", "5"))
    rule = StatusRule(("5xx",), headers=stated, text="<p>")
    node = Execute("u", errors=ErrorTable(upstream_status=(rule,)))
    got, _ = received(failed(b"", (b"retry-after", b"9")), node)
    assert got.headers == [
        (b"content-type", b"text/html"),
        (b"retry-after", b"5"),
        (b"content-length", b"3"),
    ]


@pytest.mark.parametrize(
    ("body", "passes"),
    [
        (zlib.compress(b'{"error":1}')[2:-4], True),
        (zlib.compress(b"oops")[2:-4], False),
        (zlib.compress(b" " * 70_000), True),
    ],
    ids=["raw", "raw-no-error", "larger-than-decided-on"],
)
def test_execute_decides_on_deflated_bodies(body: bytes, *, passes: bool) -> None:
    _, new = received(failed(body, (b"content-encoding", b"deflate")), REPLACING)
    assert (new == body) is passes


def test_execute_takes_only_the_media_type_of_events_for_events() -> None:
    other: Headers = [
        (b"content-type", b"text/event-streamx"),
        (b"content-length", b"2"),
    ]
    assert received(Response(200, other, pieces(b"ok")))[0].body == b"ok"


@pytest.mark.parametrize(
    "node",
    [
        Execute("u", headers=(("x", "{{ body.bad }}"),)),
        Execute("u", path="/{{ body.bad }}"),
        Execute("u", query=(("q", "{{ body.bad }}"),)),
        Execute("u", method="{{ body.bad }}"),
        Execute("u", body='["{{ [body.missing] }}"]'),
    ],
)
def test_execute_refuses_text_that_no_bytes_can_be(node: Execute) -> None:
    with pytest.raises(BadRequest):
        sent(node, Request("POST", b"/", body=b'{"bad":"\\ud800"}'))
