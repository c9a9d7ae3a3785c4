"""What the head of an answer holds: interim answers before it, fields, sizes."""

from __future__ import annotations

from typing import Final

from tests.upstream.cases import (
    ABC,
    EVIL,
    REFUSED,
    Case,
    Expected,
    Refused,
    Whole,
    chunked,
    head,
    sized,
)
from tests.upstream.script import Act, Drip

__all__ = ["HEADS"]

_ABC: Final = Whole(b"abc")
_BAD: Final = Refused(("bad_response",))
_HINT: Final = head("link: </a>", status="103 Early Hints")
_PROCESSING: Final = head(status="102 Processing")


def _with(*lines: bytes) -> bytes:
    """Return an answer with raw lines in its head."""
    return b"\r\n".join((b"HTTP/1.1 200 OK", *lines, b"content-length: 3", b"", b"abc"))


_INTERIM: Final = (
    Case("E8-103", (_HINT + ABC,), Whole(b"abc", fields={"link": []})),
    Case("E8-103-first", (_HINT, Act.PAUSE, ABC), _ABC),
    Case("E8-103-dripped", (Drip(_HINT + ABC),), _ABC),
    Case("E8-100-unsolicited", (head(status="100 Continue") + ABC,), _ABC),
    Case(
        "E8-100-to-a-post",
        (head(status="100 Continue"), Act.PAUSE, ABC),
        _ABC,
        method="POST",
    ),
    Case("E8-102x100", (_PROCESSING * 100 + ABC,), _ABC),
    Case("E8-102x101", (_PROCESSING * 101 + ABC,), _BAD),
    Case("E8-102x200", (_PROCESSING * 200 + ABC,), _BAD),
    Case("E8-102x2000", (_PROCESSING * 2000 + ABC,), _BAD),
    Case("E8-102x150-one-by-one", (*(_PROCESSING, Act.PAUSE) * 150, ABC), _BAD),
    Case(
        "E8-103-with-length", (head("content-length: 9", status="103 x") + ABC,), _ABC
    ),
    Case(
        "E8-103-chunked",
        (head("transfer-encoding: chunked", status="103 x") + ABC,),
        (_ABC, _BAD),
    ),
    Case("E8-103-and-nothing", (_HINT, Act.CLOSE), REFUSED),
    Case("E8-103-and-garbage", (_HINT + b"garbage\r\n\r\n",), _BAD),
    Case(
        "E8-103-closes",
        (head("connection: close", status="103 x") + ABC,),
        _ABC,
        reused=None,
    ),
    Case("E8-103-with-nul", (head("x: a\0b", status="103 x") + ABC,), (_ABC, _BAD)),
    Case(
        "E8-101",
        (head("upgrade: foo", "connection: upgrade", status="101 Switching"),),
        _BAD,
    ),
    Case("E8-101-with-bytes", (head("upgrade: h2c", status="101 x") + EVIL,), _BAD),
    Case("E8-101-and-answer", (head(status="101 Switching Protocols") + ABC,), _BAD),
    Case("E8-101-and-close", (head(status="101 Switching Protocols"), Act.CLOSE), _BAD),
    Case("E8-103-then-101", (_HINT + head(status="101 x"),), _BAD),
    Case("E8-199", (head(status="199 Odd") + ABC,), (_ABC, _BAD)),
)

