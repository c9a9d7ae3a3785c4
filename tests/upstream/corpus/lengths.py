"""Lengths that contradict each other or are none, answers without a body, trailers."""

from __future__ import annotations

from typing import Final

from tests.upstream.cases import (
    EVIL,
    REFUSED,
    STREAM,
    Case,
    Cut,
    Whole,
    chunked,
    head,
)
from tests.upstream.script import Act

__all__ = ["LENGTHS"]

_PLAIN = Whole(b"abc", fields={"content-length": ["3"]})
_NONE_LEFT = (Whole(b"abc"), REFUSED, Cut(b"abc"))

_FRAMED: Final = (
    Case(
        "E5-clte",
        (
            head("content-length: 3", "transfer-encoding: chunked")
            + b"2\r\nab\r\n0\r\n\r\n",
        ),
        (Whole(b"ab", fields={"content-length": []}), REFUSED),
        reused=False,
    ),
    Case(
        "E5-tecl",
        (
            head("transfer-encoding: chunked", "content-length: 100")
            + b"2\r\nab\r\n0\r\n\r\n",
        ),
        (Whole(b"ab", fields={"content-length": []}), REFUSED),
        reused=False,
    ),
    Case(
        "E5-clte-evil",
        (
            head("content-length: 5", "transfer-encoding: chunked")
            + b"0\r\n\r\n"
            + EVIL,
        ),
        (Whole(fields={"content-length": []}), REFUSED),
        reused=False,
    ),
    Case(
        "E5-clte-zero",
        (
            head("content-length: 0", "transfer-encoding: chunked")
            + b"2\r\nab\r\n0\r\n\r\n",
        ),
        (Whole(b"ab", fields={"content-length": []}), REFUSED),
        reused=False,
    ),
    Case(
        "E6-cldup", (head("content-length: 3", "content-length: 4") + b"abcd",), REFUSED
    ),
    Case("E6-cldup-comma", (head("content-length: 3, 4") + b"abcd",), REFUSED),
    Case(
        "E6-cldup-same",
        (head("content-length: 3", "content-length: 3") + b"abc",),
        (_PLAIN, REFUSED),
        reused=None,
    ),
    Case(
        "E6-cldup-same-comma",
        (head("content-length: 3, 3") + b"abc",),
        (_PLAIN, REFUSED),
        reused=None,
    ),
    Case(
        "E6-cldup-empty",
        (head("content-length: ", "content-length: 3") + b"abc",),
        REFUSED,
    ),
    *(
        Case(f"E6-{name}", (head(f"content-length: {length}") + b"abcde",), REFUSED)
        for name, length in {
            "clneg": "-1",
            "cl-plus": "+5",
            "cl-hex": "0x5",
            "cl-underscore": "0_5",
            "cl-space": "5 5",
            "cl-empty": "",
            "cl-comma": "5,",
            "cl-decimal": "5.0",
            "cl-exponent": "5e0",
            "cl-word": "five",
            "cl-superscript": "\xb2",
            "cl-arabic": "\xd9\xa5",
        }.items()
    ),
    Case(
        "E6-cl-zeros",
        (head("content-length: 0003") + b"abc",),
        (Whole(b"abc"), REFUSED),
        reused=None,
    ),
    *(
        Case(
            f"E6-cl-{name}",
            (head(f"content-length: {length}") + b"abc", Act.CLOSE),
            (REFUSED, Cut(b"abc")),
        )
        for name, length in {
            "2e63": 2**63,
            "2e64-and-3": 2**64 + 3,
            "huge": "9" * 40,
        }.items()
    ),
    Case(
        "E7-304",
        (head("content-length: 100", 'etag: "1"', status="304 Not Modified"),),
        Whole(b"", 304, {"content-length": [], "etag": ['"1"']}),
    ),
    Case(
        "E7-304-plain",
        (head(status="304 Not Modified"),),
        Whole(b"", 304, {"content-length": []}),
    ),
    Case(
        "E7-304-zero",
        (head("content-length: 0", status="304 Not Modified"),),
        Whole(b"", 304),
    ),
    Case(
        "E7-304-chunked",
        (head("transfer-encoding: chunked", status="304 Not Modified"),),
        (Whole(b"", 304, {"transfer-encoding": []}), REFUSED),
        reused=None,
    ),
    Case(
        "E7-204",
        (head(status="204 No Content"),),
        Whole(b"", 204, {"content-length": []}),
    ),
    Case(
        "E7-204-zero",
        (head("content-length: 0", status="204 No Content"),),
        Whole(b"", 204, {"content-length": []}),
    ),
    Case(
        "E7-204-length",
        (head("content-length: 3", status="204 No Content"),),
        Whole(b"", 204, {"content-length": []}),
    ),
    Case(
        "E7-head",
        (head("content-length: 12345", "x-a: 1"),),
        Whole(fields={"content-length": ["12345"], "x-a": ["1"]}),
        method="HEAD",
    ),
    Case("E7-head-chunked", (STREAM,), Whole(), method="HEAD"),
    Case(
        "E7-head-without-length",
        (head("x-a: 1"),),
        Whole(fields={"content-length": []}),
        reused=None,
        method="HEAD",
    ),
    Case(
        "E7-head-404",
        (head("content-length: 9", status="404 Not Found"),),
        Whole(b"", 404, {"content-length": ["9"]}),
        method="HEAD",
    ),
    Case(
        "E7-head-304",
        (head("content-length: 9", status="304 Not Modified"),),
        Whole(b"", 304),
        method="HEAD",
    ),
    Case(
        "E7-head-of-an-event-stream",
        (head("content-type: text/event-stream", "transfer-encoding: chunked"),),
        Whole(),
        method="HEAD",
    ),
)

_TRAILERS: Final = (
    Case(
        "E18-trailers",
        (chunked(b"abc", end=b"0\r\nx-user: admin\r\n\r\n"),),
        Whole(b"abc", fields={"x-user": []}),
    ),
    Case(
        "E18-trailers-announced",
        (
            chunked(
                b"abc", fields=("trailer: x-user",), end=b"0\r\nx-user: admin\r\n\r\n"
            ),
        ),
        Whole(b"abc", fields={"x-user": []}),
    ),
    Case(
        "E18-trailers-framing",
        (
            chunked(
                b"abc", end=b"0\r\ncontent-length: 50\r\ntransfer-encoding: x\r\n\r\n"
            ),
        ),
        (Whole(b"abc", fields={"content-length": []}), Cut(b"abc")),
        reused=None,
    ),
    Case(
        "E18-trailers-twice",
        (chunked(b"abc", end=b"0\r\na: 1\r\na: 2\r\n\r\n") + EVIL,),
        Whole(b"abc"),
        reused=False,
    ),
    Case(
        "E18-trailers-bad",
        (chunked(b"abc", end=b"0\r\nnot a field\r\n\r\n"),),
        (Whole(b"abc"), Cut(b"abc")),
        reused=False,
    ),
    Case(
        "E18-trailers-200k",
        (chunked(b"abc", end=b"0\r\nx: " + b"x" * 200_000 + b"\r\n\r\n"),),
        _NONE_LEFT,
        reused=False,
    ),
    Case(
        "E18-trailers-5000",
        (chunked(b"abc", end=b"0\r\n" + b"x: 1\r\n" * 5000 + b"\r\n"),),
        _NONE_LEFT,
        reused=None,
    ),
    Case(
        "E18-trailers-cut",
        (chunked(b"abc", end=b"0\r\nx: 1\r\n"), Act.CLOSE),
        Cut(b"abc"),
    ),
)

LENGTHS: Final = (*_FRAMED, *_TRAILERS)
