"""Requests of the kinds that made servers and proxies disagree with one another.

Each stands for a class of mistakes found in widely used parsers by feeding one input to
many of them (HTTP Garden). The bytes are written here from the descriptions.
"""

from __future__ import annotations

from tests.front.cases import Case, cases, get, post, raw, refused, seen, served

__all__ = ["GARDEN"]

CHUNKED = b"Transfer-Encoding: chunked"
ABC = b"3\r\nabc\r\n0\r\n\r\n"
EVIL = get(b"/evil")
GET_SEEN = served(seen(start=b"GET /g"))
ABC_SEEN = served(seen(b"abc"))
NO, NO_CODING = refused(400), refused(400, 501)


def chunked(body: bytes, behind: bytes = b"") -> bytes:
    """Return a POST with that chunked body, and bytes behind it."""
    return post(CHUNKED, body=body) + behind


def sized(size: bytes) -> bytes:
    """Return a POST whose chunk of that size, read by its prefix, hides a request."""
    inner = get(b"/evil", b"Content-Length: 5")
    return chunked(size + b"\r\n\r\n" + inner, b"0\r\n\r\n")


def length(value: bytes, body: bytes = EVIL) -> bytes:
    """Return a POST with that Content-Length."""
    return post(b"Content-Length: " + value, body=body)


def field(line: bytes) -> bytes:
    """Return a GET with that field line."""
    return get(b"/g", line)


def start(line: bytes) -> bytes:
    """Return a request with that start line."""
    return raw(line, b"Host: a")


CHUNKS: list[Case] = cases(
    "garden",
    "RFC 9112 §7.1",
    {
        "size-0_33": sized(b"0_33"),
        "size-0x33": sized(b"0x33"),
        "size-plus": sized(b"+33"),
        "size-minus": sized(b"-33"),
        "size-minus-0x0": chunked(b"-0x0\r\n\r\n"),
        "size-prefix-of-a-word": chunked(b"3-and-a-word\r\nabc\r\n0\r\n\r\n"),
        "size-blanks-before": chunked(b"  \t 3\r\nabc\r\n0\r\n\r\n"),
        "size-empty-is-no-0": chunked(b"\r\n\r\n", EVIL),
        "size-not-hex": chunked(b"xyz\r\nabc\r\n0\r\n\r\n"),
        "size-overflow-16": chunked(b"10001\r\nZ\r\n0\r\n\r\n" + b"x" * 65536),
        "size-overflow-64": chunked(b"10000000000000001\r\nZ\r\n0\r\n\r\n"),
        "size-line-cr-x": chunked(b"3\r\rabc\r\n2a\r\n0\r\n\r\n", EVIL),
        "size-cr-before-extension": chunked(b"3\r\r;x\r\nabc\r\n0\r\n\r\n", EVIL),
        "extension-cr-cr": chunked(b"3;x=y\r\rabc\r\n0\r\n\r\n", EVIL),
        "extension-lf": chunked(b"2;\nxx\r\n4c\r\n0\r\n\r\n", EVIL),
        "extension-lf-lf": chunked(b"0;\n\n\r\n\r\n", EVIL),
        "size-line-cr-digit": chunked(b"3\r0\nabc\r\n"),
        "data-lf": chunked(b"5\r\nhello\n0\r\n\r\n"),
        "data-without-crlf": chunked(b"3\r\nabc0\r\n\r\n", EVIL),
        "data-any-two-bytes": chunked(b"3\r\nabcXX4a\r\n0\r\n\r\n", EVIL),
        "extra-crlf-before-last": chunked(b"3\r\nabc\r\n\r\n0\r\n\r\n"),
        "invalid-then-request": chunked(b"no chunk\r\n", EVIL),
        "last-chunk-any-two-bytes": chunked(b"0\r\nXX", EVIL.replace(b":", b"")),
        "last-chunk-minus-0": chunked(b"-0\r\n\r\n"),
        "nul-in-size": chunked(b"3\x00\r\nabc\r\n0\r\n\r\n"),
        "nul-behind-last": (
            chunked(b"0\r\n\r\n", b"\x00"),
            refused(400, after=(seen(),)),
        ),
        "trailer-like-a-start-line": (
            chunked(b"0\r\nGET:/evil HTTP/1.1\r\n\r\n"),
            served(seen()),
        ),
        "trailer-folded": chunked(b"0\r\nX: a\r\n b\r\n\r\n"),
        "trailer-lf": chunked(b"0\r\nX: a\n\n", EVIL),
        "body-that-looks-whole": (
            chunked(b"5\r\n0\r\n\r\n\r\n0\r\n\r\n"),
            served(seen(b"0\r\n\r\n")),
        ),
    },
    refused(400),
)

