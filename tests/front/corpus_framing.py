"""Section A of the catalogue, first half: where a message ends, by its head."""

from __future__ import annotations

from tests.front.cases import Case, cases, get, post, raw, refused, seen, served

__all__ = ["FRAMING"]

CL3 = b"Content-Length: 3"
CHUNKED = b"Transfer-Encoding: chunked"
ABC = b"3\r\nabc\r\n0\r\n\r\n"
ABC_SEEN = served(seen(b"abc"))
NO, NO_CODING = refused(400), refused(400, 501)


def length(value: bytes, body: bytes = b"abc") -> bytes:
    """Return a POST with that Content-Length."""
    return post(b"Content-Length: " + value, body=body)


def coding(value: bytes, body: bytes = ABC) -> bytes:
    """Return a POST with that Transfer-Encoding."""
    return post(b"Transfer-Encoding: " + value, body=body)


LENGTHS: list[Case] = [
    *cases(
        "A1",
        "RFC 9112 §6.1, §6.3 item 3",
        {
            "cl-and-te": post(b"Content-Length: 6", CHUNKED, body=b"0\r\n\r\nX"),
            "te-and-cl": post(CHUNKED, b"Content-Length: 6", body=b"0\r\n\r\nX"),
            "both-right": post(b"Content-Length: 13", CHUNKED, body=ABC),
            "cl-0-and-te": post(b"Content-Length: 0", CHUNKED, body=ABC),
            "get-cl-and-te": get(b"/g", b"Content-Length: 5", CHUNKED) + b"0\r\n\r\n",
            "cl-and-te-close": post(
                b"Content-Length: 13", CHUNKED, b"Connection: close", body=ABC
            ),
            "cl-and-te-identity": post(
                CL3, b"Transfer-Encoding: identity", body=b"abc"
            ),
        },
        NO_CODING,
    ),
    *cases(
        "A2",
        "RFC 9112 §6.3 item 5",
        {
            "3-and-4": post(CL3, b"Content-Length: 4", body=b"abcd"),
            "4-and-3": post(b"Content-Length: 4", CL3, body=b"abcd"),
            "list-3-4": length(b"3, 4", b"abcd"),
            "0-and-3": post(b"Content-Length: 0", CL3, body=b"abc"),
        },
        NO,
    ),
    *cases(
        "A3",
        "RFC 9112 §6.3 item 5 (merging is a MAY), RFC 9110 §8.6",
        {
            "3-and-3": post(CL3, CL3, body=b"abc"),
            "list-3-3": length(b"3, 3"),
            "list-3-3-tight": length(b"3,3"),
            "3-and-03": post(CL3, b"Content-Length: 03", body=b"abc"),
        },
        NO,
    ),
    *cases(
        "A4",
        "RFC 9110 §8.6: 1*DIGIT",
        {
            "plus": length(b"+3"),
            "minus": length(b"-1"),
            "minus-0": length(b"-0"),
            "hex": length(b"0x3"),
            "underscore": length(b"1_0", b"0123456789"),
            "space-between": length(b"3 3"),
            "arabic-digit": length("\u0663".encode()),
            "wide-digit": length("\uff13".encode()),
            "superscript": length(b"\xb3"),
            "decimal": length(b"3.0"),
            "exponent": length(b"3e0"),
            "quoted": length(b'"3"'),
            "semicolon": length(b"3;"),
            "comma-behind": length(b"3,"),
            "comma-before": length(b",3"),
            "letter-behind": length(b"3Z"),
            "vertical-tab": length(b"\x0b3"),
            "form-feed": length(b"3\x0c"),
            "nbsp": length(b"\xa03"),
            "nul": length(b"3\x00"),
            "word": length(b"three"),
            "leading-zeros": (length(b"0003"), ABC_SEEN),
            "blanks-around": (length(b" \t3\t "), (*ABC_SEEN, NO)),
        },
        NO,
    ),
    *cases(
        "A5",
        "RFC 9112 §6.3 item 5",
        {
            "empty": post(b"Content-Length:"),
            "blank": post(b"Content-Length: "),
            "empty-then-59": post(
                b"Content-Length:", b"Content-Length: 3", body=b"abc"
            ),
            "59-then-empty": post(
                b"Content-Length: 3", b"Content-Length:", body=b"abc"
            ),
            "empty-get": get(b"/g", b"Content-Length:"),
        },
        NO,
    ),
    *cases(
        "A6",
        "RFC 9112 §6.3, RFC 9110 §8.6 (overflow)",
        {
            "2-to-64-and-1": length(b"18446744073709551617"),
            "2-to-64-and-3": length(b"18446744073709551619"),
            "2-to-128-and-3": length(b"340282366920938463463374607431768211459"),
            "forty-nines": length(b"9" * 40),
            "four-hundred-nines": length(b"9" * 400),
            "forty-zeros-and-3": (length(b"0" * 40 + b"3"), (NO, *ABC_SEEN)),
        },
        refused(400, 413),
    ),
    *cases(
        "A7",
        "RFC 9112 §5.2",
        {
            "fold-cl": post(b"Content-Length:", b" 3", body=b"abc"),
            "fold-te": post(b"Transfer-Encoding:", b" chunked", body=ABC),
            "fold-cl-tab": post(b"Content-Length:", b"\t3", body=b"abc"),
            "fold-cl-digits": post(b"Content-Length: 1", b" 0", body=b"0123456789"),
            "fold-te-value": post(b"Transfer-Encoding: chunked", b" x", body=ABC),
            "fold-te-empty": post(CHUNKED, b" ", body=ABC),
            "fold-other": get(b"/g", b"X-A: one", b" two"),
            "fold-other-empty": get(b"/g", b"X-A: one", b"\t"),
            "fold-host": raw(b"GET /g HTTP/1.1", b"Host:", b" a"),
        },
        NO,
    ),
    *cases(
        "A8",
        "RFC 9112 §5.1",
        {
            "cl-space": post(b"Content-Length : 3", body=b"abc"),
            "te-space": post(b"Transfer-Encoding : chunked", body=ABC),
            "cl-tab": post(b"Content-Length\t: 3", body=b"abc"),
            "te-tab": post(b"Transfer-Encoding\t: chunked", body=ABC),
            "host-space": raw(b"GET /g HTTP/1.1", b"Host : a"),
            "other-space": get(b"/g", b"X-A : one"),
            "te-nul": post(b"Transfer-Encoding\x00: chunked", body=ABC),
            "te-cr": post(b"Transfer-Encoding\r: chunked", body=ABC),
        },
        NO,
    ),
]

