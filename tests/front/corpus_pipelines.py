"""Section A of the catalogue, last part: bodies that stop, and requests in a row."""

from __future__ import annotations

from tests.front.cases import (
    Case,
    Outcome,
    answered,
    cases,
    get,
    post,
    raw,
    refused,
    seen,
    served,
)

__all__ = ["PIPELINES"]

CHUNKED = b"Transfer-Encoding: chunked"
CL3 = b"Content-Length: 3"
ABC = b"3\r\nabc\r\n0\r\n\r\n"
ABC_SEEN = served(seen(b"abc"))
EVIL = get(b"/evil")
EVIL_SEEN, GET_1, GET_2 = (seen(start=b"GET " + t) for t in (b"/evil", b"/1", b"/2"))
UNHEARD = (Outcome(closes=True), refused(400, 408))
"""The connection ends, with or without a word; nothing whole goes on."""

OWN = frozenset({203, 400, 401})


def length_of(body: bytes) -> bytes:
    """Return the field that frames a body."""
    return b"Content-Length: %d" % len(body)


def upgrade(*fields: bytes, body: bytes = b"", start: bytes = b"POST /p") -> bytes:
    """Return a request that asks for an upgrade."""
    line = start + b" HTTP/1.1"
    return raw(line, b"Host: a", b"Connection: Upgrade", *fields, body=body)


def unread(start: bytes, *fields: bytes) -> bytes:
    """Return a request that is answered without its body, which looks like another."""
    line = start + b" HTTP/1.1"
    framed = (b"Host: a", *fields, length_of(EVIL))
    return raw(line, *framed, body=EVIL) + get(b"/1")


AFTER_UNREAD = (
    answered(OWN)[1],
    Outcome((GET_1,), (OWN, frozenset({200}))),
)
"""One answer; then the connection ends, or the next request is the right one."""