LENGTHS: list[Case] = cases(
    "garden",
    "RFC 9112 §6.3 item 5, RFC 9110 §8.6",
    {
        "cl-plus-1_0": length(b"+1_0", b"0123456789"),
        "cl-minus-48": length(b"-48", b""),
        "cl-empty-then-request": length(b"", EVIL),
        "cl-empty-before-31": post(
            b"Content-Length: ", b"Content-Length: 31", body=EVIL
        ),
        "cl-0-and-31": post(b"Content-Length: 0", b"Content-Length: 31", body=EVIL),
        "cl-31-and-0": post(b"Content-Length: 31", b"Content-Length: 0", body=EVIL),
        "cl-1-and-0": post(b"Content-Length: 1", b"Content-Length: 0", body=b"Z"),
        "cl-1Z": length(b"1Z", b"Z"),
        "cl-0x10": length(b"0x10", b"Z"),
        "cl-0X1f": length(b"0X1f"),
        "cl-0o37": length(b"0o37"),
        "cl-0b11111": length(b"0b11111"),
        "cl-nel": length(b"\x8531"),
        "cl-nbsp-behind": length(b"31\xa0"),
        "cl-list-0-31": length(b"0, 31"),
        "cl-list-tab": length(b"31,\t31"),
        "cl-thousands": length(b"1,000"),
        "cl-nan": length(b"NaN"),
        "cl-blank-in-name": post(b"Content-Length : 31", body=EVIL),
        "cl-no-colon": post(b"Content-Length 31", body=EVIL),
        "cl-nel-in-name": post(b"Content-Length\x85: 31", body=EVIL),
        "cl-nbsp-in-name": post(b"Content-Length\xa0: 31", body=EVIL),
        "cl-first-folded": raw(b"GET /g HTTP/1.1", b"\tContent-Length: 1", b"Host: a"),
        "cl-010-is-ten": (length(b"010", b"0123456789"), served(seen(b"0123456789"))),
        "cl-huge-zeros": (
            length(b"0" * 30 + b"3", b"abc"),
            (NO, *ABC_SEEN),
        ),
        "cl-0-then-two-requests": (
            post(b"Content-Length: 0", b"X-Id: 0")
            + get(b"/1", b"Content-Length: 31")
            + EVIL,
            served(
                seen(b"", (b"x-id", b"0")),
                seen(EVIL, start=b"GET /1"),
            ),
        ),
        "cl-of-a-get": (
            get(b"/g", b"Content-Length: 10") + b"1234567890",
            served(seen(b"1234567890", start=b"GET /g")),
        ),
    },
    NO,
)

CODINGS: list[Case] = cases(
    "garden",
    "RFC 9112 §6.1",
    {
        "te-twice": post(CHUNKED, CHUNKED, body=ABC),
        "te-unknown": post(b"Transfer-Encoding: shrunk", body=ABC),
        "te-nbsp-around": post(b"Transfer-Encoding: \xa0chunked\xa0", body=ABC),
        "te-ff-around": post(b"Transfer-Encoding: \xffchunked\xff", body=ABC),
        "te-nel-before": post(b"Transfer-Encoding: \x85chunked", body=ABC),
        "te-comma-and-cl": post(
            b"Transfer-Encoding: ,chunked", b"Content-Length: 5", body=b"0\r\n\r\n"
        ),
        "te-comma": post(b"Transfer-Encoding: ,chunked", body=ABC),
        "te-comma-behind": post(b"Transfer-Encoding: chunked,", body=ABC),
        "te-null-coding": post(b"Transfer-Encoding: chunked, \x00", body=ABC),
        "te-and-cl": post(b"Content-Length: 5", CHUNKED, body=b"0\r\n\r\n"),
        "te-unknown-and-cl": post(
            b"Transfer-Encoding: chunked-ish", b"Content-Length: 5", body=b"0\r\n\r\n"
        ),
        "te-chunked-in-parameter": post(b"Transfer-Encoding: x;y=chunked", body=ABC),
        "te-name-over-two-lines": raw(
            b"POST /p HTTP/1.1",
            b"Host: a",
            b"Transfer-",
            b"Encoding: chunked",
            b"Content-Length: 5",
            body=b"0\r\n\r\n",
        ),
        "te-tab-in-name": post(b"Transfer-Encoding\t:chunked", body=ABC),
        "te-soft-hyphen": post("Transfer\u00adEncoding: chunked".encode(), body=ABC),
        "te-1.0": raw(b"POST /p HTTP/1.0", b"Host: a", CHUNKED, body=ABC),
        "te-kelvin-k": post("Transfer-Encoding: chun\u212aed".encode(), body=ABC),
        "te-twice-in-case": post(CHUNKED, b"TRANSFER-ENCODING: identity", body=ABC),
    },
    NO_CODING,
)

