"""Section B of the catalogue, first part: the start line and Host."""

from __future__ import annotations

from tests.front.cases import (
    Case,
    Outcome,
    answered,
    cases,
    get,
    raw,
    refused,
    seen,
    served,
)

__all__ = ["HEAD"]

NO = refused(400)
GET = seen(start=b"GET /g")
GET_SEEN = served(GET)
LINE = b"GET /g HTTP/1.1"
LIMIT = refused(431)
TCHARS = b"!#$%&'*+-.^`|~09aZ"
CONTROLS = (1, 8, 0x0B, 0x0C, 0x0E, 0x1B, 0x1F, 0x7F)


def host(*values: bytes, line: bytes = LINE) -> bytes:
    """Return a GET with these Host fields."""
    return raw(line, *(b"Host: " + value for value in values))


def start(line: bytes) -> bytes:
    """Return a request with that start line."""
    return raw(line, b"Host: a")


def field(line: bytes) -> bytes:
    """Return a GET with that field line."""
    return get(b"/g", line)


def fits(line: bytes, name: bytes, value: bytes) -> tuple[bytes, tuple[Outcome, ...]]:
    """Return a GET with a field that goes on as it is."""
    return field(line), served(seen(b"", (name, value), start=b"GET /g"))


HOSTS: list[Case] = [
    *cases(
        "B1",
        "RFC 9112 §3.2, RFC 9110 §7.2",
        {
            "none": raw(LINE),
            "none-but-others": raw(LINE, b"X-Host: a"),
            "two": host(b"a", b"b"),
            "two-equal": host(b"a", b"a"),
            "two-1.0": host(b"a", b"b", line=b"GET /g HTTP/1.0"),
            "two-with-case": raw(LINE, b"Host: a", b"hOST: b"),
            "empty": host(b""),
            "blank": host(b"  "),
            "port-alone": host(b":80"),
            **{
                name: host(value)
                for name, value in {
                    "space": b"a b",
                    "user": b"user@a",
                    "user-key": b"user:key@a",
                    "comma": b"a, b",
                    "path": b"a/b",
                    "query": b"a?b",
                    "fragment": b"a#b",
                    "backslash": b"a\\b",
                    "url": b"http://a",
                    "open-bracket": b"[::1",
                    "close-bracket": b"::1]",
                    "ipv6-bare": b"::1",
                    "port-word": b"a:b",
                    "port-negative": b"a:-1",
                    "two-ports": b"a:1:2",
                    "quotes": b'"a"',
                    "angle": b"<a>",
                    "brace": b"{a}",
                    "pipe": b"a|b",
                    "8-bit": b"caf\xc3\xa9",
                    "bad-escape": b"a%zz",
                    "tab": b"a\tb",
                    "nul": b"a\x00.b",
                }.items()
            },
            "1.0-bad": host(b"a b", line=b"GET /g HTTP/1.0"),
            "name-with-port": (host(b"a:80"), GET_SEEN),
            "ipv4": (host(b"127.0.0.1:80"), GET_SEEN),
            "ipv6": (host(b"[::1]"), GET_SEEN),
            "ipv6-with-port": (host(b"[::1]:80"), GET_SEEN),
            "dots": (host(b"A.Example."), GET_SEEN),
            "dash-and-underscore": (host(b"a-b_c.d"), GET_SEEN),
            "empty-port": (host(b"a:"), (NO, *GET_SEEN)),
            "port-too-large": (host(b"a:99999"), (NO, *GET_SEEN)),
            "sub-delims": (host(b"a;b"), (NO, *GET_SEEN)),
            "1.0-none": (raw(b"GET /g HTTP/1.0"), served(GET, closes=True)),
            "1.0-one": (
                host(b"a", line=b"GET /g HTTP/1.0"),
                served(GET, closes=True),
            ),
        },
        NO,
    ),
    *cases(
        "B2",
        "RFC 9110 §7.2",
        {
            "path-in-host": host(b"evil/x?"),
            "like-localhost": (host(b"evillocalhost:3000"), GET_SEEN),
        },
        NO,
    ),
    *cases(
        "B3",
        "RFC 9110 §7.2",
        {
            "health": host(b"good/v1/health?x", line=b"GET /keyed/x HTTP/1.1"),
            "fragment": host(b"good#", line=b"GET /keyed/x HTTP/1.1"),
        },
        NO,
    ),
]

