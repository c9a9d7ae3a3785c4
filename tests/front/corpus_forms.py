"""Section B of the catalogue, last part: the forms of a target."""

from __future__ import annotations

from tests.front.cases import Case, answered, cases, get, raw, refused, seen, served

__all__ = ["FORMS"]

NO = refused(400)
ROOT = served(seen(start=b"GET /"))
GET_SEEN = served(seen(start=b"GET /g"))
NOT_DONE = (*answered(frozenset({405, 501})), refused(405, 501))


def line(text: bytes, host: bytes = b"a") -> bytes:
    """Return a request with that start line."""
    return raw(text, b"Host: " + host)


def target(text: bytes, host: bytes = b"a") -> bytes:
    """Return a GET of that target."""
    return line(b"GET %b HTTP/1.1" % text, host)


FORMS: list[Case] = [
    *cases(
        "B4",
        "RFC 9112 §3.2.2",
        {
            "other-host": target(b"http://evil:81/x"),
            "other-port": target(b"http://a:81/x"),
            "user": target(b"http://user@a/x"),
            "user-is-host": target(b"http://a@evil/x"),
            "no-host": target(b"http:///x"),
            "backslash": target(b"http://a\\@evil/x"),
            "bad-host": target(b"http://a b/x"),
            "one-slash": target(b"http:/a/x"),
            "other-scheme": target(b"ftp://a/x"),
            "file": target(b"file:///etc/passwd"),
            "no-host-field": raw(b"GET http://a/x HTTP/1.1"),
            "equal": (target(b"http://a/g"), GET_SEEN),
            "equal-port": (target(b"http://a:81/g", b"a:81"), GET_SEEN),
            "equal-no-path": (target(b"http://a"), ROOT),
            "equal-query": (
                target(b"http://a/g?x=1"),
                served(seen(start=b"GET /g?x=1")),
            ),
            "equal-but-case": (target(b"HTTP://A/g"), (*GET_SEEN, NO)),
            "equal-but-default-port": (target(b"http://a:80/g"), (*GET_SEEN, NO)),
            "https": (target(b"https://a/g"), (*GET_SEEN, NO)),
            "dots": (target(b"http://a/../g"), (*answered(400), NO)),
        },
        NO,
    ),
    *cases(
        "B5",
        "RFC 9112 §3.2",
        {
            "at": target(b"@evil/x"),
            "word": target(b"foo"),
            "authority": target(b"evil:80"),
            "query-alone": target(b"?x"),
            "dot": target(b"./x"),
            "dots": target(b"../x"),
            "star-and-path": target(b"*/x"),
            "backslash": target(b"\\x"),
            "bang": target(b"!"),
            "encoded-slash": target(b"%2fx"),
            "semicolon": target(b";/x"),
            "empty": b"GET  HTTP/1.1\r\nHost: a\r\n\r\n",
            "post": line(b"POST @evil/x HTTP/1.1"),
        },
        NO,
    ),
    *cases(
        "B6",
        "RFC 9110 §9.3.6-8, RFC 9112 §3.2.4",
        {
            "connect": line(b"CONNECT evil:80 HTTP/1.1", b"evil:80"),
            "connect-path": line(b"CONNECT /g HTTP/1.1"),
            "connect-url": line(b"CONNECT http://a/g HTTP/1.1"),
            "connect-and-next": (
                line(b"CONNECT evil:80 HTTP/1.1", b"evil:80") + get(b"/evil"),
                refused(501),
            ),
            "trace": (line(b"TRACE / HTTP/1.1"), NOT_DONE),
            "get-star": (target(b"*"), NO),
            "post-star": (line(b"POST * HTTP/1.1"), NO),
            "options-star": (
                line(b"OPTIONS * HTTP/1.1"),
                (
                    *answered(frozenset({200, 204, 400, 404, 405})),
                    *served(seen(start=b"OPTIONS *")),
                ),
            ),
            "options": (
                line(b"OPTIONS /g HTTP/1.1"),
                served(seen(start=b"OPTIONS /g")),
            ),
        },
        refused(501),
    ),
    *cases(
        "B7",
        "RFC 9112 §3.2",
        {
            "in-path": target(b"/a#/b?c"),
            "at-end": target(b"/a#"),
            "in-query": target(b"/a?b#c"),
            "root": target(b"/#/keyed"),
            "encoded": (target(b"/a%23b"), served(seen(start=b"GET /a%23b"))),
        },
        NO,
    ),
]