HEADS: list[Case] = cases(
    "garden",
    "RFC 9112 §2.2, §3, §5, RFC 9110 §5.1, §5.5",
    {
        "value-nul-cr": field(b"X-A: b\x00\rc"),
        "value-cr": field(b"X-A: \rb"),
        "value-cr-field": field(b"X-A: b\rX-User: admin"),
        "value-truncated-by-nul": field(b"X-A: b\x00, and more"),
        "value-nul-behind": field(b"X-A: bcd\x00\x00"),
        "value-lf-lf-request": raw(
            b"GET /g HTTP/1.1", b"Host: a", b"X-A:\n\nGET /evil HTTP/1.1"
        ),
        "name-blank-behind": field(b"X-A  : b"),
        "name-blank-before": raw(b"GET /g HTTP/1.1", b"\tHost: a"),
        "name-8-bit": field(b"\xc0-A: b"),
        "name-nel": field(b"X-A\x85: b"),
        "name-every-bad-byte": field(
            bytes([*range(1, 9), 11, 12, *range(14, 33), *b'"(),/;<=>?@[]{}']) + b": b"
        ),
        "name-at": field(b"@X-A: b"),
        "name-empty": raw(b"GET /g HTTP/1.1", b":b", b"Host: a"),
        "name-and-value-empty": field(b":"),
        "name-nul": raw(b"GET /g HTTP/1.1", b"Host: a", b"X-A:b", b"X\x00"),
        "no-colon": field(b"Content-Length 10"),
        "name-over-lf": field(b"X-\nA: b"),
        "end-cr-z": b"GET /g HTTP/1.1\r\nHost: a\r\n\rZ" + EVIL,
        "end-cr-only": b"GET /g HTTP/1.1\r\nHost: a\r\r" + EVIL,
        "end-lf-lf": b"GET /g HTTP/1.1\nHost: a\nX-A: b\n\n",
        "start-lf-for-blank": b"GET /g\nHTTP/1.1\r\nHost: a\r\n\r\n",
        "version-1.15": start(b"GET /g HTTP/1.15"),
        "version-overflow": start(b"GET /g HTTP/257.257"),
        "version-crs": start(b"GET /g HTTP/\r\r1.1"),
        "version-dots": start(b"GET /g HTTP/..1..1.."),
        "version-none": start(b"GET /g HTTP/"),
        "version-wide": start("GET /g HTTP/\uff11.1".encode()),
        "method-prefix": start(b"GET(x) /g HTTP/1.1"),
        "target-bang": start(b"GET ! HTTP/1.1"),
        "target-8-bit-first": start(b"GET \xff/g HTTP/1.1"),
        "host-nul": raw(b"GET /g HTTP/1.1", b"Host: a\x00.b"),
        "host-ff": raw(b"GET /g HTTP/1.1", b"Host: \xffa\xff"),
        "host-comma": (raw(b"GET /g HTTP/1.1", b"Host: a,"), (NO, *GET_SEEN)),
        "host-folded": raw(b"GET /g HTTP/1.1", b"Host: a", b" .evil"),
        "value-nel-and-nbsp": (
            field(b"X-User: \x85admin\xa0"),
            served(seen(b"", (b"x-user", b"\x85admin\xa0"), start=b"GET /g")),
        ),
        "close-then-invalid": (
            get(b"/g", b"Connection: close") + b"no request\r\n\r\n",
            served(seen(start=b"GET /g"), closes=True),
        ),
        "crlf-before": (b"\r\n" + get(), GET_SEEN),
        "fields-without-blanks": (
            raw(b"GET /g HTTP/1.1", b"Host:a", b"X:b"),
            served(seen(b"", (b"x", b"b"), start=b"GET /g")),
        ),
    },
    refused(400, 501, 505),
)

GARDEN: list[Case] = [*CHUNKS, *LENGTHS, *CODINGS, *HEADS]
