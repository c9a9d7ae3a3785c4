"""Section D of the catalogue, first part: fields of one hop, and expectations."""

from __future__ import annotations

from tests.front.cases import (
    Case,
    answered,
    cases,
    get,
    post,
    raw,
    refused,
    seen,
    served,
)

__all__ = ["HOPS"]

NO = refused(400)
CL3 = b"Content-Length: 3"
OWN = (
    (b"x-forwarded-for", b"127.0.0.1"),
    (b"x-user", b"gateway"),
    (b"x-trace", b"ours"),
)
"""What the endpoint under /own sets."""

HOP_BY_HOP: list[Case] = [
    *cases(
        "D1",
        "RFC 9110 §7.6.1",
        {
            "close-and-name": (
                get(b"/g", b"Connection: close, X-Auth", b"X-Auth: admin"),
                served(seen(start=b"GET /g"), closes=True),
            ),
            "name": (
                get(b"/g", b"Connection: X-Auth", b"X-Auth: admin"),
                served(seen(start=b"GET /g")),
            ),
            "name-behind": (
                get(b"/g", b"X-Auth: admin", b"X-B: c", b"Connection: x-auth"),
                served(seen(b"", (b"x-b", b"c"), start=b"GET /g")),
            ),
        },
    ),
    *cases(
        "D1",
        "RFC 9110 §7.6.1; `_` and `-` are one to many readers",
        {
            "underscore": (
                get(b"/g", b"Connection: X-Auth", b"X_Auth: admin"),
                served(seen(start=b"GET /g")),
            ),
        },
        alone=True,
    ),
    *cases(
        "D2",
        "RFC 9110 §7.6.1: what came is dropped before what is ours is set",
        {
            "ours": get(
                b"/own/g",
                b"Connection: X-Forwarded-For, Authorization, Host, X-Trace, X-User",
                b"X-Forwarded-For: 6.6.6.6",
                b"X-Trace: theirs",
            ),
        },
        *served(seen(b"", *OWN, start=b"GET /own/g")),
        alone=True,
    ),
    *cases(
        "D2",
        "RFC 9110 §7.6.1: Host is never dropped",
        {
            "host": (
                get(b"/g", b"Connection: Host"),
                served(seen(start=b"GET /g")),
            ),
        },
    ),
    *cases(
        "D3",
        "RFC 9110 §7.6.1",
        {
            "te": post(
                b"Connection: Transfer-Encoding",
                b"Transfer-Encoding: chunked",
                body=b"3\r\nabc\r\n0\r\n\r\n",
            ),
            "cl": post(b"Connection: Content-Length", CL3, body=b"abc"),
            "cl-in-a-list": post(
                b"Connection: close, CONTENT-length", CL3, body=b"abc"
            ),
            "cl-of-none": get(b"/g", b"Connection: Content-Length"),
            "second-line": post(
                b"Connection: close", b"Connection: Content-Length", CL3, body=b"abc"
            ),
        },
        NO,
    ),
    *cases(
        "D4",
        "RFC 9110 §7.6.1, §5.6.1",
        {
            "empty-then-name": get(
                b"/g", b"Connection: ", b"Connection: X-A", b"X-A: b"
            ),
            "name-then-empty": get(
                b"/g", b"Connection: X-A", b"Connection: ", b"X-A: b"
            ),
            "two-names": get(
                b"/g", b"Connection: X-B", b"Connection: X-A", b"X-A: b", b"X-B: c"
            ),
            "mixed-case": get(b"/g", b"cOnNeCtIoN: x-A", b"X-a: b"),
            "commas": get(b"/g", b"Connection: ,, X-A ,\t,", b"X-A: b"),
            "repeated-field": get(b"/g", b"Connection: X-A", b"X-A: b", b"X-A: c"),
        },
        *served(seen(start=b"GET /g")),
    ),
    *cases(
        "D5",
        "RFC 9110 §7.6.1, §11.7",
        {
            name.lower(): get(b"/g", name.encode() + b": " + value)
            for name, value in {
                "Keep-Alive": b"timeout=5",
                "Proxy-Connection": b"keep-alive",
                "Proxy-Authorization": b"Basic YTpi",
                "Proxy-Authenticate": b"Basic",
                "Proxy": b"http://evil:80",
                "TE": b"gzip",
                "Trailer": b"X-User",
                "Upgrade": b"foo",
            }.items()
        },
        *served(seen(start=b"GET /g")),
    ),
    *cases(
        "D5",
        "RFC 9110 §7.6.1, §10.1.4: `trailers` may stay",
        {
            "te-trailers": (
                get(b"/g", b"TE: trailers", b"Connection: TE"),
                (
                    *served(seen(start=b"GET /g")),
                    *served(seen(b"", (b"te", b"trailers"), start=b"GET /g")),
                ),
            ),
        },
    ),
]