CODINGS: list[Case] = [
    *cases(
        "A9",
        "RFC 9112 §6.1, §6.3 item 4",
        {
            "xchunked": coding(b"xchunked"),
            "quoted": coding(b'"chunked"'),
            "apostrophes": coding(b"'chunked'"),
            "vertical-tab": coding(b"\x0bchunked"),
            "nul": coding(b"chunked\x00"),
            "identity": coding(b"identity"),
            "chunked-gzip": coding(b"chunked, gzip"),
            "chunked-identity": coding(b"chunked, identity"),
            "identity-chunked": coding(b"identity, chunked"),
            "parameter": coding(b"chunked;q=1"),
            "word-behind": coding(b"chunked x"),
            "word-before": coding(b"x chunked"),
            "letter-behind": coding(b"chunkedx"),
            "split": coding(b"chu nked"),
            "empty": coding(b""),
            "comma-before": coding(b",chunked"),
            "comma-behind": coding(b"chunked,"),
            "commas": coding(b", ,"),
            "nbsp": coding(b"\xa0chunked"),
            "nel": coding(b"chunked\x85"),
            "list-of-two": coding(b"chunked, chunked"),
            "cow": coding(b"cow"),
            "tab-behind": (coding(b"chunked\t"), (NO_CODING, *ABC_SEEN)),
            "space-behind": (coding(b"chunked "), (NO_CODING, *ABC_SEEN)),
            "tab-before": (coding(b"\tchunked"), (NO_CODING, *ABC_SEEN)),
            "upper-case": (coding(b"CHUNKED"), ABC_SEEN),
            "no-space": (post(b"Transfer-Encoding:chunked", body=ABC), ABC_SEEN),
            "mixed-name": (post(b"tRANSFER-eNCODING: chunked", body=ABC), ABC_SEEN),
        },
        NO_CODING,
    ),
    *cases(
        "A10",
        "RFC 9112 §6.1: SHOULD 501",
        {
            "gzip-chunked": coding(b"gzip, chunked"),
            "x-gzip-chunked": coding(b"x-gzip,chunked"),
            "deflate-chunked": coding(b"deflate, chunked"),
            "gzip-alone": (coding(b"gzip"), NO_CODING),
        },
        refused(501),
    ),
    *cases(
        "A11",
        "RFC 9112 §6.1",
        {
            "chunked-twice": post(CHUNKED, CHUNKED, body=ABC),
            "chunked-and-identity": post(
                CHUNKED, b"Transfer-Encoding: identity", body=ABC
            ),
            "identity-and-chunked": post(
                b"Transfer-Encoding: identity", CHUNKED, body=ABC
            ),
            "gzip-and-chunked": post(b"Transfer-Encoding: gzip", CHUNKED, body=ABC),
            "chunked-and-empty": post(CHUNKED, b"Transfer-Encoding:", body=ABC),
            "chunked-and-cow": post(CHUNKED, b"Transfer-Encoding: cow", body=ABC),
        },
        NO_CODING,
    ),
    *cases(
        "A12",
        "RFC 9112 §6.1",
        {
            "te": raw(b"POST /p HTTP/1.0", b"Host: a", CHUNKED, body=ABC),
            "te-keep-alive": raw(
                b"POST /p HTTP/1.0",
                b"Host: a",
                CHUNKED,
                b"Connection: keep-alive",
                body=ABC,
            ),
            "te-and-cl": raw(
                b"POST /p HTTP/1.0",
                b"Host: a",
                CHUNKED,
                b"Content-Length: 13",
                body=ABC,
            ),
            "cl": (
                raw(b"POST /p HTTP/1.0", b"Host: a", CL3, body=b"abc"),
                served(seen(b"abc"), closes=True),
            ),
        },
        NO,
    ),
    *cases(
        "A13",
        "RFC 9112 §5.1; `_` and `-` are one to many readers",
        {
            "te-and-cl": post(b"Transfer_Encoding: chunked", CL3, body=b"abc"),
            "cl-and-cl": post(b"Content_Length: 9", CL3, body=b"abc"),
            "cl-and-te": post(b"Content_Length: 9", CHUNKED, body=ABC),
            "case": post(b"TRANSFER_Encoding: chunked", CL3, body=b"abc"),
        },
        *ABC_SEEN,
    ),
]

FRAMING: list[Case] = [*LENGTHS, *CODINGS]
