"""Answers of the upstream, as the bytes it writes: right ones, odd ones and faults.

Texts are in latin-1. A script for HEAD has the head alone; a fault in a body, or of
what comes after it, is None there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from hxroute.proof.cases.bodies import chunked
from hxroute.proof.cases.coded import deflated, gzipped
from hxroute.proof.cases.faults import faults, late
from hxroute.proof.cases.levels import FINE, Level
from hxroute.proof.cases.places import Place
from hxroute.proof.cases.replies import (
    CHUNKED,
    CLOSE,
    JSON,
    OBJECT,
    SHORT,
    answer,
    chunk,
    fault,
    reason,
    sized,
    whole,
)
from hxroute.proof.exchange import REFUSED
from hxroute.sandbox.scripted import OK

__all__ = ["answers"]

_LARGE: Final = 200 << 10
_LONG: Final = 4096

_ERRORS: Final = (400, 401, 403, 404, 405, 409, 413, 415, 418, 422, 451)
_FAILURES: Final = (500, 501, 502, 503, 504, 529, 599)

_MORE: Final = ("powered", "ids", "latin1-field", "file")
"""Fields of answers that are left to a large set of cases."""

_RATES: Final = (
    ("Retry-After", "7"),
    ("X-RateLimit-Limit-Requests", "100"),
    ("X-RateLimit-Remaining-Requests", "0"),
    ("X-RateLimit-Reset-Requests", "7s"),
)
_PAGE: Final = "<html><body><h1>Something is wrong</h1></body></html>"


def answers(place: Place, patience: float = 0) -> tuple[Level, ...]:
    """Return what the upstream may answer.

    Args:
        place: where it is called; one that calls none has nothing to vary.
        patience: seconds that a case may wait for the place to lose its own patience.
    """
    fine = replace(whole(FINE[3:], OK, rank=0, paired=True), to_head=(OK[0],))
    if place.upstream is None:
        return (fine,)
    return (
        fine,
        *_failures(),
        *_successes(),
        *_redirects(),
        *_errors(),
        *_codings(),
        *_framings(),
        *_fields(),
        *faults(),
        *late(place, patience),
    )


def _successes() -> Iterator[Level]:
    yield sized("201", 201, '{"id":"new"}', JSON, ("Location", "/v1/things/new"))
    yield sized("202", 202, "")
    yield whole("204", answer(204, (("X-Left", "3"),)))
    yield sized("205", 205, "")
    yield sized("206", 206, "part", ("Content-Range", "bytes 0-3/10"))
    yield sized("299", 299, OBJECT, JSON, rank=3)
    yield sized("no-type", 200, "plain")
    yield sized("empty", 200, "", rank=3)
    yield sized(
        "text",
        200,
        "caf\xc3\xa9\r\n",
        ("Content-Type", "text/plain; charset=utf-8"),
        rank=3,
    )
    yield sized(
        "binary", 200, "".join(map(chr, range(256))), ("Content-Type", "audio/mpeg")
    )
    script = answer(200, (("Content-Length", str(_LARGE)),), {"repeat": ["y", _LARGE]})
    yield whole("large", script)


def _redirects() -> Iterator[Level]:
    for status in (301, 302, 303, 307, 308):
        location = ("Location", "http://127.0.0.1:4000/v1/elsewhere?a=b")
        rank = 3 if status in (303, 308) else 2
        yield sized(str(status), status, "", location, rank=rank)
    yield sized("302-relative", 302, "", ("Location", "../elsewhere"), rank=3)
    yield whole("304", answer(304, (("ETag", '"v1"'),)))


def _errors() -> Iterator[Level]:
    for status in _ERRORS:
        yield sized(str(status), status, _openai(status), JSON)
    challenge = ("WWW-Authenticate", 'Bearer realm="upstream"')
    yield sized("401-challenge", 401, _openai(401), JSON, challenge)
    yield sized("404-text", 404, "not here", ("Content-Type", "text/plain"), rank=1)
    yield sized("405-allow", 405, "", ("Allow", "GET, HEAD"), rank=3)
    yield sized("422-detail", 422, '{"detail":[{"loc":["body"]}]}', JSON, rank=3)
    yield sized("429", 429, _openai(429), JSON, *_RATES, rank=1, paired=True)
    yield sized(
        "429-empty", 429, "", ("Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"), rank=3
    )


def _failures() -> Iterator[Level]:
    yield sized(
        "500", 500, "it broke", ("Content-Type", "text/plain"), rank=0, paired=True
    )
    yield fault("refused", *REFUSED, rank=0)
    for status in _FAILURES:
        yield sized(f"{status}-json", status, _openai(status), JSON)
    for status in (501, 504, 529, 599):
        text = ("Content-Type", "text/plain")
        yield sized(f"{status}-text", status, reason(status), text)
    yield sized("502-html", 502, _PAGE, ("Content-Type", "text/html"))
    yield sized("503-empty", 503, "", ("Retry-After", "5"))
    yield sized("500-other-json", 500, '{"detail":"it broke"}', JSON)
    yield sized("500-broken-json", 500, '{"error":', JSON)
    yield sized("500-list", 500, '[{"error":1}]', JSON, rank=3)
    yield sized(
        "500-json-as-text", 500, _openai(500), ("Content-Type", "text/plain"), rank=3
    )
    packed = gzipped(_openai(500))
    yield sized("500-gzip", 500, packed, JSON, ("Content-Encoding", "gzip"))
    large = {"repeat": ["z", _LARGE]}
    yield whole("500-large", answer(500, (("Content-Length", str(_LARGE)),), large))
    yield whole("500-chunked", answer(500, (JSON, CHUNKED), chunked(_openai(500), 7)))


def _openai(status: int) -> str:
    """Return an error as OpenAI's API writes it."""
    return (
        f'{{"error":{{"message":"{reason(status)}","type":"upstream_error",'
        f'"param":null,"code":"{status}"}}}}'
    )


