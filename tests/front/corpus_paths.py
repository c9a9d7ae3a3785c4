"""Section C of the catalogue: what is routed is what the upstream gets."""

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

__all__ = ["PATHS"]

NO = refused(400)
ROOT = served(seen(start=b"GET /"))
GET_SEEN = served(seen(start=b"GET /g"))
BAD_PATH = (*answered(400), NO)


def target(text: bytes, host: bytes = b"a") -> bytes:
    """Return a GET of that target."""
    return raw(b"GET %b HTTP/1.1" % text, b"Host: " + host)


def same(*targets: bytes) -> dict[str, tuple[bytes, tuple[Outcome, ...]]]:
    """Return GETs that arrive as they are."""
    return {_name(text): (get(text), _as_sent(text)) for text in targets}


def same_or_refused(*targets: bytes) -> dict[str, tuple[bytes, tuple[Outcome, ...]]]:
    """Return GETs that arrive as they are, if at all."""
    return {_name(text): (get(text), (*_as_sent(text), *BAD_PATH)) for text in targets}


def never(*targets: bytes) -> dict[str, bytes]:
    """Return GETs that do not arrive."""
    return {_name(text): get(text) for text in targets}


def _as_sent(text: bytes) -> tuple[Outcome, ...]:
    return served(seen(start=b"GET " + text))


def _name(text: bytes) -> str:
    return text.decode("latin-1").encode("unicode_escape").decode()


PATHS: list[Case] = [
    *cases(
        "C1",
        "RFC 3986 §5.2.4, §6.2.2",
        never(
            b"/public/../admin",
            b"/..",
            b"/.",
            b"/./a",
            b"/a/.",
            b"/a/..",
            b"/a/..?b",
            b"/a/../../b",
            b"/a/./b?c=d",
        ),
        *BAD_PATH,
    ),
    *cases(
        "C2",
        "RFC 3986 §6.2.2.2",
        {
            **never(
                b"/public/%2e%2e/admin",
                b"/public/%2E%2E/admin",
                b"/public/.%2e/admin",
                b"/public/%2e./admin",
                b"/%2e",
                b"/a/%2e",
                b"/a/%2e%2e?b",
            ),
            **same(b"/api%2e/x", b"/a%2e%2eb"),
        },
        *BAD_PATH,
    ),
    *cases(
        "C3",
        "RFC 3986 §2.2",
        never(b"/a%2fb", b"/a%2Fb", b"/a%5cb", b"/a%5C", b"/a/..%2fb", b"/%2f%2fb"),
        *BAD_PATH,
    ),
    *cases(
        "C4",
        "RFC 3986 §3.3, RFC 9112 §3.2.1",
        {
            **never(b"//admin", b"//evil.example/x", b"///x", b"//"),
            **same(b"/a//b", b"/a//"),
        },
        *BAD_PATH,
    ),
    *cases(
        "C5",
        "RFC 3986 §2.1",
        {
            **never(b"/a%00b", b"/a%zz", b"/a%", b"/a%4", b"/a%%41", b"/a%u0041"),
            **same(b"/a%c0%ae", b"/a%ff", b"/%c0%ae%c0%ae/a", b"/a%20b"),
        },
        *BAD_PATH,
    ),
    *cases(
        "C6",
        "RFC 3986 §2.4",
        same(b"/a%252e%252e", b"/%252e%252e/a", b"/a%2500", b"/a%252fb"),
    ),
    *cases(
        "C7",
        "RFC 3986 §3.3",
        {
            **same(b"/a;x=1/b", b"/a/b;c", b"/a;/b"),
            **never(b"/a\\..\\b", b"/a\\b", b"/\\evil"),
        },
        *BAD_PATH,
    ),
    *cases(
        "C8",
        "RFC 9110 §5.5, RFC 3986 §2.1",
        never(b"/a%0d%0aX:%201", b"/a%0aX", b"/a%0d", b"/a%09b", b"/a%7f", b"/a%1fb"),
        *BAD_PATH,
    ),
    *cases(
        "C9",
        "RFC 3986 §6.2.2.1; no redirect is built from Host",
        {
            **same(b"/Exact/x", b"/exact/x/", b"/exact"),
            "evil-host": (
                target(b"/exact/x/", b"evil"),
                served(seen(start=b"GET /exact/x/")),
            ),
            "exact": (target(b"/exact/x"), answered(203)),
        },
        alone=True,
    ),
    *cases(
        "C10",
        "RFC 3986 §2.3",
        {
            "plain": (target(b"/strip/a/b"), served(seen(start=b"GET /a/b"))),
            "rest-as-sent": (target(b"/strip/a%62"), served(seen(start=b"GET /a%62"))),
            "encoded-prefix": (target(b"/%73trip/a"), served(seen(start=b"GET /a"))),
            "dots": (target(b"/strip/%2e%2e/a"), BAD_PATH),
            "no-rest": (target(b"/strip/"), ROOT),
        },
        alone=True,
    ),
    *cases(
        "C11",
        "RFC 3986 §3.4",
        same(b"/g?a=b&a=c", b"/g?b=1&a=2&b=0", b"/g?a==b&&&", b"/g?a&b=&=c"),
    ),
    *cases(
        "C12",
        "RFC 3986 §3.4",
        same(
            b"/g?x+y=%20&e=&n",
            b"/g?;p=1",
            b"/g?%zz",
            b"/g?a=%2f%2F&b=%41",
            b"/g?a=../..//b",
            b"/g?a=b?c=d",
            b"/g?u=http://evil/%0d%0a",
        ),
    ),
    *cases(
        "C13",
        "RFC 3986 §2.1",
        same_or_refused(
            b'/g?a="<>',
            b"/g?a=`{}|^",
            b"/`",
            b"/{}",
            b'/"',
            b"/<a>",
            b"/a^b|c",
            b"/[a]",
            b"/g?a=\\",
        ),
    ),
    *cases(
        "C13",
        "RFC 3986 §2.1: no target holds 8-bit bytes; refused, or encoded",
        {
            "8-bit": (
                get(b"/caf\xe9?\xe9"),
                (*BAD_PATH, *served(seen(start=b"GET /caf%E9?%E9"))),
            ),
            "utf-8": (
                get(b"/caf\xc3\xa9"),
                (*BAD_PATH, *served(seen(start=b"GET /caf%C3%A9"))),
            ),
        },
    ),
    *cases(
        "C14",
        "RFC 3986 §6.2.3",
        {
            "question-mark": (target(b"/?"), (*ROOT, *_as_sent(b"/?"))),
            "path": (target(b"/g?"), (*GET_SEEN, *_as_sent(b"/g?"))),
        },
    ),
    *cases("C15", "RFC 3986 §6.2.2.2", same(b"/%61", b"/a", b"/%7Ea", b"/%41b%2D")),
    *cases(
        "C15",
        "RFC 3986 §6.2.2.2; routes treat them alike",
        {
            "route": (target(b"/%65xact/%78"), answered(203)),
            "post": (
                raw(b"POST /%65xact/x HTTP/1.1", b"Host: a", b"Content-Length: 0"),
                answered(203),
            ),
        },
        alone=True,
    ),
]