EXPECTATIONS: list[Case] = [
    *cases(
        "D6",
        "RFC 9110 §10.1.1",
        {
            "no-key": get(
                b"/keyed/x",
                b"Authorization: Bearer wrong",
                b"Expect: 100-continue",
                b"Content-Length: 1000",
            ),
            "no-key-chunked": get(
                b"/keyed/x", b"Expect: 100-continue", b"Transfer-Encoding: chunked"
            ),
        },
        *answered(401)[1:],
        alone=True,
    ),
    *cases(
        "D6",
        "RFC 9110 §10.1.1",
        {
            "body-at-once": (
                post(b"Expect: 100-continue", CL3, body=b"abc"),
                served(seen(b"abc"), continues=True),
            ),
            "case": (
                post(b"Expect: 100-Continue", CL3, body=b"abc"),
                served(seen(b"abc"), continues=True),
            ),
            "no-body": (
                get(b"/g", b"Expect: 100-continue"),
                served(seen(start=b"GET /g"), continues=True),
            ),
            "1.0": (
                raw(
                    b"POST /p HTTP/1.0",
                    b"Host: a",
                    b"Expect: 100-continue",
                    CL3,
                    body=b"abc",
                ),
                served(seen(b"abc"), closes=True),
            ),
        },
    ),
    *cases(
        "D7",
        "RFC 9110 §10.1.1: MAY 417",
        {
            "200-ok": get(b"/g", b"Expect: 200-ok"),
            "word": post(b"Expect: something", CL3, body=b"abc"),
            "two": post(b"Expect: 100-continue, foo", CL3, body=b"abc"),
            "100-continuex": get(b"/g", b"Expect: 100-continuex"),
        },
        refused(417),
    ),
    *cases(
        "D8",
        "RFC 9110 §7.6.2",
        {
            "options-0": (
                raw(b"OPTIONS /g HTTP/1.1", b"Host: a", b"Max-Forwards: 0"),
                answered(frozenset({200, 204, 400, 404, 405})),
            ),
            "trace-0": (
                raw(b"TRACE /g HTTP/1.1", b"Host: a", b"Max-Forwards: 0"),
                (*answered(frozenset({405, 501})), refused(405, 501)),
            ),
            "get-0": (
                get(b"/g", b"Max-Forwards: 0"),
                served(seen(b"", (b"max-forwards", b"0"), start=b"GET /g")),
            ),
        },
    ),
    *cases(
        "D9",
        "RFC 9110 §7.6.3: adding is opt-in here",
        {
            "via": (
                get(b"/g", b"Via: 1.1 other", b"Via: 1.1 hxroute"),
                served(
                    seen(
                        b"",
                        (b"via", b"1.1 other"),
                        (b"via", b"1.1 hxroute"),
                        start=b"GET /g",
                    )
                ),
            ),
        },
    ),
]

HOPS: list[Case] = [*HOP_BY_HOP, *EXPECTATIONS]
