"""Section A of the catalogue, second half: chunks, trailers, and what comes behind."""

from __future__ import annotations

from tests.front.cases import (
    Case,
    cases,
    post,
    refused,
    seen,
    served,
)

__all__ = ["BODIES"]

CHUNKED = b"Transfer-Encoding: chunked"
ABC = b"3\r\nabc\r\n0\r\n\r\n"
ABC_SEEN = served(seen(b"abc"))
NO = refused(400)
NO_LIMIT = refused(400, 413, 431)


def chunked(body: bytes, *fields: bytes) -> bytes:
    """Return a POST with that chunked body."""
    return post(CHUNKED, *fields, body=body)


CHUNKS: list[Case] = [
    *cases(
        "A14",
        "RFC 9112 §7.1",
        {
            "all-lf": chunked(b"3\nabc\n0\n\n"),
            "lf-behind-size": chunked(b"3\nabc\r\n0\r\n\r\n"),
            "lf-behind-data": chunked(b"3\r\nabc\n0\r\n\r\n"),
            "lf-behind-0": chunked(b"3\r\nabc\r\n0\n\r\n"),
            "lf-at-end": chunked(b"3\r\nabc\r\n0\r\n\n"),
            "only-0-lf": chunked(b"0\n\r\n"),
            "cr-behind-size": chunked(b"3\rabc\r\n0\r\n\r\n"),
            "cr-cr-lf": chunked(b"3\r\r\nabc\r\n0\r\n\r\n"),
        },
        NO,
    ),
    *cases(
        "A15",
        "RFC 9112 §7.1.1",
        {
            "lf": chunked(b"3;a\nabc\r\n0\r\n\r\n"),
            "lf-in-value": chunked(b"3;a=b\nc\r\nabc\r\n0\r\n\r\n"),
            "cr": chunked(b"3;a\rX\r\nabc\r\n0\r\n\r\n"),
            "crlf-in-quotes": chunked(b'1;e="v\r\nX\r\n0\r\n\r\n'),
            "lf-in-quotes": chunked(b'1;e="v\n"\r\nX\r\n0\r\n\r\n'),
            "nul": chunked(b"3;a\x00b\r\nabc\r\n0\r\n\r\n"),
            "ctl": chunked(b"3;a\x01b\r\nabc\r\n0\r\n\r\n"),
            "lf-on-last": chunked(b"3\r\nabc\r\n0;a\n\r\n"),
            "cr-in-blank": chunked(b"3\r;a\r\nabc\r\n0\r\n\r\n"),
            "name": (chunked(b"3;a\r\nabc\r\n0\r\n\r\n"), ABC_SEEN),
            "value": (chunked(b"3;a=b;c=d\r\nabc\r\n0;e\r\n\r\n"), ABC_SEEN),
            "quoted": (chunked(b'3;a="b c"\r\nabc\r\n0\r\n\r\n'), ABC_SEEN),
            "blanks": (chunked(b"3 ; a\r\nabc\r\n0\r\n\r\n"), (NO, *ABC_SEEN)),
            "no-name": (chunked(b"3;\r\nabc\r\n0\r\n\r\n"), (NO, *ABC_SEEN)),
        },
        NO,
    ),
    *cases(
        "A16",
        "RFC 9112 §7.1.1: limit",
        {
            "200-kb": chunked(b"3;" + b"a" * 200_000 + b"\r\nabc\r\n0\r\n\r\n"),
            "20-of-16-kb": chunked(
                (b"1;" + b"a" * 16_000 + b"\r\nx\r\n") * 20 + b"0\r\n\r\n"
            ),
            "2000-of-200-bytes": chunked(
                (b"1;" + b"a" * 200 + b"\r\nx\r\n") * 2000 + b"0\r\n\r\n"
            ),
            "on-the-last": chunked(b"3\r\nabc\r\n0;" + b"a" * 200_000 + b"\r\n\r\n"),
            "1-kb": (
                chunked(b"3;" + b"a" * 1000 + b"\r\nabc\r\n0\r\n\r\n"),
                ABC_SEEN,
            ),
        },
        NO_LIMIT,
    ),
    *cases(
        "A17",
        "RFC 9112 §7.1: 1*HEXDIG",
        {
            name: chunked(size + b"\r\nabc\r\n0\r\n\r\n")
            for name, size in {
                "hex-prefix": b"0x3",
                "plus": b"+3",
                "minus": b"-1",
                "space-before": b" 3",
                "tab-before": b"\t3",
                "underscore": b"0_3",
                "empty": b"",
                "dot": b"3.",
                "letter": b"g",
                "letter-behind": b"3h",
                "comma": b"3,3",
                "nul-before": b"\x003",
                "nul-behind": b"3\x00",
                "arabic-digit": "\u0663".encode(),
                "high-byte": b"\xb3",
            }.items()
        },
        NO,
    ),
    *cases(
        "A18",
        "RFC 9112 §7.1 (overflow, no blanks)",
        {
            "space-behind": chunked(b"3 \r\nabc\r\n0\r\n\r\n"),
            "tab-behind": chunked(b"3\t\r\nabc\r\n0\r\n\r\n"),
            "space-behind-0": chunked(b"3\r\nabc\r\n0 \r\n\r\n"),
            "17-digits": chunked(b"10000000000000003\r\nabc\r\n0\r\n\r\n"),
            "33-digits": chunked(b"1" + b"0" * 31 + b"3\r\nabc\r\n0\r\n\r\n"),
            "17-f": chunked(b"f" * 17 + b"\r\nabc\r\n0\r\n\r\n"),
            "40-zeros": (
                chunked(b"0" * 40 + b"3\r\nabc\r\n0\r\n\r\n"),
                (NO, *ABC_SEEN),
            ),
            "upper-case": (
                chunked(b"B\r\nabcdefghijk\r\n0\r\n\r\n"),
                served(seen(b"abcdefghijk")),
            ),
            "zeros-at-end": (chunked(b"3\r\nabc\r\n000\r\n\r\n"), ABC_SEEN),
        },
        NO,
    ),
    *cases(
        "A19",
        "RFC 9112 §7.1",
        {
            "xx-for-crlf": chunked(b"3\r\nabcXX0\r\n\r\n"),
            "too-long": chunked(b"3\r\nabcd\r\n0\r\n\r\n"),
            "too-short": chunked(b"3\r\nab\r\n0\r\n\r\n"),
            "no-crlf": chunked(b"3\r\nabc0\r\n\r\n"),
            "lf-cr": chunked(b"3\r\nabc\n\r0\r\n\r\n"),
            "two-crlf": chunked(b"3\r\nabc\r\n\r\n0\r\n\r\n"),
            "crlf-before": chunked(b"\r\n3\r\nabc\r\n0\r\n\r\n"),
            "not-chunked": chunked(b"hello, world\r\n\r\n"),
        },
        NO,
    ),
]

