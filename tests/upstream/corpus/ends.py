"""Answers that break off or never come; and codings, which pass as they are."""

from __future__ import annotations

import gzip
from typing import Final

from tests.upstream.cases import (
    ABC,
    EVIL,
    REFUSED,
    STREAM,
    Case,
    Cut,
    Expected,
    Refused,
    Whole,
    head,
    sized,
)
from tests.upstream.script import Act, Drip

__all__ = ["ENDS"]

_LONG: Final = b"0123456789" * 20_000
_SHORT_OF_IT: Final = head(f"content-length: {len(_LONG)}") + _LONG[:150_000]
_EVENTS: Final = "content-type: text/event-stream"
_ABC: Final = Whole(b"abc")
_TIMEOUT: Final = Refused(("read_timeout",))
_SOON: Final = "timeout: {read: 200ms}"

_CUTS: Final[dict[str, tuple[bytes, Expected | tuple[Expected, ...]]]] = {
    "E13-nothing": (b"", Refused(("disconnected",))),
    "E13-one-byte": (b"H", REFUSED),
    "E13-status-line": (b"HTTP/1.1 200 OK\r\n", REFUSED),
    "E13-half-a-head": (b"HTTP/1.1 200 OK\r\ncontent-le", REFUSED),
    "E13-head-without-end": (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n", REFUSED),
    "E13-interim-only": (head(status="100 Continue"), REFUSED),
    "E2-trunc_cl-no-body": (head("content-length: 3"), REFUSED),
    "E2-trunc_cl": (head("content-length: 9") + b"abc", REFUSED),
    "E2-trunc_cl-one-missing": (head("content-length: 4") + b"abc", REFUSED),
    "E2-trunc_cl-long": (_SHORT_OF_IT, Cut(_LONG)),
    "E2-trunc_cl-events": (
        head(_EVENTS, "content-length: 99") + b"data: 1\n\n",
        (Cut(b"data: 1\n\n"), REFUSED),
    ),
    "E3-trunc_chunk-no-chunk": (STREAM, (Cut(), REFUSED)),
    "E3-trunc_chunk-in-data": (STREAM + b"5\r\nab", (Cut(b"ab"), REFUSED)),
    "E3-trunc_chunk-in-size": (STREAM + b"3\r\nabc\r\n1", (Cut(b"abc"), REFUSED)),
    "E3-trunc_chunk-behind-size": (
        STREAM + b"3\r\nabc\r\n0\r\n",
        (Cut(b"abc"), REFUSED),
    ),
    "E3-trunc_chunk-no-last-chunk": (STREAM + b"3\r\nabc\r\n", (Cut(b"abc"), REFUSED)),
    "E3-trunc_chunk-no-crlf": (STREAM + b"3\r\nabc", (Cut(b"abc"), REFUSED)),
    "E3-trunc_chunk-zero-only": (STREAM + b"3\r\nabc\r\n0", (Cut(b"abc"), REFUSED)),
    "E3-trunc_chunk-half-the-end": (
        STREAM + b"3\r\nabc\r\n0\r\n\r",
        (Cut(b"abc"), REFUSED),
    ),
    "E3-trunc_chunk-error-status": (
        STREAM.replace(b"200 OK", b"500 No") + b"3\r\nabc\r\n",
        (Cut(b"abc", status=500), REFUSED),
    ),
}
"""What comes before the end, which is a FIN in one case and a RST in another."""


def _either_way() -> tuple[Case, ...]:
    kinds = {"fin": Act.FIN, "close": Act.CLOSE, "reset": Act.RESET}
    return tuple(
        Case(f"{name}-{kind}", (raw, Act.PAUSE, act), expected)
        for name, (raw, expected) in _CUTS.items()
        for kind, act in kinds.items()
    )


_ENDED: Final = (
    Case(
        "E4-close_delim",
        (head() + b"abc", Act.CLOSE),
        Whole(b"abc", fields={"content-length": []}),
        reused=False,
    ),
    Case(
        "E4-close_delim-long", (head() + _LONG, Act.CLOSE), Whole(_LONG), reused=False
    ),
    Case("E4-close_delim-empty", (head(), Act.CLOSE), Whole(), reused=False),
    Case("E4-close_delim-half-close", (head() + b"abc", Act.FIN), _ABC, reused=False),
    Case(
        "E4-close_delim-dripped", (Drip(head() + b"abc"), Act.CLOSE), _ABC, reused=False
    ),
    Case(
        "E4-close_delim-reset",
        (head() + b"abc", Act.PAUSE, Act.RESET),
        (Cut(b"abc"), REFUSED),
    ),
    Case(
        "E4-close_delim-error",
        (head(status="500 No") + b"abc", Act.CLOSE),
        Whole(b"abc", 500),
        reused=False,
    ),
    Case(
        "E4-close_delim-looks-like-more",
        (head() + EVIL, Act.CLOSE),
        Whole(EVIL),
        reused=False,
    ),
    Case("half-close-after-answer", (ABC, Act.FIN), _ABC, reused=False),
    Case(
        "half-close-after-chunks",
        (STREAM + b"3\r\nabc\r\n0\r\n\r\n", Act.FIN),
        _ABC,
        reused=False,
    ),
    Case("close-after-answer", (ABC, Act.CLOSE), _ABC, reused=False),
    Case("reset-after-answer", (ABC, Act.PAUSE, Act.RESET), _ABC, reused=False),
    Case(
        "reset-after-204",
        (head(status="204 x"), Act.PAUSE, Act.RESET),
        Whole(b"", 204),
        reused=False,
    ),
    Case("F2-nothing-comes", (Act.STALL,), _TIMEOUT, upstream=_SOON),
    Case(
        "F2-half-a-head", (b"HTTP/1.1 200 OK\r\n", Act.STALL), _TIMEOUT, upstream=_SOON
    ),
    Case(
        "F2-interim-only", (head(status="103 x"), Act.STALL), _TIMEOUT, upstream=_SOON
    ),
    Case("F2-half-a-short-body", (ABC[:-1], Act.STALL), _TIMEOUT, upstream=_SOON),
    Case(
        "F2-half-a-long-body",
        (_SHORT_OF_IT, Act.STALL),
        Cut(_LONG, _LONG[:150_000]),
        upstream=_SOON,
    ),
    Case(
        "F2-between-chunks",
        (STREAM + b"3\r\nabc\r\n", Act.STALL),
        Cut(b"abc", b"abc"),
        upstream=_SOON,
    ),
    Case("F2-no-chunk", (STREAM, Act.STALL), Cut(), upstream=_SOON),
)

_ZIPPED: Final = gzip.compress(b'{"error": "x"}', mtime=0)
_NO_GZIP: Final = b"\x1f\x8b but no more"
_MAPPED: Final = "errors: mapped"
_REPLACED: Final = b'{"replaced":true}'
_GZIP: Final = "content-encoding: gzip"

_CODED: Final = (
    Case(
        "E14-gzip",
        (sized(_ZIPPED, _GZIP),),
        Whole(
            _ZIPPED,
            fields={
                "content-encoding": ["gzip"],
                "content-length": [str(len(_ZIPPED))],
            },
        ),
    ),
    Case(
        "E14-gzipbad",
        (sized(_NO_GZIP, _GZIP),),
        Whole(_NO_GZIP, fields={"content-encoding": ["gzip"]}),
    ),
    Case(
        "E14-gzip-two-codings",
        (sized(_ZIPPED, "content-encoding: gzip, gzip"),),
        Whole(_ZIPPED, fields={"content-encoding": ["gzip, gzip"]}),
    ),
    Case(
        "E14-gzip-mapped-json-error",
        (sized(_ZIPPED, _GZIP, status="500 x"),),
        Whole(_ZIPPED, 500, {"content-encoding": ["gzip"]}),
        endpoint=_MAPPED,
    ),
    Case(
        "E14-gzipbad-mapped",
        (sized(_NO_GZIP, _GZIP, status="500 x"),),
        Whole(_REPLACED, 500, {"content-encoding": []}),
        endpoint=_MAPPED,
    ),
    Case(
        "E14-unknown-coding-mapped",
        (sized(b"x", "content-encoding: br", status="500 x"),),
        Whole(b"x", 500, {"content-encoding": ["br"]}),
        endpoint=_MAPPED,
    ),
    Case(
        "E14-mapped",
        (sized(b"secret", status="502 x"),),
        Whole(_REPLACED, 502),
        endpoint=_MAPPED,
    ),
    Case(
        "E14-mapped-extra",
        (sized(b"secret", status="502 x") + EVIL,),
        Whole(_REPLACED, 502),
        reused=False,
        endpoint=_MAPPED,
    ),
    Case(
        "E14-mapped-chunked-cut",
        (STREAM.replace(b"200 OK", b"500 x") + b"3\r\nabc\r\n", Act.CLOSE),
        REFUSED,
        endpoint=_MAPPED,
    ),
    Case(
        "E14-mapped-close-delim",
        (head(status="500 x") + b"secret", Act.CLOSE),
        Whole(_REPLACED, 500),
        reused=False,
        endpoint=_MAPPED,
    ),
)

ENDS: Final = (
    *_either_way(),
    *_ENDED,
    *_CODED,
)
