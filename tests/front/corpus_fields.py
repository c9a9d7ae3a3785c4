"""Section B of the catalogue, second part: the fields of the head."""

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

__all__ = ["FIELDS"]

NO = refused(400)
LIMIT = refused(431)
LINE = b"GET /g HTTP/1.1"
GET_SEEN = served(seen(start=b"GET /g"))
TCHARS = b"!#$%&'*+-.^`|~09aZ"
CONTROLS = (1, 8, 0x0B, 0x0C, 0x0E, 0x1B, 0x1F, 0x7F)


def start(line: bytes) -> bytes:
    """Return a request with that start line."""
    return raw(line, b"Host: a")


def field(line: bytes) -> bytes:
    """Return a GET with that field line."""
    return get(b"/g", line)


def fits(line: bytes, name: bytes, value: bytes) -> tuple[bytes, tuple[Outcome, ...]]:
    """Return a GET with a field that goes on as it is."""
    return field(line), served(seen(b"", (name, value), start=b"GET /g"))


SYNTAX: list[Case] = [
    *cases(
        "B9",
        "RFC 9110 §5.5, RFC 9112 §2.2",
        {
            "nul": field(b"X-A: b\x00c"),
            "nul-at-end": field(b"X-A: b\x00"),
            "nul-alone": field(b"X-A: \x00"),
            "cr": field(b"X-A: b\rc"),
            "cr-at-end": field(b"X-A: b\r"),
            "cr-field": field(b"X-A: b\rX-C: d"),
            "cr-before-end": LINE + b"\r\nHost: a\r\n\rX",
            "cr-and-request": LINE + b"\r\nHost: a\r\n\rZ" + get(b"/evil"),
            "cr-cr-lf": LINE + b"\r\r\nHost: a\r\n\r\n",
            "cr-before-host": LINE + b"\r\n\rHost: a\r\n\r\n",
            "cr-only": LINE + b"\rHost: a\r\r",
            "cr-in-target": start(b"GET /g\r HTTP/1.1"),
            "nul-in-target": start(b"GET /g\x00 HTTP/1.1"),
            "nul-in-version": start(b"GET /g HTTP/1.1\x00"),
            "nul-before": b"\x00" + get(),
        },
        NO,
    ),
    *cases(
        "B10",
        "RFC 9110 §5.5",
        {
            **{f"{code:02x}": field(b"X-A: b%cc" % code) for code in CONTROLS},
            "01-at-end": field(b"X-A: b\x01"),
            "01-in-target": start(b"GET /g\x01 HTTP/1.1"),
            "7f-in-target": start(b"GET /g\x7f HTTP/1.1"),
            "tab-within": fits(b"X-A: b\tc", b"x-a", b"b\tc"),
            "tab-before": fits(b"X-A:\tb", b"x-a", b"b"),
        },
        NO,
    ),
    *cases(
        "B11",
        "RFC 9112 §2.2 (accepting is a MAY)",
        {
            "all": LINE + b"\nHost: a\n\n",
            "start-line": LINE + b"\nHost: a\r\n\r\n",
            "field": LINE + b"\r\nHost: a\nX-A: b\r\n\r\n",
            "host": LINE + b"\r\nHost: a\n\r\n",
            "end": LINE + b"\r\nHost: a\r\n\n",
            "two": LINE + b"\r\nHost: a\n\n",
            "before": (b"\n" + get(), (NO, *GET_SEEN)),
            "field-and-request": field(b"X-A:\n\nGET /evil HTTP/1.1\r\nHost: a"),
        },
        NO,
    ),
    *cases(
        "B12",
        "RFC 9112 §5.1, §2.2, RFC 9110 §5.1",
        {
            **{
                name: field(line)
                for name, line in {
                    "space": b"X A: b",
                    "8-bit": b"X\xe9: b",
                    "8-bit-first": b"\xefoo: b",
                    "utf-8": b"X\xc3\xa9: b",
                    "empty": b": b",
                    "colon": b":",
                    "no-colon": b"X-A",
                    "no-colon-value": b"X-A b",
                    "tab": b"X\tA: b",
                    "nul": b"X\x00A: b",
                    "ctl": b"X\x01A: b",
                    "del": b"X\x7fA: b",
                    "paren": b"X(A): b",
                    "at": b"X@A: b",
                    "quotes": b'"X": b',
                    "slash": b"X/A: b",
                    "comma": b"X,A: b",
                    "semicolon": b"X;A: b",
                    "equals": b"X=A: b",
                    "question": b"X?A: b",
                    "brackets": b"X[A]: b",
                    "braces": b"X{A}: b",
                    "backslash": b"X\\A: b",
                    "angle": b"X<A>: b",
                    "split-name": b"Transfer-\r\nEncoding: chunked",
                }.items()
            },
            "leading-space": raw(LINE, b" Host: a"),
            "leading-space-extra": raw(LINE, b" X-A: b", b"Host: a"),
            "leading-tab": raw(LINE, b"\tContent-Length: 3", b"Host: a"),
            "every-tchar": fits(TCHARS + b": b", TCHARS.lower(), b"b"),
            "no-space": fits(b"X-A:b", b"x-a", b"b"),
            "empty-value": fits(b"X-A:", b"x-a", b""),
            "colons": fits(b"X-A: :b:c", b"x-a", b":b:c"),
        },
        NO,
    ),
    *cases(
        "B14",
        "RFC 9110 §5.5: obs-text",
        {
            "latin-1": fits(b"X-A: caf\xe9\xff", b"x-a", b"caf\xe9\xff"),
            "utf-8": fits(b"X-A: caf\xc3\xa9", b"x-a", b"caf\xc3\xa9"),
            "every-high-byte": fits(
                b"X-A: (" + bytes(range(128, 256)) + b")",
                b"x-a",
                b"(" + bytes(range(128, 256)) + b")",
            ),
            "nbsp-at-ends": fits(b"X-A: \xa0b\x85", b"x-a", b"\xa0b\x85"),
        },
    ),
]