TRAILERS: list[Case] = [
    *cases(
        "A20",
        "RFC 9112 §7.1.2, RFC 9110 §6.5.1",
        {
            "user": chunked(b"3\r\nabc\r\n0\r\nX-User: admin\r\n\r\n"),
            "host": chunked(b"3\r\nabc\r\n0\r\nHost: evil\r\n\r\n"),
            "authorization": chunked(
                b"3\r\nabc\r\n0\r\nAuthorization: Bearer right\r\n\r\n"
            ),
            "cookie": chunked(b"3\r\nabc\r\n0\r\nCookie: a=b\r\nX-B: c\r\n\r\n"),
            "announced": chunked(
                b"3\r\nabc\r\n0\r\nX-User: admin\r\n\r\n", b"Trailer: X-User"
            ),
            "connection": chunked(
                b"3\r\nabc\r\n0\r\nConnection: X-A\r\nX-A: b\r\n\r\n"
            ),
            "method-override": chunked(
                b"3\r\nabc\r\n0\r\nX-HTTP-Method-Override: DELETE\r\n\r\n"
            ),
        },
        *ABC_SEEN,
    ),
    *cases(
        "A21",
        "RFC 9110 §6.5.1, RFC 9112 §7.1.2",
        {
            "content-length": chunked(b"3\r\nabc\r\n0\r\nContent-Length: 50\r\n\r\n"),
            "transfer-encoding": chunked(
                b"3\r\nabc\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"
            ),
            "no-colon": chunked(b"3\r\nabc\r\n0\r\nX-User admin\r\n\r\n"),
            "folded": chunked(b"3\r\nabc\r\n0\r\nX-A: b\r\n c\r\n\r\n"),
            "lf": chunked(b"3\r\nabc\r\n0\r\nX-A: b\n\r\n"),
            "nul": chunked(b"3\r\nabc\r\n0\r\nX-A: \x00\r\n\r\n"),
            "space-before-colon": chunked(b"3\r\nabc\r\n0\r\nX-A : b\r\n\r\n"),
            "no-name": chunked(b"3\r\nabc\r\n0\r\n: b\r\n\r\n"),
            "100000-of-them": (
                chunked(b"3\r\nabc\r\n0\r\n" + b"a:b\r\n" * 100_000 + b"\r\n"),
                NO_LIMIT,
            ),
            "100-kb": (
                chunked(b"3\r\nabc\r\n0\r\nX-A: " + b"b" * 100_000 + b"\r\n\r\n"),
                NO_LIMIT,
            ),
        },
        NO,
    ),
]

BODIES: list[Case] = [*CHUNKS, *TRAILERS]