LINES: list[Case] = [
    *cases(
        "B8",
        "RFC 9112 §2.3, §3",
        {
            "0.9": b"GET /g\r\n\r\n",
            "0.9-with-host": start(b"GET /g"),
            "0.9-said": start(b"GET /g HTTP/0.9"),
            "1.2": start(b"GET /g HTTP/1.2"),
            "2.0": (start(b"GET /g HTTP/2.0"), refused(505)),
            "3.0": (start(b"GET /g HTTP/3.0"), refused(400, 505)),
            **{
                name: start(line)
                for name, line in {
                    "01.1": b"GET /g HTTP/01.1",
                    "1.01": b"GET /g HTTP/1.01",
                    "1.10": b"GET /g HTTP/1.10",
                    "1": b"GET /g HTTP/1",
                    "1-dot": b"GET /g HTTP/1.",
                    "dot-1": b"GET /g HTTP/.1",
                    "1,1": b"GET /g HTTP/1,1",
                    "1.1x": b"GET /g HTTP/1.1x",
                    "minus": b"GET /g HTTP/-1.1",
                    "lower-case": b"GET /g http/1.1",
                    "https": b"GET /g HTTPS/1.1",
                    "other-protocol": b"GET /g ICE/1.0",
                    "rtsp": b"DESCRIBE /g RTSP/1.0",
                    "no-slash": b"GET /g HTTP 1.1",
                    "overflow": b"GET /g HTTP/4294967297.1",
                    "tabs": b"GET\t/g\tHTTP/1.1",
                    "tab-before-version": b"GET /g\tHTTP/1.1",
                    "blank-behind": b"GET /g HTTP/1.1 ",
                    "blank-before": b" GET /g HTTP/1.1",
                    "four-words": b"GET /g /h HTTP/1.1",
                    "vertical-tab": b"GET\x0b/g HTTP/1.1",
                    "form-feed": b"GET /g\x0cHTTP/1.1",
                    "cr-as-blank": b"GET\r/g HTTP/1.1",
                }.items()
            },
            "lf-before-version": b"GET /g\nHTTP/1.1\r\nHost: a\r\n\r\n",
            "two-blanks": (start(b"GET  /g HTTP/1.1"), (NO, *GET_SEEN)),
            "two-blanks-behind": (start(b"GET /g  HTTP/1.1"), (NO, *GET_SEEN)),
            "crlf-before": (b"\r\n" + get(), GET_SEEN),
            "three-crlf-before": (b"\r\n" * 3 + get(), (NO, *GET_SEEN)),
        },
        refused(400, 505),
    ),
    *cases(
        "B8",
        "RFC 9112 §2.3, §3",
        {"0.9-line": b"GET /g\r\n"},
        Outcome(closes=True),
        refused(400, 408, 505),
        ends=True,
        alone=True,
    ),
    *cases(
        "B17",
        "RFC 9110 §9.1",
        {
            "lower-case": start(b"get /g HTTP/1.1"),
            "mixed-case": start(b"Get /g HTTP/1.1"),
            "unknown": start(b"FOO!BAR /g HTTP/1.1"),
            "prefix": start(b"GETX /g HTTP/1.1"),
            "8-bit": (start(b"G\xc3\x89T /g HTTP/1.1"), NO),
            "colon": (start(b"GET: /g HTTP/1.1"), NO),
            "brackets": (start(b'G="(e)" /g HTTP/1.1'), NO),
            "empty": (start(b" /g HTTP/1.1"), NO),
            "nul": (start(b"\x00 /g HTTP/1.1"), NO),
            "query": (start(b"QUERY /g HTTP/1.1"), served(seen(start=b"QUERY /g"))),
            "purge": (start(b"PURGE /g HTTP/1.1"), served(seen(start=b"PURGE /g"))),
            "propfind": (
                start(b"PROPFIND /g HTTP/1.1"),
                served(seen(start=b"PROPFIND /g")),
            ),
            "patch": (
                raw(
                    b"PATCH /p HTTP/1.1",
                    b"Host: a",
                    b"Content-Length: 3",
                    body=b"abc",
                ),
                served(seen(b"abc", start=b"PATCH /p")),
            ),
        },
        refused(400, 405, 501),
        *answered(frozenset({400, 405, 501})),
    ),
]

HEAD: list[Case] = [*HOSTS, *LINES]