_VALUES: Final[tuple[tuple[str, bytes, Expected | tuple[Expected, ...]], ...]] = (
    ("ctl", b"x-a: a\x01b", _BAD),
    ("nul", b"x-a: a\0b", _BAD),
    ("nul-alone", b"x-a: \0", _BAD),
    ("cr", b"x-a: a\rb", _BAD),
    ("cr-and-field", b"x-a: a\rx-b: 1", _BAD),
    ("cr-at-the-end", b"x-a: a\r", (_ABC, _BAD)),
    ("del", b"x-a: a\x7fb", _BAD),
    ("escape", b"x-a: \x1b[31m", _BAD),
    ("form-feed", b"x-a: a\x0cb", _BAD),
    ("vertical-tab", b"x-a: a\x0bb", _BAD),
    ("ctl-in-content-type", b"content-type: text/\x02html", _BAD),
    ("nul-in-set-cookie", b"set-cookie: a=\0", _BAD),
    ("fold", b"x-a: a\r\n b", (Whole(b"abc", fields={"x-a": ["a b"]}), _BAD)),
    ("fold-tab", b"x-a: a\r\n\tb", (Whole(b"abc", fields={"x-a": ["a b"]}), _BAD)),
    (
        "fold-empty",
        b"x-a: a\r\n \r\nx-b: 1",
        (Whole(b"abc", fields={"x-b": ["1"]}), _BAD),
    ),
    ("fold-in-the-first-line", b" x-a: a", _BAD),
    ("fold-of-a-length", b"content-length:\r\n 3", (_ABC, _BAD)),
    (
        "lf",
        b"x-a: a\nx-b: b",
        (Whole(b"abc", fields={"x-a": ["a"], "x-b": ["b"]}), _BAD),
    ),
    ("8bit", b"x-a: caf\xe9\xff", Whole(b"abc", fields={"x-a": ["caf\xe9\xff"]})),
    (
        "8bit-utf-8",
        "x-a: \u2603".encode(),
        Whole(b"abc", fields={"x-a": ["\xe2\x98\x83"]}),
    ),
    ("8bit-edges", b"x-a: \xa0a\x85", Whole(b"abc", fields={"x-a": ["\xa0a\x85"]})),
    ("tab-within", b"x-a: a\tb", Whole(b"abc", fields={"x-a": ["a\tb"]})),
    ("empty-value", b"x-a:", Whole(b"abc", fields={"x-a": [""]})),
    ("padding", b"x-a: \t a \t", Whole(b"abc", fields={"x-a": ["a"]})),
    ("colons", b"x-a: : b: c", Whole(b"abc", fields={"x-a": [": b: c"]})),
    ("no-space", b"x-a:b", Whole(b"abc", fields={"x-a": ["b"]})),
    ("name-empty", b": a", _BAD),
    ("name-with-space", b"x a: b", _BAD),
    (
        "name-with-space-behind",
        b"x-a : b",
        (Whole(b"abc", fields={"x-a": ["b"]}), _BAD),
    ),
    ("name-with-tab-behind", b"x-a\t: b", (Whole(b"abc", fields={"x-a": ["b"]}), _BAD)),
    ("name-8bit", b"x-\xe9: b", _BAD),
    ("name-nul", b"x-\0: b", _BAD),
    ("name-ctl", b"x-\x01: b", _BAD),
    ("name-quoted", b'"x": b', _BAD),
    ("name-alone", b"x-a", _BAD),
    (
        "name-odd-but-token",
        b"x!#$%&'*+.^_`|~: b",
        Whole(b"abc", fields={"x!#$%&'*+.^_`|~": ["b"]}),
    ),
    ("length-with-space-behind", b"content-length : 3", (_ABC, _BAD)),
)