PIPELINES: list[Case] = [
    *cases(
        "A22",
        "RFC 9112 §8",
        {
            "cl": post(b"Content-Length: 10", body=b"abc"),
            "cl-no-body": post(b"Content-Length: 10"),
            "chunk": post(CHUNKED, body=b"5\r\nabc"),
            "chunk-size": post(CHUNKED, body=b"3\r\nabc\r\n5"),
            "no-last-chunk": post(CHUNKED, body=b"3\r\nabc\r\n"),
            "no-end-of-trailers": post(CHUNKED, body=b"3\r\nabc\r\n0\r\nX-A: b\r\n"),
            "trailer-half": post(CHUNKED, body=b"3\r\nabc\r\n0\r\nXX"),
            "head": b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Le",
            "start-line": b"GET /p",
        },
        *UNHEARD,
        ends=True,
    ),
    *cases(
        "A23",
        "RFC 9110 §9.3.1, RFC 9112 §6.3, §11.2",
        {
            "get-cl": (
                get(b"/g", CL3) + b"abc",
                served(seen(b"abc", start=b"GET /g")),
            ),
            "get-chunked": (
                get(b"/g", CHUNKED) + ABC,
                served(seen(b"abc", start=b"GET /g")),
            ),
            "delete-cl": (
                raw(b"DELETE /d HTTP/1.1", b"Host: a", CL3, body=b"abc"),
                served(seen(b"abc", start=b"DELETE /d")),
            ),
            "body-like-a-request": (
                get(b"/g", length_of(EVIL)) + EVIL,
                served(seen(EVIL, start=b"GET /g")),
            ),
            "cl-0-and-next": (
                post(b"Content-Length: 0") + get(b"/1"),
                served(seen(), GET_1),
            ),
            "no-cl-and-next": (post() + get(b"/1"), served(seen(), GET_1)),
            "one-byte-too-many": (
                post(CL3, body=b"abc\x01") + get(b"/1"),
                refused(400, after=(seen(b"abc"),)),
            ),
        },
    ),
    *cases(
        "A24",
        "RFC 9112 §9.3",
        {
            "own-answer": unread(b"POST /exact/x"),
            "bad-path": unread(b"POST /a/../b"),
            "no-key": unread(b"POST /keyed/x", b"Authorization: Bearer wrong"),
        },
        *AFTER_UNREAD,
        alone=True,
    ),
    *cases(
        "A25",
        "RFC 9112 §9.6",
        {
            "garbage": get(b"/1", b"Connection: close") + b"\x00garbage\r\n\r\n",
            "request": get(b"/1", b"Connection: close") + EVIL,
            "http-1.0": raw(b"GET /1 HTTP/1.0", b"Host: a") + EVIL,
            "close-in-a-list": get(b"/1", b"Connection: x, CLOSE") + EVIL,
        },
        *served(GET_1, closes=True),
    ),
    *cases(
        "A26",
        "RFC 9110 §7.8",
        {
            "h2c-cl": upgrade(b"Upgrade: h2c", CL3, body=b"abc"),
            "h2c-settings": raw(
                b"POST /p HTTP/1.1",
                b"Host: a",
                b"Connection: Upgrade, HTTP2-Settings",
                b"Upgrade: h2c",
                b"HTTP2-Settings: AAMAAABkAAQAAP__",
                CL3,
                body=b"abc",
            ),
            "h2c-chunked": upgrade(b"Upgrade: h2c", CHUNKED, body=ABC),
            "foo-cl": upgrade(b"Upgrade: foo", CL3, body=b"abc"),
            "tls-cl": upgrade(b"Upgrade: TLS/1.0", CL3, body=b"abc"),
            "websocket-cl": upgrade(b"Upgrade: websocket", CL3, body=b"abc"),
            "and-next": (
                upgrade(b"Upgrade: h2c", CL3, body=b"abc") + get(b"/1"),
                served(seen(b"abc"), GET_1),
            ),
            "bad-body": (
                upgrade(b"Upgrade: h2c", CHUNKED, body=b"3\r\nabcXX0\r\n\r\n"),
                refused(400),
            ),
        },
        *ABC_SEEN,
    ),
    *cases(
        "A27",
        "RFC 9110 §7.8, RFC 9113 §3.1",
        {
            "h2c-and-next": (
                upgrade(b"Upgrade: h2c", start=b"GET /1") + get(b"/2"),
                served(GET_1, GET_2),
            ),
            "websocket": (
                upgrade(
                    b"Upgrade: websocket",
                    b"X-A: b",
                    start=b"GET /1",
                ),
                served(seen(b"", (b"x-a", b"b"), start=b"GET /1")),
            ),
            "h2c-and-preface": (
                upgrade(b"Upgrade: h2c", start=b"GET /1")
                + b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                refused(400, 505, after=(GET_1,)),
            ),
            "preface": (
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
                refused(400, 505),
            ),
        },
    ),
    *cases(
        "A28",
        "RFC 9112 §9.3.2",
        {
            "two": (get(b"/1") + get(b"/2"), served(GET_1, GET_2)),
            "bodies": (
                post(CL3, body=b"abc") + post(CHUNKED, body=ABC) + get(b"/1"),
                served(seen(b"abc"), seen(b"abc"), GET_1),
            ),
            "twenty": (
                b"".join(get(b"/%d" % number) for number in range(20)),
                served(*(seen(start=b"GET /%d" % number) for number in range(20))),
            ),
            "crlf-between": (get(b"/1") + b"\r\n" + get(b"/2"), served(GET_1, GET_2)),
            "then-garbage": (
                get(b"/1") + b"garbage\r\n\r\n",
                refused(400, after=(GET_1,)),
            ),
            "two-then-cl-and-te": (
                get(b"/1") + get(b"/2") + post(CL3, CHUNKED, body=ABC),
                refused(400, after=(GET_1, GET_2)),
            ),
            "then-bad-chunks": (
                get(b"/1") + post(CHUNKED, body=b"xyz\r\n\r\n"),
                refused(400, after=(GET_1,)),
            ),
        },
    ),
]