def _codings() -> Iterator[Level]:
    kinds = (
        ("gzip", "gzip", gzipped(OBJECT), 1),
        ("deflate", "deflate", deflated(OBJECT), 2),
        ("br", "br", f"\x0b\x05\x80{OBJECT}\x03", 2),
        ("unknown-coding", "x-hx", OBJECT, 2),
        ("two-codings", "deflate, gzip", gzipped(deflated(OBJECT)), 3),
        ("gzip-corrupt", "gzip", "this is not gzip", 2),
        ("gzip-empty", "gzip", "", 3),
    )
    for name, coding, body, rank in kinds:
        fields = (JSON, ("Content-Encoding", coding), ("Vary", "Accept-Encoding"))
        yield sized(name, 200, body, *fields, rank=rank, paired=rank == 1)


def _framings() -> Iterator[Level]:
    stream = (
        ("Content-Type", "text/event-stream"),
        ("Cache-Control", "no-cache"),
        CHUNKED,
    )
    events = (
        'data: {"n":1}\n\n',
        "event: more\ndata: caf\xc3\xa9\n\n",
        "data: [DONE]\n\n",
    )
    parts = [step for event in events for step in (chunk(event), SHORT)]
    yield whole("sse", answer(200, stream, *parts, "0\r\n\r\n"), rank=1, paired=True)
    yield whole("chunked", answer(200, (JSON, CHUNKED), chunked(OBJECT, 1, 4)), rank=1)
    yield whole(
        "chunk-extension",
        answer(200, (JSON, CHUNKED), '2;a="b"\r\n{}\r\n0\r\n\r\n'),
        rank=3,
    )
    trailed = f"{chunk('text')}0\r\nX-Checksum: abc\r\n\r\n"
    announced = ("Trailer", "X-Checksum")
    yield whole("trailers", answer(200, (CHUNKED, announced), trailed))
    yield whole("no-length", answer(200, (JSON,), OBJECT, CLOSE))
    old = "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"
    yield whole("http10", (old, OBJECT, CLOSE))
    yield whole(
        "in-pieces",
        answer(200, (("Content-Length", "6"),), "abc", SHORT, "def"),
        rank=3,
    )
    for status, field in ((100, ""), (103, "Link: </a>; rel=preload\r\n")):
        interim = f"HTTP/1.1 {status} {reason(status)}\r\n{field}\r\n"
        final = sized(f"{status}-before", 200, OBJECT, JSON)
        heads = (interim, final.script[0])
        yield replace(final, script=(*heads, OBJECT), to_head=heads)


def _fields() -> Iterator[Level]:
    for name, fields in (
        ("cookies", (("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; HttpOnly"))),
        (
            "repeated",
            (("X-Twice", "1"), ("X-Twice", "2"), ("Link", "<a>"), ("Link", "<b>")),
        ),
        ("connection", (("Connection", "x-hop"), ("X-Hop", "1"))),
        (
            "hop",
            (
                ("Keep-Alive", "timeout=5"),
                ("Proxy-Authenticate", "x"),
                ("Upgrade", "h2c"),
            ),
        ),
        ("server", (("Server", "old/1"), ("Date", "Mon, 18 Aug 2025 09:00:00 GMT"))),
        (
            "powered",
            (("X-Powered-By", "old"), ("Via", "1.1 old"), ("Alt-Svc", "clear")),
        ),
        ("cors", (("Access-Control-Allow-Origin", "*"), ("Vary", "Origin"))),
        ("cache", (("ETag", '"v1"'), ("Cache-Control", "max-age=60"), ("Age", "3"))),
        ("ids", (("X-Request-ID", "up-1"), ("OpenAI-Processing-Ms", "12"))),
        ("long-field", (("X-Long", "v" * _LONG),)),
        ("utf8-field", (("X-Name", "caf\xc3\xa9"),)),
        ("latin1-field", (("X-Name", "caf\xe9"),)),
        ("empty-field", (("X-Empty", ""),)),
        ("file", (("Content-Disposition", 'attachment; filename="a.json"'),)),
        (
            "security",
            (
                ("X-Content-Type-Options", "off"),
                ("X-Frame-Options", "SAMEORIGIN"),
                ("Content-Security-Policy", "default-src 'self'"),
                ("Referrer-Policy", "unsafe-url"),
                ("Strict-Transport-Security", "max-age=1"),
            ),
        ),
    ):
        rank = 3 if name in _MORE else 2
        yield sized(name, 200, OBJECT, JSON, *fields, rank=rank)