_SIZES: Final = (
    Case("E11-hugehdr", (_with(b"x-a: " + b"x" * 200_000),), _BAD),
    Case("E11-hugehdr-name", (_with(b"x" * 200_000 + b": a"),), _BAD),
    Case("E11-hugehdr-reason", (sized(b"abc", status="200 " + "x" * 200_000),), _BAD),
    Case("E11-hugehdr-fold", (_with(b"x-a: a", *[b" " + b"x" * 1000] * 200),), _BAD),
    Case("E11-hugehdr-in-200-fields", (_with(*[b"x-a: " + b"x" * 1000] * 200),), _BAD),
    Case(
        "E11-hugehdr-dripped-in-pieces",
        (
            *[
                _with(b"x-a: " + b"x" * 200_000)[i : i + 9999]
                for i in range(0, 200_000, 9999)
            ],
            b"\r\n\r\n",
        ),
        _BAD,
    ),
    Case(
        "E11-hugehdr-in-interim",
        (head("x-a: " + "x" * 200_000, status="103 x") + ABC,),
        _BAD,
    ),
    Case("E11-manyhdr", (_with(*[b"x-a: b"] * 5000),), _BAD),
    Case("E11-manyhdr-300", (_with(*[b"x-a: b"] * 300),), _BAD),
    Case("E11-manyhdr-empty-names", (_with(*[b"a:"] * 5000),), _BAD),
    Case(
        "E11-manyhdr-in-interim",
        (head(*["x-a: b"] * 5000, status="103 x") + ABC,),
        (_BAD, _ABC),
    ),
    Case(
        "E11-60k",
        (_with(b"x-a: " + b"x" * 60_000),),
        Whole(b"abc", fields={"x-a": ["x" * 60_000]}),
    ),
    Case(
        "E11-200-fields",
        (_with(*[b"x-a: b"] * 200),),
        Whole(b"abc", fields={"x-a": ["b"] * 200}),
    ),
    Case(
        "E11-100-cookies",
        (
            _with(
                *[
                    b"set-cookie: c%d=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT" % n
                    for n in range(100)
                ]
            ),
        ),
        Whole(
            b"abc",
            fields={
                "set-cookie": [
                    f"c{n}=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT" for n in range(100)
                ]
            },
        ),
    ),
)

_HOPS: Final = (
    "connection: x-secret, Keep-Alive",
    "x-secret: 1",
    "keep-alive: timeout=5",
    "proxy-authenticate: Basic",
    "proxy-connection: keep-alive",
    "proxy-authorization: Basic x",
    "te: trailers",
    "trailer: x-a",
    "upgrade: h2c",
    "x-kept: 1",
)
_STRIPPED: Final = {
    "x-secret": [],
    "proxy-connection": [],
    "proxy-authorization": [],
    "x-kept": ["1"],
}
_REDIRECT: Final = "location: http://169.254.169.254/latest"

_FIELDS: Final = (
    Case("E12-hopresp", (sized(b"abc", *_HOPS),), Whole(b"abc", fields=_STRIPPED)),
    Case(
        "E12-hopresp-chunked",
        (chunked(b"abc", fields=_HOPS),),
        Whole(b"abc", fields=_STRIPPED),
    ),
    Case(
        "E12-hopresp-two-lines",
        (sized(b"abc", "Connection:", "CONNECTION: X-Secret", "x-secret: 1"),),
        Whole(b"abc", fields={"x-secret": []}),
    ),
    Case(
        "E12-connection-names-length",
        (sized(b"abc", "connection: content-length, date"),),
        (Whole(b"abc"), _BAD),
    ),
    Case("E12-close", (sized(b"abc", "connection: close"),), _ABC, reused=False),
    Case(
        "E12-close-of-two",
        (sized(b"abc", "connection: keep-alive, Close"),),
        _ABC,
        reused=False,
    ),
    *(
        Case(
            f"E19-redir-{status}",
            (sized(b"", _REDIRECT, status=f"{status} x"),),
            Whole(b"", status, {"location": ["http://169.254.169.254/latest"]}),
        )
        for status in (301, 302, 303, 307, 308)
    ),
    Case(
        "E19-order-and-repeats",
        (sized(b"abc", "x-b: 2", "x-a: 1", "X-B: 1", "x-b:"),),
        Whole(b"abc", fields={"x-b": ["2", "1", ""], "x-a": ["1"]}),
    ),
)

HEADS: Final = (
    *_INTERIM,
    *(
        Case(
            f"E9-{name}",
            (_with(raw),),
            expected,
            reused=True if isinstance(expected, Whole) else None,
        )
        for name, raw, expected in _VALUES
    ),
    *_SIZES,
    *_FIELDS,
)