LIMITS: list[Case] = cases(
    "B13",
    "RFC 9110 §5.4, §15.5.15, RFC 6585 §5",
    {
        "1-mb-field": field(b"X-A: " + b"b" * 1_000_000),
        "1-mb-name": field(b"X" * 1_000_000 + b": b"),
        "20000-fields": get(b"/g", *[b"X-A: b"] * 20_000),
        "101-fields": get(b"/g", *[b"X-A: b"] * 100),
        "66-kb-field": field(b"X-A: " + b"b" * 66_000),
        "66-kb-of-fields": get(b"/g", *[b"X-A: " + b"b" * 6000] * 11),
        "unended": LINE + b"\r\nHost: a\r\nX-A: " + b"b" * 300_000,
        "unended-fields": LINE + b"\r\nHost: a\r\n" + b"a:b\r\n" * 100_000,
        "1-mb-target": (get(b"/" + b"a" * 1_000_000), refused(414)),
        "1-mb-query": (get(b"/g?" + b"a" * 1_000_000), refused(414)),
        "17-kb-target": (get(b"/" + b"a" * 17_000), refused(414)),
        "1-mb-method": (start(b"G" * 1_000_000 + b" /g HTTP/1.1"), refused(400, 431)),
        "1-mb-version": (start(LINE + b"1" * 1_000_000), refused(400, 431)),
        "1-mb-of-crlf": (b"\r\n" * 500_000 + get(), (refused(400, 431), *GET_SEEN)),
        "100-fields": (
            get(b"/g", *[b"X-A: b"] * 99),
            served(seen(b"", *[(b"x-a", b"b")] * 99, start=b"GET /g")),
        ),
        "60-kb-field": fits(b"X-A: " + b"b" * 60_000, b"x-a", b"b" * 60_000),
        "16000-byte-target": (
            get(b"/" + b"a" * 16_000),
            served(seen(start=b"GET /" + b"a" * 16_000)),
        ),
    },
    LIMIT,
)

UNDERSCORES: list[Case] = [
    *cases(
        "B15",
        "RFC 9110 §5.1; `_` and `-` are one to many readers",
        {
            "dropped-name": get(b"/own/g", b"X_User: admin", b"X-User: admin"),
            "only-underscore": get(b"/own/g", b"x_user: admin"),
            "all-underscores": get(b"/own/g", b"X_FORWARDED_FOR: 6.6.6.6"),
            "hop-by-hop": get(b"/own/g", b"Proxy_Connection: close", b"Keep_Alive: 5"),
        },
        *served(
            seen(
                b"",
                (b"x-forwarded-for", b"127.0.0.1"),
                (b"x-user", b"gateway"),
                (b"x-trace", b"ours"),
                start=b"GET /own/g",
            )
        ),
        alone=True,
    ),
    *cases(
        "B15",
        "RFC 9110 §5.1; where no rule names it, it is a field like any",
        {
            "unnamed": (
                field(b"X_Forwarded_User: a"),
                served(seen(b"", (b"x_forwarded_user", b"a"), start=b"GET /g")),
            )
        },
    ),
    *cases(
        "B16",
        "RFC 9110 §5.5, RFC 9112 §11.1",
        {
            "crlf": get(b"/templated?k=a%0d%0aX:%201"),
            "lf": get(b"/templated?k=a%0aX:%201"),
            "nul": get(b"/templated?k=a%00"),
            "cr-at-end": get(b"/templated?k=a%0d"),
            "harmless": (
                get(b"/templated?k=a"),
                served(seen(b"", (b"x-k", b"a"), start=b"GET /templated?k=a")),
            ),
        },
        *answered(frozenset({400, 500})),
        alone=True,
    ),
]

FIELDS: list[Case] = [*SYNTAX, *LIMITS, *UNDERSCORES]
